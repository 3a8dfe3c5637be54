/**
 * AlterPartitionReassignments v0-1: moves partitions, and takes that back (D17, KIP-455).
 *
 * v1: the number of replicas may be held fixed (KIP-860).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import {
  AlterPartitionReassignments,
} from '../../protocol/messages/45-alter-partition-reassignments.ts'
import type {
  AlterPartitionReassignmentsRequest,
} from '../../protocol/messages/45-alter-partition-reassignments.ts'
import { alterPartitionReassignments as decide, reassignsNothing } from '../core/controller/reassignments.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment'>

export const alterPartitionReassignments = handler(AlterPartitionReassignments,
  { versions: [0, 1], failed },
  async (request, { session }, { access, controller, environment }: Needs) => {
    ensureCluster(access, session, 'alter')
    const deadlineMs = environment.monotonicMs() + request.timeoutMs
    const { reply } = await controller.submit(view => decide(request, view), {
      deadlineMs, isSettled: () => reassignsNothing(request),
    })
    return reply
  })

function failed (
  { topics }: AlterPartitionReassignmentsRequest, { errorCode, text: errorMessage }: KafkaError
) {
  return {
    errorCode,
    errorMessage,
    responses: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(
        ({ partitionIndex }) => ({ partitionIndex, errorCode, errorMessage })
      ),
    })),
  }
}
