/** The metadata log as the rest of runtime sees it: a replicated sequence of committed batches. */
import type { DescribeQuorumResponse } from '../../../protocol/messages/55-describe-quorum.ts'
import type {
  IncomingRequest, OutgoingRequest, QuorumApi, ResponseRead, ResponseWritten, SnapshotId,
} from '../../core/quorum/effects.ts'
import type { VoterSet } from '../../core/quorum/voters.ts'

/** A committed batch. `records` are the framed values, empty for a control batch. */
export interface CommittedBatch {
  readonly kind: 'batch'
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly epoch: number
  readonly timestampMs: bigint
  readonly records: readonly Buffer[]
}

/** Everything below `id.endOffset`: replaces whatever was committed before. */
export interface LoadedSnapshot {
  readonly kind: 'snapshot'
  readonly id: SnapshotId
  readonly records: readonly Buffer[]
}

export type Committed = CommittedBatch | LoadedSnapshot
export type CommitListener = (committed: Committed) => void

/** `id` -1: no leader is known in `epoch`. */
export interface LeaderAndEpoch { readonly id: number, readonly epoch: number }
export type LeaderListener = (leader: LeaderAndEpoch) => void

export interface QuorumRuntime {
  /** Loads the newest snapshot, then follows or leads. Resolves when messages can be handled. */
  start (): Promise<void>
  /**
   * Resigns when leader (EndQuorumEpoch), then stops every timer; resolves once a snapshot that is
   * being written is done. The log stays open.
   */
  stop (): Promise<void>
  readonly leader: LeaderAndEpoch | undefined
  /** True once everything before this node's epoch has been delivered to the commit listeners. */
  readonly isLeader: boolean
  readonly highWatermark: bigint
  /** Where the next record of the metadata log will stand. */
  readonly endOffset: bigint
  /**
   * Leader only: appends these framed values as one atomic batch in `epoch`. Offsets are decided
   * before it returns; `committed` resolves after the batch was delivered to the commit listeners,
   * and rejects with NotLeaderError when leadership is lost before (it may still be committed).
   * Throws NotLeaderError when this node does not lead `epoch`.
   */
  append (records: readonly Buffer[], epoch: number):
    { baseOffset: bigint, lastOffset: bigint, committed: Promise<void> }
  /**
   * Called in order with everything committed, from the newest snapshot or the log's start on.
   * Listeners are registered before `start`.
   */
  onCommit (listener: CommitListener): void
  /** Becoming leader is told only after everything before its epoch was delivered. */
  onLeaderChange (listener: LeaderListener): void
  /**
   * Writes the records of the image as of `id` as a snapshot, then drops the log below it.
   * Throws a RangeError for an id that is not a committed batch's end.
   */
  snapshot (records: readonly Buffer[], id: SnapshotId): Promise<void>
  /** Answers Vote, BeginQuorumEpoch, EndQuorumEpoch, FetchSnapshot, and Fetch of this log. */
  handle<A extends QuorumApi> (message: Extract<IncomingRequest, { api: A }>):
    Promise<ResponseWritten<A>>
  /** Who votes, and where they listen: DescribeQuorum v2 names them. */
  readonly voters: VoterSet
  /** KIP-853: 0 as long as the voters come from the settings. */
  readonly kraftVersion: number
  /**
   * Leader only: writes a higher kraft.version and the voters into the log; resolves once both are
   * committed. Rejects with NOT_CONTROLLER when this node does not lead `epoch` until then, and
   * with INVALID_UPDATE_VERSION while a voter's directory is not known.
   */
  raiseKraftVersion (version: number, epoch: number): Promise<void>
  /** D21.1: the one partition of a DescribeQuorum response; undefined when it does not lead. */
  describe (): QuorumDescription | undefined
}

export type QuorumDescription = DescribeQuorumResponse['topics'][number]['partitions'][number]

/** Sends to other nodes of the quorum. Rejects when no answer will come. */
export interface QuorumTransport {
  send<A extends QuorumApi> (to: number, message: Extract<OutgoingRequest, { api: A }>):
    Promise<ResponseRead<A>>
}

/** The peer does not serve this API at the version that the message needs. */
export class UnsupportedVersionError extends Error {
  override name = 'UnsupportedVersionError'
}

/** This node does not lead the epoch (any more). */
export class NotLeaderError extends Error {
  override name = 'NotLeaderError'
}
