/** What a log uses of the store that it is in; the other parts name their own needs after these. */
import type { Checkpoint, RewriteRange, StoreEnvironment } from './contract.ts'
import type { Guard } from './guard.ts'
import type { Journal } from './journal.ts'
import type { StoreOptions } from './options.ts'
import type { Pool } from './pool.ts'
import type { Volumes } from './volumes.ts'
import type { Writer } from './writer.ts'

/** `L` is the log itself, which imports this. */
export interface NeedsOfLogs<L> {
  readonly environment: StoreEnvironment
  readonly options: StoreOptions
  readonly guard: Guard
  readonly pool: Pool
  readonly readPool: Pool
  readonly journal: Journal
  readonly writer: Writer
  readonly volumes: Volumes
  readonly closed: boolean
  /** Reads under way off the event loop. */
  openReads: number
  readonly search: {
    firstBatchAtOrAfter (
      log: L, timestamp: bigint, end: bigint, from?: bigint
    ): Promise<Buffer | undefined>
    batchWithMaxTimestamp (log: L, end: bigint, from?: bigint): Promise<Buffer | undefined>
  }
  readonly flusher: { note (log: L): void, noteRemoved (log: L): void }
  readonly retention: { noteShrunk (): void }
  readonly rewriter: {
    rewrite (log: L, range: RewriteRange, batches: readonly Buffer[]): Promise<boolean>
  }
  readonly checkpoints: {
    find (log: L): Checkpoint | undefined
    force (log: L): number
    noteDue (log: L): void
  }
  dropLog (log: L): void
  /** R-S9: true while only reserve logs may write. */
  reserveReached (): boolean
}
