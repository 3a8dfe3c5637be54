import {
  api, array, int16, int32, int64, list, nullable, or, since, string, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the offsets of share groups (KIP-932). */
export const DescribeShareGroupOffsets = api({
  key: 90,
  name: 'DescribeShareGroupOffsets',
  versions: [0, 1],
  flexible: 0,
  request: {
    groups: list({
      groupId: string,
      topics: nullable(list({
        topicName: string,
        partitions: array(int32),
      })),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    groups: list({
      groupId: string,
      topics: list({
        topicName: string,
        topicId: uuid,
        partitions: list({
          partitionIndex: int32,
          startOffset: int64,
          leaderEpoch: int32,
          lag: since(1, int64, -1n),
          errorCode: or(int16, 0),
          errorMessage: or(nullable(string), null),
        }),
      }),
      errorCode: or(int16, 0),
      errorMessage: or(nullable(string), null),
    }),
  },
})

export interface DescribeShareGroupOffsetsRequest
  extends RequestOf<typeof DescribeShareGroupOffsets> {}
export interface DescribeShareGroupOffsetsResponse
  extends ResponseOf<typeof DescribeShareGroupOffsets> {}
