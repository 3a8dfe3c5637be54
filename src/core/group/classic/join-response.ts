/** The answers of JoinGroup. A protocol that is not there is null; the facade fits old versions. */
import type { JoinGroupResponse } from '../../../../protocol/messages/11-join-group.ts'
import type { ClassicGroup } from './group.ts'

export function joinError (memberId: string, errorCode: number): JoinGroupResponse {
  return {
    errorCode,
    generationId: -1,
    protocolType: null,
    protocolName: null,
    leader: '',
    skipAssignment: false,
    memberId,
    members: [],
  }
}

/** The group's current generation, as this member is told of it. */
export function joined (
  group: ClassicGroup, memberId: string, members: JoinGroupResponse['members'] = [],
): JoinGroupResponse {
  return {
    errorCode: 0,
    generationId: group.generationId,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocolName ?? null,
    leader: group.leaderId ?? '',
    skipAssignment: false,
    memberId,
    members,
  }
}

/** What the leader gets to see: all members with their metadata for the chosen protocol. */
export function membersOf (group: ClassicGroup): JoinGroupResponse['members'] {
  return [...group.members.values()].map(member => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    metadata: group.metadataOf(member),
  }))
}
