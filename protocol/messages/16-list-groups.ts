import { api, array, int16, int32, list, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Lists the groups of this broker, filtered by state from v4 (KIP-518) and by type from v5
 * (KIP-848).
 */
export const ListGroups = api({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexible: 3,
  request: {
    statesFilter: since(4, array(string)),
    typesFilter: since(5, array(string)),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: or(int16, 0),
    groups: list({
      groupId: string,
      protocolType: string,
      groupState: since(4, string),
      groupType: since(5, string),
    }),
  },
})

export interface ListGroupsRequest extends RequestOf<typeof ListGroups> {}
export interface ListGroupsResponse extends ResponseOf<typeof ListGroups> {}
