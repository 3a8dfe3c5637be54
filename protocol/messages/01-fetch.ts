import {
  api, array, int16, int32, int64, int8, list, nullable, or, records, since, string, struct,
  tagged, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Reads record batches, for consumers and for followers. Sessions from v7 (KIP-227), topic ids
 * from v13 (KIP-516).
 */
export const Fetch = api({
  key: 1,
  name: 'Fetch',
  versions: [0, 18],
  flexible: 12,
  request: {
    clusterId: tagged(0, 12, nullable(string), null),
    replicaId: until(14, int32, -1),
    replicaState: tagged(1, 15, struct({
      replicaId: or(int32, -1),
      replicaEpoch: or(int64, -1n),
    })),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: since(3, int32, 2147483647),
    isolationLevel: since(4, int8, 0),
    sessionId: since(7, int32, 0),
    sessionEpoch: since(7, int32, -1),
    topics: list({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: list({
        partition: int32,
        currentLeaderEpoch: since(9, int32, -1),
        fetchOffset: int64,
        lastFetchedEpoch: since(12, int32, -1),
        logStartOffset: since(5, int64, -1n),
        partitionMaxBytes: int32,
        replicaDirectoryId: tagged(0, 17, uuid),
        highWatermark: tagged(1, 18, int64, 9223372036854775807n),
      }),
    }),
    forgottenTopicsData: since(7, list({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: array(int32),
    })),
    rackId: since(11, string, ''),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: since(7, int16, 0),
    sessionId: since(7, int32, 0),
    responses: list({
      topic: until(12, string),
      topicId: since(13, uuid),
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        highWatermark: int64,
        lastStableOffset: since(4, int64, -1n),
        logStartOffset: since(5, int64, -1n),
        divergingEpoch: tagged(0, 12, struct({
          epoch: or(int32, -1),
          endOffset: or(int64, -1n),
        })),
        currentLeader: tagged(1, 12, struct({
          leaderId: or(int32, -1),
          leaderEpoch: or(int32, -1),
        })),
        snapshotId: tagged(2, 12, struct({
          endOffset: or(int64, -1n),
          epoch: or(int32, -1),
        })),
        abortedTransactions: since(4, nullable(list({
          producerId: int64,
          firstOffset: int64,
        }))),
        preferredReadReplica: since(11, int32, -1),
        records: nullable(records),
      }),
    }),
    nodeEndpoints: tagged(0, 16, list({
      nodeId: int32,
      host: string,
      port: int32,
      rack: or(nullable(string), null),
    })),
  },
})

export interface FetchRequest extends RequestOf<typeof Fetch> {}
export interface FetchResponse extends ResponseOf<typeof Fetch> {}
