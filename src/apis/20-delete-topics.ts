/**
 * DeleteTopics v1-6 (D12).
 *
 * v5: error messages. v6: by name or by id (KIP-516).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import type { DeleteTopicsRequest } from '../../protocol/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { deleteTopics as decide } from '../core/controller/delete-topics.ts'
import type { Broker } from '../broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment'>

export const deleteTopics = handler(DeleteTopics, { versions: [1, 6], failed },
  async (request, { version, session }, { access, controller, environment }: Needs) => {
    const { reply } = await controller.submit(view => decide(request, version, view, {
      mayDelete: name => access.allows(session, 'delete', 'topic', name),
      mayDescribe: name => access.allows(session, 'describe', 'topic', name),
    }), environment.nowMs() + request.timeoutMs)
    return reply
  })

function failed (request: DeleteTopicsRequest, { errorCode, text }: KafkaError, { version }: Call) {
  const wanted = version >= 6 ? request.topics : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
  return { responses: wanted.map(({ name, topicId }) => ({ name, topicId, errorCode, errorMessage: text })) }
}
