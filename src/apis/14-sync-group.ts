/**
 * SyncGroup v0-5 (groups 4.3).
 *
 * v3: static members (KIP-345). v5: protocol type and name, which must be given (KIP-559).
 */
import { code } from '../../protocol/errors.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

const NO_ASSIGNMENT = Buffer.alloc(0)

export const syncGroup = handler(SyncGroup, {
  versions: [0, 5],
  failed: (_request, { errorCode }) => ({ errorCode, assignment: NO_ASSIGNMENT }),
}, (request, call, { access, groups }: Needs) => {
  const { protocolType, protocolName, groupId } = request
  if (call.version >= 5 && (protocolType === null || protocolName === null)) {
    return { errorCode: code.INCONSISTENT_GROUP_PROTOCOL, assignment: NO_ASSIGNMENT }
  }
  if (!access.allows(call.session, 'read', 'group', groupId)) {
    return { errorCode: code.GROUP_AUTHORIZATION_FAILED, assignment: NO_ASSIGNMENT }
  }
  return groups.sync(request, call)
})
