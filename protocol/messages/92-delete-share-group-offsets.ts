import { api, int16, int32, list, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Deletes the offsets of share groups (KIP-932). */
export const DeleteShareGroupOffsets = api({
  key: 92,
  name: 'DeleteShareGroupOffsets',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicName: string,
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    responses: list({
      topicName: string,
      topicId: uuid,
      errorCode: or(int16, 0),
      errorMessage: or(nullable(string), null),
    }),
  },
})

export interface DeleteShareGroupOffsetsRequest extends RequestOf<typeof DeleteShareGroupOffsets> {}
export interface DeleteShareGroupOffsetsResponse
  extends ResponseOf<typeof DeleteShareGroupOffsets> {}
