import { api, bytes, int16, int64, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Carries one SASL token each way; session lifetime from v1 (KIP-152, KIP-368). */
export const SaslAuthenticate = api({
  key: 36,
  name: 'SaslAuthenticate',
  versions: [0, 2],
  flexible: 2,
  request: {
    authBytes: bytes,
  },
  response: {
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    authBytes: bytes,
    sessionLifetimeMs: since(1, int64, 0n),
  },
})

export interface SaslAuthenticateRequest extends RequestOf<typeof SaslAuthenticate> {}
export interface SaslAuthenticateResponse extends ResponseOf<typeof SaslAuthenticate> {}
