import { api, array, bool, int16, int32, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Moves partitions to other replicas (KIP-455). */
export const AlterPartitionReassignments = api({
  key: 45,
  name: 'AlterPartitionReassignments',
  versions: [0, 1],
  flexible: 0,
  request: {
    timeoutMs: or(int32, 60000),
    allowReplicationFactorChange: since(1, bool, true),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        replicas: or(nullable(array(int32)), null),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    allowReplicationFactorChange: since(1, bool, true),
    errorCode: or(int16, 0),
    errorMessage: nullable(string),
    responses: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: nullable(string),
      }),
    }),
  },
})

export interface AlterPartitionReassignmentsRequest
  extends RequestOf<typeof AlterPartitionReassignments> {}
export interface AlterPartitionReassignmentsResponse
  extends ResponseOf<typeof AlterPartitionReassignments> {}
