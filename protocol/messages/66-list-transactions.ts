import { api, array, int16, int32, int64, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Lists transactions (KIP-664). */
export const ListTransactions = api({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexible: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: since(1, int64, -1n),
    transactionalIdPattern: since(2, nullable(string), null),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    unknownStateFilters: array(string),
    transactionStates: list({
      transactionalId: string,
      producerId: int64,
      transactionState: string,
    }),
  },
})

export interface ListTransactionsRequest extends RequestOf<typeof ListTransactions> {}
export interface ListTransactionsResponse extends ResponseOf<typeof ListTransactions> {}
