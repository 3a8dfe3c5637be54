import {
  api, int16, int32, int64, list, nullable, or, records, string, struct, tagged, uint16, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Reads a snapshot of the metadata log in pieces (KIP-630). */
export const FetchSnapshot = api({
  key: 59,
  name: 'FetchSnapshot',
  versions: [0, 1],
  flexible: 0,
  request: {
    clusterId: tagged(0, 0, nullable(string), null),
    replicaId: or(int32, -1),
    maxBytes: or(int32, 2147483647),
    topics: list({
      name: string,
      partitions: list({
        partition: int32,
        currentLeaderEpoch: int32,
        snapshotId: struct({
          endOffset: int64,
          epoch: int32,
        }),
        position: int64,
        replicaDirectoryId: tagged(0, 1, uuid),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    topics: list({
      name: string,
      partitions: list({
        index: int32,
        errorCode: or(int16, 0),
        snapshotId: struct({
          endOffset: int64,
          epoch: int32,
        }),
        currentLeader: tagged(0, 0, struct({
          leaderId: int32,
          leaderEpoch: int32,
        })),
        size: int64,
        position: int64,
        unalignedRecords: records,
      }),
    }),
    nodeEndpoints: tagged(0, 1, list({
      nodeId: int32,
      host: string,
      port: uint16,
    })),
  },
})

export interface FetchSnapshotRequest extends RequestOf<typeof FetchSnapshot> {}
export interface FetchSnapshotResponse extends ResponseOf<typeof FetchSnapshot> {}
