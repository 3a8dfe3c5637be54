import { api, int16, int32, int8, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Creates access control lists (KIP-140). */
export const CreateAcls = api({
  key: 30,
  name: 'CreateAcls',
  versions: [0, 3],
  flexible: 2,
  request: {
    creations: list({
      resourceType: int8,
      resourceName: string,
      resourcePatternType: since(1, int8, 3),
      principal: string,
      host: string,
      operation: int8,
      permissionType: int8,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
    }),
  },
})

export interface CreateAclsRequest extends RequestOf<typeof CreateAcls> {}
export interface CreateAclsResponse extends ResponseOf<typeof CreateAcls> {}
