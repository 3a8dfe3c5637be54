import {
  api, between, int16, int32, int64, list, nullable, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Stores a group's consumed offsets. Topic ids from v10 (KIP-848). */
export const OffsetCommit = api({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 10],
  flexible: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: since(1, int32, -1),
    memberId: since(1, string),
    groupInstanceId: since(7, nullable(string), null),
    retentionTimeMs: between(2, 4, int64, -1n),
    topics: list({
      name: until(9, string),
      topicId: since(10, uuid),
      partitions: list({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(6, int32, -1),
        commitTimestamp: between(1, 1, int64, -1n),
        committedMetadata: nullable(string),
      }),
    }),
  },
  response: {
    throttleTimeMs: since(3, int32, 0),
    topics: list({
      name: until(9, string),
      topicId: since(10, uuid),
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
      }),
    }),
  },
})

export interface OffsetCommitRequest extends RequestOf<typeof OffsetCommit> {}
export interface OffsetCommitResponse extends ResponseOf<typeof OffsetCommit> {}
