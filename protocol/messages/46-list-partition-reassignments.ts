import { api, array, int16, int32, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Lists the reassignments under way (KIP-455). */
export const ListPartitionReassignments = api({
  key: 46,
  name: 'ListPartitionReassignments',
  versions: [0, 0],
  flexible: 0,
  request: {
    timeoutMs: or(int32, 60000),
    topics: or(nullable(list({
      name: string,
      partitionIndexes: array(int32),
    })), null),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        replicas: array(int32),
        addingReplicas: array(int32),
        removingReplicas: array(int32),
      }),
    }),
  },
})

export interface ListPartitionReassignmentsRequest
  extends RequestOf<typeof ListPartitionReassignments> {}
export interface ListPartitionReassignmentsResponse
  extends ResponseOf<typeof ListPartitionReassignments> {}
