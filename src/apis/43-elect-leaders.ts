/**
 * ElectLeaders v0-2: preferred and unclean leaders by request (D16, KIP-460).
 *
 * v1: the kind of election, and an error for the whole request.
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { ElectLeaders } from '../../protocol/messages/43-elect-leaders.ts'
import type { ElectLeadersRequest } from '../../protocol/messages/43-elect-leaders.ts'
import { electLeaders as decide, electsNothing } from '../core/controller/elections.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment'>

export const electLeaders = handler(ElectLeaders, { versions: [0, 2], failed },
  async (request, { session }, { access, controller, environment }: Needs) => {
    ensureCluster(access, session, 'alter')
    const deadlineMs = environment.monotonicMs() + request.timeoutMs
    const { reply } = await controller.submit(view => decide(request, view), {
      deadlineMs, isSettled: () => electsNothing(request),
    })
    return reply
  })

function failed (
  { topicPartitions }: ElectLeadersRequest, { errorCode, text: errorMessage }: KafkaError
) {
  return {
    errorCode,
    replicaElectionResults: (topicPartitions ?? []).map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map(partitionId => ({ partitionId, errorCode, errorMessage })),
    })),
  }
}
