import { api, array, int16, int32, int64, list, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes transactions (KIP-664). */
export const DescribeTransactions = api({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexible: 0,
  request: {
    transactionalIds: array(string),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    transactionStates: list({
      errorCode: or(int16, 0),
      transactionalId: string,
      transactionState: string,
      transactionTimeoutMs: int32,
      transactionStartTimeMs: int64,
      producerId: int64,
      producerEpoch: int16,
      topics: list({
        topic: string,
        partitions: array(int32),
      }),
    }),
  },
})

export interface DescribeTransactionsRequest extends RequestOf<typeof DescribeTransactions> {}
export interface DescribeTransactionsResponse extends ResponseOf<typeof DescribeTransactions> {}
