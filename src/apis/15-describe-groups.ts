/**
 * DescribeGroups v0-6 (groups 4.5).
 *
 * v3: authorized operations (KIP-430). v4: static members (KIP-345). v6: a group that is missing is
 * an error with a message (KIP-1043).
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeGroups } from '../../protocol/messages/15-describe-groups.ts'
import type { DescribeGroupsRequest } from '../../protocol/messages/15-describe-groups.ts'
import { authorizedOperations } from '../core/access/access.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const describeGroups = handler(DescribeGroups, { versions: [0, 6], failed },
  async (request, call, { access, groups }: Needs) => {
    const { session } = call
    const mayDescribe = (groupId: string): boolean => access.allows(session, 'describe', 'group', groupId)
    const allowed = request.groups.filter(mayDescribe)
    const denied = request.groups.filter(groupId => !mayDescribe(groupId))
    const described = await groups.describe(allowed, call)
    return {
      groups: [
        ...denied.map(groupId => refusal(groupId, code.GROUP_AUTHORIZATION_FAILED)),
        ...described.map(group =>
          request.includeAuthorizedOperations && (group.errorCode ?? code.NONE) === code.NONE
            ? { ...group, authorizedOperations: authorizedOperations(access, session, 'group', group.groupId) }
            : group),
      ],
    }
  })

function failed ({ groups }: DescribeGroupsRequest, { errorCode }: KafkaError) {
  return { groups: groups.map(groupId => refusal(groupId, errorCode)) }
}

function refusal (groupId: string, errorCode: number) {
  return { errorCode, groupId, groupState: '', protocolType: '', protocolData: '', members: [] }
}
