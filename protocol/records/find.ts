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
  /** Records below it do not answer. */
  timestamp: bigint
  fromOffset: bigint
  /** Whether a later record with a higher timestamp answers better. */
  highest: boolean
}

/** The batch's search: `found` is set as soon as a record answers. */
class Search {
  readonly payload: Payload
  readonly walk: RecordWalk
  found: TimedOffset | undefined

  constructor (batch: Buffer, { timestamp, fromOffset, highest }: Target, limitBytes: number) {
    const attributes = header.attributesOf(batch)
    const count = header.recordsCount(batch)
    if (count < 0) throw invalid(`Found invalid record count ${count} in magic v2 batch`)
    const baseOffset = header.baseOffset(batch)
    const codec = codecOf(attributes)
    this.payload = { codec, bytes: batch.subarray(header.HEADER_SIZE), magic: 2, limitBytes }
    this.walk = new RecordWalk({
      count,
      isPlain: codec === 'none',
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
        if (record.timestamp < timestamp || offset < fromOffset) return
        if (this.found !== undefined && !(highest && record.timestamp > this.found.timestamp)) {
          return
        }
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
  const search = new Search(batch, { timestamp, fromOffset, highest: false }, limitBytes)
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
  const search = new Search(batch, { timestamp, fromOffset, highest: false }, limitBytes)
  for await (const window of windowsOfAsync(search.payload)) {
    search.walk.push(window)
    if (search.found !== undefined) break
  }
  return search.found
}

/**
 * The first record with the highest timestamp of those at or above this offset; -1 is a timestamp
 * too, for records that have none. Throws RecordError for a batch that is malformed.
 */
export function highestFrom (
  batch: Buffer, fromOffset: bigint, limitBytes = DECOMPRESSED_BYTES_MAX,
): TimedOffset | undefined {
  ensureHeader(batch)
  const search =
    new Search(batch, { timestamp: NO_TIMESTAMP, fromOffset, highest: true }, limitBytes)
  for (const window of windowsOf(search.payload)) search.walk.push(window)
  return search.found
}

/** The same with decompression off the event loop, for batches that `isLarge`. */
export async function highestFromAsync (
  batch: Buffer, fromOffset: bigint, limitBytes = DECOMPRESSED_BYTES_MAX,
): Promise<TimedOffset | undefined> {
  ensureHeader(batch)
  const search =
    new Search(batch, { timestamp: NO_TIMESTAMP, fromOffset, highest: true }, limitBytes)
  for await (const window of windowsOfAsync(search.payload)) search.walk.push(window)
  return search.found
}
