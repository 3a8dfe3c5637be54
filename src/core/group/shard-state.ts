/** What one partition of `__consumer_offsets` holds in memory, and who asks. */
import type { Decision } from '../decision.ts'
import type { ClassicGroup } from './classic/group.ts'
import type { Deadline, Deadlines } from './deadlines.ts'
import type { OffsetStore } from './offset-store.ts'
import type { GroupSettings } from './settings.ts'

export type WhenDue = (nowMs: number) => readonly Decision[]
export type GroupDeadline = Deadline<WhenDue>

export interface ShardState {
  readonly settings: GroupSettings
  readonly groups: Map<string, ClassicGroup>
  readonly offsets: OffsetStore
  readonly deadlines: Deadlines<WhenDue>
  /** A random UUID in its 36-character form. */
  readonly newUuid: () => string
}

/** What the rules need to know of a request besides its fields. */
export interface RequestContext {
  readonly version: number
  readonly clientId: string
  /** As Java prints an address: `/127.0.0.1`. */
  readonly clientHost: string
}
