/**
 * Heartbeat v0-4 (groups 4.3).
 *
 * v3: static members (KIP-345).
 */
import { code } from '../../protocol/errors.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const heartbeat = handler(Heartbeat, {
  versions: [0, 4], hasShortAnswer: true,
  failed: (_request, { errorCode }) => ({ errorCode }),
}, (request, call, { access, groups }: Needs) =>
  access.allows(call.session, 'read', 'group', request.groupId)
    ? groups.heartbeat(request, call)
    : { errorCode: code.GROUP_AUTHORIZATION_FAILED })
