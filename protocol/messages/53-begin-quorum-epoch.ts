import {
  api, int16, int32, list, nullable, or, since, string, tagged, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Leader to voter: a new epoch has begun (KIP-595). */
export const BeginQuorumEpoch = api({
  key: 53,
  name: 'BeginQuorumEpoch',
  versions: [0, 1],
  flexible: 1,
  request: {
    clusterId: or(nullable(string), null),
    voterId: since(1, int32, -1),
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        voterDirectoryId: since(1, uuid),
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    leaderEndpoints: since(1, list({
      name: string,
      host: string,
      port: uint16,
    })),
  },
  response: {
    errorCode: or(int16, 0),
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        leaderId: int32,
        leaderEpoch: int32,
      }),
    }),
    nodeEndpoints: tagged(0, 1, list({
      nodeId: int32,
      host: string,
      port: uint16,
    })),
  },
})

export interface BeginQuorumEpochRequest extends RequestOf<typeof BeginQuorumEpoch> {}
export interface BeginQuorumEpochResponse extends ResponseOf<typeof BeginQuorumEpoch> {}
