import { api, array, bool, int16, int32, int64, int8, list, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Coordinator to leader: writes the marker that ends a transaction in a partition (KIP-98). */
export const WriteTxnMarkers = api({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [0, 2],
  flexible: 1,
  request: {
    markers: list({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: bool,
      topics: list({
        name: string,
        partitionIndexes: array(int32),
      }),
      coordinatorEpoch: int32,
      transactionVersion: since(2, int8, 0),
    }),
  },
  response: {
    markers: list({
      producerId: int64,
      topics: list({
        name: string,
        partitions: list({
          partitionIndex: int32,
          errorCode: or(int16, 0),
        }),
      }),
    }),
  },
})

export interface WriteTxnMarkersRequest extends RequestOf<typeof WriteTxnMarkers> {}
export interface WriteTxnMarkersResponse extends ResponseOf<typeof WriteTxnMarkers> {}
