import { api, int16, int32, list, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Group to share coordinator: delete the state of share partitions (KIP-932). */
export const DeleteShareGroupState = api({
  key: 86,
  name: 'DeleteShareGroupState',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicId: uuid,
      partitions: list({
        partition: int32,
      }),
    }),
  },
  response: {
    results: list({
      topicId: uuid,
      partitions: list({
        partition: int32,
        errorCode: or(int16, 0),
        errorMessage: or(nullable(string), null),
      }),
    }),
  },
})

export interface DeleteShareGroupStateRequest extends RequestOf<typeof DeleteShareGroupState> {}
export interface DeleteShareGroupStateResponse extends ResponseOf<typeof DeleteShareGroupState> {}
