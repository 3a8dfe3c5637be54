import { api, array, int16, int32, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Deletes empty groups (KIP-229). */
export const DeleteGroups = api({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 3],
  flexible: 2,
  request: {
    groupsNames: array(string),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      groupId: string,
      errorCode: or(int16, 0),
      errorMessage: since(3, nullable(string), null),
    }),
  },
})

export interface DeleteGroupsRequest extends RequestOf<typeof DeleteGroups> {}
export interface DeleteGroupsResponse extends ResponseOf<typeof DeleteGroups> {}
