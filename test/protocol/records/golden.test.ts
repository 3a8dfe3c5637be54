/** Record batches against Kafka's own bytes. */
import t from 'tap'
import { compareBatchLine, type BatchVector } from '../../../scripts/protocol/golden-batches.ts'
import { objectsOf } from '../../support/reference.ts'

for (const [file, least] of [['batches.jsonl.gz', 135], ['batches-bad.jsonl', 94]] as const) {
  t.test(`batches of ${file} are Kafka's`, t => {
    const lines = objectsOf<BatchVector>(`golden/${file}`)
    t.ok(lines.length >= least, `${lines.length} vectors`)
    for (const line of lines) t.same(compareBatchLine(line), [], line.name)
    t.end()
  })
}

t.test('a wrong vector is seen', t => {
  const [line] = objectsOf<BatchVector>('golden/batches.jsonl.gz')
  const changed = structuredClone(line!) as BatchVector & { records: Array<{ offset: string }> }
  changed.records[0]!.offset = '1'
  t.match(compareBatchLine(changed), [/^records: /])
  const cut = { ...line!, hex: line!.hex.slice(0, -2) }
  t.ok(compareBatchLine(cut).length > 0)
  t.end()
})
