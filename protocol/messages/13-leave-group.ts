import { api, int16, int32, list, nullable, or, since, string, until } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Leaves a classic group; several members at once from v3 (KIP-345). */
export const LeaveGroup = api({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    memberId: until(2, string),
    members: since(3, list({
      memberId: string,
      groupInstanceId: or(nullable(string), null),
      reason: since(5, nullable(string), null),
    })),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: or(int16, 0),
    members: since(3, list({
      memberId: string,
      groupInstanceId: nullable(string),
      errorCode: or(int16, 0),
    })),
  },
})

export interface LeaveGroupRequest extends RequestOf<typeof LeaveGroup> {}
export interface LeaveGroupResponse extends ResponseOf<typeof LeaveGroup> {}
