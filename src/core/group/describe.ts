/** DescribeGroups, ListGroups and DeleteGroups (4.5). */
import type { DescribeGroupsResponse } from '../../../protocol/messages/15-describe-groups.ts'
import type {
  ListGroupsRequest, ListGroupsResponse,
} from '../../../protocol/messages/16-list-groups.ts'
import type { DeleteGroupsResponse } from '../../../protocol/messages/42-delete-groups.ts'
import { code, fittingText } from '../../../protocol/errors.ts'
import type { Decision, Step } from '../decision.ts'
import { NO_BYTES } from './classic/group.ts'
import type { ClassicGroup, ClassicMember } from './classic/group.ts'
import { groupTombstone, offsetTombstone } from './records.ts'
import type { Group } from './group.ts'
import type { RequestContext, ShardState } from './shard-state.ts'

export type DescribedGroup = DescribeGroupsResponse['groups'][number]
export type ListedGroup = ListGroupsResponse['groups'][number]
export type DeletedGroup = DeleteGroupsResponse['results'][number]

/** KIP-1043: before it, a group that is not there was described as Dead, without an error. */
const VERSION_WITH_GROUP_ID_NOT_FOUND = 6

export function describeError (groupId: string, errorCode: number): DescribedGroup {
  return {
    errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [],
  }
}

export function describeGroups (
  shard: ShardState, step: Step, groupIds: readonly string[],
  { version }: Pick<RequestContext, 'version'>,
): Decision<DescribedGroup[]> {
  return step.decide(groupIds.map(groupId => {
    const group = shard.groups.get(groupId)
    if (group !== undefined) return describe(group)
    const missing = { ...describeError(groupId, code.NONE), groupState: 'Dead' }
    if (version < VERSION_WITH_GROUP_ID_NOT_FOUND) return missing
    return {
      ...missing, errorCode: code.GROUP_ID_NOT_FOUND, errorMessage: fittingText(`Group ${groupId} not found.`),
    }
  }))
}

function describe (group: ClassicGroup): DescribedGroup {
  const stable = group.state === 'Stable'
  return {
    errorCode: code.NONE,
    groupId: group.groupId,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: stable ? group.protocolName ?? '' : '',
    members: [...group.members.values()].map((member: ClassicMember) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: stable ? group.metadataOf(member) : NO_BYTES,
      memberAssignment: member.assignment,
    })),
  }
}

/** Filters that are empty let everything pass; names that mean nothing match nothing. */
export function listGroups (
  shard: ShardState, step: Step, { statesFilter, typesFilter }: ListGroupsRequest,
): Decision<ListedGroup[]> {
  const states = new Set(statesFilter.map(state => state.toLowerCase().trim()))
  const types = new Set(typesFilter.map(type => type.toLowerCase()))
  const listed: ListedGroup[] = []
  for (const group of shard.groups.values()) {
    if (states.size > 0 && !states.has(group.state.toLowerCase())) continue
    if (types.size > 0 && !types.has(group.kind)) continue
    listed.push({
      groupId: group.groupId,
      protocolType: group.protocolType ?? '',
      groupState: group.state,
      groupType: group.kind,
    })
  }
  return step.decide(listed)
}

/** Offsets go first, then the group: whoever replays half of it finds a group without offsets. */
export function deleteGroups (
  shard: ShardState, step: Step, groupIds: readonly string[],
): Decision<DeletedGroup[]> {
  step.replay = true
  return step.decide(groupIds.map(groupId => {
    const errorCode = deleteError(shard.groups.get(groupId))
    if (errorCode === code.NONE) {
      for (const { topic, partition } of shard.offsets.partitionsOf(groupId)) {
        step.records.push(offsetTombstone(groupId, topic, partition))
      }
      step.records.push(groupTombstone(groupId))
    }
    return { groupId, errorCode }
  }))
}

function deleteError (group: Group | undefined): number {
  if (group === undefined || group.state === 'Dead') return code.GROUP_ID_NOT_FOUND
  return group.state === 'Empty' ? code.NONE : code.NON_EMPTY_GROUP
}
