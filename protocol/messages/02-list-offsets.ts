import { api, array, int16, int32, int64, int8, list, or, since, string, until } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Looks up offsets by timestamp or by special marks such as earliest, latest and max timestamp
 * (KIP-79, KIP-734).
 */
export const ListOffsets = api({
  key: 2,
  name: 'ListOffsets',
  versions: [0, 11],
  flexible: 6,
  request: {
    replicaId: int32,
    isolationLevel: since(2, int8),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        currentLeaderEpoch: since(4, int32, -1),
        timestamp: int64,
        maxNumOffsets: until(0, int32, 1),
      }),
    }),
    timeoutMs: since(10, int32),
  },
  response: {
    throttleTimeMs: since(2, int32, 0),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        timestamp: since(1, int64, -1n),
        offset: since(1, int64, -1n),
        leaderEpoch: since(4, int32, -1),
        oldStyleOffsets: until(0, array(int64)),
      }),
    }),
  },
})

export interface ListOffsetsRequest extends RequestOf<typeof ListOffsets> {}
export interface ListOffsetsResponse extends ResponseOf<typeof ListOffsets> {}
