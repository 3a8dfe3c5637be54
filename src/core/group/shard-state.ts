/** What one partition of `__consumer_offsets` holds in memory, and who asks. */
import type { ClassicGroup, ClassicMember } from './classic/group.ts'
import type { Deadlines, WhenDue } from './deadlines.ts'
import type { Groups } from './group.ts'
import type { OffsetStore } from './offset-store.ts'
import type { GroupSettings } from './settings.ts'

export interface ShardState {
  readonly settings: GroupSettings
  readonly groups: Groups
  readonly offsets: OffsetStore
  readonly deadlines: Deadlines<WhenDue>
  /** What follows when nobody has heard of a member for its session timeout. */
  readonly sessionEnd: (shard: ShardState, group: ClassicGroup, member: ClassicMember) => WhenDue
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
