import { api, int16, int32, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Removes a voter from the metadata quorum (KIP-853). */
export const RemoveRaftVoter = api({
  key: 81,
  name: 'RemoveRaftVoter',
  versions: [0, 0],
  flexible: 0,
  request: {
    clusterId: nullable(string),
    voterId: int32,
    voterDirectoryId: uuid,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
  },
})

export interface RemoveRaftVoterRequest extends RequestOf<typeof RemoveRaftVoter> {}
export interface RemoveRaftVoterResponse extends ResponseOf<typeof RemoveRaftVoter> {}
