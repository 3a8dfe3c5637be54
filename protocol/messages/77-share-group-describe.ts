import {
  api, array, bool, int16, int32, list, nullable, or, string, struct, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes share groups (KIP-932). v0 was an early draft. */
export const ShareGroupDescribe = api({
  key: 77,
  name: 'ShareGroupDescribe',
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
        rackId: or(nullable(string), null),
        memberEpoch: int32,
        clientId: string,
        clientHost: string,
        subscribedTopicNames: array(string),
        assignment: struct({
          topicPartitions: list({
            topicId: uuid,
            topicName: string,
            partitions: array(int32),
          }),
        }),
      }),
      authorizedOperations: or(int32, -2147483648),
    }),
  },
})

export interface ShareGroupDescribeRequest extends RequestOf<typeof ShareGroupDescribe> {}
export interface ShareGroupDescribeResponse extends ResponseOf<typeof ShareGroupDescribe> {}
