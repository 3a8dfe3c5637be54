import {
  api, bool, int16, int32, int64, list, nullable, or, since, string, tagged, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Candidate to voter: vote for me; pre-vote from v2 (KIP-595, KIP-853, KIP-996). */
export const Vote = api({
  key: 52,
  name: 'Vote',
  versions: [0, 2],
  flexible: 0,
  request: {
    clusterId: or(nullable(string), null),
    voterId: since(1, int32, -1),
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        replicaEpoch: int32,
        replicaId: int32,
        replicaDirectoryId: since(1, uuid),
        voterDirectoryId: since(1, uuid),
        lastOffsetEpoch: int32,
        lastOffset: int64,
        preVote: since(2, bool),
      }),
    }),
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
        voteGranted: bool,
      }),
    }),
    nodeEndpoints: tagged(0, 1, list({
      nodeId: int32,
      host: string,
      port: uint16,
    })),
  },
})

export interface VoteRequest extends RequestOf<typeof Vote> {}
export interface VoteResponse extends ResponseOf<typeof Vote> {}
