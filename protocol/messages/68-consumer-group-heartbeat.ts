import {
  api, array, int16, int32, list, nullable, or, since, string, struct, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Keeps a consumer group's member alive and carries its assignment (KIP-848). */
export const ConsumerGroupHeartbeat = api({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    instanceId: or(nullable(string), null),
    rackId: or(nullable(string), null),
    rebalanceTimeoutMs: or(int32, -1),
    subscribedTopicNames: or(nullable(array(string)), null),
    subscribedTopicRegex: since(1, nullable(string), null),
    serverAssignor: or(nullable(string), null),
    topicPartitions: or(nullable(list({
      topicId: uuid,
      partitions: array(int32),
    })), null),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    memberId: or(nullable(string), null),
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    assignment: or(nullable(struct({
      topicPartitions: list({
        topicId: uuid,
        partitions: array(int32),
      }),
    })), null),
  },
})

export interface ConsumerGroupHeartbeatRequest extends RequestOf<typeof ConsumerGroupHeartbeat> {}
export interface ConsumerGroupHeartbeatResponse extends ResponseOf<typeof ConsumerGroupHeartbeat> {}
