/** What the rooms of the store share: composed once, in `store.ts`. */
import type { StoreEnvironment } from './contract.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Flusher } from './flusher.ts'
import type { Guard } from './guard.ts'
import type { Inline } from './inline.ts'
import type { Journal } from './journal.ts'
import type { StoredLog } from './log.ts'
import type { StoreOptions } from './options.ts'
import type { Pool } from './pool.ts'
import type { Retention } from './retention.ts'
import type { Rewriter } from './rewrite.ts'
import type { Search } from './search.ts'
import type { StoredTable } from './table.ts'
import type { Volumes } from './volumes.ts'
import type { Writer } from './writer.ts'

export interface StoreCore {
  readonly directory: string
  readonly environment: StoreEnvironment
  readonly options: StoreOptions
  readonly guard: Guard
  readonly pool: Pool
  readonly readPool: Pool
  readonly journal: Journal
  readonly writer: Writer
  readonly search: Search
  readonly logs: Map<string, StoredLog>
  readonly logsByNumber: Map<number, StoredLog>
  readonly keptTable: StoredTable
  readonly volumes: Volumes
  readonly flusher: Flusher
  readonly retention: Retention
  readonly rewriter: Rewriter
  readonly inline: Inline
  readonly checkpoints: Checkpoints
  nextLogNumber: number
  /** Reads under way off the event loop. */
  openReads: number
  /** The last flush is being made. */
  closing: boolean
  closed: boolean
  addLog (log: StoredLog): void
  dropLog (log: StoredLog): void
  /** R-S9: true while only reserve logs may write. */
  reserveReached (): boolean
  noteDiskFull (what: string): void
  /** Tells those who wait that the pressure has gone. */
  relieve (): void
}
