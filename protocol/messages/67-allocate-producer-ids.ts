import { api, int16, int32, int64, or } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Broker to controller: a block of producer ids (KIP-730). */
export const AllocateProducerIds = api({
  key: 67,
  name: 'AllocateProducerIds',
  versions: [0, 0],
  flexible: 0,
  request: {
    brokerId: int32,
    brokerEpoch: or(int64, -1n),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    producerIdStart: int64,
    producerIdLen: int32,
  },
})

export interface AllocateProducerIdsRequest extends RequestOf<typeof AllocateProducerIds> {}
export interface AllocateProducerIdsResponse extends ResponseOf<typeof AllocateProducerIds> {}
