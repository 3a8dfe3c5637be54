/** The one state object of the quorum machine, and the questions that all its parts ask of it. */
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Effect, Endpoint, RequestRead, SavedVote, SnapshotId } from './effects.ts'
import type { LogView } from './log-view.ts'
import { findVoter, majorityOf, sameReplica } from './voters.ts'
import type { ReplicaKey, VoterHistory, VoterSet } from './voters.ts'

/** Rules that the simulation breaks one at a time, to show that it would notice. */
export type QuorumMutant =
  | 'voteNotSaved' | 'twoVotes' | 'staleLogElected' | 'olderEpochCounted' | 'unflushedCounted'
  | 'fetchBeforeFlush' | 'divergenceIgnored' | 'truncationIgnored' | 'minorityElects'

/** Kafka's `controller.quorum.*` settings, with its defaults (2.10.6), and who this node is. */
export interface QuorumOptions {
  readonly nodeId: number
  readonly directoryId: string
  readonly clusterId: string
  /** The voters from the settings; a VotersRecord in the log overrides them. */
  readonly voters: VoterSet
  /** Where this node's controller listener can be reached. */
  readonly endpoints: readonly Endpoint[]
  /** `controller.quorum.election.timeout.ms`; up to as much again is added at random. */
  readonly electionTimeoutMs: number
  /** `controller.quorum.election.backoff.max.ms` */
  readonly electionBackoffMaxMs: number
  /** `controller.quorum.fetch.timeout.ms` */
  readonly fetchTimeoutMs: number
  /** `controller.quorum.request.timeout.ms` */
  readonly requestTimeoutMs: number
  /** `controller.quorum.retry.backoff.ms` */
  readonly retryBackoffMs: number
  readonly fetchMaxWaitMs: number
  /** Most bytes of one Fetch or FetchSnapshot response. */
  readonly fetchBytesMax: number
  /** Uniform in [0, 1): election jitter. */
  readonly random: () => number
  readonly mutant?: QuorumMutant
}

export const quorumDefaults = {
  electionTimeoutMs: 1000,
  electionBackoffMaxMs: 1000,
  fetchTimeoutMs: 2000,
  requestTimeoutMs: 2000,
  retryBackoffMs: 20,
  fetchMaxWaitMs: 500,
  fetchBytesMax: 8 * 1024 * 1024,
} as const

export interface Votes {
  readonly granted: Set<number>
  readonly rejected: Set<number>
}

/** What a leader knows of a replica that fetches from it. */
export interface Replica extends ReplicaKey {
  /** Everything below is flushed there: its fetch offset. -1n: never fetched in this epoch. */
  endOffset: bigint
  lastFetchMs: number
  lastCaughtUpMs: number
  /** This leader's end at the replica's last fetch. */
  leaderEndOffset: bigint
}

/** A fetch that waits for something to send. */
export interface ParkedFetch {
  readonly requestId: number
  readonly request: RequestRead<'Fetch'>
  readonly deadlineMs: number
}

export interface Unattached { readonly name: 'unattached', electionDeadlineMs: number }
export interface Prospective {
  readonly name: 'prospective'
  readonly votes: Votes
  electionDeadlineMs: number
}
export interface Candidate {
  readonly name: 'candidate'
  readonly votes: Votes
  electionDeadlineMs: number
}
export interface Leader {
  readonly name: 'leader'
  readonly epochStartOffset: bigint
  /** undefined until a record of the own epoch is committed (2.10.3). */
  highWatermark: bigint | undefined
  /** By id and directory, voters and observers. */
  readonly replicas: Map<string, Replica>
  /** Voters that fetched since the check-quorum timer was last set (2.10.4). */
  readonly fetchedVoters: Set<number>
  checkQuorumDeadlineMs: number
  /** 2.10.3: when voters last answered BeginQuorumEpoch or fetched, by id. */
  readonly acknowledgedMs: Map<number, number>
  parked: ParkedFetch[]
}
export interface Follower {
  readonly name: 'follower'
  fetchDeadlineMs: number
  /** 2.10.5: such a follower refuses a pre-vote. */
  hasFetched: boolean
  leaderHighWatermark: bigint
  download: Download | undefined
}
export interface Download { readonly id: SnapshotId, position: number }
export interface Resigned {
  readonly name: 'resigned'
  readonly preferredCandidates: readonly ReplicaKey[]
  readonly unacknowledged: Set<number>
  electionDeadlineMs: number
}
export type Role = Unattached | Prospective | Candidate | Leader | Follower | Resigned

/** The one request that may be under way to a node. */
export interface Peer {
  correlationId: number | undefined
  sentMs: number
  backoffUntilMs: number
}

export interface QuorumState {
  readonly options: QuorumOptions
  readonly voterHistory: VoterHistory
  readonly log: LogView
  readonly peers: Map<number, Peer>
  /** What `saveVote` last asked to be kept. The epoch never goes back (2.10.1). */
  vote: SavedVote
  role: Role
  /** Delivered with `advanceHighWatermark`: never moves back, whoever leads. */
  highWatermark: bigint
  leaderEndpoints: readonly Endpoint[]
  nextCorrelationId: number
  /** Which voter is asked next who leads. */
  nextAsked: number
  /** The node is shutting down: it neither leads nor stands for election again. */
  stopping: boolean
  /** A downloaded snapshot is replacing the log: meanwhile it neither fetches nor stands. */
  installing: boolean
  failed: boolean
  effects: Effect[]
}

export const NO_VOTE: SavedVote = {
  epoch: 0, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID,
}

export function emit (state: QuorumState, effect: Effect): void {
  if (!state.failed) state.effects.push(effect)
  if (effect.do === 'fail') state.failed = true
}

export function ownKey ({ options }: QuorumState): ReplicaKey {
  return { id: options.nodeId, directoryId: options.directoryId }
}

export function votersOf (state: QuorumState): VoterSet { return state.voterHistory.voters }

export function isVoter (state: QuorumState): boolean {
  return findVoter(votersOf(state), ownKey(state)) !== undefined
}

export function isOnlyVoter (state: QuorumState): boolean {
  return votersOf(state).length === 1 && isVoter(state)
}

export function remoteVoters (state: QuorumState): VoterSet {
  return votersOf(state).filter(voter => !sameReplica(voter, ownKey(state)))
}

export function majority (state: QuorumState): number {
  return state.options.mutant === 'minorityElects' ? 1 : majorityOf(votersOf(state))
}

/** Whether all that this node has is durable. */
export function isFlushed ({ log }: QuorumState): boolean {
  return log.flushedOffset === log.endOffset
}

/** 2.10.6: the timeout and up to as much again, so that voters seldom stand at the same time. */
export function electionTimeout ({ options }: QuorumState): number {
  return options.electionTimeoutMs + Math.floor(options.random() * options.electionTimeoutMs)
}

/** 2.10.2: whether a log ending at `endOffset` with a record of `epoch` is as good as the own. */
export function isUpToDate ({ log }: QuorumState, epoch: number, endOffset: bigint): boolean {
  return epoch > log.lastEpoch || (epoch === log.lastEpoch && endOffset >= log.endOffset)
}

/** Endpoints by which `leaderId` can be reached, as far as they are known. */
export function endpointsOf (state: QuorumState, leaderId: number): readonly Endpoint[] {
  if (leaderId < 0) return []
  if (leaderId === state.options.nodeId) return state.options.endpoints
  if (leaderId === state.vote.leaderId && state.leaderEndpoints.length > 0) {
    return state.leaderEndpoints
  }
  return votersOf(state).find(voter => voter.id === leaderId)?.endpoints ?? []
}
