import { api, int16, int32, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Keeps a classic group's member alive. */
export const Heartbeat = api({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexible: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: since(3, nullable(string), null),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: or(int16, 0),
  },
})

export interface HeartbeatRequest extends RequestOf<typeof Heartbeat> {}
export interface HeartbeatResponse extends ResponseOf<typeof Heartbeat> {}
