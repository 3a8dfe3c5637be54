/**
 * A static member has come back under a new member id (4.4, KIP-345): it takes the old one's
 * place, and the group goes on without a rebalance where that changes nothing.
 */
import { code } from '../../../../protocol/errors.ts'
import { Step } from '../../decision.ts'
import type { Decision, WriteFailure } from '../../decision.ts'
import type { ClassicGroup, ClassicMember } from './group.ts'
import { restartHeartbeat, stopHeartbeat } from './sessions.ts'
import { updateMember } from './membership.ts'
import type { Join } from './membership.ts'
import { joinError, joined, membersOf } from './join-response.ts'
import { maybeCompleteJoin, prepareRebalance, rebalanceOrCompleteJoin } from './rebalance.ts'
import { groupRecord } from '../records.ts'
import type { ShardState } from '../shard-state.ts'
import { syncError } from './sync-response.ts'

/** KIP-814: a leader that comes back is told that it leads, and that nothing is to be assigned. */
const VERSION_WITH_SKIP_ASSIGNMENT = 9

export function replaceStaticMember (
  shard: ShardState, step: Step, group: ClassicGroup, join: Join,
  old: ClassicMember, memberId: string,
): void {
  const before = { ...old, leaderId: group.leaderId }
  fence(shard, step, group, old)
  const member = group.replaceStatic(old, memberId)
  updateMember(group, member, join)
  restartHeartbeat(shard, step, group, member)
  if (group.state === 'CompletingRebalance') {
    // The old id may be with the leader already: the new one would get no assignment.
    prepareRebalance(shard, step, group)
  } else if (group.state !== 'Stable') {
    maybeCompleteJoin(shard, step, group)
  } else if (group.selectProtocol() !== (group.protocolName ?? '')) {
    rebalanceOrCompleteJoin(shard, step, group)
  } else {
    const assignments = new Map<string, Buffer>()
    for (const each of group.members.values()) assignments.set(each.memberId, each.assignment)
    step.records.push(groupRecord(group, assignments))
    const { generationId } = group
    step.afterCommit = nowMs =>
      answerReplaced(shard, nowMs, group, join, member, generationId, before.leaderId)
    step.afterFailure = (failure, nowMs) =>
      revert(shard, nowMs, group, join, member, before, failure)
  }
}

/** Whoever still waits under the old id is another instance with the same name. */
function fence (shard: ShardState, step: Step, group: ClassicGroup, old: ClassicMember): void {
  const join = group.takeJoin(old)
  if (join !== undefined) step.answer(join, joinError(old.memberId, code.FENCED_INSTANCE_ID))
  if (old.parkedSync !== undefined) step.answer(old.parkedSync, syncError(code.FENCED_INSTANCE_ID))
  old.parkedSync = undefined
  stopHeartbeat(shard, old)
}

function answerReplaced (
  shard: ShardState, nowMs: number, group: ClassicGroup, { context, ticket }: Join,
  member: ClassicMember,
  generationId: number, oldLeaderId: string | undefined,
): Decision {
  const after = new Step(nowMs)
  // A rebalance that has begun since will answer it.
  const current = group.state === 'Stable' && group.generationId === generationId
  if (current && member.parkedJoin === ticket) {
    group.takeJoin(member)
    restartHeartbeat(shard, after, group, member)
    const leads = group.leaderId === member.memberId
    if (context.version < VERSION_WITH_SKIP_ASSIGNMENT) {
      // With the old leader's id a leader that comes back acts as a follower, and assigns nothing.
      after.answer(ticket, { ...joined(group, member.memberId), leader: oldLeaderId ?? '' })
    } else {
      const response = joined(group, member.memberId, leads ? membersOf(group) : [])
      after.answer(ticket, { ...response, skipAssignment: leads })
    }
  }
  return after.decide()
}

function revert (
  shard: ShardState, nowMs: number, group: ClassicGroup, { ticket }: Join, member: ClassicMember,
  before: ClassicMember & { leaderId: string | undefined }, { errorCode }: WriteFailure,
): Decision {
  const after = new Step(nowMs)
  const answered = member.parkedJoin !== ticket
  if (!answered) group.takeJoin(member)
  if (group.members.get(member.memberId) === member) {
    stopHeartbeat(shard, member)
    group.update(member, before)
    restartHeartbeat(shard, after, group, group.replaceStatic(member, before.memberId))
  }
  if (!answered) {
    const response = { ...joined(group, ''), leader: before.leaderId ?? '', errorCode }
    after.answer(ticket, response)
  }
  return after.decide()
}
