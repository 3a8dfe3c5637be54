/**
 * DeleteGroups v0-3 (groups 4.5, KIP-229).
 *
 * v2: encoding. v3: a message of the streams groups' plug-in (KIP-1331), of which there is none
 * here.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DeleteGroups } from '../../protocol/messages/42-delete-groups.ts'
import type { DeleteGroupsRequest } from '../../protocol/messages/42-delete-groups.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups'>

export const deleteGroups = handler(DeleteGroups, { versions: [0, 3], failed },
  async ({ groupsNames }, { session }, { access, groups }: Needs) => {
    const names = [...new Set(groupsNames)]
    const may = (groupId: string): boolean => access.allows(session, 'delete', 'group', groupId)
    const deleted = await groups.deleteGroups(names.filter(may))
    const denied = names.filter(groupId => !may(groupId))
      .map(groupId => ({ groupId, errorCode: code.GROUP_AUTHORIZATION_FAILED }))
    return { results: [...deleted, ...denied] }
  })

function failed ({ groupsNames }: DeleteGroupsRequest, { errorCode }: KafkaError) {
  return { results: groupsNames.map(groupId => ({ groupId, errorCode })) }
}
