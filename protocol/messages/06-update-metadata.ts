import {
  api, array, bool, int16, int32, int64, int8, list, nullable, or, since, string, tagged, until,
  uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** ZooKeeper era, controller to broker: the state of the cluster. Removed in Kafka 4.0. */
export const UpdateMetadata = api({
  key: 6,
  name: 'UpdateMetadata',
  versions: [0, 8],
  flexible: 6,
  request: {
    controllerId: int32,
    isKRaftController: since(8, bool, false),
    type: tagged(0, 8, int8, 0),
    controllerEpoch: int32,
    brokerEpoch: since(5, int64, -1n),
    ungroupedPartitionStates: until(4, list({
      topicName: string,
      partitionIndex: int32,
      controllerEpoch: int32,
      leader: int32,
      leaderEpoch: int32,
      isr: array(int32),
      zkVersion: int32,
      replicas: array(int32),
      offlineReplicas: since(4, array(int32)),
    })),
    topicStates: since(5, list({
      topicName: string,
      topicId: since(7, uuid),
      partitionStates: list({
        partitionIndex: int32,
        controllerEpoch: int32,
        leader: int32,
        leaderEpoch: int32,
        isr: array(int32),
        zkVersion: int32,
        replicas: array(int32),
        offlineReplicas: array(int32),
      }),
    })),
    liveBrokers: list({
      id: int32,
      v0Host: until(0, string),
      v0Port: until(0, int32),
      endpoints: since(1, list({
        port: int32,
        host: string,
        listener: since(3, string),
        securityProtocol: int16,
      })),
      rack: since(2, nullable(string)),
    }),
  },
  response: {
    errorCode: or(int16, 0),
  },
})

export interface UpdateMetadataRequest extends RequestOf<typeof UpdateMetadata> {}
export interface UpdateMetadataResponse extends ResponseOf<typeof UpdateMetadata> {}
