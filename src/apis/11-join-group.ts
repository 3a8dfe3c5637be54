/**
 * JoinGroup v0-9 (groups 4.1).
 *
 * v1: rebalance timeout. v4: the member id comes first (KIP-394). v5: static members (KIP-345).
 * v7: protocol type. v8: reason (KIP-800). v9: skip assignment (KIP-814).
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const joinGroup = handler(JoinGroup, {
  versions: [0, 9], failed,
}, (request, call, { access, groups }: Needs) => {
  if (!access.allows(call.session, 'read', 'group', request.groupId)) {
    return refusal(code.GROUP_AUTHORIZATION_FAILED, request.memberId, call)
  }
  return groups.join(request, call)
})

function failed (_request: unknown, { errorCode }: KafkaError, call: Call) { return refusal(errorCode, '', call) }

/** 4.1: the protocol's name is null from v7 on. */
function refusal (errorCode: number, memberId: string, { version }: Call) {
  return { errorCode, protocolName: version >= 7 ? null : '', leader: '', memberId, members: [] }
}
