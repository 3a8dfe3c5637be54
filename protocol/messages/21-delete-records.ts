import { api, int16, int32, int64, list, or, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Moves the log start offset of partitions forward (KIP-107). */
export const DeleteRecords = api({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexible: 2,
  request: {
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        offset: int64,
      }),
    }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: or(int32, 0),
    topics: list({
      name: string,
      partitions: list({
        partitionIndex: int32,
        lowWatermark: int64,
        errorCode: or(int16, 0),
      }),
    }),
  },
})

export interface DeleteRecordsRequest extends RequestOf<typeof DeleteRecords> {}
export interface DeleteRecordsResponse extends ResponseOf<typeof DeleteRecords> {}
