import {
  api, array, int16, int32, list, nullable, or, since, string, tagged, uint16, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Leader to voter: I resign, elect another (KIP-595). */
export const EndQuorumEpoch = api({
  key: 54,
  name: 'EndQuorumEpoch',
  versions: [0, 1],
  flexible: 1,
  request: {
    clusterId: or(nullable(string), null),
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32,
        preferredSuccessors: until(0, array(int32)),
        preferredCandidates: since(1, list({
          candidateId: int32,
          candidateDirectoryId: uuid,
        })),
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

export interface EndQuorumEpochRequest extends RequestOf<typeof EndQuorumEpoch> {}
export interface EndQuorumEpochResponse extends ResponseOf<typeof EndQuorumEpoch> {}
