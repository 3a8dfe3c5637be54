import {
  api, array, bool, int16, int32, int8, list, nullable, or, since, string, tagged, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/**
 * Creates topics. Answers the effective configuration from v5 (KIP-525) and the topic id from v7
 * (KIP-516).
 */
export const CreateTopics = api({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 7],
  flexible: 5,
  request: {
    topics: list({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: list({
        partitionIndex: int32,
        brokerIds: array(int32),
      }),
      configs: list({
        name: string,
        value: nullable(string),
      }),
    }),
    timeoutMs: or(int32, 60000),
    validateOnly: since(1, bool, false),
  },
  response: {
    throttleTimeMs: since(2, int32, 0),
    topics: list({
      name: string,
      topicId: since(7, uuid),
      errorCode: or(int16, 0),
      errorMessage: since(1, nullable(string)),
      topicConfigErrorCode: tagged(0, 5, int16),
      numPartitions: since(5, int32, -1),
      replicationFactor: since(5, int16, -1),
      configs: since(5, nullable(list({
        name: string,
        value: nullable(string),
        readOnly: bool,
        configSource: or(int8, -1),
        isSensitive: bool,
      }))),
    }),
  },
})

export interface CreateTopicsRequest extends RequestOf<typeof CreateTopics> {}
export interface CreateTopicsResponse extends ResponseOf<typeof CreateTopics> {}
