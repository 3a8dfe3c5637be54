import { api, bytes, int16, int32, int64, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes delegation tokens (KIP-48). */
export const DescribeDelegationToken = api({
  key: 41,
  name: 'DescribeDelegationToken',
  versions: [0, 3],
  flexible: 2,
  request: {
    owners: nullable(list({
      principalType: string,
      principalName: string,
    })),
  },
  response: {
    errorCode: or(int16, 0),
    tokens: list({
      principalType: string,
      principalName: string,
      tokenRequesterPrincipalType: since(3, string),
      tokenRequesterPrincipalName: since(3, string),
      issueTimestamp: int64,
      expiryTimestamp: int64,
      maxTimestamp: int64,
      tokenId: string,
      hmac: bytes,
      renewers: list({
        principalType: string,
        principalName: string,
      }),
    }),
    throttleTimeMs: or(int32, 0),
  },
})

export interface DescribeDelegationTokenRequest extends RequestOf<typeof DescribeDelegationToken> {}
export interface DescribeDelegationTokenResponse
  extends ResponseOf<typeof DescribeDelegationToken> {}
