/**
 * ListPartitionReassignments v0: the moves under way (D17.5, KIP-455). Its timeout has no effect.
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { ListPartitionReassignments } from '../../protocol/messages/46-list-partition-reassignments.ts'
import { listPartitionReassignments as list } from '../core/controller/reassignments.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'metadata'>

export const listPartitionReassignments = handler(ListPartitionReassignments,
  { versions: [0, 0], failed },
  (request, { session }, { access, metadata }: Needs) => {
    ensureCluster(access, session, 'describe')
    return list(request, metadata)
  })

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, topics: [] }
}
