import {
  api, array, bool, bytes, int16, int32, list, nullable, or, since, string,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes classic groups and their members. */
export const DescribeGroups = api({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexible: 5,
  request: {
    groups: array(string),
    includeAuthorizedOperations: since(3, bool),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    groups: list({
      errorCode: or(int16, 0),
      errorMessage: since(6, nullable(string), null),
      groupId: string,
      groupState: string,
      protocolType: string,
      protocolData: string,
      members: list({
        memberId: string,
        groupInstanceId: since(4, nullable(string), null),
        clientId: string,
        clientHost: string,
        memberMetadata: bytes,
        memberAssignment: bytes,
      }),
      authorizedOperations: since(3, int32, -2147483648),
    }),
  },
})

export interface DescribeGroupsRequest extends RequestOf<typeof DescribeGroups> {}
export interface DescribeGroupsResponse extends ResponseOf<typeof DescribeGroups> {}
