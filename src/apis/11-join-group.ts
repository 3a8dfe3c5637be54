/**
 * JoinGroup v0-9 (behaviour-groups 4.1).
 *
 * v1: rebalance timeout. v4: the member id comes first (KIP-394). v5: static members (KIP-345).
 * v7: protocol type. v8: reason (KIP-800). v9: skip assignment (KIP-814).
 */
import { code } from '../../protocol/errors.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import type { Broker } from '../broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const joinGroup = handler(JoinGroup, { versions: [0, 9] }, (request, call, { access, groups }: Needs) => {
  if (!access.allows(call.session, 'read', 'group', request.groupId)) {
    return {
      errorCode: code.GROUP_AUTHORIZATION_FAILED,
      protocolName: call.version >= 7 ? null : '',
      leader: '',
      memberId: request.memberId,
      members: [],
    }
  }
  return groups.join(copied(request), call)
})

/** The group keeps the metadata: it must not hold on to the whole frame. */
function copied<R extends { protocols: Array<{ name: string, metadata: Buffer }> }> (request: R): R {
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
  return { ...request, protocols }
}
