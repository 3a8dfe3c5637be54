import { api, int16, int32, int64, list, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Group to share coordinator: begin the state of share partitions (KIP-932). */
export const InitializeShareGroupState = api({
  key: 83,
  name: 'InitializeShareGroupState',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicId: uuid,
      partitions: list({
        partition: int32,
        stateEpoch: int32,
        startOffset: int64,
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

export interface InitializeShareGroupStateRequest
  extends RequestOf<typeof InitializeShareGroupState> {}
export interface InitializeShareGroupStateResponse
  extends ResponseOf<typeof InitializeShareGroupState> {}
