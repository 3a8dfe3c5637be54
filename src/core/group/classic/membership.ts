/** What a JoinGroup says of a member, and how the member becomes that (4.1). */
import type { JoinGroupRequest } from '../../../../protocol/messages/11-join-group.ts'
import type { Ticket } from '../../decision.ts'
import type { RequestContext } from '../shard-state.ts'
import type { ClassicGroup, ClassicMember, ClassicProtocol } from './group.ts'

/** A JoinGroup under way. */
export interface Join {
  readonly request: JoinGroupRequest
  readonly context: RequestContext
  readonly ticket: Ticket
  readonly protocols: readonly ClassicProtocol[]
  readonly rebalanceTimeoutMs: number
}

/** Parks the member with what its request says now; an older request of it is never answered. */
export function updateMember (group: ClassicGroup, member: ClassicMember, join: Join): void {
  group.update(member, {
    protocols: join.protocols,
    rebalanceTimeoutMs: join.rebalanceTimeoutMs,
    sessionTimeoutMs: join.request.sessionTimeoutMs,
  })
  group.parkJoin(member, join.ticket)
}
