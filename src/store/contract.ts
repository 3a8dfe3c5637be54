/**
 * What the other rooms program against: the store, its logs, its table and what it needs
 * from outside. No logic lives here. `store.ts` composes the rooms that keep these promises.
 */
import type { BytesToCome } from '../../protocol/bytes-to-come.ts'
import type { Disk } from './disk.ts'
import type { StoreError } from './error.ts'

/** What the store needs from outside: the process gives the real ones, the simulator its own. */
export interface StoreEnvironment {
  disk: Disk
  nowMs (): number
  setTimer (delayMs: number, run: () => void): { cancel (): void }
  /** Runs once this turn of the event loop is over (setImmediate in the process). */
  atTurnEnd (run: () => void): void
  log (level: 'info' | 'warn' | 'error', message: string, fields?: object): void
}

export interface Store {
  /**
   * Opens or creates the log with this name (for example `<topic id>-<partition>`).
   * Its number (u32) is never used again. `reserve`: an internal log that may still write
   * when the disk reserve is reached (R-S9).
   */
  openLog (name: string, options?: { reserve?: boolean }): Log
  findLog (name: string): Log | undefined
  logNames (): string[]
  /** Gone at once for readers; the space comes back as volumes die. */
  deleteLog (name: string): Promise<void>
  /** Small mutable state (R-S11). */
  readonly table: Table
  /** An fdatasync of the journal that covers everything appended before the call (group commit). */
  sync (): Promise<void>
  /** `pendingBytesMax` is reached: stop reading from producers' sockets. */
  readonly underPressure: boolean
  /** Runs once, when the pressure has gone; at once when there is none. */
  onRelief (run: () => void): void
  /** R-S2: a write, sync or flush failed, and not for a full disk: the process must stop. */
  onFailed (run: (error: StoreError) => void): void
  stats (): StoreStats
  /** Writes, flushes and checkpoints everything, then closes every file and gives the lock back. */
  close (): Promise<void>
}

/** Offsets [from, to) of a log, as it was at this revision. */
export interface RewriteRange {
  readonly from: bigint
  readonly to: bigint
  readonly revision: number
}

export interface Log {
  readonly name: string
  readonly number: number
  /** Logical log start; only moves forward (but see `reset`). */
  readonly startOffset: bigint
  /** The next offset, including what this turn has appended. */
  readonly endOffset: bigint
  /** Bytes of batches at or above startOffset, give or take the batch that straddles it. */
  readonly byteSize: number
  /** A stored batch failed its checksum: fetch the replica again (R-S6). */
  readonly damaged: boolean
  /**
   * Takes whole batches (magic 2, offsets and leader epoch already stamped, base offset >=
   * endOffset, CRC already checked by the caller) into this turn's single journal write.
   * Everything is decided synchronously: endOffset has moved when this returns. Resolves once the
   * turn is in the journal (committed), with `durable` once an fdatasync covers it. Rejects with
   * DISK_FULL (nothing of it visible, endOffset moved back) or FAILED. Readable after its turn is
   * written. The caller may reuse `bytes` after the promise has settled, not before.
   */
  append (bytes: Buffer, durable: boolean): Promise<void>
  /**
   * Whole batches from the one that contains `offset` (or the next after a gap) up to but
   * excluding the first whose base offset is >= `end`; stops before `maxBytes` is passed, but the
   * first batch is always returned whole with `firstWhole`. Synchronous when the data is hot, a
   * promise when the disk is read asynchronously. Call `release` exactly once; the bytes stay
   * valid until then. An offset below startOffset reads from the batch that holds startOffset;
   * nothing is read when `end` <= `offset`. What lies behind `atHandMax` bytes, or is a batch of
   * more than 256 KB, is counted only (`rest`): it holds nothing, and is gone when the log is cut
   * meanwhile, or the volume in which it was found has gone. Without `atHandMax` everything is at
   * hand.
   */
  read (offset: bigint, end: bigint, maxBytes: number, firstWhole: boolean, atHandMax?: number):
    LogRead | Promise<LogRead>
  /**
   * The first batch (in offset order, at or after startOffset and `from`, base offset < end) whose
   * max timestamp is >= `timestamp`. A copy, owned by the caller.
   */
  firstBatchAtOrAfter (timestamp: bigint, end: bigint, from?: bigint): Promise<Buffer | undefined>
  /**
   * The first batch with the highest max timestamp of those at or after `from`, below `end`. A
   * copy.
   */
  batchWithMaxTimestamp (end: bigint, from?: bigint): Promise<Buffer | undefined>
  /** Drops every batch whose last offset >= `offset` (a follower's diverging tail). */
  truncate (offset: bigint): Promise<void>
  /** Moves the start forward; survives a restart (retention, DeleteRecords). */
  advanceStart (offset: bigint): Promise<void>
  /** Moves whenever stored batches were cut (truncate, reset): what was read before may be gone. */
  readonly revision: number
  /**
   * Compaction: `batches` (whole, ascending, offsets unchanged, within the range) take the place of
   * everything stored in [from, to), both of them batch boundaries. `revision` is the log's when
   * the range was read. One transaction; resolves true once it is on the disk, false (nothing has
   * changed) when the log was cut, trimmed past it or deleted meanwhile, or the store closes.
   * Keep one call at about 1 MB of output: it is put within one flush. The ranges of one pass
   * ascend.
   */
  rewrite (range: RewriteRange, batches: readonly Buffer[]):
    Promise<boolean>
  /** Drops everything and starts again at `offset` (follower far behind, snapshot). */
  reset (offset: bigint): Promise<void>
  /**
   * State derived from this log by its owner. `take` is called synchronously and encodes the state
   * as of the present endOffset, at moments chosen by the store: between two lie at most about
   * 64 MB of the store's appends, and one is taken at close. It reaches the table after the data
   * below it is flushed. Undefined: the owner does not know its state just now. `isDue`: what the
   * owner has derived is in no checkpoint yet, though nothing is appended.
   */
  onCheckpoint (take: () => Buffer | undefined, isDue?: boolean): void
  /**
   * A checkpoint is taken with the next flush: after a rewrite the present one may not be found.
   * From the number that is returned on they are of the state as it is now, or later.
   */
  checkpointSoon (): number
  /** Resolves when no volume is being closed for its sealing, which cannot be read meanwhile. */
  ready (): Promise<void>
  /**
   * The newest checkpoint that is not ahead of the log and still agrees with its batches; none
   * while that cannot be read (`ready`).
   */
  readonly checkpoint: Checkpoint | undefined
}

export interface Checkpoint {
  readonly offset: bigint
  readonly state: Buffer
  /** Rises with every checkpoint that is taken; 0: taken before this store was opened. */
  readonly number: number
  /** A start after a kill or a power loss finds it, too. */
  readonly isDurable: boolean
}

export interface LogRead {
  /** The first of the bytes, at hand. */
  chunks: Buffer[]
  /** The bytes behind those, which are read when their turn to be sent has come. */
  rest: BytesToCome | undefined
  /** Of all, those to come included. */
  bytes: number
  /** The offset behind the last batch. */
  nextOffset: bigint
  /** A batch below the end did not fit; not looked for when `maxBytes` was reached. */
  isCut: boolean
  /** Exactly once, when the bytes are no longer needed. */
  release (): void
}

/** Small mutable state: `put` and `remove` resolve when durable, and are visible at once. */
export interface Table {
  get (key: string): Buffer | undefined
  put (key: string, value: Buffer): Promise<void>
  remove (key: string): Promise<void>
  /** Ascending by key. */
  entries (prefix: string): Iterable<[string, Buffer]>
}

export interface StoreStats {
  logs: number
  pendingBytes: number
  /** Memory of reads that were not released. */
  readBytes: number
  volumes: number
  journalFiles: number
  /** Journal files without large batches, ready to be overwritten. */
  freeJournalFiles: number
  /** Free pages over the open environments (R-S3: no freelist may grow). */
  freePages: number
  openReads: number
  turns: number
  bytesAppended: number
  bytesWritten: number
  flushes: number
  syncs: number
  diskFull: boolean
}
