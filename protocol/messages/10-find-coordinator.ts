import {
  api, array, between, int16, int32, int8, list, nullable, or, since, string, until,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Finds the coordinator of a group, a transactional id or a share partition. Several keys from v4
 * (KIP-699).
 */
export const FindCoordinator = api({
  key: 10,
  name: 'FindCoordinator',
  versions: [0, 6],
  flexible: 3,
  request: {
    key: until(3, string),
    keyType: since(1, int8, 0),
    coordinatorKeys: since(4, array(string)),
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    errorCode: until(3, int16, 0),
    errorMessage: between(1, 3, nullable(string)),
    nodeId: until(3, int32),
    host: until(3, string),
    port: until(3, int32),
    coordinators: since(4, list({
      key: string,
      nodeId: int32,
      host: string,
      port: int32,
      errorCode: or(int16, 0),
      errorMessage: nullable(string),
    })),
  },
})

export interface FindCoordinatorRequest extends RequestOf<typeof FindCoordinator> {}
export interface FindCoordinatorResponse extends ResponseOf<typeof FindCoordinator> {}
