import { api, int16, int32, int64, int8, list, nullable, or, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Share leader to share coordinator: read the state of share partitions (KIP-932). */
export const ReadShareGroupState = api({
  key: 84,
  name: 'ReadShareGroupState',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicId: uuid,
      partitions: list({
        partition: int32,
        leaderEpoch: int32,
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
        stateEpoch: int32,
        startOffset: int64,
        stateBatches: list({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
      }),
    }),
  },
})

export interface ReadShareGroupStateRequest extends RequestOf<typeof ReadShareGroupState> {}
export interface ReadShareGroupStateResponse extends ResponseOf<typeof ReadShareGroupState> {}
