import { NEVER, api, array, int16, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Chooses the SASL mechanism. Never flexible. */
export const SaslHandshake = api({
  key: 17,
  name: 'SaslHandshake',
  versions: [0, 1],
  flexible: NEVER,
  request: {
    mechanism: string,
  },
  response: {
    errorCode: or(int16, 0),
    mechanisms: array(string),
  },
})

export interface SaslHandshakeRequest extends RequestOf<typeof SaslHandshake> {}
export interface SaslHandshakeResponse extends ResponseOf<typeof SaslHandshake> {}
