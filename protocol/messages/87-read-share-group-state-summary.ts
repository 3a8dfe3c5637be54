import { api, int16, int32, int64, list, nullable, or, since, string, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Group to share coordinator: read how far share partitions are (KIP-932). */
export const ReadShareGroupStateSummary = api({
  key: 87,
  name: 'ReadShareGroupStateSummary',
  versions: [0, 1],
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
        leaderEpoch: int32,
        startOffset: int64,
        deliveryCompleteCount: since(1, int32, -1),
      }),
    }),
  },
})

export interface ReadShareGroupStateSummaryRequest
  extends RequestOf<typeof ReadShareGroupStateSummary> {}
export interface ReadShareGroupStateSummaryResponse
  extends ResponseOf<typeof ReadShareGroupStateSummary> {}
