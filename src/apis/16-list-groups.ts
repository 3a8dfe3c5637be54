/**
 * ListGroups v0-5 (groups 4.5). Never fails for want of a right: what may not be seen is left out.
 *
 * v4: filter by state (KIP-518). v5: filter by type (KIP-848).
 */
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const listGroups = handler(ListGroups, {
  versions: [0, 5],
  failed: (_request, { errorCode }) => ({ errorCode, groups: [] }),
}, async (request, call, { access, groups }: Needs) => {
  const { session } = call
  const listed = await groups.list(request)
  if (access.allows(session, 'describe', 'cluster', CLUSTER_NAME)) return listed
  return {
    ...listed,
    groups: listed.groups.filter(({ groupId }) => access.allows(session, 'describe', 'group', groupId)),
  }
})
