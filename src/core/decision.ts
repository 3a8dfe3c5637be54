/**
 * What an operation of a coordinator decides: the contract between the pure machines and the
 * runtime that appends, commits and answers (`src/runtime/coordinator/coordinator.ts`).
 */

/** A record of the coordinator's internal topic; a null value is a tombstone. */
export interface StoredRecord {
  readonly key: Buffer
  readonly value: Buffer | null
}

/** Names a parked request. The runtime makes it and knows whom it answers; core only keeps it. */
export type Ticket = object

/** The answer to a parked request. It goes out at once, it waits for no commit. */
export interface Answer {
  readonly ticket: Ticket
  readonly response: unknown
}

/** Why records were not committed. */
export interface WriteFailure {
  /** As clients are told it (groups 2, error mapping). */
  readonly errorCode: number
  /** The records are in the log and may be committed yet: only the wait for that was given up. */
  readonly kept: boolean
}

/** What an operation decided. Its records are not in the log yet. */
export interface Decision<Reply = undefined> {
  /** To be appended as one batch. */
  readonly records: readonly StoredRecord[]
  /**
   * Whether the records are replayed into memory when they are appended. A classic group's own
   * record is not: the group in memory is what it was written from.
   */
  readonly replay: boolean
  /**
   * The records may be appended as several batches, of which the later ones may fail: for duties
   * that nobody waits for, and that go on where they stopped (section 2, tombstones).
   */
  readonly isDivisible: boolean
  /** To be sent once the records, and everything appended before them, are committed. */
  readonly reply: Reply
  readonly answers: readonly Answer[]
  /** What follows once the records are committed; at most one of the two is called, once. */
  readonly afterCommit?: (nowMs: number) => Decision
  readonly afterFailure?: (failure: WriteFailure, nowMs: number) => Decision
}

/** Where a record stands in the log, and whose transaction it belongs to (-1: none). */
export interface RecordPosition {
  readonly offset: bigint
  readonly producerId: bigint
}

/** One operation under way: gathers what it decides. */
export class Step {
  /** Wall clock, milliseconds; every rule of the operation sees the same time. */
  readonly nowMs: number
  readonly records: StoredRecord[] = []
  readonly answers: Answer[] = []
  afterCommit: ((nowMs: number) => Decision) | undefined
  afterFailure: ((failure: WriteFailure, nowMs: number) => Decision) | undefined
  replay = false
  isDivisible = false

  constructor (nowMs: number) {
    this.nowMs = nowMs
  }

  answer (ticket: Ticket, response: unknown): void {
    this.answers.push({ ticket, response })
  }

  decide (): Decision
  decide<Reply> (reply: Reply): Decision<Reply>
  decide (reply?: unknown): Decision<unknown> {
    const { records, replay, isDivisible, answers, afterCommit, afterFailure } = this
    return {
      records,
      replay,
      isDivisible,
      reply,
      answers,
      ...(afterCommit === undefined ? {} : { afterCommit }),
      ...(afterFailure === undefined ? {} : { afterFailure }),
    }
  }
}
