import { api, bool, int16, int32, int8, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Sets, deletes, appends to and subtracts from single configuration keys (KIP-339). */
export const IncrementalAlterConfigs = api({
  key: 44,
  name: 'IncrementalAlterConfigs',
  versions: [0, 1],
  flexible: 1,
  request: {
    resources: list({
      resourceType: int8,
      resourceName: string,
      configs: list({
        name: string,
        configOperation: int8,
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

export interface IncrementalAlterConfigsRequest extends RequestOf<typeof IncrementalAlterConfigs> {}
export interface IncrementalAlterConfigsResponse
  extends ResponseOf<typeof IncrementalAlterConfigs> {}
