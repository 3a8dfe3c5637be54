/** Offsets by timestamp or mark in one partition (D7.4-7), exact to the record. */
import { code, KafkaError } from '../../protocol/errors.ts'
import { leaderEpoch } from '../../protocol/records/header.ts'
import { firstAtOrAfter, firstWithMaxTimestamp } from '../../protocol/records/find.ts'
import { checkEpoch } from './fetch.ts'
import type { Partition } from './partition.ts'

export interface OffsetQuery {
  readonly currentLeaderEpoch: number
  /** -1: a consumer; -2: debugging, any replica and no bound. */
  readonly replicaId: number
  readonly readCommitted: boolean
  readonly version: number
}

export interface OffsetLookup {
  offset: bigint
  timestamp: bigint
  leaderEpoch: number
}

const LATEST = -1n
const EARLIEST = -2n
const MAX_TIMESTAMP = -3n
const EARLIEST_LOCAL = -4n

const CONSUMER = -1
const DEBUGGING = -2

const NOTHING: OffsetLookup = { offset: -1n, timestamp: -1n, leaderEpoch: -1 }

export async function offsetFor (
  partition: Partition, timestamp: bigint, query: OffsetQuery
): Promise<{ errorCode: number } & Partial<OffsetLookup>> {
  try {
    checkEpoch(partition, query.currentLeaderEpoch)
    if (query.replicaId !== DEBUGGING) partition.ensureLeader()
    const bound = query.replicaId === CONSUMER
      ? query.readCommitted ? partition.lastStableOffset : partition.highWatermark
      : partition.endOffset
    return { errorCode: code.NONE, ...await look(partition, timestamp, bound) }
  } catch (error) {
    if (error instanceof KafkaError) return { errorCode: error.errorCode }
    throw error
  }
}

async function look (partition: Partition, timestamp: bigint, bound: bigint): Promise<OffsetLookup> {
  if (timestamp === LATEST) {
    return { offset: bound, timestamp: -1n, leaderEpoch: partition.leaderEpoch }
  }
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) {
    const first = partition.state.epochs.entries[0]
    const epoch = first !== undefined && first.startOffset <= partition.startOffset ? first.epoch : -1
    return { offset: partition.startOffset, timestamp: -1n, leaderEpoch: epoch }
  }
  if (timestamp === MAX_TIMESTAMP) {
    const batch = await partition.log.batchWithMaxTimestamp(partition.endOffset)
    const found = batch === undefined ? undefined : firstWithMaxTimestamp(batch)
    return answer(batch, found, bound)
  }
  // -5 and -6 speak of tiered storage, which finds nothing here.
  if (timestamp < 0n) return NOTHING
  return firstAtTime(partition, timestamp, bound)
}

/** A batch's max timestamp may belong to records below the log start: the search goes on behind it. */
async function firstAtTime (partition: Partition, timestamp: bigint, bound: bigint): Promise<OffsetLookup> {
  const batch = await partition.log.firstBatchAtOrAfter(timestamp, partition.endOffset)
  const found = batch === undefined ? undefined : firstAtOrAfter(batch, timestamp, partition.startOffset)
  return answer(batch, found, bound)
}

/** D7.7: what readers may not see yet is not found, without an error. */
function answer (
  batch: Buffer | undefined, found: { offset: bigint, timestamp: bigint } | undefined, bound: bigint
): OffsetLookup {
  if (batch === undefined || found === undefined || found.offset >= bound) return NOTHING
  return { offset: found.offset, timestamp: found.timestamp, leaderEpoch: leaderEpoch(batch) }
}
