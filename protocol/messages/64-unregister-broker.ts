import { api, int16, int32, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Removes a broker's registration (KIP-631). */
export const UnregisterBroker = api({
  key: 64,
  name: 'UnregisterBroker',
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
  },
})

export interface UnregisterBrokerRequest extends RequestOf<typeof UnregisterBroker> {}
export interface UnregisterBrokerResponse extends ResponseOf<typeof UnregisterBroker> {}
