import { api, bytes, int16, int32, int64, or } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Renews a delegation token (KIP-48). */
export const RenewDelegationToken = api({
  key: 39,
  name: 'RenewDelegationToken',
  versions: [0, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    renewPeriodMs: int64,
  },
  response: {
    errorCode: or(int16, 0),
    expiryTimestampMs: int64,
    throttleTimeMs: or(int32, 0),
  },
})

export interface RenewDelegationTokenRequest extends RequestOf<typeof RenewDelegationToken> {}
export interface RenewDelegationTokenResponse extends ResponseOf<typeof RenewDelegationToken> {}
