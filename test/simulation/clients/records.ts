/**
 * Records whose value names them: `<producer>.<number>`, then padding. A name that goes on with
 * `/<key>` has that key, and one that ends with a dash names a tombstone, in a header.
 */
import { batchesIn, isIntact } from '../../../protocol/records/batches.ts'
import { at, baseOffset, leaderEpoch } from '../../../protocol/records/header.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { ViolationError } from '../world.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'

const PAD = '|'
const NAME = 'name'

export function makeBatch (
  values: readonly string[], paddings: readonly number[], timestampMs: number, facts: BatchFacts
): Buffer {
  return writeBatch(values.map((value, index) => ({
    timestamp: BigInt(timestampMs),
    key: keyOf(value),
    ...(isTombstone(value)
      ? { value: null, headers: [{ key: NAME, value: Buffer.from(value) }] }
      : { value: Buffer.from(value + PAD.repeat(1 + (paddings[index] ?? 0))) }),
  })), facts)
}

function keyOf (name: string): Buffer | null {
  const key = keyNameOf(name)
  return key === undefined ? null : Buffer.from(key)
}

/** The key that the record of this name has. */
export function keyNameOf (name: string): string | undefined {
  const [record, key] = name.split('/')
  return key === undefined ? undefined : `${record?.split('.')[0]}/${key.replace('-', '')}`
}

export function isTombstone (name: string): boolean { return name.endsWith('-') }

export interface ReadRecord {
  readonly offset: number
  readonly epoch: number
  readonly value: string
}

/** By what the checksum covers: the same batch is read many times, and may be compressed. */
const known = new Map<string, ReadonlyArray<{ delta: number, value: string }>>()
const KNOWN_MAX = 50_000

/** Every whole record of a chunk, its checksum looked at. */
export function readRecords (bytes: Buffer): ReadRecord[] {
  const records: ReadRecord[] = []
  for (const batch of batchesIn(bytes)) {
    if (!isIntact(batch)) {
      throw new ViolationError('batch-intact', `the batch at ${baseOffset(batch)} has a wrong checksum`)
    }
    const epoch = leaderEpoch(batch)
    const base = Number(baseOffset(batch))
    for (const { delta, value } of contentOf(batch)) {
      records.push({ offset: base + delta, epoch, value })
    }
  }
  return records
}

function contentOf (batch: Buffer): ReadonlyArray<{ delta: number, value: string }> {
  const name = batch.toString('latin1', at.crc, at.recordsCount) + batch.length
  let content = known.get(name)
  if (content !== undefined) return content
  const base = baseOffset(batch)
  content = [...recordsOf(batch)].map(({ offset, value, headers }) => {
    const text = value === null ? `${headers[0]?.value?.toString('latin1')}${PAD}` : value.toString('latin1')
    return { delta: Number(offset - base), value: text.slice(0, text.indexOf(PAD)) }
  })
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(name, content)
  return content
}
