/**
 * DeleteTopics v0-6 (D12; v0 for old clients).
 *
 * v5: error messages; a quota of mutations refuses instead of slowing down (KIP-599). v6: by name
 * or by id (KIP-516).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import type { DeleteTopicsRequest } from '../../protocol/messages/20-delete-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { deletesNothing, deleteTopics as decide } from '../core/controller/delete-topics.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { mutationsOf } from './mutation-quota.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment' | 'quotas'>

/** KIP-599: v5. */
const STRICT_SINCE = 5

export const deleteTopics = handler(DeleteTopics, { versions: [0, 6], advertised: [1, 6], failed },
  async (request, call, needs: Needs) => {
    const { version, session } = call
    const { access, controller, environment } = needs
    const mutations = mutationsOf(call, STRICT_SINCE, needs)
    const { reply } = await controller.submit(view => decide(request, version, view, {
      mayDelete: name => access.allows(session, 'delete', 'topic', name),
      mayDescribe: name => access.allows(session, 'describe', 'topic', name),
      admit: mutations.admit,
    }), {
      deadlineMs: environment.monotonicMs() + request.timeoutMs,
      isSettled: settings => deletesNothing(request, version, settings),
    })
    mutations.settle()
    return reply
  })

function failed (request: DeleteTopicsRequest, { errorCode, text }: KafkaError, { version }: Call) {
  const wanted = version >= 6
    ? request.topics
    : request.topicNames.map(name => ({ name, topicId: ZERO_UUID }))
  return {
    responses: wanted.map(
      ({ name, topicId }) => ({ name, topicId, errorCode, errorMessage: text })
    ),
  }
}
