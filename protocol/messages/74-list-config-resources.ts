import { api, array, int16, int32, int8, list, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Lists resources that have a configuration; v0 lists client metrics only (KIP-1000, KIP-1142). */
export const ListConfigResources = api({
  key: 74,
  name: 'ListConfigResources',
  versions: [0, 1],
  flexible: 0,
  request: {
    resourceTypes: since(1, array(int8)),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    configResources: list({
      resourceName: string,
      resourceType: since(1, int8, 16),
    }),
  },
})

export interface ListConfigResourcesRequest extends RequestOf<typeof ListConfigResources> {}
export interface ListConfigResourcesResponse extends ResponseOf<typeof ListConfigResources> {}
