import {
  api, array, bool, int16, int32, int64, int8, list, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * ZooKeeper era, controller to broker: which partitions to lead or follow. Removed in Kafka 4.0.
 */
export const LeaderAndIsr = api({
  key: 4,
  name: 'LeaderAndIsr',
  versions: [0, 7],
  flexible: 4,
  request: {
    controllerId: int32,
    isKRaftController: since(7, bool, false),
    controllerEpoch: int32,
    brokerEpoch: since(2, int64, -1n),
    type: since(5, int8),
    ungroupedPartitionStates: until(1, list({
      topicName: string,
      partitionIndex: int32,
      controllerEpoch: int32,
      leader: int32,
      leaderEpoch: int32,
      isr: array(int32),
      partitionEpoch: int32,
      replicas: array(int32),
      isNew: since(1, bool, false),
    })),
    topicStates: since(2, list({
      topicName: string,
      topicId: since(5, uuid),
      partitionStates: list({
        partitionIndex: int32,
        controllerEpoch: int32,
        leader: int32,
        leaderEpoch: int32,
        isr: array(int32),
        partitionEpoch: int32,
        replicas: array(int32),
        addingReplicas: since(3, array(int32)),
        removingReplicas: since(3, array(int32)),
        isNew: or(bool, false),
        leaderRecoveryState: since(6, int8, 0),
      }),
    })),
    liveLeaders: list({
      brokerId: int32,
      hostName: string,
      port: int32,
    }),
  },
  response: {
    errorCode: or(int16, 0),
    partitionErrors: until(4, list({
      topicName: string,
      partitionIndex: int32,
      errorCode: or(int16, 0),
    })),
    topics: since(5, list({
      topicId: uuid,
      partitionErrors: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
      }),
    })),
  },
})

export interface LeaderAndIsrRequest extends RequestOf<typeof LeaderAndIsr> {}
export interface LeaderAndIsrResponse extends ResponseOf<typeof LeaderAndIsr> {}
