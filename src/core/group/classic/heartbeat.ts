/** Heartbeats, and what happens when they stop (4.3). */
import type {
  HeartbeatRequest, HeartbeatResponse,
} from '../../../../protocol/messages/12-heartbeat.ts'
import { code } from '../../../../protocol/errors.ts'
import type { Decision, Step } from '../../decision.ts'
import { classicGroup } from '../group.ts'
import type { ClassicGroup, ClassicMember } from './group.ts'
import {
  completeJoinIfAllParked, dropMember, ofGroup, prepareRebalance, removeMember,
} from './rebalance.ts'
import { restartHeartbeat } from './sessions.ts'
import type { WhenDue } from '../deadlines.ts'
import type { ShardState } from '../shard-state.ts'

export function heartbeat (
  shard: ShardState, step: Step, request: HeartbeatRequest,
): Decision<HeartbeatResponse> {
  return step.decide({ errorCode: heartbeatError(shard, step, request) })
}

function heartbeatError (shard: ShardState, step: Step, request: HeartbeatRequest): number {
  const group = classicGroup(shard.groups, request.groupId)
  if (group === undefined) return code.UNKNOWN_MEMBER_ID
  if (group.state === 'Dead') return code.COORDINATOR_NOT_AVAILABLE
  const error = group.memberError(request.memberId, request.groupInstanceId)
  if (error !== code.NONE) return error
  if (request.generationId !== group.generationId) return code.ILLEGAL_GENERATION
  const member = group.members.get(request.memberId)
  if (group.state === 'Empty' || member === undefined) return code.UNKNOWN_MEMBER_ID
  restartHeartbeat(shard, step, group, member)
  return group.state === 'PreparingRebalance' ? code.REBALANCE_IN_PROGRESS : code.NONE
}

/** A session's end, as a deadline. */
export function sessionEnd (
  shard: ShardState, group: ClassicGroup, member: ClassicMember
): WhenDue {
  return ofGroup(shard, group, step => expireMember(shard, step, group, member))
}

function expireMember (
  shard: ShardState, step: Step, group: ClassicGroup, member: ClassicMember,
): void {
  if (group.members.get(member.memberId) !== member) return
  // Who is parked cannot send heartbeats; a new one may be gone, though, and is not waited for.
  const parked = member.parkedJoin !== undefined || member.parkedSync !== undefined
  if (parked && !member.isNew) return
  removeMember(shard, step, group, member)
  if (group.state === 'Stable' || group.state === 'CompletingRebalance') {
    prepareRebalance(shard, step, group)
  } else completeJoinIfAllParked(shard, step, group)
}

/** MEMBER_ID_REQUIRED: the id is reserved for as long as the session that it asked for. */
export function awaitPendingJoin (
  shard: ShardState, step: Step, group: ClassicGroup, memberId: string, timeoutMs: number,
): void {
  group.pendingJoins.set(memberId, shard.deadlines.at(step.nowMs + timeoutMs,
    ofGroup(shard, group, step => {
      dropMember(shard, group, memberId)
      completeJoinIfAllParked(shard, step, group)
    })))
}
