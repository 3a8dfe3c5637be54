import { api, bytes, int16, nullable, or } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Carries a client's request to the controller, with the client's principal (KIP-590). */
export const Envelope = api({
  key: 58,
  name: 'Envelope',
  versions: [0, 0],
  flexible: 0,
  request: {
    requestData: bytes,
    requestPrincipal: nullable(bytes),
    clientHostAddress: bytes,
  },
  response: {
    responseData: or(nullable(bytes), null),
    errorCode: or(int16, 0),
  },
})

export interface EnvelopeRequest extends RequestOf<typeof Envelope> {}
export interface EnvelopeResponse extends ResponseOf<typeof Envelope> {}
