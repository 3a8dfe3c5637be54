import { api, array, int16, int32, list, nullable, or, string, struct, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Keeps a share group's member alive and carries its assignment (KIP-932). v0 was an early draft.
 */
export const ShareGroupHeartbeat = api({
  key: 76,
  name: 'ShareGroupHeartbeat',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    rackId: or(nullable(string), null),
    subscribedTopicNames: or(nullable(array(string)), null),
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

export interface ShareGroupHeartbeatRequest extends RequestOf<typeof ShareGroupHeartbeat> {}
export interface ShareGroupHeartbeatResponse extends ResponseOf<typeof ShareGroupHeartbeat> {}
