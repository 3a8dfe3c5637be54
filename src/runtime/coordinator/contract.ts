/** What a coordinator needs: a machine to run, a partition to run it over, and what is outside. */
import type { Answer, Decision, RecordPosition, StoredRecord } from '../../core/decision.ts'
import type { Clock, LogLevel } from '../environment.ts'
import type { Notices } from '../notices.ts'
import type { Timers } from '../timers.ts'

/** A pure machine whose state is the log of one partition of an internal topic. */
export interface CoordinatorMachine {
  /** False: the record's type means nothing to it. Throws for one that it cannot read. */
  replay (record: StoredRecord, position: RecordPosition): boolean
  /** A transaction marker of this producer. */
  replayEndOfTransaction (producerId: bigint, committed: boolean): void
  /** Everything is replayed. */
  loaded (nowMs: number): Decision
  /** It will not be asked again: the answers of everybody who is parked. */
  unload (nowMs: number): readonly Answer[]
  deadline (): number | undefined
  /** The clock was set by so many milliseconds, and its deadlines with it. */
  clockSet (byMs: number): void
  /** Decisions to be carried out one by one. */
  expire (nowMs: number): Iterable<Decision>
}

/** The partition, as its leader: offsets are decided synchronously, commits take their time. */
export interface CoordinatorLog {
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly highWatermark: bigint
  /** No larger batch is taken. */
  readonly batchBytesMax: number
  /**
   * Appends one batch with acks=all. Either `endOffset` has moved by the count of records when this
   * returns, or the batch was refused and nothing has changed. Resolves once the high watermark
   * has passed the batch; rejects with an error that has a Kafka `errorCode`.
   */
  appendAsCoordinator (records: readonly StoredRecord[], timestampMs: number):
    Promise<{ baseOffset: bigint, lastOffset: bigint }>
  /** Whole batches from the one with this offset on, owned by the caller; none at the end. */
  readBatches (offset: bigint, maxBytes: number): Promise<Buffer[]>
  /**
   * Resolves once the high watermark has reached this offset. Without it, what was in the log when
   * the leader was elected counts as committed.
   */
  whenCommitted? (offset: bigint): Promise<void>
}

export interface CoordinatorOptions {
  readonly clock: Pick<Clock, 'setTimer'>
  readonly timers: Timers
  /** `offsets.load.buffer.size` */
  readonly loadBufferBytes: number
  /** `offsets.commit.timeout.ms` */
  readonly commitTimeoutMs: number
  readonly notices: Pick<Notices, 'warn'>
  log (level: LogLevel, message: string, fields?: object): void
}
