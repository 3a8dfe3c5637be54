import {
  api, array, bool, int16, int32, int64, int8, list, nullable, or, since, string, struct, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Acknowledges records of a share group (KIP-932). v0 was an early draft. */
export const ShareAcknowledge = api({
  key: 79,
  name: 'ShareAcknowledge',
  versions: [0, 2],
  flexible: 0,
  request: {
    groupId: or(nullable(string), null),
    memberId: nullable(string),
    shareSessionEpoch: int32,
    isRenewAck: since(2, bool, false),
    topics: list({
      topicId: uuid,
      partitions: list({
        partitionIndex: int32,
        acknowledgementBatches: list({
          firstOffset: int64,
          lastOffset: int64,
          acknowledgeTypes: array(int8),
        }),
      }),
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    acquisitionLockTimeoutMs: since(2, int32),
    responses: list({
      topicId: uuid,
      partitions: list({
        partitionIndex: int32,
        errorCode: or(int16, 0),
        errorMessage: or(nullable(string), null),
        currentLeader: struct({
          leaderId: int32,
          leaderEpoch: int32,
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

export interface ShareAcknowledgeRequest extends RequestOf<typeof ShareAcknowledge> {}
export interface ShareAcknowledgeResponse extends ResponseOf<typeof ShareAcknowledge> {}
