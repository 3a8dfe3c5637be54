import { api, int16, int32, int64, list, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * ZooKeeper era, broker to controller: may I stop? v0 has a header without client id. Removed in
 * Kafka 4.0.
 */
export const ControlledShutdown = api({
  key: 7,
  name: 'ControlledShutdown',
  versions: [0, 3],
  flexible: 3,
  request: {
    brokerId: int32,
    brokerEpoch: since(2, int64, -1n),
  },
  response: {
    errorCode: or(int16, 0),
    remainingPartitions: list({
      topicName: string,
      partitionIndex: int32,
    }),
  },
})

export interface ControlledShutdownRequest extends RequestOf<typeof ControlledShutdown> {}
export interface ControlledShutdownResponse extends ResponseOf<typeof ControlledShutdown> {}
