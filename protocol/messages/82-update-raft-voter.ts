import {
  api, int16, int32, list, nullable, or, string, struct, tagged, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Voter to leader: my endpoints and versions have changed (KIP-853). */
export const UpdateRaftVoter = api({
  key: 82,
  name: 'UpdateRaftVoter',
  versions: [0, 0],
  flexible: 0,
  request: {
    clusterId: nullable(string),
    currentLeaderEpoch: int32,
    voterId: int32,
    voterDirectoryId: uuid,
    listeners: list({
      name: string,
      host: string,
      port: uint16,
    }),
    kRaftVersionFeature: struct({
      minSupportedVersion: int16,
      maxSupportedVersion: int16,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    currentLeader: tagged(0, 0, struct({
      leaderId: or(int32, -1),
      leaderEpoch: or(int32, -1),
      host: string,
      port: int32,
    })),
  },
})

export interface UpdateRaftVoterRequest extends RequestOf<typeof UpdateRaftVoter> {}
export interface UpdateRaftVoterResponse extends ResponseOf<typeof UpdateRaftVoter> {}
