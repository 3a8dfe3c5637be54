import { api, bytes, int16, int32, int64, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Creates a delegation token (KIP-48). */
export const CreateDelegationToken = api({
  key: 38,
  name: 'CreateDelegationToken',
  versions: [0, 3],
  flexible: 2,
  request: {
    ownerPrincipalType: since(3, nullable(string)),
    ownerPrincipalName: since(3, nullable(string)),
    renewers: list({
      principalType: string,
      principalName: string,
    }),
    maxLifetimeMs: int64,
  },
  response: {
    errorCode: or(int16, 0),
    principalType: string,
    principalName: string,
    tokenRequesterPrincipalType: since(3, string),
    tokenRequesterPrincipalName: since(3, string),
    issueTimestampMs: int64,
    expiryTimestampMs: int64,
    maxTimestampMs: int64,
    tokenId: string,
    hmac: bytes,
    throttleTimeMs: or(int32, 0),
  },
})

export interface CreateDelegationTokenRequest extends RequestOf<typeof CreateDelegationToken> {}
export interface CreateDelegationTokenResponse extends ResponseOf<typeof CreateDelegationToken> {}
