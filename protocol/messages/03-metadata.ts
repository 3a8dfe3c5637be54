import {
  api, array, between, bool, int16, int32, list, nullable, or, since, string, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Describes brokers, topics and their leaders; may create missing topics. Topic ids from v10
 * (KIP-516).
 */
export const Metadata = api({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexible: 9,
  request: {
    topics: nullable(list({
      topicId: since(10, uuid),
      name: nullable(string, 10),
    }), 1),
    allowAutoTopicCreation: since(4, bool, true),
    includeClusterAuthorizedOperations: between(8, 10, bool),
    includeTopicAuthorizedOperations: since(8, bool),
  },
  response: {
    throttleTimeMs: since(3, int32, 0),
    brokers: list({
      nodeId: int32,
      host: string,
      port: int32,
      rack: since(1, nullable(string), null),
    }),
    clusterId: since(2, nullable(string), null),
    controllerId: since(1, int32, -1),
    topics: list({
      errorCode: or(int16, 0),
      name: nullable(string, 12),
      topicId: since(10, uuid),
      isInternal: since(1, bool, false),
      partitions: list({
        errorCode: or(int16, 0),
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: since(7, int32, -1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: since(5, array(int32)),
      }),
      topicAuthorizedOperations: since(8, int32, -2147483648),
    }),
    clusterAuthorizedOperations: between(8, 10, int32, -2147483648),
    errorCode: since(13, int16, 0),
  },
})

export interface MetadataRequest extends RequestOf<typeof Metadata> {}
export interface MetadataResponse extends ResponseOf<typeof Metadata> {}
