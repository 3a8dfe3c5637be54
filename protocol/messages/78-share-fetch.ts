import {
  api, array, bool, int16, int32, int64, int8, list, nullable, or, records, since, string,
  struct, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Acquires records for a share group's member (KIP-932). v0 was an early draft. */
export const ShareFetch = api({
  key: 78,
  name: 'ShareFetch',
  versions: [0, 2],
  flexible: 0,
  request: {
    groupId: or(nullable(string), null),
    memberId: nullable(string),
    shareSessionEpoch: int32,
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: or(int32, 2147483647),
    maxRecords: since(1, int32),
    batchSize: since(1, int32),
    shareAcquireMode: since(2, int8, 0),
    isRenewAck: since(2, bool, false),
    topics: list({
      topicId: uuid,
      partitions: list({
        partitionIndex: int32,
        partitionMaxBytes: until(0, int32),
        acknowledgementBatches: list({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
    forgottenTopicsData: list({
      topicId: uuid,
      partitions: array(int32),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    acquisitionLockTimeoutMs: since(1, int32),
    responses: list({
      topicId: uuid,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: or(nullable(string), null),
        acknowledgeErrorCode: int16,
        acknowledgeErrorMessage: or(nullable(string), null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
        }),
        records: nullable(records, 0, 0),
        acquiredRecords: list({
          firstOffset: int64,
          lastOffset: int64,
          deliveryCount: int16,
        }),
      }),
    }),
    nodeEndpoints: list({
      nodeId: int32,
      host: string,
      port: int32,
      rack: or(nullable(string), null),
    }),
  },
})

export interface ShareFetchRequest extends RequestOf<typeof ShareFetch> {}
export interface ShareFetchResponse extends ResponseOf<typeof ShareFetch> {}
