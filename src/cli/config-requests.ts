/** Asking for settings and changing them, for the commands that do. */
import { code, KafkaError } from '../../protocol/errors.ts'
import { DescribeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import { IncrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import type { MessageOf } from '../../protocol/types.ts'
import type { Client } from '../client/client.ts'
import { about, failureOf, throwFailures } from './error.ts'

export const resourceType = { topic: 2, broker: 4, 'broker-logger': 8, 'client-metrics': 16, group: 32 } as const
export type ResourceKind = keyof typeof resourceType

/** KIP-339. */
export const configOperation = { set: 0, delete: 1, append: 2, subtract: 3 } as const

/** Kafka's names of where a value comes from, by number (KIP-226). */
export const configSources = [
  'UNKNOWN', 'DYNAMIC_TOPIC_CONFIG', 'DYNAMIC_BROKER_CONFIG', 'DYNAMIC_DEFAULT_BROKER_CONFIG', 'STATIC_BROKER_CONFIG',
  'DEFAULT_CONFIG', 'DYNAMIC_BROKER_LOGGER_CONFIG', 'DYNAMIC_CLIENT_METRICS_CONFIG', 'DYNAMIC_GROUP_CONFIG',
] as const
const DYNAMIC_TOPIC = configSources.indexOf('DYNAMIC_TOPIC_CONFIG')
const DEFAULT = configSources.indexOf('DEFAULT_CONFIG')

export interface Resource { readonly type: number, readonly name: string }

export type DescribedConfig = MessageOf<typeof DescribeConfigs['response']>['results'][number]['configs'][number]
export interface DescribedResource extends Resource { readonly configs: readonly DescribedConfig[] }

/** Whether the value is not merely the default. */
export function isNotDefault ({ configSource }: DescribedConfig): boolean {
  return configSource !== DEFAULT
}

/** Whether the value was set for this topic, not for the broker as a whole. */
export function isSetForTopic ({ configSource }: DescribedConfig): boolean {
  return configSource === DYNAMIC_TOPIC
}

const kindOf =
  new Map<number, string>(Object.entries(resourceType).map(([kind, type]) => [type, kind]))

function nameOf ({ type, name }: Resource): string {
  return `${kindOf.get(type) ?? type} ${name === '' ? '(default)' : name}`
}

/** The broker that a resource is asked of: a broker knows its own settings and loggers only. */
function brokerOf ({ type, name }: Resource): number | undefined {
  const isOfBroker = type === resourceType.broker || type === resourceType['broker-logger']
  return isOfBroker && /^\d+$/.test(name) ? Number(name) : undefined
}

/** In the order asked for. Throws for the first that the broker refuses. */
export async function describeConfigs (
  client: Client, resources: readonly Resource[]
): Promise<DescribedResource[]> {
  const byBroker = new Map<number | undefined, Resource[]>()
  for (const resource of resources) {
    const broker = brokerOf(resource)
    byBroker.set(broker, [...byBroker.get(broker) ?? [], resource])
  }
  const found: DescribedResource[] = []
  for (const [broker, asked] of byBroker) found.push(...await describeAt(client, broker, asked))
  const order = new Map(resources.map((resource, index) => [nameOf(resource), index]))
  return found.sort(
    (left, right) => (order.get(nameOf(left)) ?? 0) - (order.get(nameOf(right)) ?? 0)
  )
}

async function describeAt (
  client: Client, broker: number | undefined, resources: readonly Resource[]
): Promise<DescribedResource[]> {
  const request = {
    resources: resources.map(
      ({ type, name }) => ({ resourceType: type, resourceName: name, configurationKeys: null })
    ),
    includeSynonyms: true,
  }
  const { results } = await client.retrying(() => broker === undefined
    ? client.any(DescribeConfigs, request)
    : client.broker(broker, DescribeConfigs, request))
  throwFailures(results.map(({ resourceType: type, resourceName: name, errorCode, errorMessage }) =>
    failureOf(nameOf({ type, name }), errorCode, errorMessage)))
  return results.map(
    ({ resourceType: type, resourceName: name, configs }) => ({ type, name, configs })
  )
}

export interface ConfigChange {
  readonly name: string
  readonly value: string | null
  readonly operation: number
}

export async function alterConfigs (
  client: Client, resource: Resource, changes: readonly ConfigChange[], validateOnly: boolean
): Promise<void> {
  const request = {
    resources: [{
      resourceType: resource.type,
      resourceName: resource.name,
      configs: changes.map(
        ({ name, value, operation }) => ({ name, value, configOperation: operation })
      ),
    }],
    validateOnly,
  }
  const broker = brokerOf(resource)
  await about(nameOf(resource), () => client.retrying(async () => {
    const { responses } = broker === undefined
      ? await client.controller(IncrementalAlterConfigs, request)
      : await client.broker(broker, IncrementalAlterConfigs, request)
    for (const { errorCode, errorMessage } of responses) {
      if (errorCode !== code.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
    }
  }))
}
