/** Records whose value names them: `<producer>.<number>`, then padding. */
import { batchesIn } from '../../../protocol/records/batches.ts'
import { ensureIntact } from '../../../protocol/records/batches.ts'
import { leaderEpoch } from '../../../protocol/records/header.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'

const PAD = '|'

export function makeBatch (
  values: readonly string[], paddings: readonly number[], timestampMs: number, facts: BatchFacts
): Buffer {
  return writeBatch(values.map((value, index) => ({
    timestamp: BigInt(timestampMs),
    key: null,
    value: Buffer.from(value + PAD.repeat(1 + (paddings[index] ?? 0))),
  })), facts)
}

export interface ReadRecord {
  readonly offset: number
  readonly epoch: number
  readonly value: string
}

/** Every whole record of a chunk, its checksum looked at. */
export function readRecords (bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = []
  for (const batch of batchesIn(bytes)) {
    ensureIntact(batch)
    const epoch = leaderEpoch(batch)
    for (const { offset, value } of recordsOf(batch)) {
      const text = (value ?? Buffer.alloc(0)).toString('latin1')
      records.push({ offset: Number(offset), epoch, value: text.slice(0, text.indexOf(PAD)) })
    }
  }
  return records
}
