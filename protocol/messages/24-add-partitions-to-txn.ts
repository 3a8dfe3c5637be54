import { api, array, bool, int16, int32, int64, list, or, since, string, until } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Adds partitions to a transaction. v4 and above are the batched form between brokers (KIP-890).
 */
export const AddPartitionsToTxn = api({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexible: 3,
  request: {
    transactions: since(4, list({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      verifyOnly: or(bool, false),
      topics: list({
        name: string,
        partitions: array(int32),
      }),
    })),
    v3AndBelowTransactionalId: until(3, string),
    v3AndBelowProducerId: until(3, int64),
    v3AndBelowProducerEpoch: until(3, int16),
    v3AndBelowTopics: until(3, list({
      name: string,
      partitions: array(int32),
    })),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: since(4, int16, 0),
    resultsByTransaction: since(4, list({
      transactionalId: string,
      topicResults: list({
        name: string,
        resultsByPartition: list({
          partitionIndex: int32,
          partitionErrorCode: int16,
        }),
      }),
    })),
    resultsByTopicV3AndBelow: until(3, list({
      name: string,
      resultsByPartition: list({
        partitionIndex: int32,
        partitionErrorCode: int16,
      }),
    })),
  },
})

export interface AddPartitionsToTxnRequest extends RequestOf<typeof AddPartitionsToTxn> {}
export interface AddPartitionsToTxnResponse extends ResponseOf<typeof AddPartitionsToTxn> {}
