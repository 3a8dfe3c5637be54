/** `ottla configs`: settings of topics, brokers, groups, loggers and client metrics. */
import type { Client } from '../client/client.ts'
import { ListConfigResources } from '../../protocol/messages/74-list-config-resources.ts'
import {
  alterConfigs, configOperation, configSources, describeConfigs, isNotDefault, resourceType,
} from './config-requests.ts'
import type { ResourceKind } from './config-requests.ts'
import { UsageError } from './error.ts'
import { findGroups } from './groups/requests.ts'
import { show } from './output.ts'
import { settings } from './parse.ts'
import type { Terminal } from './terminal.ts'
import { allTopics } from './topics.ts'
import { withClient } from './with-client.ts'
import type { SharedOptions } from './with-client.ts'

export async function showConfigs (
  kind: ResourceKind, name: string | undefined, options: SharedOptions & { all?: boolean },
  terminal: Terminal
): Promise<void> {
  const resources = await withClient(options, async client => {
    const names = name === undefined ? await namesOf(client, kind) : [name]
    return await describeConfigs(client, names.map(name => ({ type: resourceType[kind], name })))
  })
  const source = (number: number): string => configSources[number] ?? String(number)
  await show(terminal, options, {
    columns: ['name', 'config', 'value', 'source'],
    rows: resources.flatMap(({ name, configs }) => configs
      .filter(config => options.all === true || isNotDefault(config))
      .sort((left, right) => left.name < right.name ? -1 : 1)
      .map(config => ({
        kind,
        name,
        config: config.name,
        value: config.value,
        source: source(config.configSource),
        readOnly: config.readOnly,
        sensitive: config.isSensitive,
        synonyms: config.synonyms.map(
          ({ name, value, source: number }) => ({ name, value, source: source(number) })
        ),
      }))),
    nothing: options.all === true ? 'no settings' : 'everything is at its default: --all shows it',
  })
}

async function namesOf (client: Client, kind: ResourceKind): Promise<string[]> {
  switch (kind) {
    case 'topic': return (await allTopics(client, false)).map(({ name }) => name)
    case 'group': return (await findGroups(client)).map(({ group }) => group)
    case 'client-metrics': return (await client.any(ListConfigResources, { resourceTypes: [resourceType[kind]] }))
      .configResources.map(({ resourceName }) => resourceName)
    default: return [...(await client.cluster()).brokers.keys()].map(String)
  }
}

interface AlterOptions extends SharedOptions {
  readonly set: readonly string[]
  readonly delete: readonly string[]
  readonly append: readonly string[]
  readonly subtract: readonly string[]
  readonly dryRun?: boolean
}

export async function alterSettings (
  kind: ResourceKind, name: string | undefined, options: AlterOptions, terminal: Terminal
): Promise<void> {
  // Only brokers have settings that hold for all of them: those of the empty name (KIP-226).
  if (name === undefined && kind !== 'broker') throw new UsageError(`which ${kind}? name it behind "${kind}"`)
  const given = (['set', 'append', 'subtract'] as const).flatMap(operation =>
    settings(`--${operation}`, options[operation]).map(config => ({ ...config, operation })))
  const changes = [
    ...given, ...options.delete.map(config => ({ name: config, value: null, operation: 'delete' as const })),
  ]
  if (changes.length === 0) throw new UsageError('nothing to alter: give --set, --delete, --append or --subtract')
  await withClient(options, client => alterConfigs(client, { type: resourceType[kind], name: name ?? '' },
    changes.map(change => ({ ...change, operation: configOperation[change.operation] })),
    options.dryRun === true))
  await show(terminal, options, {
    columns: ['config', 'operation', 'value'],
    rows: changes.map(({ name: config, operation, value }) =>
      ({ kind, name: name ?? '', config, operation, value, executed: options.dryRun !== true })),
    nothing: '',
  })
}
