/**
 * ListConfigResources v0-1 (D13.20): what has, or could have, a configuration.
 *
 * v0: the subscriptions of client metrics (KIP-1000). v1: any type, all if none is named
 * (KIP-1142).
 */
import { code } from '../../protocol/errors.ts'
import { ListConfigResources } from '../../protocol/messages/74-list-config-resources.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import { resourceType } from '../core/metadata/configs.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'endpoints' | 'metadata'>

const { TOPIC, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP } = resourceType
/** In Kafka's order. */
const ALL_TYPES: readonly number[] = [GROUP, CLIENT_METRICS, BROKER_LOGGER, BROKER, TOPIC]

export const listConfigResources = handler(ListConfigResources, {
  versions: [0, 1],
  failed: (_request, { errorCode }) => ({ errorCode, configResources: [] }),
}, ({ resourceTypes }, call, needs: Needs) => {
  const refused = (errorCode: number) => ({ errorCode, configResources: [] })
  if (!needs.access.allows(call.session, 'describeConfigs', 'cluster', CLUSTER_NAME)) {
    return refused(code.CLUSTER_AUTHORIZATION_FAILED)
  }
  const supported = call.version === 0 ? [CLIENT_METRICS] : ALL_TYPES
  if (!resourceTypes.every(type => supported.includes(type))) {
    return refused(code.UNSUPPORTED_VERSION)
  }
  const wanted = resourceTypes.length === 0
    ? supported
    : supported.filter(type => resourceTypes.includes(type))
  return {
    errorCode: code.NONE,
    configResources: wanted.flatMap(type =>
      namesOf(type, call, needs).map(resourceName => ({ resourceType: type, resourceName }))),
  }
})

/**
 * Topics and brokers are all listed, also those with nothing stored; of the others, who has
 * something stored.
 */
function namesOf (type: number, { session }: Call, { endpoints, metadata }: Needs): string[] {
  switch (type) {
    case TOPIC: return [...metadata.topics].map(({ name }) => name)
    case BROKER:
    case BROKER_LOGGER: return endpoints.registered(session).map(({ nodeId }) => String(nodeId))
    default: return [...metadata.configs.namesOf(type)]
  }
}
