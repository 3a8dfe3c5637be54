import { api, int16, int32, int64, list, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Changes the offsets of share groups (KIP-932). */
export const AlterShareGroupOffsets = api({
  key: 91,
  name: 'AlterShareGroupOffsets',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        startOffset: int64,
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    responses: list({
      topicName: string,
      topicId: uuid,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: or(nullable(string), null),
      }),
    }),
  },
})

export interface AlterShareGroupOffsetsRequest extends RequestOf<typeof AlterShareGroupOffsets> {}
export interface AlterShareGroupOffsetsResponse extends ResponseOf<typeof AlterShareGroupOffsets> {}
