import { api, array, bool, int16, int32, list, nullable, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Raises the number of partitions of topics (KIP-195). */
export const CreatePartitions = api({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexible: 2,
  request: {
    topics: list({
      name: string,
      count: int32,
      assignments: nullable(list({
        brokerIds: array(int32),
      })),
    }),
    timeoutMs: int32,
    validateOnly: bool,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    results: list({
      name: string,
      errorCode: or(int16, 0),
      errorMessage: or(nullable(string), null),
    }),
  },
})

export interface CreatePartitionsRequest extends RequestOf<typeof CreatePartitions> {}
export interface CreatePartitionsResponse extends ResponseOf<typeof CreatePartitions> {}
