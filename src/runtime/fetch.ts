/**
 * Reading for consumers and followers: per-partition checks, the byte limits over all partitions,
 * and the long poll. D6.12-26. What is read stays in the store's memory until it is sent.
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import type { AbortedTransaction } from '../core/replica/aborted-transactions.ts'
import type { FetchPosition } from '../core/fetch/fetch-session.ts'
import type { LogRead } from '../store/store.ts'
import type { Environment } from './environment.ts'
import type { Partition } from './partition.ts'

export interface FetchTarget {
  readonly position: FetchPosition
  /** Undefined: `errorCode` says why it is not even looked for (D6.9-11). */
  readonly partition: Partition | undefined
  readonly errorCode: number
}

export interface FetchOptions {
  readonly version: number
  readonly maxWaitMs: number
  readonly minBytes: number
  /** The smallest of the request's max_bytes and fetch.max.bytes. */
  readonly maxBytes: number
  readonly readCommitted: boolean
}

export interface Fetched {
  readonly position: FetchPosition
  readonly errorCode: number
  readonly highWatermark: bigint
  readonly lastStableOffset: bigint
  readonly logStartOffset: bigint
  /** Null for readers of uncommitted data and for errors of the partition (D6.18, D6.23). */
  readonly aborted: AbortedTransaction[] | null
  readonly divergingEpoch: { epoch: number, endOffset: bigint } | undefined
  readonly read: LogRead | undefined
}

export interface FetchResult { readonly partitions: Fetched[], release (): void }

/** Calls back when the client has gone; answers how not to be called. */
export type OnGone = (run: () => void) => () => void

/** Reads now, and again when enough has come or the time is over. */
export async function fetch (
  targets: readonly FetchTarget[], options: FetchOptions, environment: Environment,
  onGone: OnGone
): Promise<FetchResult> {
  const minBytes = Math.min(options.minBytes, options.maxBytes)
  const deadlineMs = environment.nowMs() + options.maxWaitMs
  for (;;) {
    const progress = targets.map(({ partition }) => partition?.committedBytes ?? 0)
    const result = await readAll(targets, options)
    const bytes = result.partitions.reduce((sum, { read }) => sum + (read?.bytes ?? 0), 0)
    const leftMs = deadlineMs - environment.nowMs()
    if (bytes >= minBytes || leftMs <= 0 || isImmediate(targets, result)) return result
    result.release()
    const why = await more(targets, progress, minBytes - bytes, leftMs, environment, onGone)
    if (why === 'gone') return { partitions: [], release: () => {} }
  }
}

/** D6.25: nothing to wait for, or something that must be told at once. */
function isImmediate (targets: readonly FetchTarget[], { partitions }: FetchResult): boolean {
  if (targets.every(({ partition }) => partition === undefined)) return true
  return partitions.some(({ errorCode, divergingEpoch, position }, index) =>
    targets[index]?.partition !== undefined &&
    (errorCode !== code.NONE || divergingEpoch !== undefined || isBetween(position, targets[index]?.partition)))
}

/** D6.26: a consumer above the high watermark is answered at once, each time. */
function isBetween ({ fetchOffset }: FetchPosition, partition: Partition | undefined): boolean {
  return partition !== undefined && fetchOffset > partition.highWatermark
}

/** Waits until the partitions have so many bytes more, or one of them changed in another way. */
function more (
  targets: readonly FetchTarget[], progress: readonly number[], bytes: number, leftMs: number,
  environment: Environment, onGone: OnGone
): Promise<'ready' | 'time' | 'gone'> {
  return new Promise(resolve => {
    const stops: Array<() => void> = []
    const settle = (why: 'ready' | 'time' | 'gone'): void => {
      timer.cancel()
      for (const stop of stops) stop()
      resolve(why)
    }
    const isEnough = (): boolean => {
      let sum = 0
      for (const [index, { partition, position }] of targets.entries()) {
        if (partition === undefined) continue
        sum += Math.min(partition.committedBytes - (progress[index] as number), Math.max(position.partitionBytesMax, 1))
      }
      return sum >= bytes
    }
    const timer = environment.setTimer(leftMs, () => { settle('time') })
    for (const { partition } of targets) {
      const stop = partition?.watch(event => { if (event !== 'appended' || isEnough()) settle('ready') })
      if (stop !== undefined) stops.push(stop)
    }
    stops.push(onGone(() => { settle('gone') }))
    // Something may have come while the disk was read.
    if (isEnough()) settle('ready')
  })
}

async function readAll (targets: readonly FetchTarget[], options: FetchOptions): Promise<FetchResult> {
  const partitions: Fetched[] = []
  const release = (): void => { for (const { read } of partitions) read?.release() }
  let left = options.maxBytes
  let isFirst = true
  try {
    for (const target of targets) {
      const fetched = readOne(target, options, left, isFirst)
      const done = fetched instanceof Promise ? await fetched : fetched
      partitions.push(done)
      const bytes = done.read?.bytes ?? 0
      if (bytes > 0) isFirst = false
      left = Math.max(0, left - bytes)
    }
  } catch (error) {
    release()
    throw error
  }
  return { partitions, release }
}

function readOne (
  target: FetchTarget, options: FetchOptions, bytesLeft: number, isFirst: boolean
): Fetched | Promise<Fetched> {
  const { position, partition, errorCode } = target
  if (partition === undefined) return failed(position, errorCode, [])
  try {
    checkReadable(partition, position, options.version)
    const diverging = divergence(partition, position)
    const facts = factsOf(partition)
    if (diverging !== undefined) {
      return { position, ...facts, errorCode: code.NONE, aborted: null, divergingEpoch: diverging, read: undefined }
    }
    if (position.fetchOffset < partition.startOffset || position.fetchOffset > partition.endOffset) {
      throw new KafkaError(code.OFFSET_OUT_OF_RANGE)
    }
    return readRecords(partition, position, options, Math.min(position.partitionBytesMax, bytesLeft), isFirst)
  } catch (error) {
    if (error instanceof KafkaError) return failed(position, error.errorCode, null)
    throw error
  }
}

/** D6.24: offsets as they were before the read. */
function factsOf (partition: Partition) {
  return {
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.startOffset,
  }
}

function readRecords (
  partition: Partition, position: FetchPosition, options: FetchOptions, bytesMax: number, isFirst: boolean
): Fetched | Promise<Fetched> {
  const facts = factsOf(partition)
  const bound = options.readCommitted ? facts.lastStableOffset : facts.highWatermark
  const from = position.fetchOffset
  const done = (read: LogRead | undefined): Fetched => ({
    position,
    ...facts,
    errorCode: code.NONE,
    aborted: options.readCommitted ? partition.abortedBetween(from, bound) : null,
    divergingEpoch: undefined,
    read,
  })
  if (from >= bound || (bytesMax <= 0 && !isFirst)) return done(undefined)
  const read = partition.read(from, bound, Math.max(bytesMax, 0), isFirst)
  return read instanceof Promise ? read.then(done) : done(read)
}

function failed (position: FetchPosition, errorCode: number, aborted: [] | null): Fetched {
  return {
    position,
    errorCode,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStartOffset: -1n,
    aborted,
    divergingEpoch: undefined,
    read: undefined,
  }
}

/** D6.12, D6.14: offline, another topic's log, leader epoch, leadership. */
export function checkReadable (partition: Partition, position: FetchPosition, version: number): void {
  if (!partition.available && !partition.gone) {
    throw new KafkaError(version <= 5 ? code.NOT_LEADER_OR_FOLLOWER : code.KAFKA_STORAGE_ERROR)
  }
  if (version >= 13 && position.topicId !== partition.identity.topicId) {
    throw new KafkaError(code.INCONSISTENT_TOPIC_ID)
  }
  checkEpoch(partition, position.currentLeaderEpoch)
  partition.ensureLeader()
}

/** 2.1.5: an older epoch is fenced, a newer one is not known here yet; -1 asks nothing. */
export function checkEpoch (partition: Partition, epoch: number): void {
  if (epoch < 0) return
  if (epoch < partition.leaderEpoch) throw new KafkaError(code.FENCED_LEADER_EPOCH)
  if (epoch > partition.leaderEpoch) throw new KafkaError(code.UNKNOWN_LEADER_EPOCH)
}

/** 2.1.3: where the reader's log parts from this one (KIP-320, KIP-595). */
function divergence (
  partition: Partition, { lastFetchedEpoch, fetchOffset }: FetchPosition
): { epoch: number, endOffset: bigint } | undefined {
  if (lastFetchedEpoch < 0) return undefined
  const { epoch, endOffset } = partition.state.epochs.endOffsetFor(lastFetchedEpoch, partition.endOffset)
  if (epoch < 0 || endOffset < 0n || fetchOffset < partition.startOffset) {
    throw new KafkaError(code.OFFSET_OUT_OF_RANGE)
  }
  return epoch < lastFetchedEpoch || endOffset < fetchOffset ? { epoch, endOffset } : undefined
}
