/**
 * A replica as its parts and the API handlers see it. No logic lives here: `partition.ts` keeps
 * these promises, and what reads from it, appends to it or asks it names no more of it than is
 * needed.
 */
import type { AbortedTransaction } from '../../core/replica/aborted-transactions.ts'
import type { LoggedBatch, LogState } from '../../core/replica/log-state.ts'
import type { ProduceOutcome } from '../../core/replica/produce-outcome.ts'
import type { Log, LogRead } from '../../store/store.ts'
import type { TopicSettings } from './topic-settings.ts'

export interface PartitionIdentity {
  readonly topic: string
  readonly topicId: string
  readonly index: number
}

/** A batch's facts before it has a place in the log. */
export type UnplacedBatch = Omit<LoggedBatch, 'baseOffset' | 'lastOffset' | 'leaderEpoch' | 'bytes'>

/** What happened to an append; `committed` settles when the high watermark has passed it. */
export interface Appended {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  /** Settles once the batch is in the log, as durably as the topic asks. */
  readonly written: Promise<void>
}

export type PartitionEvent = 'appended' | 'start-moved' | 'leadership' | 'gone'

/** A replica that is read from. */
export interface ReadableReplica {
  readonly identity: PartitionIdentity
  readonly log: Log
  /**
   * Undefined: what is derived from the log is at hand. Otherwise it is loaded from now on; never
   * rejects, for a log that cannot be read makes the partition unavailable.
   */
  whenLoaded (): Promise<void> | undefined
  /** Throws until it is loaded. */
  readonly state: LogState
  readonly settings: TopicSettings
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly highWatermark: bigint
  /**
   * D25.5: nobody reads committed data above the first undecided transaction. Throws until it is
   * loaded.
   */
  readonly lastStableOffset: bigint
  readonly leaderEpoch: number
  /** Bytes written below the high watermark since the partition was opened: fetches wait by it. */
  readonly committedBytes: number
  readonly available: boolean
  /** The topic was deleted. */
  readonly gone: boolean
  /** Throws KAFKA_STORAGE_ERROR while the log cannot be used. */
  ensureAvailable (): void
  /** D5.12, D6.12: throws for a replica that is offline, and for one that does not lead. */
  ensureLeader (): void
  /** Another replica of this partition, by the controller. */
  hasFollower (replicaId: number): boolean
  /** Whole batches from `offset` up to `bound`; see Log.read. */
  read (
    offset: bigint, bound: bigint, bytesMax: number, firstWhole: boolean, atHandMax?: number
  ): LogRead | Promise<LogRead>
  abortedBetween (from: bigint, end: bigint): AbortedTransaction[]
  /** Calls back when something happened that a waiting fetch looks at; answers how to stop that. */
  watch (watcher: (event: PartitionEvent) => void): () => void
}

/** A replica that is appended to, where it leads. */
export interface LeadingReplica extends ReadableReplica {
  readonly name: string
  /**
   * 2.3.3: in-sync replicas enough for acks=all; min.insync.replicas counts at most all replicas.
   */
  readonly hasEnoughReplicas: boolean
  /** A large compressed batch is being checked off the loop: later appends wait for their turn. */
  checking: Promise<void> | undefined
  /**
   * Appends one checked batch as leader: stamps it, hands it to this turn's journal write, and
   * notes what follows from it. Throws KafkaError when the partition cannot take it; it must be
   * loaded.
   */
  append (batch: Buffer, facts: UnplacedBatch, count: number): Appended
  /** Resolves when this replica has written everything below `offset`. */
  written (offset: bigint): Promise<void>
  /** Resolves when the high watermark has reached `offset`; rejects when leadership ends first. */
  reached (offset: bigint): Promise<void>
  /** DeleteRecords and retention: the log start moves forward, never past the high watermark. */
  advanceStart (offset: bigint): Promise<void>
}

export interface ProduceOptions {
  readonly version: number
  readonly acks: number
  readonly clientId: string | null
  readonly timeoutMs: number
}

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

/** Of ListOffsets v0, which asks for starts of segments. */
export interface SegmentQuery { readonly maxNumOffsets: number, readonly replicaId: number }

export interface DeletedRecords {
  readonly errorCode: number
  /** The smallest log start offset of all replicas; -1 with an error. */
  readonly lowWatermark: bigint
}

export interface EpochEnd {
  readonly errorCode: number
  /** The largest known epoch that is not above the one asked for; left out with an error. */
  readonly leaderEpoch?: number
  readonly endOffset?: bigint
}

/** A replica as handlers ask it; failures come as error codes. */
export interface ServedReplica extends ReadableReplica {
  /** A client's batch: checked by D5.11-30, appended, answered when acks asks for it. */
  produce (batch: Buffer, options: ProduceOptions): ProduceOutcome | Promise<ProduceOutcome>
  /** ListOffsets */
  offsetFor (
    timestamp: bigint, query: OffsetQuery
  ): Promise<{ errorCode: number } & Partial<OffsetLookup>>
  /** ListOffsets v0 */
  segmentStarts (
    timestamp: bigint, query: SegmentQuery
  ): Promise<{ errorCode: number, oldStyleOffsets: bigint[] }>
  deleteRecords (offset: bigint): Promise<DeletedRecords>
  /** OffsetForLeaderEpoch */
  endOfEpoch (epoch: number, currentLeaderEpoch: number): Promise<EpochEnd>
}
