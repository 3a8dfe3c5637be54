/**
 * DescribeGroups v0-6 (behaviour-groups 4.5).
 *
 * v3: authorized operations (KIP-430). v4: static members (KIP-345). v6: a group that is missing is
 * an error with a message (KIP-1043).
 */
import { code } from '../../protocol/errors.ts'
import { DescribeGroups } from '../../protocol/messages/15-describe-groups.ts'
import { authorizedOperations } from '../core/access/access.ts'
import type { Broker } from '../broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const describeGroups = handler(DescribeGroups, { versions: [0, 6] },
  async (request, call, { access, groups }: Needs) => {
    const { session } = call
    const allowed = request.groups.filter(groupId => access.allows(session, 'describe', 'group', groupId))
    const denied = request.groups.filter(groupId => !allowed.includes(groupId))
    const described = await groups.describe(allowed, call)
    return {
      groups: [
        ...denied.map(groupId => ({
          errorCode: code.GROUP_AUTHORIZATION_FAILED,
          groupId,
          groupState: '',
          protocolType: '',
          protocolData: '',
          members: [],
        })),
        ...described.map(group => request.includeAuthorizedOperations && (group.errorCode ?? code.NONE) === code.NONE
          ? { ...group, authorizedOperations: authorizedOperations(access, session, 'group', group.groupId) }
          : group),
      ],
    }
  })
