import {
  api, int16, int32, int64, int8, list, nullable, or, since, string, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Share leader to share coordinator: write the state of share partitions (KIP-932). */
export const WriteShareGroupState = api({
  key: 85,
  name: 'WriteShareGroupState',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    topics: list({
      topicId: uuid,
      partitions: list({
        partition: int32,
        stateEpoch: int32,
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: since(1, int32, -1),
        stateBatches: list({
          firstOffset: int64,
          lastOffset: int64,
          deliveryState: int8,
          deliveryCount: int16,
        }),
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

export interface WriteShareGroupStateRequest extends RequestOf<typeof WriteShareGroupState> {}
export interface WriteShareGroupStateResponse extends ResponseOf<typeof WriteShareGroupState> {}
