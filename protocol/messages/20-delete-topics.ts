import {
  api, array, int16, int32, list, nullable, or, since, string, until, uuid,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Deletes topics, by name or by id from v6 (KIP-516). */
export const DeleteTopics = api({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 6],
  flexible: 4,
  request: {
    topics: since(6, list({
      name: or(nullable(string), null),
      topicId: uuid,
    })),
    topicNames: until(5, array(string)),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: since(1, int32, 0),
    responses: list({
      name: nullable(string, 6),
      topicId: since(6, uuid),
      errorCode: or(int16, 0),
      errorMessage: since(5, nullable(string), null),
    }),
  },
})

export interface DeleteTopicsRequest extends RequestOf<typeof DeleteTopics> {}
export interface DeleteTopicsResponse extends ResponseOf<typeof DeleteTopics> {}
