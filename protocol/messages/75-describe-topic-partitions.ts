import {
  api, array, bool, int16, int32, list, nullable, or, string, struct, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes topics page by page (KIP-966). */
export const DescribeTopicPartitions = api({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: list({
      name: string,
    }),
    responsePartitionLimit: or(int32, 2000),
    cursor: or(nullable(struct({
      topicName: string,
      partitionIndex: int32,
    })), null),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    topics: list({
      errorCode: or(int16, 0),
      name: nullable(string),
      topicId: uuid,
      isInternal: or(bool, false),
      partitions: list({
        errorCode: or(int16, 0),
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: or(int32, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: or(nullable(array(int32)), null),
        lastKnownElr: or(nullable(array(int32)), null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: or(int32, -2147483648),
    }),
    nextCursor: or(nullable(struct({
      topicName: string,
      partitionIndex: int32,
    })), null),
  },
})

export interface DescribeTopicPartitionsRequest extends RequestOf<typeof DescribeTopicPartitions> {}
export interface DescribeTopicPartitionsResponse
  extends ResponseOf<typeof DescribeTopicPartitions> {}
