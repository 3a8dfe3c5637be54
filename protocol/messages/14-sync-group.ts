import { api, bytes, int16, int32, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Hands the leader's assignment to the members of a classic group. */
export const SyncGroup = api({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullable(string), null),
    protocolType: since(5, nullable(string), null),
    protocolName: since(5, nullable(string), null),
    assignments: list({
      memberId: string,
      assignment: bytes,
    }),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: or(int16, 0),
    protocolType: since(5, nullable(string), null),
    protocolName: since(5, nullable(string), null),
    assignment: bytes,
  },
})

export interface SyncGroupRequest extends RequestOf<typeof SyncGroup> {}
export interface SyncGroupResponse extends ResponseOf<typeof SyncGroup> {}
