import { api, bool, int16, int32, int64, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Commits or aborts a transaction; answers the raised epoch from v5 (KIP-890). */
export const EndTxn = api({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexible: 3,
  request: {
    transactionalId: string,
    producerId: int64,
    producerEpoch: int16,
    committed: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    producerId: since(5, int64, -1n),
    producerEpoch: since(5, int16, -1),
  },
})

export interface EndTxnRequest extends RequestOf<typeof EndTxn> {}
export interface EndTxnResponse extends ResponseOf<typeof EndTxn> {}
