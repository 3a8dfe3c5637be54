import {
  api, bool, int16, int32, list, nullable, or, since, string, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Adds a voter to the metadata quorum (KIP-853). */
export const AddRaftVoter = api({
  key: 80,
  name: 'AddRaftVoter',
  versions: [0, 1],
  flexible: 0,
  request: {
    clusterId: nullable(string),
    timeoutMs: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: list({
      name: string,
      host: string,
      port: uint16,
    }),
    ackWhenCommitted: since(1, bool, true),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
  },
})

export interface AddRaftVoterRequest extends RequestOf<typeof AddRaftVoter> {}
export interface AddRaftVoterResponse extends ResponseOf<typeof AddRaftVoter> {}
