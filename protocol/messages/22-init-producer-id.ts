import { api, bool, int16, int32, int64, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Hands out a producer id and epoch, or raises the epoch (KIP-98, KIP-360). */
export const InitProducerId = api({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 6],
  flexible: 2,
  request: {
    transactionalId: nullable(string),
    transactionTimeoutMs: int32,
    producerId: since(3, int64, -1n),
    producerEpoch: since(3, int16, -1),
    enable2Pc: since(6, bool, false),
    keepPreparedTxn: since(6, bool, false),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    producerId: or(int64, -1n),
    producerEpoch: int16,
    ongoingTxnProducerId: since(6, int64, -1n),
    ongoingTxnProducerEpoch: since(6, int16, -1),
  },
})

export interface InitProducerIdRequest extends RequestOf<typeof InitProducerId> {}
export interface InitProducerIdResponse extends ResponseOf<typeof InitProducerId> {}
