import { api, bool, int16, int32, int8, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Replaces the whole configuration of a resource (KIP-133); superseded by IncrementalAlterConfigs.
 */
export const AlterConfigs = api({
  key: 33,
  name: 'AlterConfigs',
  versions: [0, 2],
  flexible: 2,
  request: {
    resources: list({
      resourceType: int8,
      resourceName: string,
      configs: list({
        name: string,
        value: nullable(string),
      }),
    }),
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    responses: list({
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
      resourceType: int8,
      resourceName: string,
    }),
  },
})

export interface AlterConfigsRequest extends RequestOf<typeof AlterConfigs> {}
export interface AlterConfigsResponse extends ResponseOf<typeof AlterConfigs> {}
