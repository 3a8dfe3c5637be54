import {
  api, array, between, bool, int16, int32, int64, list, or, since, string, until,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** ZooKeeper era, controller to broker: which replicas to stop. Removed in Kafka 4.0. */
export const StopReplica = api({
  key: 5,
  name: 'StopReplica',
  versions: [0, 4],
  flexible: 2,
  request: {
    controllerId: int32,
    isKRaftController: since(4, bool, false),
    controllerEpoch: int32,
    brokerEpoch: since(1, int64, -1n),
    deletePartitions: until(2, bool),
    ungroupedPartitions: until(0, list({
      topicName: string,
      partitionIndex: int32,
    })),
    topics: between(1, 2, list({
      name: string,
      partitionIndexes: array(int32),
    })),
    topicStates: since(3, list({
      topicName: string,
      partitionStates: list({
        partitionIndex: int32,
        leaderEpoch: or(int32, -1),
        deletePartition: bool,
      }),
    })),
  },
  response: {
    errorCode: or(int16, 0),
    partitionErrors: list({
      topicName: string,
      partitionIndex: int32,
      errorCode: or(int16, 0),
    }),
  },
})

export interface StopReplicaRequest extends RequestOf<typeof StopReplica> {}
export interface StopReplicaResponse extends ResponseOf<typeof StopReplica> {}
