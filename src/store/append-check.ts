/** The caller's side of `append`: checked whole before anything changes. */
import {
  at, baseOffset, batchSize, HEADER_SIZE, lastOffset
} from '../../protocol/records/header.ts'
import { StoreError } from './error.ts'

const MAGIC = 2

/** What was found: bytes of small batches, and the offset behind the last batch. */
export interface Checked { smallBytes: number, end: bigint }

/** Throws INVALID unless `bytes` are whole batches of magic 2 at or above `end`, ascending. */
export function checkBatches (
  name: string, bytes: Buffer, end: bigint, largeBatchBytes: number
): Checked {
  const invalid = (what: string): StoreError => new StoreError('INVALID', `log ${name}: ${what}`)
  if (bytes.length === 0) throw invalid('nothing to append')
  let expected = end
  let smallBytes = 0
  for (let start = 0; start < bytes.length;) {
    const rest = bytes.length - start
    const size = rest < HEADER_SIZE ? -1 : batchSize(bytes, start)
    if (size < HEADER_SIZE || size > rest) throw invalid('a batch is not whole')
    if (bytes[start + at.magic] !== MAGIC) throw invalid('only magic 2 is stored')
    const base = baseOffset(bytes, start)
    const last = lastOffset(bytes, start)
    if (base < expected) throw invalid(`base offset ${base} lies below ${expected}`)
    if (last < base) throw invalid(`last offset ${last} lies below its base ${base}`)
    if (size < largeBatchBytes) smallBytes += size
    expected = last + 1n
    start += size
  }
  return { smallBytes, end: expected }
}
