import { api, bool, int16, int32, int8, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the cluster: its id, brokers and controller (KIP-700). */
export const DescribeCluster = api({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexible: 0,
  request: {
    includeClusterAuthorizedOperations: bool,
    endpointType: since(1, int8, 1),
    includeFencedBrokers: since(2, bool),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    endpointType: since(1, int8, 1),
    clusterId: string,
    controllerId: or(int32, -1),
    brokers: list({
      brokerId: int32,
      host: string,
      port: int32,
      rack: or(nullable(string), null),
      isFenced: since(2, bool),
    }),
    clusterAuthorizedOperations: or(int32, -2147483648),
  },
})

export interface DescribeClusterRequest extends RequestOf<typeof DescribeCluster> {}
export interface DescribeClusterResponse extends ResponseOf<typeof DescribeCluster> {}
