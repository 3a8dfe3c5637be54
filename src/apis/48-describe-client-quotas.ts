/**
 * DescribeClientQuotas v0-1: quotas by a filter of users, client ids and addresses (D18, KIP-546).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeClientQuotas } from '../../protocol/messages/48-describe-client-quotas.ts'
import { describeClientQuotas as describe } from '../core/controller/client-quotas.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'metadata'>

export const describeClientQuotas = handler(DescribeClientQuotas, { versions: [0, 1], failed },
  (request, { session }, { access, metadata }: Needs) => {
    ensureCluster(access, session, 'describeConfigs')
    return describe(request, metadata.quotas)
  })

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, entries: null }
}
