import { api, int16, int32, int8, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Deletes access control lists that match filters (KIP-140). */
export const DeleteAcls = api({
  key: 31,
  name: 'DeleteAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    filters: list({
      resourceTypeFilter: int8,
      resourceNameFilter: nullable(string),
      patternTypeFilter: since(1, int8, 3),
      principalFilter: nullable(string),
      hostFilter: nullable(string),
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    filterResults: list({
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
      matchingAcls: list({
        errorCode: or(int16, 0),
        errorMessage: nullable(string),
        resourceType: int8,
        resourceName: string,
        patternType: since(1, int8, 3),
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export interface DeleteAclsRequest extends RequestOf<typeof DeleteAcls> {}
export interface DeleteAclsResponse extends ResponseOf<typeof DeleteAcls> {}
