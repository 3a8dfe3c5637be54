import { api, int16, int32, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Removes a controller's registration (KIP-1312). */
export const UnregisterController = api({
  key: 94,
  name: 'UnregisterController',
  versions: [0, 0],
  flexible: 0,
  request: {
    controllerId: int32,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
  },
})

export interface UnregisterControllerRequest extends RequestOf<typeof UnregisterController> {}
export interface UnregisterControllerResponse extends ResponseOf<typeof UnregisterController> {}
