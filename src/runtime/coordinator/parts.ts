/** Cuts the records of a divisible decision into batches that the topic's limits allow. */
import type { StoredRecord } from '../../core/decision.ts'

/** A batch's header, and the most that a record's own fields take besides key and value. */
const HEADER_BYTES = 61
const RECORD_OVERHEAD_BYTES = 32

/** In their order. A record that is too large is in a batch of its own: the log may take it yet. */
export function * partsOf (
  records: readonly StoredRecord[], bytesMax: number,
): Generator<readonly StoredRecord[], void, undefined> {
  let first = 0
  let bytes = HEADER_BYTES
  for (const [index, { key, value }] of records.entries()) {
    const size = key.length + (value?.length ?? 0) + RECORD_OVERHEAD_BYTES
    if (bytes + size > bytesMax && index > first) {
      yield records.slice(first, index)
      first = index
      bytes = HEADER_BYTES
    }
    bytes += size
  }
  yield records.slice(first)
}
