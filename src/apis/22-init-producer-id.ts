/**
 * InitProducerId v0-5: an id for an idempotent producer (KIP-98, KIP-360).
 *
 * v3: the producer may name its present id and epoch. v4: PRODUCER_FENCED. v5: transaction V2.
 * Transactional ids are not served yet.
 */
import { code } from '../../protocol/errors.ts'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import type { Broker } from './broker.ts'
import { tellOfAbsence, transactionsAbsent } from './absences.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'notices' | 'producerIds'>

const NO_EPOCH = -1

export const initProducerId = handler(InitProducerId,
  {
    versions: [0, 5], hasShortAnswer: true,
    failed: (_request, { errorCode }) => ({ errorCode, producerEpoch: NO_EPOCH }),
  },
  async (request, call, { access, notices, producerIds }: Needs) => {
    const { session } = call
    const { transactionalId, producerId, producerEpoch } = request
    const failed = (errorCode: number) => ({ errorCode, producerEpoch: NO_EPOCH })
    if (transactionalId !== null && !access.allows(session, 'write', 'transactionalId', transactionalId)) {
      return failed(code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED)
    }
    if (transactionalId === null && !access.allows(session, 'idempotentWrite', 'cluster', CLUSTER_NAME)) {
      return failed(code.CLUSTER_AUTHORIZATION_FAILED)
    }
    // KIP-360: id and epoch are both given or neither.
    if ((producerId === -1n) !== (producerEpoch === NO_EPOCH)) return failed(code.INVALID_REQUEST)
    if (transactionalId === '') return failed(code.INVALID_REQUEST)
    if (transactionalId !== null) {
      tellOfAbsence(transactionsAbsent(transactionalId), call, notices)
      return failed(code.UNSUPPORTED_VERSION)
    }
    const next = await producerIds.next()
    return typeof next === 'number' ? failed(next) : { producerId: next, producerEpoch: 0 }
  })
