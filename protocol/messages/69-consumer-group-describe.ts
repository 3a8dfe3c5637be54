import {
  api, array, bool, int16, int32, int8, list, nullable, or, since, string, struct, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes consumer groups (KIP-848). */
export const ConsumerGroupDescribe = api({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    groups: list({
      errorCode: or(int16, 0),
      errorMessage: or(nullable(string), null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      assignorName: string,
      members: list({
        memberId: string,
        instanceId: or(nullable(string), null),
        rackId: or(nullable(string), null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        subscribedTopicRegex: or(nullable(string), null),
        assignment: struct({
          topicPartitions: list({
            topicId: uuid,
            topicName: string,
            partitions: array(int32),
          }),
        }),
        targetAssignment: struct({
          topicPartitions: list({
            topicId: uuid,
            topicName: string,
            partitions: array(int32),
          }),
        }),
        memberType: since(1, int8, -1),
      }),
      authorizedOperations: or(int32, -2147483648),
    }),
  },
})

export interface ConsumerGroupDescribeRequest extends RequestOf<typeof ConsumerGroupDescribe> {}
export interface ConsumerGroupDescribeResponse extends ResponseOf<typeof ConsumerGroupDescribe> {}
