import {
  api, int16, int32, int64, list, nullable, or, records, since, string, struct, tagged, until,
  uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Appends record batches to partitions. Topics go by id from v13 (KIP-516). */
export const Produce = api({
  key: 0,
  name: 'Produce',
  versions: [0, 13],
  flexible: 9,
  request: {
    transactionalId: since(3, nullable(string), null),
    acks: int16,
    timeoutMs: int32,
    topicData: list({
      name: until(12, string),
      topicId: since(13, uuid),
      partitionData: list({
        index: int32,
        records: nullable(records),
      }),
    }),
  },
  response: {
    responses: list({
      name: until(12, string),
      topicId: since(13, uuid),
      partitionResponses: list({
        index: int32,
        errorCode: or(int16, 0),
        baseOffset: int64,
        logAppendTimeMs: since(2, int64, -1n),
        logStartOffset: since(5, int64, -1n),
        recordErrors: since(8, list({
          batchIndex: int32,
          batchIndexErrorMessage: or(nullable(string), null),
        })),
        errorMessage: since(8, nullable(string), null),
        currentLeader: tagged(0, 10, struct({
          leaderId: or(int32, -1),
          leaderEpoch: or(int32, -1),
        })),
      }),
    }),
    throttleTimeMs: since(1, int32, 0),
    nodeEndpoints: tagged(0, 10, list({
      nodeId: int32,
      host: string,
      port: int32,
      rack: or(nullable(string), null),
    })),
  },
})

export interface ProduceRequest extends RequestOf<typeof Produce> {}
export interface ProduceResponse extends ResponseOf<typeof Produce> {}
