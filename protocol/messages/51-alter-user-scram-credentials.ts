import { api, bytes, int16, int32, int8, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Changes the SCRAM credentials of users (KIP-554). */
export const AlterUserScramCredentials = api({
  key: 51,
  name: 'AlterUserScramCredentials',
  versions: [0, 0],
  flexible: 0,
  request: {
    deletions: list({
      name: string,
      mechanism: int8,
    }),
    upsertions: list({
      name: string,
      mechanism: int8,
      iterations: int32,
      salt: bytes,
      saltedPassword: bytes,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      user: string,
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
    }),
  },
})

export interface AlterUserScramCredentialsRequest
  extends RequestOf<typeof AlterUserScramCredentials> {}
export interface AlterUserScramCredentialsResponse
  extends ResponseOf<typeof AlterUserScramCredentials> {}
