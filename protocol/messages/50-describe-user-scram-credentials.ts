import { api, int16, int32, int8, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the SCRAM credentials of users, without secrets (KIP-554). */
export const DescribeUserScramCredentials = api({
  key: 50,
  name: 'DescribeUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  request: {
    users: nullable(list({
      name: string,
    })),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    results: list({
      user: string,
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
      credentialInfos: list({
        mechanism: int8,
        iterations: int32,
      }),
    }),
  },
})

export interface DescribeUserScramCredentialsRequest
  extends RequestOf<typeof DescribeUserScramCredentials> {}
export interface DescribeUserScramCredentialsResponse
  extends ResponseOf<typeof DescribeUserScramCredentials> {}
