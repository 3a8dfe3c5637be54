/** Sessions of members: each ends when nobody has heard of its member for too long (4.3). */
import type { Step } from '../../decision.ts'
import type { ShardState } from '../shard-state.ts'
import type { ClassicGroup, ClassicMember } from './group.ts'

/** The member was heard of: it has its session timeout again, or `timeoutMs`. */
export function restartHeartbeat (
  shard: ShardState, step: Pick<Step, 'nowMs'>, group: ClassicGroup, member: ClassicMember,
  timeoutMs = member.sessionTimeoutMs,
): void {
  const atMs = step.nowMs + timeoutMs
  if (member.heartbeat !== undefined) shard.deadlines.move(member.heartbeat, atMs)
  else {
    member.heartbeat = shard.deadlines.at(atMs, shard.sessionEnd(shard, group, member))
  }
}

export function stopHeartbeat (shard: ShardState, member: ClassicMember): void {
  shard.deadlines.cancel(member.heartbeat)
  member.heartbeat = undefined
}
