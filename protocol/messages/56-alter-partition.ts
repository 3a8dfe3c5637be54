import {
  api, array, int16, int32, int64, int8, list, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Leader to controller: change the in-sync replicas (KIP-497, KIP-903). */
export const AlterPartition = api({
  key: 56,
  name: 'AlterPartition',
  versions: [0, 3],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: or(int64, -1n),
    topics: list({
      topicId: since(2, uuid),
      topicName: until(1, string),
      partitions: list({
        partitionIndex: int32,
        leaderEpoch: int32,
        newIsr: until(2, array(int32)),
        newIsrWithEpochs: since(3, list({
          brokerId: int32,
          brokerEpoch: or(int64, -1n),
        })),
        leaderRecoveryState: since(1, int8, 0),
        partitionEpoch: int32,
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    topics: list({
      topicId: since(2, uuid),
      topicName: until(1, string),
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        leaderId: int32,
        leaderEpoch: int32,
        isr: array(int32),
        leaderRecoveryState: since(1, int8, 0),
        partitionEpoch: int32,
      }),
    }),
  },
})

export interface AlterPartitionRequest extends RequestOf<typeof AlterPartition> {}
export interface AlterPartitionResponse extends ResponseOf<typeof AlterPartition> {}
