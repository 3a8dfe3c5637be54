/** LeaveGroup (4.3): members go of their own will, or an administrator's. */
import type {
  LeaveGroupRequest, LeaveGroupResponse,
} from '../../../../protocol/messages/13-leave-group.ts'
import { code } from '../../../../protocol/errors.ts'
import type { Decision, Step } from '../../decision.ts'
import { classicGroup } from '../group.ts'
import type { ClassicGroup } from './group.ts'
import { dropMember, maybeCompleteJoin, prepareRebalance, removeMember } from './rebalance.ts'
import type { RequestContext, ShardState } from '../shard-state.ts'

/** KIP-345: from here on several members leave at once, each with its own error. */
const VERSION_WITH_MEMBERS = 3

type Leaving = Pick<LeaveGroupRequest['members'][number], 'memberId' | 'groupInstanceId'>

export function leaveGroup (
  shard: ShardState, step: Step, request: LeaveGroupRequest,
  { version }: Pick<RequestContext, 'version'>,
): Decision<LeaveGroupResponse> {
  const leaving: readonly Leaving[] = version >= VERSION_WITH_MEMBERS
    ? request.members
    : [{ memberId: request.memberId, groupInstanceId: null }]
  const group = classicGroup(shard.groups, request.groupId)
  if (group?.state === 'Dead') return step.decide(leaveError(code.COORDINATOR_NOT_AVAILABLE))
  const members = leaving.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: group === undefined
      ? code.UNKNOWN_MEMBER_ID
      : leave(shard, step, group, memberId, groupInstanceId),
  }))
  if (group !== undefined && members.some(({ errorCode }) => errorCode === code.NONE)) {
    if (group.state === 'Stable' || group.state === 'CompletingRebalance') {
      prepareRebalance(shard, step, group)
    } else maybeCompleteJoin(shard, step, group)
  }
  if (version >= VERSION_WITH_MEMBERS) return step.decide({ errorCode: code.NONE, members })
  return step.decide(leaveError(members[0]?.errorCode ?? code.NONE))
}

export function leaveError (errorCode: number): LeaveGroupResponse {
  return { errorCode, members: [] }
}

function leave (
  shard: ShardState, step: Step, group: ClassicGroup,
  memberId: string, groupInstanceId: string | null,
): number {
  if (memberId === '') {
    const holder = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId)
    return remove(shard, step, group, holder)
  }
  if (group.pendingJoins.has(memberId)) {
    dropMember(shard, group, memberId)
    return code.NONE
  }
  const error = group.memberError(memberId, groupInstanceId)
  return error === code.NONE ? remove(shard, step, group, memberId) : error
}

function remove (
  shard: ShardState, step: Step, group: ClassicGroup, memberId: string | undefined,
): number {
  const member = memberId === undefined ? undefined : group.members.get(memberId)
  if (member === undefined) return code.UNKNOWN_MEMBER_ID
  removeMember(shard, step, group, member)
  return code.NONE
}
