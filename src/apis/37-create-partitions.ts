/**
 * CreatePartitions v0-3 (D11, KIP-195). Answered when the partitions are in the metadata log and open
 * here, as CreateTopics is.
 *
 * v2: encoding. v3: a quota of mutations refuses instead of slowing down (KIP-599).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import type { CreatePartitionsRequest } from '../../protocol/messages/37-create-partitions.ts'
import { createPartitions as decide } from '../core/controller/create-partitions.ts'
import type { Broker } from '../broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment' | 'replicas'>

export const createPartitions = handler(CreatePartitions, { versions: [0, 3], failed },
  async (request, { session }, { access, controller, environment, replicas }: Needs) => {
    const { reply } = await controller.submit(view => decide(request, view, {
      mayAlter: name => access.allows(session, 'alter', 'topic', name),
    }), environment.nowMs() + request.timeoutMs)
    await replicas.settled()
    return reply
  })

function failed ({ topics }: CreatePartitionsRequest, { errorCode, text }: KafkaError) {
  return { results: topics.map(({ name }) => ({ name, errorCode, errorMessage: text })) }
}
