import { api, int16, int32, int64, list, or, uuid } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Broker to controller: in which directories replicas are (KIP-858). */
export const AssignReplicasToDirs = api({
  key: 73,
  name: 'AssignReplicasToDirs',
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: or(int64, -1n),
    directories: list({
      id: uuid,
      topics: list({
        topicId: uuid,
        partitions: list({
          partitionIndex: int32,
        }),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    directories: list({
      id: uuid,
      topics: list({
        topicId: uuid,
        partitions: list({
          partitionIndex: int32,
          errorCode: or(int16, 0),
        }),
      }),
    }),
  },
})

export interface AssignReplicasToDirsRequest extends RequestOf<typeof AssignReplicasToDirs> {}
export interface AssignReplicasToDirsResponse extends ResponseOf<typeof AssignReplicasToDirs> {}
