import {
  api, array, between, bool, int16, int32, int64, list, nullable, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Reads a group's stored offsets. Several groups at once from v8 (KIP-709), topic ids from v10. */
export const OffsetFetch = api({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 10],
  flexible: 6,
  request: {
    groupId: until(7, string),
    topics: until(7, nullable(list({
      name: string,
      partitionIndexes: array(int32),
    }), 2)),
    groups: since(8, list({
      groupId: string,
      memberId: since(9, nullable(string), null),
      memberEpoch: since(9, int32, -1),
      topics: nullable(list({
        name: until(9, string),
        topicId: since(10, uuid),
        partitionIndexes: array(int32),
      })),
    })),
    requireStable: since(7, bool, false),
  },
  response: {
    throttleTimeMs: since(3, int32, 0),
    topics: until(7, list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(5, int32, -1),
        metadata: nullable(string),
        errorCode: or(int16, 0),
      }),
    })),
    errorCode: between(2, 7, int16, 0),
    groups: since(8, list({
      groupId: string,
      topics: list({
        name: until(9, string),
        topicId: since(10, uuid),
        partitions: list({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: or(int32, -1),
          metadata: nullable(string),
          errorCode: or(int16, 0),
        }),
      }),
      errorCode: or(int16, 0),
    })),
  },
})

export interface OffsetFetchRequest extends RequestOf<typeof OffsetFetch> {}
export interface OffsetFetchResponse extends ResponseOf<typeof OffsetFetch> {}
