/** SyncGroup (4.3): the leader's assignment goes to everybody once it is committed. */
import type { SyncGroupRequest } from '../../../../protocol/messages/14-sync-group.ts'
import { code } from '../../../../protocol/errors.ts'
import { Step } from '../../decision.ts'
import type { Decision, Ticket, WriteFailure } from '../../decision.ts'
import { classicGroup } from '../group.ts'
import type { ClassicGroup } from './group.ts'
import { NO_BYTES } from './group.ts'
import { prepareRebalance } from './rebalance.ts'
import { groupRecord } from '../records.ts'
import type { ShardState } from '../shard-state.ts'
import { answerSyncs, assigned, syncError } from './sync-response.ts'

/** KIP-559: from here on a request says which protocol it means. */
const VERSION_WITH_PROTOCOL = 5

/** 4.3.1 and 4.3.3: checked before it matters which shard has the group. */
export function syncRequestError (request: SyncGroupRequest, version: number): number {
  const unnamed = request.protocolType === null || request.protocolName === null
  if (version >= VERSION_WITH_PROTOCOL && unnamed) return code.INCONSISTENT_GROUP_PROTOCOL
  return request.groupId === '' ? code.INVALID_GROUP_ID : code.NONE
}

/** Answers by the ticket: at once, or when the leader's assignment is committed. */
export function syncGroup (
  shard: ShardState, step: Step, request: SyncGroupRequest, ticket: Ticket,
): Decision {
  const group = classicGroup(shard.groups, request.groupId)
  const error = group === undefined ? code.UNKNOWN_MEMBER_ID : groupError(group, request)
  const member = group?.members.get(request.memberId)
  if (error !== code.NONE || group === undefined || member === undefined) {
    step.answer(ticket, syncError(error))
    return step.decide()
  }
  group.pendingSyncs.delete(request.memberId)
  if (group.pendingSyncs.size === 0) shard.deadlines.cancel(group.syncDeadline)
  if (group.state === 'Stable') {
    step.answer(ticket, assigned(group, member.assignment))
    return step.decide()
  }
  member.parkedSync = ticket
  if (group.leaderId === request.memberId) storeAssignment(shard, step, group, request)
  return step.decide()
}

function groupError (group: ClassicGroup, request: SyncGroupRequest): number {
  if (group.state === 'Empty') return code.UNKNOWN_MEMBER_ID
  if (group.state === 'Dead') return code.COORDINATOR_NOT_AVAILABLE
  const error = group.memberError(request.memberId, request.groupInstanceId)
  if (error !== code.NONE) return error
  if (request.generationId !== group.generationId) return code.ILLEGAL_GENERATION
  const { protocolType, protocolName } = request
  if (differs(protocolType, group.protocolType) || differs(protocolName, group.protocolName)) {
    return code.INCONSISTENT_GROUP_PROTOCOL
  }
  return group.state === 'PreparingRebalance' ? code.REBALANCE_IN_PROGRESS : code.NONE
}

/** Only what is given on both sides can differ. */
function differs (given: string | null, own: string | undefined): boolean {
  return given !== null && own !== undefined && given !== own
}

function storeAssignment (
  shard: ShardState, step: Step, group: ClassicGroup, request: SyncGroupRequest,
): void {
  // Members that the leader left out get empty bytes; those that are not members get nothing.
  const assignments = new Map<string, Buffer>()
  for (const { memberId, assignment } of request.assignments) {
    if (group.members.has(memberId)) assignments.set(memberId, Buffer.from(assignment))
  }
  step.records.push(groupRecord(group, assignments))
  const { generationId } = group
  const overtaken = (): boolean =>
    group.state !== 'CompletingRebalance' || group.generationId !== generationId
  step.afterCommit = (nowMs): Decision => {
    const after = new Step(nowMs)
    if (!overtaken()) {
      for (const member of group.members.values()) {
        member.assignment = assignments.get(member.memberId) ?? NO_BYTES
      }
      answerSyncs(shard, after, group, code.NONE)
      group.transitionTo('Stable', nowMs)
    }
    return after.decide()
  }
  step.afterFailure = ({ errorCode }: WriteFailure, nowMs): Decision => {
    const after = new Step(nowMs)
    if (!overtaken()) {
      for (const member of group.members.values()) member.assignment = NO_BYTES
      answerSyncs(shard, after, group, errorCode)
      prepareRebalance(shard, after, group)
    }
    return after.decide()
  }
}
