/** Records of `__transaction_state` (KIP-98, KIP-890). */
import { NEVER, array, int16, int32, int64, int8, list, nullable, string, tagged } from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const TransactionLog = coordinatorRecord({
  type: 0,
  name: 'TransactionLog',
  key: {
    name: 'TransactionLogKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      transactionalId: string,
    },
  },
  value: {
    name: 'TransactionLogValue',
    versions: [0, 1],
    flexible: 1,
    fields: {
      producerId: int64,
      previousProducerId: tagged(0, 1, int64, -1n),
      nextProducerId: tagged(1, 1, int64, -1n),
      producerEpoch: int16,
      nextProducerEpoch: tagged(3, 1, int16, -1),
      transactionTimeoutMs: int32,
      transactionStatus: int8,
      transactionPartitions: nullable(list({
        topic: string,
        partitionIds: array(int32),
      })),
      transactionLastUpdateTimestampMs: int64,
      transactionStartTimestampMs: int64,
      clientTransactionVersion: tagged(2, 1, int16, 0),
    },
  },
})
export interface TransactionLogKey extends MessageOf<typeof TransactionLog.key> {}
export interface TransactionLogValue extends MessageOf<typeof TransactionLog.value> {}

export const transactionRecords = [TransactionLog] as const
