/** Hashes and encodings against Kafka's own. */
import t from 'tap'
import { partitionOfKey } from '../../../protocol/records/hashes.ts'
import { compareHashLine, type HashVector } from '../../../scripts/protocol/golden-hashes.ts'
import { rowsOf } from '../../support/reference.ts'

t.test('hashes are Kafka\'s', t => {
  const kinds = new Set<string>()
  for (const vector of rowsOf<keyof HashVector>('golden/hashes.tsv')) {
    const differences = compareHashLine(vector)
    if (differences === undefined) continue
    kinds.add(vector.kind)
    t.same(differences, [], `${vector.kind} of ${vector.input}`)
  }
  t.equal(kinds.size, 12, 'every kind was compared')
  t.end()
})

t.test('a wrong vector is seen, a foreign one is left alone', t => {
  const vector = { kind: 'murmur2', input: '61', param: '', output: '1' }
  t.match(compareHashLine(vector), [/1 there, -1563381124 here/])
  t.equal(compareHashLine({ ...vector, kind: 'scramStoredKey' }), undefined)
  t.end()
})

t.test('keys spread over all partitions', t => {
  const seen = new Set<number>()
  for (let key = 0; key < 1_000; key += 1) seen.add(partitionOfKey(Buffer.from(String(key)), 12))
  t.equal(seen.size, 12)
  t.end()
})
