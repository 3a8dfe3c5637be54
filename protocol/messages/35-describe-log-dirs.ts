import {
  api, array, bool, int16, int32, int64, list, nullable, or, since, string,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes log directories and the size of the replicas in them (KIP-113). */
export const DescribeLogDirs = api({
  key: 35,
  name: 'DescribeLogDirs',
  versions: [0, 5],
  flexible: 2,
  request: {
    topics: nullable(list({
      topic: string,
      partitions: array(int32),
    })),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: since(3, int16, 0),
    results: list({
      errorCode: or(int16, 0),
      logDir: string,
      topics: list({
        name: string,
        partitions: list({
          partitionIndex: int32,
          partitionSize: int64,
          offsetLag: int64,
          isFutureKey: bool,
        }),
      }),
      totalBytes: since(4, int64, -1n),
      usableBytes: since(4, int64, -1n),
      isCordoned: since(5, bool, false),
    }),
  },
})

export interface DescribeLogDirsRequest extends RequestOf<typeof DescribeLogDirs> {}
export interface DescribeLogDirsResponse extends ResponseOf<typeof DescribeLogDirs> {}
