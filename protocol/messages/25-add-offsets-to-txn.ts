import { api, int16, int32, int64, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Adds a group's offsets to a transaction (KIP-98). */
export const AddOffsetsToTxn = api({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    groupId: string,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
  },
})

export interface AddOffsetsToTxnRequest extends RequestOf<typeof AddOffsetsToTxn> {}
export interface AddOffsetsToTxnResponse extends ResponseOf<typeof AddOffsetsToTxn> {}
