/** Vote, BeginQuorumEpoch and EndQuorumEpoch, as asked and as answered (KIP-595, KIP-996). */
import { code } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { METADATA_PARTITION, METADATA_TOPIC } from './effects.ts'
import type { Endpoint, QuorumApi, RequestRead, ResponseRead } from './effects.ts'
import { epochResponse, reply, topLevelError, voteResponse } from './responses.ts'
import { becomeCandidate, becomeFollower, becomeLeader, giveVote, learn } from './roles.ts'
import { isUpToDate, majority, ownKey, votersOf } from './state.ts'
import type { QuorumState } from './state.ts'
import { sameReplica } from './voters.ts'
import type { ReplicaKey } from './voters.ts'

/** The only partition of a message about the quorum, or undefined for anything else (2.10.13). */
function onlyPartition<P extends { partitionIndex: number }> (
  topics: ReadonlyArray<{ topicName: string, partitions: readonly P[] }>
): P | undefined {
  const topic = topics[0]
  const partition = topic?.partitions[0]
  if (topics.length !== 1 || topic?.partitions.length !== 1) return undefined
  if (topic.topicName !== METADATA_TOPIC) return undefined
  return partition?.partitionIndex === METADATA_PARTITION ? partition : undefined
}

/** 2.10.10: a cluster id is compared if the request has one. */
export function isOtherCluster ({ options }: QuorumState, clusterId: string | null): boolean {
  return clusterId !== null && clusterId !== options.clusterId
}

/** Checks that every request between voters has in common; an error code of its partition. */
function voterRequestError (
  state: QuorumState, sender: { readonly id: number, readonly epoch: number }
): number {
  if (sender.epoch < state.vote.epoch) return code.FENCED_LEADER_EPOCH
  return sender.id < 0 ? code.INVALID_REQUEST : code.NONE
}

/** 2.10.2: whether the request was meant for this node; version 0 does not say. */
function isMeantForOther (state: QuorumState, recipient: ReplicaKey): boolean {
  return recipient.id >= 0 && !sameReplica(recipient, ownKey(state))
}

interface VoterRequest<P> {
  readonly clusterId: string | null
  readonly topics: ReadonlyArray<{ topicName: string, partitions: readonly P[] }>
}

/** What a request between voters is about; undefined once it is refused as a whole. */
function partitionOf<P extends { partitionIndex: number }> (
  state: QuorumState, requestId: number, api: QuorumApi, request: VoterRequest<P>
): P | undefined {
  const isForeign = isOtherCluster(state, request.clusterId)
  const partition = isForeign ? undefined : onlyPartition(request.topics)
  if (partition === undefined) {
    const errorCode = isForeign ? code.INCONSISTENT_CLUSTER_ID : code.INVALID_REQUEST
    reply(state, requestId, api, topLevelError(api, errorCode))
  }
  return partition
}

type VotePartition = RequestRead<'Vote'>['topics'][number]['partitions'][number]

export function handleVote (
  state: QuorumState, requestId: number, request: RequestRead<'Vote'>, monotonicMs: number
): void {
  const partition = partitionOf(state, requestId, 'Vote', request)
  if (partition === undefined) return
  const answer = (errorCode: number, granted: boolean): void =>
    reply(state, requestId, 'Vote', voteResponse(state, errorCode, granted))

  if (!isPossibleVote(partition)) return answer(code.INVALID_REQUEST, false)
  const { replicaId: id, replicaEpoch: epoch, replicaDirectoryId: directoryId } = partition
  const errorCode = voterRequestError(state, { id, epoch })
  if (errorCode !== code.NONE) return answer(errorCode, false)
  learn(state, { epoch, leaderId: -1 }, [], monotonicMs)
  const recipient = { id: request.voterId, directoryId: partition.voterDirectoryId }
  if (isMeantForOther(state, recipient)) return answer(code.INVALID_VOTER_KEY, false)

  const candidate = { id, directoryId }
  const upToDate = state.options.mutant === 'staleLogElected' ||
    isUpToDate(state, partition.lastOffsetEpoch, partition.lastOffset)
  if (partition.preVote) return answer(code.NONE, upToDate && mayPreVote(state))
  const granted = mayVote(state, candidate, upToDate)
  if (granted) giveVote(state, candidate, monotonicMs)
  answer(code.NONE, granted)
}

/** A candidate's log ends in an epoch below the one it stands for; a pre-vote's may be in it. */
function isPossibleVote (partition: VotePartition): boolean {
  const { preVote, replicaEpoch, lastOffset, lastOffsetEpoch } = partition
  return lastOffset >= 0n && lastOffsetEpoch >= 0 &&
    (preVote ? lastOffsetEpoch <= replicaEpoch : lastOffsetEpoch < replicaEpoch)
}

/** 2.10.2: at most one vote an epoch, and none where a leader is known already. */
function mayVote (state: QuorumState, candidate: ReplicaKey, upToDate: boolean): boolean {
  const { role, vote, options } = state
  if (role.name !== 'unattached' && role.name !== 'prospective') return false
  if (vote.votedId !== -1 && options.mutant !== 'twoVotes') {
    const voted = { id: vote.votedId, directoryId: vote.votedDirectoryId }
    return vote.leaderId === -1 && sameReplica(voted, candidate)
  }
  return vote.leaderId === -1 && upToDate
}

/** 2.10.5: who has heard from its leader refuses; nothing is kept. */
function mayPreVote ({ role }: QuorumState): boolean {
  return role.name !== 'leader' && !(role.name === 'follower' && role.hasFetched)
}

/**
 * What all responses have in common. True: nothing is left to do with it. `errorCode` is that of
 * the partition.
 */
export function handleCommon (
  state: QuorumState, heard: { errorCode: number, leaderId: number, leaderEpoch: number },
  endpoints: readonly Endpoint[], monotonicMs: number,
): boolean {
  const { errorCode, leaderId, leaderEpoch: epoch } = heard
  const before = state.vote.epoch
  if (epoch < before || errorCode === code.UNKNOWN_LEADER_EPOCH) return true
  const wasLeaderless = state.vote.leaderId === -1
  learn(state, { epoch, leaderId }, endpoints, monotonicMs)
  if (epoch > before || errorCode === code.FENCED_LEADER_EPOCH ||
    errorCode === code.NOT_LEADER_OR_FOLLOWER) return true
  // A fetch that found the leader may bring records in the same answer.
  return wasLeaderless && state.vote.leaderId !== -1 && errorCode !== code.NONE
}

/** The named node's endpoint out of a response. */
export function endpointIn (
  nodes: ReadonlyArray<{ nodeId: number, host: string, port: number }>, nodeId: number
): Endpoint[] {
  return nodes.filter(node => node.nodeId === nodeId)
    .map(({ host, port }) => ({ name: '', host, port }))
}

/** Whether the response settles the request; if not, it is sent again after a pause. */
export function handleVoteResponse (
  state: QuorumState, from: number, response: ResponseRead<'Vote'>, monotonicMs: number
): boolean {
  const partition = onlyPartition(response.topics)
  if (response.errorCode !== code.NONE || partition === undefined) return false
  const endpoints = endpointIn(response.nodeEndpoints, partition.leaderId)
  if (handleCommon(state, partition, endpoints, monotonicMs)) return true
  const { role } = state
  if (role.name !== 'prospective' && role.name !== 'candidate') return true
  if (partition.errorCode !== code.NONE) return false
  if (partition.voteGranted) role.votes.granted.add(from)
  else role.votes.rejected.add(from)
  countVotes(state, monotonicMs)
  return true
}

/** KIP-996: a voter that knows no pre-vote cannot refuse one. */
export function handleUnsupportedPreVote (
  state: QuorumState, from: number, monotonicMs: number
): void {
  if (state.role.name !== 'prospective') return
  state.role.votes.granted.add(from)
  countVotes(state, monotonicMs)
}

function countVotes (state: QuorumState, monotonicMs: number): void {
  const { role, options } = state
  if (role.name !== 'prospective' && role.name !== 'candidate') return
  const voters = votersOf(state)
  const granted = voters.filter(voter => role.votes.granted.has(voter.id)).length
  const rejected = voters.filter(voter => role.votes.rejected.has(voter.id)).length
  if (granted >= majority(state)) {
    if (role.name === 'prospective') becomeCandidate(state, monotonicMs)
    else becomeLeader(state, role.votes, monotonicMs)
  } else if (voters.length - rejected < majority(state)) {
    // It has lost: it waits for a random while, so that two losers do not meet again.
    const backoffMs = 1 + Math.floor(options.random() * options.electionBackoffMaxMs)
    role.electionDeadlineMs = Math.min(role.electionDeadlineMs, monotonicMs + backoffMs)
  }
}

export function handleBeginQuorumEpoch (
  state: QuorumState, requestId: number, request: RequestRead<'BeginQuorumEpoch'>, monotonicMs: number
): void {
  const partition = partitionOf(state, requestId, 'BeginQuorumEpoch', request)
  if (partition === undefined) return
  const { leaderId, leaderEpoch: epoch } = partition
  let errorCode = voterRequestError(state, { id: leaderId, epoch })
  if (errorCode === code.NONE) {
    learn(state, { epoch, leaderId }, request.leaderEndpoints, monotonicMs)
    const leads = state.vote.leaderId === leaderId
    // The leader lives: a follower that stood for a pre-vote goes back to it.
    if (leads && state.role.name === 'prospective') {
      becomeFollower(state, { epoch, leaderId }, request.leaderEndpoints, monotonicMs)
    }
    if (leads && request.leaderEndpoints.length > 0) state.leaderEndpoints = request.leaderEndpoints
    const recipient = { id: request.voterId, directoryId: partition.voterDirectoryId }
    if (isMeantForOther(state, recipient)) errorCode = code.INVALID_VOTER_KEY
  }
  reply(state, requestId, 'BeginQuorumEpoch', epochResponse(state, errorCode))
}

export function handleBeginQuorumEpochResponse (
  state: QuorumState, from: number, response: ResponseRead<'BeginQuorumEpoch'>, monotonicMs: number
): boolean {
  const partition = onlyPartition(response.topics)
  if (response.errorCode !== code.NONE || partition === undefined) return false
  const endpoints = endpointIn(response.nodeEndpoints, partition.leaderId)
  if (handleCommon(state, partition, endpoints, monotonicMs)) return true
  if (partition.errorCode !== code.NONE) return false
  if (state.role.name === 'leader') state.role.acknowledgedMs.set(from, monotonicMs)
  return true
}

export function handleEndQuorumEpoch (
  state: QuorumState, requestId: number, request: RequestRead<'EndQuorumEpoch'>, monotonicMs: number
): void {
  const partition = partitionOf(state, requestId, 'EndQuorumEpoch', request)
  if (partition === undefined) return
  const { leaderId, leaderEpoch: epoch } = partition
  const errorCode = voterRequestError(state, { id: leaderId, epoch })
  if (errorCode === code.NONE) {
    learn(state, { epoch, leaderId }, request.leaderEndpoints, monotonicMs)
    const { role } = state
    if (role.name === 'follower' && state.vote.leaderId === leaderId) {
      role.fetchDeadlineMs = monotonicMs + successionDelay(state, partition)
      // The leader says itself that it is gone: nothing speaks against a pre-vote (2.10.5).
      role.hasFetched = false
    }
  }
  reply(state, requestId, 'EndQuorumEpoch', epochResponse(state, errorCode))
}

type EndPartition = RequestRead<'EndQuorumEpoch'>['topics'][number]['partitions'][number]

/** 2.10.4: the first of the preferred successors stands at once, each further one twice as late. */
function successionDelay (state: QuorumState, partition: EndPartition): number {
  const { nodeId, electionBackoffMaxMs } = state.options
  const successors: ReplicaKey[] = partition.preferredCandidates.length > 0
    ? partition.preferredCandidates
      .map(({ candidateId: id, candidateDirectoryId: directoryId }) => ({ id, directoryId }))
    : partition.preferredSuccessors.map(id => ({ id, directoryId: ZERO_UUID }))
  const place = successors.findIndex(({ id }) => id === nodeId)
  if (place === 0 || successors.length === 0) return 0
  if (place < 0) return electionBackoffMaxMs
  const firstMs = electionBackoffMaxMs / 2 ** (successors.length - 1)
  return Math.min(electionBackoffMaxMs, Math.floor(firstMs * 2 ** (place - 1)))
}

export function handleEndQuorumEpochResponse (
  state: QuorumState, from: number, response: ResponseRead<'EndQuorumEpoch'>, monotonicMs: number
): boolean {
  const partition = onlyPartition(response.topics)
  if (response.errorCode !== code.NONE || partition === undefined) return false
  const endpoints = endpointIn(response.nodeEndpoints, partition.leaderId)
  if (handleCommon(state, partition, endpoints, monotonicMs)) return true
  if (partition.errorCode !== code.NONE) return false
  if (state.role.name === 'resigned') state.role.unacknowledged.delete(from)
  return true
}
