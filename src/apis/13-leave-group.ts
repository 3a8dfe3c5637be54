/**
 * LeaveGroup v0-5 (groups 4.3).
 *
 * v3: several members (KIP-345). v5: reasons (KIP-800).
 */
import { code } from '../../protocol/errors.ts'
import { LeaveGroup } from '../../protocol/messages/13-leave-group.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const leaveGroup = handler(LeaveGroup, {
  versions: [0, 5], hasShortAnswer: true,
  failed: (_request, { errorCode }) => ({ errorCode, members: [] }),
}, (request, call, { access, groups }: Needs) =>
  access.allows(call.session, 'read', 'group', request.groupId)
    ? groups.leave(request, call)
    : { errorCode: code.GROUP_AUTHORIZATION_FAILED, members: [] })
