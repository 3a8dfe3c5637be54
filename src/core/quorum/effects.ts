/** The quorum machine's vocabularies: what it is told (messages), what it wants done (effects). */
import type { BeginQuorumEpoch } from '../../../protocol/messages/53-begin-quorum-epoch.ts'
import type { EndQuorumEpoch } from '../../../protocol/messages/54-end-quorum-epoch.ts'
import type { Fetch } from '../../../protocol/messages/01-fetch.ts'
import type { FetchSnapshot } from '../../../protocol/messages/59-fetch-snapshot.ts'
import type { Vote } from '../../../protocol/messages/52-vote.ts'
import type { LeaderChangeMessage } from '../../../protocol/stored/raft.ts'
import type { MessageOf, MessageToWrite } from '../../../protocol/types.ts'
import type { ControlRecord } from './control.ts'

/** The one partition of the metadata log: `__cluster_metadata`-0. */
export const METADATA_TOPIC = '__cluster_metadata'
export const METADATA_TOPIC_ID = 'AAAAAAAAAAAAAAAAAAAAAQ'
export const METADATA_PARTITION = 0

/** What the messages between voters are about, in their own words. */
export function aboutMetadata<P extends object> (partition: P) {
  return [{
    topicName: METADATA_TOPIC, partitions: [{ partitionIndex: METADATA_PARTITION, ...partition }],
  }]
}

/** The messages of the quorum, all of them Kafka's own (R-P0). */
export interface QuorumApis {
  Vote: typeof Vote
  BeginQuorumEpoch: typeof BeginQuorumEpoch
  EndQuorumEpoch: typeof EndQuorumEpoch
  Fetch: typeof Fetch
  FetchSnapshot: typeof FetchSnapshot
}

export type QuorumApi = keyof QuorumApis
export type RequestRead<A extends QuorumApi> = MessageOf<QuorumApis[A]['request']>
export type RequestWritten<A extends QuorumApi> = MessageToWrite<QuorumApis[A]['request']>
export type ResponseRead<A extends QuorumApi> = MessageOf<QuorumApis[A]['response']>
export type ResponseWritten<A extends QuorumApi> = MessageToWrite<QuorumApis[A]['response']>

export type OutgoingRequest =
  { [A in QuorumApi]: { readonly api: A, readonly request: RequestWritten<A> } }[QuorumApi]
export type OutgoingResponse =
  { [A in QuorumApi]: { readonly api: A, readonly response: ResponseWritten<A> } }[QuorumApi]
export type IncomingRequest =
  { [A in QuorumApi]: { readonly api: A, readonly request: RequestRead<A> } }[QuorumApi]
export type IncomingResponse =
  { [A in QuorumApi]: { readonly api: A, readonly response: ResponseRead<A> } }[QuorumApi]

/** What a snapshot stands for: everything below `endOffset`, the last of it in `epoch`. */
export interface SnapshotId { readonly endOffset: bigint, readonly epoch: number }

/** What the vote file holds (QuorumStateData). -1: none. */
export interface SavedVote {
  readonly epoch: number
  readonly leaderId: number
  readonly votedId: number
  readonly votedDirectoryId: string
}

/**
 * A message, told with `step`. `requestId` names the request in the effect that answers it;
 * `correlationId` is that of the `send` effect.
 */
export type QuorumMessage =
  | ({ readonly is: 'request', readonly requestId: number } & IncomingRequest)
  | ({ readonly is: 'response', readonly from: number, readonly correlationId: number } &
    IncomingResponse)
  /** No answer will come: the connection broke, or the peer does not serve the version. */
  | {
    readonly is: 'failure'
    readonly from: number
    readonly correlationId: number
    readonly unsupportedVersion: boolean
  }

/** What a leader appends, as one batch of consecutive offsets in its epoch. */
export type Entry =
  | { readonly kind: 'data', readonly records: readonly Buffer[] }
  | { readonly kind: 'leaderChange', readonly value: LeaderChangeMessage }
  | { readonly kind: 'control', readonly records: readonly ControlRecord[] }

/**
 * What shall be done. The order contract (2.10.1, "persist before send"):
 *
 * - Effects are performed in the order of the list, and lists in the order of the calls.
 * - No effect behind a `saveVote`, `truncateLog` or `installSnapshot` is performed before that one
 *   is durable.
 * - `appendLog` and `copyLog` need not be waited for: the machine is told `written` and `flushed`.
 * - After `fail` nothing is performed any more: the process must stop.
 *
 * The machine's own state is ahead of its effects: a runtime that cannot perform one must stop.
 */
export type Effect =
  | { readonly do: 'saveVote', readonly vote: SavedVote }
  /** Report `written(endOffset)` and `flushed(endOffset)` with this `generation` afterwards. */
  | {
    readonly do: 'appendLog'
    readonly baseOffset: bigint
    readonly endOffset: bigint
    readonly epoch: number
    readonly generation: number
    readonly entry: Entry
  }
  /** A follower's copy: whole batches, verbatim. Report as for `appendLog`. */
  | {
    readonly do: 'copyLog'
    readonly batches: Buffer
    readonly endOffset: bigint
    readonly generation: number
  }
  /** Drop everything at or above `offset`; then report `flushed(offset)`. */
  | { readonly do: 'truncateLog', readonly offset: bigint, readonly generation: number }
  | ({ readonly do: 'send', readonly to: number, readonly correlationId: number } & OutgoingRequest)
  | ({ readonly do: 'reply', readonly requestId: number } & OutgoingResponse)
  /** A Fetch response to fill with the batches from `offset` up to `endOffset`. */
  | {
    readonly do: 'replyFromLog'
    readonly requestId: number
    readonly response: ResponseWritten<'Fetch'>
    readonly offset: bigint
    readonly endOffset: bigint
    readonly bytesMax: number
  }
  /** A FetchSnapshot response to fill with a piece of the snapshot. */
  | {
    readonly do: 'replyFromSnapshot'
    readonly requestId: number
    readonly response: ResponseWritten<'FetchSnapshot'>
    readonly id: SnapshotId
    readonly position: number
    readonly bytesMax: number
  }
  /** The next piece of a snapshot that is being downloaded; position 0 begins anew. */
  | {
    readonly do: 'storeSnapshot'
    readonly id: SnapshotId
    readonly position: number
    readonly bytes: Buffer
  }
  /**
   * The download is whole: check it, make it the newest, reset the log to its end, then call
   * `snapshotInstalled`, or `snapshotRefused` when it is not sound.
   */
  | { readonly do: 'installSnapshot', readonly id: SnapshotId, readonly generation: number }
  /** Everything below `offset` is committed, durably here too. Never moves back. */
  | { readonly do: 'advanceHighWatermark', readonly offset: bigint, readonly epoch: number }
  /** This node leads `epoch` from `startOffset` on, where its LeaderChangeMessage stands. */
  | { readonly do: 'becomeLeader', readonly epoch: number, readonly startOffset: bigint }
  /** Another leader, or none (-1): whoever led before does not any more. */
  | {
    readonly do: 'changeLeader'
    readonly leaderId: number
    readonly epoch: number
    readonly endpoints: readonly Endpoint[]
  }
  /** The quorum broke its own rules (2.10.7): going on would lose committed records. */
  | { readonly do: 'fail', readonly reason: string }

/** Where a node can be reached, as messages tell it. */
export interface Endpoint { readonly name: string, readonly host: string, readonly port: number }
