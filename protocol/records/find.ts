/** Finding a record inside one batch by its time (D7.6), without keeping what is decompressed. */
import { codecOf, NO_TIMESTAMP, timestampTypeOf } from './attributes.ts'
import { ensureHeader } from './batches.ts'
import { DECOMPRESSED_BYTES_MAX, windowsOf, windowsOfAsync, type Payload } from './decompress.ts'
import { invalid } from './error.ts'
import * as header from './header.ts'
import { RecordWalk } from './walk.ts'

/** The place of a record. */
export interface TimedOffset { offset: bigint, timestamp: bigint }

interface Target {
  timestamp: bigint
  fromOffset: bigint
}

/** The batch's search: `found` is set as soon as a record answers. */
class Search {
  readonly payload: Payload
  readonly walk: RecordWalk
  found: TimedOffset | undefined

  constructor (batch: Buffer, { timestamp, fromOffset }: Target, limitBytes: number) {
    const attributes = header.attributesOf(batch)
    const count = header.recordsCount(batch)
    if (count < 0) throw invalid(`Found invalid record count ${count} in magic v2 batch`)
    const baseOffset = header.baseOffset(batch)
    this.payload = {
      codec: codecOf(attributes), bytes: batch.subarray(header.HEADER_SIZE), magic: 2, limitBytes,
    }
    this.walk = new RecordWalk({
      count,
      baseTimestamp: batch.readBigInt64BE(header.at.baseTimestamp),
      batchTimestamp: timestampTypeOf(attributes) === 'LogAppendTime'
        ? header.maxTimestamp(batch)
        : undefined,
      earliest: -(1n << 63n),
      latest: timestamp - 1n, // so that the walk stops at those that are not before the target
      keyRequired: false,
      recordBytesMax: limitBytes,
      odd: record => {
        const offset = baseOffset + BigInt(record.offsetDelta)
        if (this.found !== undefined || record.timestamp < timestamp || offset < fromOffset) return
        this.found = { offset, timestamp: record.timestamp }
      },
    })
  }
}

/**
 * The first record with at least this timestamp, and at least this offset; undefined if the batch
 * has none. Throws RecordError for a batch that is malformed before that record.
 */
export function firstAtOrAfter (
  batch: Buffer, timestamp: bigint, fromOffset: bigint, limitBytes = DECOMPRESSED_BYTES_MAX,
): TimedOffset | undefined {
  ensureHeader(batch)
  if (header.maxTimestamp(batch) < timestamp) return undefined
  const search = new Search(batch, { timestamp, fromOffset }, limitBytes)
  for (const window of windowsOf(search.payload)) {
    search.walk.push(window)
    if (search.found !== undefined) break
  }
  return search.found
}

/** The same with decompression off the event loop, for batches that `isLarge`. */
export async function firstAtOrAfterAsync (
  batch: Buffer, timestamp: bigint, fromOffset: bigint, limitBytes = DECOMPRESSED_BYTES_MAX,
): Promise<TimedOffset | undefined> {
  ensureHeader(batch)
  if (header.maxTimestamp(batch) < timestamp) return undefined
  const search = new Search(batch, { timestamp, fromOffset }, limitBytes)
  for await (const window of windowsOfAsync(search.payload)) {
    search.walk.push(window)
    if (search.found !== undefined) break
  }
  return search.found
}

/** The first record with the batch's max timestamp; undefined if no record has a timestamp. */
export function firstWithMaxTimestamp (
  batch: Buffer, limitBytes = DECOMPRESSED_BYTES_MAX,
): TimedOffset | undefined {
  ensureHeader(batch)
  const timestamp = header.maxTimestamp(batch)
  if (timestamp === NO_TIMESTAMP) return undefined
  return firstAtOrAfter(batch, timestamp, header.baseOffset(batch), limitBytes)
}
