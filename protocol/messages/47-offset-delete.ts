import { NEVER, api, int16, int32, list, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Deletes a group's offsets of some partitions (KIP-496). Never flexible. */
export const OffsetDelete = api({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexible: NEVER,
  request: {
    groupId: string,
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
      }),
    }),
  },
  response: {
    errorCode: or(int16, 0),
    throttleTimeMs: or(int32, 0),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
      }),
    }),
  },
})

export interface OffsetDeleteRequest extends RequestOf<typeof OffsetDelete> {}
export interface OffsetDeleteResponse extends ResponseOf<typeof OffsetDelete> {}
