/**
 * Reading for consumers and followers: per-partition checks, the byte limits over all partitions,
 * and the long poll. D6.12-26. What is read stays in the store's memory until it is sent.
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import type { AbortedTransaction } from '../../core/replica/aborted-transactions.ts'
import { UNDEFINED_EPOCH } from '../../core/replica/leader-epochs.ts'
import type { FetchPosition } from '../../core/fetch/fetch-session.ts'
import { StoreError } from '../../store/store.ts'
import type { LogRead } from '../../store/store.ts'
import type { Environment } from '../environment.ts'
import type { ReadableReplica } from './contract.ts'

export interface FetchTarget {
  readonly position: FetchPosition
  /** Undefined: `errorCode` says why. */
  readonly partition: ReadableReplica | undefined
  readonly errorCode: number
  /** D6.9-11: refused before the log was looked for; that alone ends no wait (D6.25). */
  readonly isRefused: boolean
}

export interface FetchOptions {
  readonly version: number
  readonly maxWaitMs: number
  readonly minBytes: number
  /** The smallest of the request's max_bytes and fetch.max.bytes. */
  readonly maxBytes: number
  readonly readCommitted: boolean
  /** -1: a consumer. */
  readonly replicaId: number
  /** Asked before each read: what more is found is read when its turn to be sent has come. */
  takeRoom (): number
  /** The read was in vain. */
  leaveRoom (): void
}

const CONSUMER = -1

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
  /** D6.20: what Kafka would have read, which cuts the last batch at the limit. */
  readonly readableBytes: number
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
  const deadlineMs = environment.monotonicMs() + options.maxWaitMs
  const loading = loadsOf(targets)
  if (loading.length > 0) await Promise.all(loading)
  for (;;) {
    const seen = targets.map(({ partition }) => progressOf(partition))
    const result = await readAll(targets, options)
    const bytes = result.partitions.reduce((sum, { readableBytes }) => sum + readableBytes, 0)
    const leftMs = deadlineMs - environment.monotonicMs()
    if (bytes >= minBytes || leftMs <= 0 || isImmediate(targets, result, options)) return result
    result.release()
    options.leaveRoom()
    const wait = {
      targets, seen, bytes: minBytes - bytes, leftMs, readCommitted: options.readCommitted,
    }
    if (await more(wait, environment, onGone) === 'gone') return { partitions: [], release: () => {} }
  }
}

const NONE: ReadonlyArray<Promise<void>> = []

function loadsOf (targets: readonly FetchTarget[]): ReadonlyArray<Promise<void>> {
  let loading: Array<Promise<void>> | undefined
  for (const { partition } of targets) {
    const loaded = partition?.whenLoaded()
    if (loaded !== undefined) (loading ??= []).push(loaded)
  }
  return loading ?? NONE
}

/** D6.25: nothing to wait for, or something that must be told at once. */
function isImmediate (
  targets: readonly FetchTarget[], { partitions }: FetchResult, options: FetchOptions
): boolean {
  if (targets.every(({ isRefused }) => isRefused)) return true
  return partitions.some(({ errorCode, divergingEpoch, position: { fetchOffset } }, index) => {
    const { partition, isRefused } = targets[index] as FetchTarget
    if (isRefused) return false
    if (partition === undefined || errorCode !== code.NONE || divergingEpoch !== undefined) {
      return true
    }
    // D6.26: above the bound a consumer is answered each time, and below a newer segment too.
    const bound = boundOf(partition, options)
    return fetchOffset > bound ||
      (hasRecords(partitions[index]) &&
        partition.state.segments.hasStartBetween(fetchOffset, bound))
  })
}

/** D6.19 */
function boundOf (partition: ReadableReplica, { readCommitted, replicaId }: FetchOptions): bigint {
  if (replicaId !== CONSUMER) return partition.endOffset
  return readCommitted ? partition.lastStableOffset : partition.highWatermark
}

function hasRecords (fetched: Fetched | undefined): boolean {
  return (fetched?.read?.bytes ?? 0) > 0
}

/** What a waiting fetch compares with. */
interface Progress {
  readonly committedBytes: number
  readonly lastStableOffset: bigint
  /** An open transaction keeps readers of committed data back. */
  readonly isHeldBack: boolean
}

function progressOf (partition: ReadableReplica | undefined): Progress {
  if (partition === undefined) return { committedBytes: 0, lastStableOffset: 0n, isHeldBack: false }
  const { committedBytes, lastStableOffset, highWatermark } = partition
  return { committedBytes, lastStableOffset, isHeldBack: lastStableOffset < highWatermark }
}

interface Wait {
  readonly targets: readonly FetchTarget[]
  /** As it was before the read. */
  readonly seen: readonly Progress[]
  /** So many more are wanted. */
  readonly bytes: number
  readonly leftMs: number
  readonly readCommitted: boolean
}

/** Waits until the partitions have so many bytes more, or one of them changed in another way. */
function more (wait: Wait, environment: Environment, onGone: OnGone): Promise<'ready' | 'time' | 'gone'> {
  const { targets } = wait
  return new Promise(resolve => {
    const stops: Array<() => void> = []
    const settle = (why: 'ready' | 'time' | 'gone'): void => {
      timer.cancel()
      for (const stop of stops) stop()
      resolve(why)
    }
    const timer = environment.setTimer(wait.leftMs, () => { settle('time') })
    for (const { partition } of targets) {
      const stop = partition?.watch(event => { if (event !== 'appended' || isEnough(wait)) settle('ready') })
      if (stop !== undefined) stops.push(stop)
    }
    stops.push(onGone(() => { settle('gone') }))
    // Something may have come while the disk was read.
    if (isEnough(wait)) settle('ready')
  })
}

function isEnough ({ targets, seen, bytes, readCommitted }: Wait): boolean {
  let sum = 0
  for (const [index, { partition, position }] of targets.entries()) {
    if (partition === undefined) continue
    const before = seen[index] as Progress
    if (readCommitted && partition.lastStableOffset === before.lastStableOffset) continue
    // The end of a transaction lets go of more than was appended with it.
    if (readCommitted && before.isHeldBack) return true
    sum += Math.min(partition.committedBytes - before.committedBytes,
      Math.max(position.partitionBytesMax, 1))
  }
  return sum >= bytes
}

async function readAll (
  targets: readonly FetchTarget[], options: FetchOptions
): Promise<FetchResult> {
  const partitions: Fetched[] = []
  const release = (): void => { for (const { read } of partitions) read?.release() }
  let left = options.maxBytes
  let atHandMax = options.takeRoom()
  let isFirst = true
  try {
    for (const target of targets) {
      const fetched = readOne(target, options, { left, atHandMax, isFirst })
      const done = fetched instanceof Promise ? await fetched : fetched
      partitions.push(done)
      const bytes = done.read?.bytes ?? 0
      if (bytes > 0) isFirst = false
      left = Math.max(0, left - bytes)
      atHandMax = done.read?.rest === undefined ? Math.max(0, atHandMax - bytes) : 0
    }
  } catch (error) {
    release()
    throw error
  }
  return { partitions, release }
}

/** What the partitions before this one have left to it. */
interface Room { readonly left: number, readonly atHandMax: number, readonly isFirst: boolean }

function readOne (
  target: FetchTarget, options: FetchOptions, room: Room
): Fetched | Promise<Fetched> {
  const { position, partition, errorCode } = target
  if (partition === undefined) return nothingOf(position, errorCode, target.isRefused ? [] : null)
  const failure = (error: unknown): Fetched =>
    nothingOf(position, errorCodeOf(error, options.version), null)
  try {
    checkReadable(partition, position, options)
    const diverging = divergence(partition, position)
    const facts = factsOf(partition)
    if (diverging !== undefined) {
      return { ...nothingOf(position, code.NONE, null), ...facts, divergingEpoch: diverging }
    }
    if (position.fetchOffset < partition.startOffset ||
      position.fetchOffset > partition.endOffset) {
      throw new KafkaError(code.OFFSET_OUT_OF_RANGE)
    }
    const fetched = readRecords(partition, position, options, room)
    return fetched instanceof Promise ? fetched.catch(failure) : fetched
  } catch (error) {
    return failure(error)
  }
}

/** A partition that cannot be read does not fail the others. */
function errorCodeOf (error: unknown, version: number): number {
  if (error instanceof KafkaError) return error.errorCode
  if (!(error instanceof StoreError)) throw error
  return version <= 5 ? code.NOT_LEADER_OR_FOLLOWER : code.KAFKA_STORAGE_ERROR
}

/** D6.24: offsets as they were before the read. */
function factsOf (partition: ReadableReplica) {
  return {
    highWatermark: partition.highWatermark,
    lastStableOffset: partition.lastStableOffset,
    logStartOffset: partition.startOffset,
  }
}

function readRecords (
  partition: ReadableReplica, position: FetchPosition, options: FetchOptions,
  { left, atHandMax, isFirst }: Room
): Fetched | Promise<Fetched> {
  const bytesMax = Math.min(position.partitionBytesMax, left)
  const facts = factsOf(partition)
  const bound = boundOf(partition, options)
  const from = position.fetchOffset
  const done = (read: LogRead | undefined): Fetched => ({
    position,
    ...facts,
    errorCode: code.NONE,
    aborted: options.readCommitted ? abortedIn(partition, from, read) : null,
    divergingEpoch: undefined,
    read,
    readableBytes: read === undefined ? 0 : readableBytes(read, bytesMax),
  })
  if (from >= bound) return done(undefined)
  // D6.22: a negative limit is a bug of the client's that Kafka answers like this.
  if (bytesMax < 0) throw new KafkaError(code.UNKNOWN_SERVER_ERROR)
  if (bytesMax === 0 && !isFirst) return done(undefined)
  const read = partition.read(from, bound, bytesMax, isFirst, atHandMax)
  return read instanceof Promise ? read.then(done) : done(read)
}

/** A batch that did not fit counts up to the limit: there is no use in waiting for more. */
function readableBytes ({ bytes, isCut }: LogRead, bytesMax: number): number {
  return isCut ? Math.max(bytes, bytesMax) : bytes
}

/** D6.23: those that may touch what was read. */
function abortedIn (
  partition: ReadableReplica, from: bigint, read: LogRead | undefined
): AbortedTransaction[] {
  if (read === undefined || read.bytes === 0 || partition.state.aborted.entries.length === 0) {
    return []
  }
  return partition.abortedBetween(from, read.nextOffset)
}

function nothingOf (position: FetchPosition, errorCode: number, aborted: [] | null): Fetched {
  return {
    position,
    errorCode,
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStartOffset: -1n,
    aborted,
    divergingEpoch: undefined,
    read: undefined,
    readableBytes: 0,
  }
}

/** D6.12, D6.14-15: offline, another topic's log, leader epoch, leadership, follower. */
function checkReadable (
  partition: ReadableReplica, position: FetchPosition, options: FetchOptions
): void {
  const { version, replicaId } = options
  if (!partition.available && !partition.gone) {
    throw new KafkaError(version <= 5 ? code.NOT_LEADER_OR_FOLLOWER : code.KAFKA_STORAGE_ERROR)
  }
  if (version >= 13 && position.topicId !== partition.identity.topicId) {
    throw new KafkaError(code.INCONSISTENT_TOPIC_ID)
  }
  // Below -1 means no epoch here, and an old one everywhere else.
  checkEpoch(partition, Math.max(position.currentLeaderEpoch, UNDEFINED_EPOCH))
  const isFollower = replicaId >= 0
  // KIP-392: consumers from v11 on read from any replica.
  if (isFollower || partition.gone || (replicaId === CONSUMER && version <= 10)) {
    partition.ensureLeader()
  }
  if (isFollower && !partition.hasFollower(replicaId)) {
    throw new KafkaError(position.currentLeaderEpoch >= 0
      ? code.UNKNOWN_LEADER_EPOCH
      : code.NOT_LEADER_OR_FOLLOWER)
  }
}

/** 2.1.5: an older epoch is fenced, a newer one is not known here yet; -1 asks nothing. */
export function checkEpoch (partition: ReadableReplica, epoch: number): void {
  if (epoch === UNDEFINED_EPOCH) return
  if (epoch < partition.leaderEpoch) throw new KafkaError(code.FENCED_LEADER_EPOCH)
  if (epoch > partition.leaderEpoch) throw new KafkaError(code.UNKNOWN_LEADER_EPOCH)
}

/** 2.1.3: where the reader's log parts from this one (KIP-320, KIP-595). */
function divergence (
  partition: ReadableReplica, { lastFetchedEpoch, fetchOffset }: FetchPosition
): { epoch: number, endOffset: bigint } | undefined {
  if (lastFetchedEpoch < 0) return undefined
  const { epoch, endOffset } =
    partition.state.epochs.endOffsetFor(lastFetchedEpoch, partition.endOffset)
  if (epoch < 0 || endOffset < 0n || fetchOffset < partition.startOffset) {
    throw new KafkaError(code.OFFSET_OUT_OF_RANGE)
  }
  return epoch < lastFetchedEpoch || endOffset < fetchOffset ? { epoch, endOffset } : undefined
}
