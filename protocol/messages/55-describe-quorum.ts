import {
  api, int16, int32, int64, list, nullable, or, since, string, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the metadata quorum (KIP-595, KIP-836). */
export const DescribeQuorum = api({
  key: 55,
  name: 'DescribeQuorum',
  versions: [0, 2],
  flexible: 0,
  request: {
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode: or(int16, 0),
    errorMessage: since(2, nullable(string)),
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: since(2, nullable(string)),
        leaderId: int32,
        leaderEpoch: int32,
        highWatermark: int64,
        currentVoters: list({
          replicaId: int32,
          replicaDirectoryId: since(2, uuid),
          logEndOffset: int64,
          lastFetchTimestamp: since(1, int64, -1n),
          lastCaughtUpTimestamp: since(1, int64, -1n),
        }),
        observers: list({
          replicaId: int32,
          replicaDirectoryId: since(2, uuid),
          logEndOffset: int64,
          lastFetchTimestamp: since(1, int64, -1n),
          lastCaughtUpTimestamp: since(1, int64, -1n),
        }),
      }),
    }),
    nodes: since(2, list({
      nodeId: int32,
      listeners: list({
        name: string,
        host: string,
        port: uint16,
      }),
    })),
  },
})

export interface DescribeQuorumRequest extends RequestOf<typeof DescribeQuorum> {}
export interface DescribeQuorumResponse extends ResponseOf<typeof DescribeQuorum> {}
