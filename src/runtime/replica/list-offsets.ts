/** Offsets by timestamp or mark in one partition (D7.4-7), exact to the record. */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { isLarge } from '../../../protocol/records/check.ts'
import { firstAtOrAfter, firstAtOrAfterAsync, highestFrom, highestFromAsync } from '../../../protocol/records/find.ts'
import type { TimedOffset } from '../../../protocol/records/find.ts'
import { baseOffset, lastOffset, leaderEpoch, maxTimestamp } from '../../../protocol/records/header.ts'
import { checkEpoch } from './fetch.ts'
import { StoreError } from '../../store/store.ts'
import type { OffsetLookup, OffsetQuery, ReadableReplica, SegmentQuery } from './contract.ts'

const LATEST = -1n
const EARLIEST = -2n
const MAX_TIMESTAMP = -3n
const EARLIEST_LOCAL = -4n

const CONSUMER = -1
const DEBUGGING = -2

const NOTHING: OffsetLookup = { offset: -1n, timestamp: -1n, leaderEpoch: -1 }

export async function offsetFor (
  partition: ReadableReplica, timestamp: bigint, query: OffsetQuery
): Promise<{ errorCode: number } & Partial<OffsetLookup>> {
  try {
    await partition.whenLoaded()
    partition.ensureAvailable()
    checkEpoch(partition, query.currentLeaderEpoch)
    if (query.replicaId !== DEBUGGING) partition.ensureLeader()
    return { errorCode: code.NONE, ...await look(partition, timestamp, query) }
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.errorCode }
    if (error instanceof StoreError) return { errorCode: code.KAFKA_STORAGE_ERROR }
    throw error
  }
}

/**
 * ListOffsets v0: starts of segments, newest first; a consumer is told no offset above the high
 * watermark.
 */
export function segmentStarts (
  partition: ReadableReplica, timestamp: bigint,
  { maxNumOffsets, replicaId }: SegmentQuery, nowMs: number
): { errorCode: number, oldStyleOffsets: bigint[] } {
  try {
    partition.ensureAvailable()
    if (replicaId !== DEBUGGING) partition.ensureLeader()
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.errorCode, oldStyleOffsets: [] }
    throw error
  }
  const { startOffset, endOffset, highWatermark } = partition
  const oldStyleOffsets = partition.state.segments.startsBefore(timestamp, maxNumOffsets,
    { startOffset, endOffset }, nowMs)
  if (replicaId !== CONSUMER || !oldStyleOffsets.some(offset => offset > highWatermark)) {
    return { errorCode: code.NONE, oldStyleOffsets }
  }
  const visible = oldStyleOffsets.filter(offset => offset <= highWatermark)
  return { errorCode: code.NONE, oldStyleOffsets: [highWatermark, ...visible] }
}

/** D7.5: where readers end. Read anew after each wait: it may have moved. */
function boundOf (partition: ReadableReplica, { replicaId, readCommitted }: OffsetQuery): bigint {
  if (replicaId !== CONSUMER) return partition.endOffset
  return readCommitted ? partition.lastStableOffset : partition.highWatermark
}

async function look (
  partition: ReadableReplica, timestamp: bigint, query: OffsetQuery
): Promise<OffsetLookup> {
  if (timestamp === LATEST) {
    ensureKnownEnd(partition, query)
    return { offset: boundOf(partition, query), timestamp: -1n, leaderEpoch: partition.leaderEpoch }
  }
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) {
    const first = partition.state.epochs.entries[0]
    const epoch = first !== undefined && first.startOffset <= partition.startOffset
      ? first.epoch
      : -1
    return { offset: partition.startOffset, timestamp: -1n, leaderEpoch: epoch }
  }
  if (timestamp === MAX_TIMESTAMP) {
    const { batch, found } = await highestTime(partition)
    return answer(partition, batch, found, query)
  }
  // -5 and -6 speak of tiered storage, which finds nothing here.
  if (timestamp < 0n) return NOTHING
  return firstAtTime(partition, timestamp, query)
}

/** KIP-207: a new leader does not know yet how far its predecessor had come. */
function ensureKnownEnd (partition: ReadableReplica, { replicaId, version }: OffsetQuery): void {
  const { latest } = partition.state.epochs
  if (replicaId !== CONSUMER || latest === undefined ||
    partition.highWatermark >= latest.startOffset) return
  throw new KafkaError(version >= 5 ? code.OFFSET_NOT_AVAILABLE : code.LEADER_NOT_AVAILABLE)
}

/**
 * A batch's max timestamp may belong to records below the log start: the search goes on behind it.
 */
async function firstAtTime (
  partition: ReadableReplica, timestamp: bigint, query: OffsetQuery
): Promise<OffsetLookup> {
  const { log } = partition
  let from = log.startOffset
  for (;;) {
    const batch = await log.firstBatchAtOrAfter(timestamp, log.endOffset, from)
    if (batch === undefined) return answer(partition, undefined, undefined, query)
    const found = await recordAtOrAfter(batch, timestamp, log.startOffset)
    if (found !== undefined) return answer(partition, batch, found, query)
    from = lastOffset(batch) + 1n
  }
}

interface Found { readonly batch: Buffer | undefined, readonly found: TimedOffset | undefined }

/**
 * D7.6: of the records that are still there; Kafka tells of deleted ones as long as it has their
 * file. The header of a batch that the log start cuts speaks of all its records, so these are
 * looked at.
 */
async function highestTime ({ log }: ReadableReplica): Promise<Found> {
  const { startOffset } = log
  const batch = await log.batchWithMaxTimestamp(log.endOffset)
  if (batch === undefined || baseOffset(batch) >= startOffset) return firstWithMaxTimestamp(batch)
  const found =
    await (isLarge(batch) ? highestFromAsync(batch, startOffset) : highestFrom(batch, startOffset))
  const behind = await log.batchWithMaxTimestamp(log.endOffset, lastOffset(batch) + 1n)
  return behind === undefined || (found !== undefined && found.timestamp >= maxTimestamp(behind))
    ? { batch, found }
    : firstWithMaxTimestamp(behind)
}

/** Of a compressed batch only the header tells the highest timestamp; the record is looked for. */
async function firstWithMaxTimestamp (batch: Buffer | undefined): Promise<Found> {
  const found = batch === undefined
    ? undefined
    : await recordAtOrAfter(batch, maxTimestamp(batch), baseOffset(batch))
  return { batch, found }
}

/** R-X6: large batches are decompressed off the event loop. */
function recordAtOrAfter (batch: Buffer, timestamp: bigint, from: bigint) {
  return isLarge(batch)
    ? firstAtOrAfterAsync(batch, timestamp, from)
    : firstAtOrAfter(batch, timestamp, from)
}

/**
 * D7.7: what readers may not see yet is not found, without an error unless the end is not known.
 */
function answer (
  partition: ReadableReplica, batch: Buffer | undefined, found: TimedOffset | undefined,
  query: OffsetQuery
): OffsetLookup {
  if (batch === undefined || found === undefined || found.offset >= boundOf(partition, query)) {
    ensureKnownEnd(partition, query)
    return NOTHING
  }
  return { offset: found.offset, timestamp: found.timestamp, leaderEpoch: leaderEpoch(batch) }
}
