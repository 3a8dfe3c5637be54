/** The table of errors against Kafka's own. */
import t from 'tap'
import { code, errorName, errorText, isRetriable } from '../../protocol/errors.ts'
import { rowsOf } from '../support/reference.ts'

t.test('codes, names and whether trying again may help are Kafka\'s', async t => {
  const theirs = rowsOf<'code' | 'name' | 'retriable'>('errors-4.4.tsv')
  const ours: ReadonlyMap<string, number> = new Map(Object.entries(code))
  for (const { code: number, name, retriable } of theirs) {
    t.equal(ours.get(name), Number(number), name)
    t.equal(errorName(Number(number)), name)
    t.equal(isRetriable(Number(number)), retriable === 'true', `${name} again`)
    t.type(errorText(Number(number)), 'string', `${name} in words`)
  }
  t.equal(ours.size, theirs.length, 'and no others')
})
