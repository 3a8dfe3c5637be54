/** The leader's side of the log: fetches, and the high watermark that they move (KIP-595). */
import { code } from '../../../protocol/errors.ts'
import { isOtherCluster } from './election.ts'
import { METADATA_PARTITION, METADATA_TOPIC, METADATA_TOPIC_ID } from './effects.ts'
import type { RequestRead } from './effects.ts'
import { fetchResponse, reply, topLevelError } from './responses.ts'
import type { FetchFacts } from './responses.ts'
import { checkQuorumTimeout } from './roles.ts'
import { emit, isVoter, ownKey, votersOf } from './state.ts'
import type { Leader, QuorumState, Replica } from './state.ts'
import { findVoter, majorityOf, sameReplica } from './voters.ts'
import type { ReplicaKey } from './voters.ts'

/** An observer that has not fetched for so long is forgotten. */
const OBSERVER_SESSION_MS = 300_000
/** Observers that are remembered; past that, the one that fetched longest ago is not. */
const OBSERVERS_MAX = 1000

type FetchPartition = RequestRead<'Fetch'>['topics'][number]['partitions'][number]

function metadataPartition ({ topics }: RequestRead<'Fetch'>): FetchPartition | undefined {
  const topic = topics[0]
  const partition = topic?.partitions[0]
  if (topics.length !== 1 || topic?.partitions.length !== 1) return undefined
  // Topic ids from version 13, names before it.
  if (topic.topicId !== METADATA_TOPIC_ID && topic.topic !== METADATA_TOPIC) return undefined
  return partition?.partition === METADATA_PARTITION ? partition : undefined
}

/** Checks common to Fetch and FetchSnapshot, in Kafka's order; an error code of the partition. */
export function leaderRequestError (state: QuorumState, epoch: number): number {
  if (epoch < state.vote.epoch) return code.FENCED_LEADER_EPOCH
  if (epoch > state.vote.epoch) return code.UNKNOWN_LEADER_EPOCH
  if (state.stopping) return code.BROKER_NOT_AVAILABLE
  return state.role.name === 'leader' ? code.NONE : code.NOT_LEADER_OR_FOLLOWER
}

export function handleFetch (
  state: QuorumState, requestId: number, request: RequestRead<'Fetch'>, monotonicMs: number
): void {
  if (isOtherCluster(state, request.clusterId)) {
    return reply(state, requestId, 'Fetch', topLevelError('Fetch', code.INCONSISTENT_CLUSTER_ID))
  }
  const partition = metadataPartition(request)
  if (partition === undefined) {
    return reply(state, requestId, 'Fetch', topLevelError('Fetch', code.INVALID_REQUEST))
  }
  const { fetchOffset, lastFetchedEpoch, currentLeaderEpoch } = partition
  if (request.maxWaitMs < 0 || fetchOffset < 0n || lastFetchedEpoch < 0 ||
    lastFetchedEpoch > currentLeaderEpoch) {
    return answerFetch(state, requestId, { errorCode: code.INVALID_REQUEST })
  }
  if (!answerIfDue(state, requestId, request, monotonicMs) && state.role.name === 'leader') {
    state.role.parked.push({ requestId, request, deadlineMs: monotonicMs + request.maxWaitMs })
  }
}

function answerFetch (state: QuorumState, requestId: number, facts: FetchFacts): void {
  reply(state, requestId, 'Fetch', fetchResponse(state, facts))
}

/** Answers what need not wait: errors, divergence, records, a newer high watermark. */
function answerIfDue (
  state: QuorumState, requestId: number, request: RequestRead<'Fetch'>, monotonicMs: number
): boolean {
  const partition = metadataPartition(request)
  if (partition === undefined) return true
  const errorCode = leaderRequestError(state, partition.currentLeaderEpoch)
  if (errorCode !== code.NONE || state.role.name !== 'leader') {
    answerFetch(state, requestId, { errorCode })
    return true
  }
  const { log, role } = state
  const { fetchOffset, lastFetchedEpoch } = partition
  const position = log.positionOf(fetchOffset, lastFetchedEpoch)
  if (position.kind === 'snapshot') {
    answerFetch(state, requestId, { snapshotId: position.id })
    return true
  }
  if (position.kind === 'diverging' && state.options.mutant !== 'divergenceIgnored') {
    const { epoch, endOffset } = position
    answerFetch(state, requestId, { divergingEpoch: { epoch, endOffset } })
    return true
  }
  fetched(state, role, request, partition, monotonicMs)
  if (fetchOffset < log.writtenOffset) {
    emit(state, {
      do: 'replyFromLog',
      requestId,
      response: fetchResponse(state),
      offset: fetchOffset,
      endOffset: log.writtenOffset,
      bytesMax: Math.min(request.maxBytes, state.options.fetchBytesMax),
    })
    return true
  }
  // KIP-1166: a follower that is behind with the high watermark only need not wait for records.
  const isNews = role.highWatermark !== undefined && partition.highWatermark < role.highWatermark
  if (!isNews && request.maxWaitMs > 0) return false
  answerFetch(state, requestId, {})
  return true
}

function replicaKey (key: ReplicaKey): string { return `${key.id}:${key.directoryId}` }

/** What is known of the replica, from now on if it is new. */
function replicaOf (role: Leader, { id, directoryId }: ReplicaKey): Replica {
  const key = replicaKey({ id, directoryId })
  let replica = role.replicas.get(key)
  if (replica === undefined) {
    replica = {
      id,
      directoryId,
      endOffset: -1n,
      lastFetchMs: -1,
      lastCaughtUpMs: -1,
      leaderEndOffset: -1n,
    }
    role.replicas.set(key, replica)
  }
  return replica
}

/** 2.10.8: the fetch offset is the replica's acknowledgement of everything below. */
function fetched (
  state: QuorumState, role: Leader, request: RequestRead<'Fetch'>, partition: FetchPartition,
  monotonicMs: number,
): void {
  const { replicaState } = request
  const id = replicaState.replicaId >= 0 ? replicaState.replicaId : request.replicaId
  if (id < 0 || id === state.options.nodeId) return
  const replica = replicaOf(role, { id, directoryId: partition.replicaDirectoryId })
  const { fetchOffset } = partition
  if (fetchOffset >= state.log.endOffset) replica.lastCaughtUpMs = monotonicMs
  else if (replica.leaderEndOffset >= 0n && fetchOffset >= replica.leaderEndOffset) {
    replica.lastCaughtUpMs = Math.max(replica.lastCaughtUpMs, replica.lastFetchMs)
  }
  replica.endOffset = fetchOffset
  replica.lastFetchMs = monotonicMs
  replica.leaderEndOffset = state.log.endOffset
  if (findVoter(votersOf(state), replica) !== undefined) {
    noteVoterAlive(state, replica, monotonicMs)
    advanceHighWatermark(state, monotonicMs)
  } else forgetObservers(state, role, monotonicMs)
}

/** 2.10.4: the timer starts again whenever a majority, with this node, has fetched. */
export function noteVoterAlive (state: QuorumState, key: ReplicaKey, monotonicMs: number): void {
  const { role } = state
  if (role.name !== 'leader' || findVoter(votersOf(state), key) === undefined) return
  role.fetchedVoters.add(key.id)
  role.acknowledgedMs.set(key.id, monotonicMs)
  const own = isVoter(state) ? 1 : 0
  if (role.fetchedVoters.size + own < majorityOf(votersOf(state))) return
  role.fetchedVoters.clear()
  role.checkQuorumDeadlineMs = monotonicMs + checkQuorumTimeout(state)
}

function forgetObservers (state: QuorumState, role: Leader, monotonicMs: number): void {
  const observers = [...role.replicas]
    .filter(([, replica]) => findVoter(votersOf(state), replica) === undefined)
    .sort(([, one], [, other]) => other.lastFetchMs - one.lastFetchMs)
  observers.forEach(([key, { lastFetchMs }], index) => {
    if (index >= OBSERVERS_MAX || monotonicMs - lastFetchMs > OBSERVER_SESSION_MS) {
      role.replicas.delete(key)
    }
  })
}

/** Everything below is flushed at this voter, as far as the leader knows. */
function flushedEndOf (state: QuorumState, role: Leader, voter: ReplicaKey): bigint {
  if (sameReplica(voter, ownKey(state))) {
    // 2.10.8: stricter than Kafka, or else one voter alone could commit what it may yet lose.
    return state.options.mutant === 'unflushedCounted'
      ? state.log.endOffset
      : state.log.flushedOffset
  }
  let endOffset = -1n
  for (const replica of role.replicas.values()) {
    if (sameReplica(replica, voter) && replica.endOffset > endOffset) endOffset = replica.endOffset
  }
  return endOffset
}

/** 2.10.3: what a majority has, once that includes a record of the leader's own epoch. */
export function advanceHighWatermark (state: QuorumState, monotonicMs: number): void {
  const { role, options } = state
  if (role.name !== 'leader') return
  const ends = votersOf(state)
    .map(voter => flushedEndOf(state, role, voter))
    .sort((one, other) => one > other ? -1 : one < other ? 1 : 0)
  const candidate = ends[majorityOf(votersOf(state)) - 1] ?? -1n
  if (candidate <= role.epochStartOffset && options.mutant !== 'olderEpochCounted') return
  if (candidate <= (role.highWatermark ?? -1n)) return
  role.highWatermark = candidate
  if (candidate > state.highWatermark) {
    state.highWatermark = candidate
    emit(state, { do: 'advanceHighWatermark', offset: candidate, epoch: state.vote.epoch })
  }
  answerParked(state, monotonicMs)
}

/** Answers the parked fetches for which something has come, or whose time is over. */
export function answerParked (state: QuorumState, monotonicMs: number): void {
  if (state.role.name !== 'leader') return
  const parked = state.role.parked
  state.role.parked = []
  for (const fetch of parked) {
    const request = monotonicMs < fetch.deadlineMs
      ? fetch.request
      : { ...fetch.request, maxWaitMs: 0 }
    // Only progress is asked for here: the fetch itself was noted when it came.
    if (!isStillParked(state, request)) answerIfDue(state, fetch.requestId, request, monotonicMs)
    else state.role.parked.push(fetch)
  }
}

function isStillParked (state: QuorumState, request: RequestRead<'Fetch'>): boolean {
  const partition = metadataPartition(request)
  if (state.role.name !== 'leader' || partition === undefined) return false
  const { log, role } = state
  const isNews = role.highWatermark !== undefined && partition.highWatermark < role.highWatermark
  return request.maxWaitMs > 0 && partition.fetchOffset >= log.writtenOffset && !isNews
}
