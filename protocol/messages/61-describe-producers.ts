import { api, array, int16, int32, int64, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes the producers of partitions (KIP-664). */
export const DescribeProducers = api({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexible: 0,
  request: {
    topics: list({
      name: string,
      partitionIndexes: array(int32),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: or(nullable(string), null),
        activeProducers: list({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: or(int32, -1),
          lastTimestamp: or(int64, -1n),
          coordinatorEpoch: int32,
          currentTxnStartOffset: or(int64, -1n),
        }),
      }),
    }),
  },
})

export interface DescribeProducersRequest extends RequestOf<typeof DescribeProducers> {}
export interface DescribeProducersResponse extends ResponseOf<typeof DescribeProducers> {}
