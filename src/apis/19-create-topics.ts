/**
 * CreateTopics v0-7 (D10; v0 and v1 for old clients). Answered when the topics are in the metadata
 * log and open here, so that the next request finds them (D0.7; Kafka may answer a little earlier).
 *
 * v4: -1 asks for the defaults. v5: effective configuration (KIP-525). v6: a quota of mutations
 * refuses instead of slowing down (KIP-599). v7: topic id (KIP-516).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import type { CreateTopicsRequest } from '../../protocol/messages/19-create-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import { createsNothing, createTopics as decide } from '../core/controller/create-topics.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import { mutationsOf } from './mutation-quota.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment' | 'quotas'>

/** KIP-599: v6. */
const STRICT_SINCE = 6

export const createTopics = handler(CreateTopics, { versions: [0, 7], advertised: [2, 7], failed },
  async (request, call, needs: Needs) => {
    const { session } = call
    const { access, controller, environment } = needs
    const mutations = mutationsOf(call, STRICT_SINCE, needs)
    const clusterWide = access.allows(session, 'create', 'cluster', CLUSTER_NAME)
    const rights = {
      mayCreate: (name: string) => clusterWide || access.allows(session, 'create', 'topic', name),
      mayDescribeConfigs: (name: string) => access.allows(session, 'describeConfigs', 'topic', name),
      admit: mutations.admit,
    }
    const deadlineMs = environment.monotonicMs() + request.timeoutMs
    const { reply } = await controller.submit(view => decide(request, view, rights), {
      deadlineMs, isSettled: () => createsNothing(request, rights),
    })
    mutations.settle()
    return reply
  })

function failed ({ topics }: CreateTopicsRequest, { errorCode, text }: KafkaError) {
  return {
    topics: topics.map(
      ({ name }) => ({ name, topicId: ZERO_UUID, errorCode, errorMessage: text, configs: [] })
    ),
  }
}
