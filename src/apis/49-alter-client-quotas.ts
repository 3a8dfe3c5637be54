/**
 * AlterClientQuotas v0-1: sets and removes quotas of users, client ids and addresses (D18,
 * KIP-546).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { AlterClientQuotas } from '../../protocol/messages/49-alter-client-quotas.ts'
import type { AlterClientQuotasRequest } from '../../protocol/messages/49-alter-client-quotas.ts'
import { alterClientQuotas as decide } from '../core/controller/client-quotas.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'controller' | 'environment'>

export const alterClientQuotas = handler(AlterClientQuotas, { versions: [0, 1], failed },
  async (request, { session }, { access, controller, environment }: Needs) => {
    ensureCluster(access, session, 'alterConfigs')
    const known = await knownHosts(request, environment)
    return (await controller.submit(view => decide(request, view, host => known.has(host)))).reply
  })

function failed ({ entries }: AlterClientQuotasRequest, { errorCode, text }: KafkaError) {
  return { entries: entries.map(({ entity }) => ({ entity, errorCode, errorMessage: text })) }
}

/** Asked before the controller's turn, which waits for nothing. */
async function knownHosts (
  { entries }: AlterClientQuotasRequest, { resolves }: Needs['environment']
): Promise<ReadonlySet<string>> {
  const hosts = new Set(entries.flatMap(({ entity }) => entity
    .filter(({ entityType, entityName }) => entityType === 'ip' && entityName !== null && entityName !== '')
    .map(({ entityName }) => entityName as string)))
  const known = await Promise.all([...hosts].map(async host => await resolves(host) ? [host] : []))
  return new Set(known.flat())
}
