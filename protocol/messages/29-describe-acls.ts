import { api, int16, int32, int8, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes access control lists that match a filter (KIP-140). */
export const DescribeAcls = api({
  key: 29,
  name: 'DescribeAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    resourceTypeFilter: int8,
    resourceNameFilter: nullable(string),
    patternTypeFilter: since(1, int8, 3),
    principalFilter: nullable(string),
    hostFilter: nullable(string),
    operation: int8,
    permissionType: int8,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    resources: list({
      resourceType: int8,
      resourceName: string,
      patternType: since(1, int8, 3),
      acls: list({
        principal: string,
        host: string,
        operation: int8,
        permissionType: int8,
      }),
    }),
  },
})

export interface DescribeAclsRequest extends RequestOf<typeof DescribeAcls> {}
export interface DescribeAclsResponse extends ResponseOf<typeof DescribeAcls> {}
