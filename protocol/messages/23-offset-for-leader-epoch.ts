import { api, int16, int32, int64, list, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Tells where a leader epoch ends, for the detection of truncation (KIP-101, KIP-320). */
export const OffsetForLeaderEpoch = api({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [0, 4],
  flexible: 4,
  request: {
    replicaId: since(3, int32, -2),
    topics: list({
      topic: string,
      partitions: list({
        partition: int32,
        currentLeaderEpoch: since(2, int32, -1),
        leaderEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: since(2, int32, 0),
    topics: list({
      topic: string,
      partitions: list({
        errorCode: or(int16, 0),
        partition: int32,
        leaderEpoch: since(1, int32, -1),
        endOffset: or(int64, -1n),
      }),
    }),
  },
})

export interface OffsetForLeaderEpochRequest extends RequestOf<typeof OffsetForLeaderEpoch> {}
export interface OffsetForLeaderEpochResponse extends ResponseOf<typeof OffsetForLeaderEpoch> {}
