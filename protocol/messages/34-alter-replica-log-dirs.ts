import { api, array, int16, int32, list, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Moves replicas between log directories of a broker (KIP-113). */
export const AlterReplicaLogDirs = api({
  key: 34,
  name: 'AlterReplicaLogDirs',
  versions: [0, 2],
  flexible: 2,
  request: {
    dirs: list({
      path: string,
      topics: list({
        name: string,
        partitions: array(int32),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      topicName: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
      }),
    }),
  },
})

export interface AlterReplicaLogDirsRequest extends RequestOf<typeof AlterReplicaLogDirs> {}
export interface AlterReplicaLogDirsResponse extends ResponseOf<typeof AlterReplicaLogDirs> {}
