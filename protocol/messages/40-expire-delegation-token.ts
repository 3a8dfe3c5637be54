import { api, bytes, int16, int32, int64, or } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Expires a delegation token (KIP-48). */
export const ExpireDelegationToken = api({
  key: 40,
  name: 'ExpireDelegationToken',
  versions: [0, 2],
  flexible: 2,
  request: {
    hmac: bytes,
    expiryTimePeriodMs: int64,
  },
  response: {
    errorCode: or(int16, 0),
    expiryTimestampMs: int64,
    throttleTimeMs: or(int32, 0),
  },
})

export interface ExpireDelegationTokenRequest extends RequestOf<typeof ExpireDelegationToken> {}
export interface ExpireDelegationTokenResponse extends ResponseOf<typeof ExpireDelegationToken> {}
