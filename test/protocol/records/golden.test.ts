/** Record batches against Kafka's own bytes: a sample kept here, and all of them when at hand. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { compareBatchLine, type BatchVector } from '../../../scripts/protocol/golden-batches.ts'

const root = join(import.meta.dirname, '../../../..')
const kept = join(root, 'test/golden')
const reference = join(root, '../shared/reference/golden')

function linesOf (file: string): BatchVector[] {
  const bytes = readFileSync(file)
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return text.split('\n').filter(line => line !== '').map(line => JSON.parse(line))
}

const files = [
  join(kept, 'batches.jsonl'), join(kept, 'batches-bad.jsonl'),
  join(reference, 'batches.jsonl.gz'), join(reference, 'batches-bad.jsonl'),
].filter(file => file.startsWith(kept) || existsSync(file))

for (const file of files) {
  t.test(`batches of ${file.slice(file.lastIndexOf('/') + 1)} are Kafka's`, t => {
    const lines = linesOf(file)
    t.ok(lines.length > 15, 'the file has its vectors')
    for (const line of lines) t.same(compareBatchLine(line), [], line.name)
    t.end()
  })
}

t.test('a wrong vector is seen', t => {
  const [line] = linesOf(join(kept, 'batches.jsonl'))
  const changed = structuredClone(line!) as BatchVector & { records: Array<{ offset: string }> }
  changed.records[0]!.offset = '1'
  t.match(compareBatchLine(changed), [/^records: /])
  const cut = { ...line!, hex: line!.hex.slice(0, -2) }
  t.ok(compareBatchLine(cut).length > 0)
  t.end()
})
