/** From PreparingRebalance to the next generation (4.2). */
import { code } from '../../../../protocol/errors.ts'
import { Step } from '../../decision.ts'
import type { Decision } from '../../decision.ts'
import type { ClassicGroup, ClassicMember } from './group.ts'
import { NO_BYTES } from './group.ts'
import { restartHeartbeat, stopHeartbeat } from './sessions.ts'
import { joinError, joined, membersOf } from './join-response.ts'
import { groupRecord } from '../records.ts'
import type { GroupDeadline, WhenDue } from '../deadlines.ts'
import type { ShardState } from '../shard-state.ts'
import { answerSyncs } from './sync-response.ts'

/** Starts a rebalance where the state allows it, and else completes the one under way if it can. */
export function rebalanceOrCompleteJoin (shard: ShardState, step: Step, group: ClassicGroup): void {
  if (group.canRebalance) prepareRebalance(shard, step, group)
  else maybeCompleteJoin(shard, step, group)
}

export function prepareRebalance (shard: ShardState, step: Step, group: ClassicGroup): void {
  if (group.state === 'CompletingRebalance') {
    for (const member of group.members.values()) member.assignment = NO_BYTES
    answerSyncs(shard, step, group, code.REBALANCE_IN_PROGRESS)
  }
  stopSyncWait(shard, group)
  const initial = group.state === 'Empty'
  group.transitionTo('PreparingRebalance', step.nowMs)
  if (!initial) {
    completeJoinOrWait(shard, step, group)
    return
  }
  const delayMs = shard.settings.initialRebalanceDelayMs
  waitForMembers(shard, step, group, delayMs, Math.max(group.rebalanceTimeoutMs - delayMs, 0))
}

/** The initial rebalance never completes early: more members are about to come. */
export function maybeCompleteJoin (shard: ShardState, step: Step, group: ClassicGroup): void {
  if (group.state !== 'PreparingRebalance' || group.isInitialRebalance) return
  if (group.hasAllJoined) completeJoin(shard, step, group)
}

/** After a member has gone: 4.2, the one way in which an initial rebalance completes early. */
export function completeJoinIfAllParked (shard: ShardState, step: Step, group: ClassicGroup): void {
  if (group.state === 'PreparingRebalance' && group.hasAllJoined) completeJoin(shard, step, group)
}

function completeJoinOrWait (shard: ShardState, step: Step, group: ClassicGroup): void {
  if (group.hasAllJoined) completeJoin(shard, step, group)
  else waitToComplete(shard, step, group)
}

function waitToComplete (shard: ShardState, step: Step, group: ClassicGroup): void {
  joinWait(shard, group, step.nowMs + group.rebalanceTimeoutMs,
    step => completeJoin(shard, step, group))
}

function waitForMembers (
  shard: ShardState, step: Step, group: ClassicGroup, delayMs: number, remainingMs: number,
): void {
  joinWait(shard, group, step.nowMs + delayMs, step => {
    const nextDelayMs = Math.min(shard.settings.initialRebalanceDelayMs, remainingMs)
    // A wait of no length would only come back here, with nobody added.
    if (!group.newMemberAdded || remainingMs === 0 || nextDelayMs === 0) {
      completeJoin(shard, step, group)
      return
    }
    group.newMemberAdded = false
    waitForMembers(shard, step, group, nextDelayMs, Math.max(remainingMs - delayMs, 0))
  })
}

function joinWait (
  shard: ShardState, group: ClassicGroup, atMs: number, run: (step: Step) => void,
): void {
  shard.deadlines.cancel(group.joinDeadline)
  group.joinDeadline = shard.deadlines.at(atMs, ofGroup(shard, group, run))
}

/** A deadline's action that does nothing once the group has gone. */
export function ofGroup (
  shard: ShardState, group: ClassicGroup, run: (step: Step) => void,
): WhenDue {
  return (nowMs): Decision[] => {
    if (shard.groups.get(group.groupId) !== group) return []
    const step = new Step(nowMs)
    run(step)
    return [step.decide()]
  }
}

function completeJoin (shard: ShardState, step: Step, group: ClassicGroup): void {
  shard.deadlines.cancel(group.joinDeadline)
  group.joinDeadline = undefined
  for (const member of [...group.members.values()]) {
    if (member.parkedJoin === undefined && member.groupInstanceId === null) {
      dropMember(shard, group, member.memberId)
    }
  }
  if (group.members.size > 0 && !group.electJoinedLeader()) {
    waitToComplete(shard, step, group)
    return
  }
  group.generationId += 1
  group.pendingSyncs.clear()
  group.protocolName = group.members.size === 0 ? undefined : group.selectProtocol()
  group.learnSubscriptions()
  if (group.members.size === 0) {
    group.transitionTo('Empty', step.nowMs)
    // Nothing follows a failure: an older generation in the log has nobody left to use it.
    step.records.push(groupRecord(group, new Map()))
    return
  }
  group.transitionTo('CompletingRebalance', step.nowMs)
  const members = membersOf(group)
  for (const member of group.members.values()) {
    const ticket = group.takeJoin(member)
    if (ticket !== undefined) {
      const visible = member.memberId === group.leaderId ? members : []
      step.answer(ticket, joined(group, member.memberId, visible))
    }
    restartHeartbeat(shard, step, group, member)
    member.isNew = false
    group.pendingSyncs.add(member.memberId)
  }
  const { generationId } = group
  group.syncDeadline = shard.deadlines.at(step.nowMs + group.rebalanceTimeoutMs,
    ofGroup(shard, group, step => expireSyncs(shard, step, group, generationId)))
}

/** 4.2, sync timer: who has taken part in the join but sends no SyncGroup holds everybody up. */
function expireSyncs (
  shard: ShardState, step: Step, group: ClassicGroup, generationId: number,
): void {
  if (group.generationId !== generationId || group.pendingSyncs.size === 0) return
  if (group.state !== 'CompletingRebalance' && group.state !== 'Stable') return
  for (const memberId of [...group.pendingSyncs]) dropMember(shard, group, memberId)
  prepareRebalance(shard, step, group)
}

function stopSyncWait (shard: ShardState, group: ClassicGroup): void {
  group.pendingSyncs.clear()
  shard.deadlines.cancel(group.syncDeadline)
  group.syncDeadline = undefined
}

/** Takes a member, or a pending id, out of the group with its deadlines; answers nothing. */
export function dropMember (shard: ShardState, group: ClassicGroup, memberId: string): void {
  shard.deadlines.cancel(group.pendingJoins.get(memberId))
  const member = group.remove(memberId)
  if (member !== undefined) stopHeartbeat(shard, member)
}

/** Takes a member out as a request or its silence asks; it learns so if it waits for the join. */
export function removeMember (
  shard: ShardState, step: Step, group: ClassicGroup, member: ClassicMember,
): void {
  const ticket = group.takeJoin(member)
  if (ticket !== undefined) step.answer(ticket, joinError('', code.UNKNOWN_MEMBER_ID))
  dropMember(shard, group, member.memberId)
}

/** The group has left memory: none of its deadlines may fire. */
export function cancelDeadlines (shard: ShardState, group: ClassicGroup): void {
  const cancel = (deadline: GroupDeadline | undefined): void => shard.deadlines.cancel(deadline)
  cancel(group.joinDeadline)
  cancel(group.syncDeadline)
  for (const deadline of group.pendingJoins.values()) cancel(deadline)
  for (const { heartbeat } of group.members.values()) cancel(heartbeat)
}
