/**
 * CreatePartitions v0-3 (D11, KIP-195). Answered when the partitions are in the metadata log and
 * open here, as CreateTopics is.
 *
 * v2: encoding. v3: a quota of mutations refuses instead of slowing down (KIP-599).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import type { CreatePartitionsRequest } from '../../protocol/messages/37-create-partitions.ts'
import { createPartitions as decide, extendsNothing } from '../core/controller/create-partitions.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import { mutationsOf } from './mutation-quota.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment' | 'quotas'>

/** KIP-599: v3. */
const STRICT_SINCE = 3

export const createPartitions = handler(CreatePartitions, { versions: [0, 3], failed },
  async (request, call, needs: Needs) => {
    const { access, controller, environment } = needs
    const mutations = mutationsOf(call, STRICT_SINCE, needs)
    const rights = {
      mayAlter: (name: string) => access.allows(call.session, 'alter', 'topic', name),
      admit: mutations.admit,
    }
    const deadlineMs = environment.monotonicMs() + request.timeoutMs
    const { reply } = await controller.submit(view => decide(request, view, rights), {
      deadlineMs, isSettled: () => extendsNothing(request, rights),
    })
    mutations.settle()
    return reply
  })

function failed ({ topics }: CreatePartitionsRequest, { errorCode, text }: KafkaError) {
  return { results: topics.map(({ name }) => ({ name, errorCode, errorMessage: text })) }
}
