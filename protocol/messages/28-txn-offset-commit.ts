import {
  api, int16, int32, int64, list, nullable, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Stores a group's offsets inside a transaction. Topic ids from v6 (KIP-1319). */
export const TxnOffsetCommit = api({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 6],
  flexible: 3,
  request: {
    transactionalId: string,
    groupId: string,
    producerId: int64,
    producerEpoch: int16,
    generationIdOrMemberEpoch: since(3, int32, -1),
    memberId: since(3, string, ''),
    groupInstanceId: since(3, nullable(string), null),
    topics: list({
      name: until(5, string),
      topicId: since(6, uuid),
      partitions: list({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: since(2, int32, -1),
        committedMetadata: nullable(string),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    topics: list({
      name: until(5, string),
      topicId: since(6, uuid),
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
      }),
    }),
  },
})

export interface TxnOffsetCommitRequest extends RequestOf<typeof TxnOffsetCommit> {}
export interface TxnOffsetCommitResponse extends ResponseOf<typeof TxnOffsetCommit> {}
