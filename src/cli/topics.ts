/** `ottla topics`: list, describe, create, delete, alter. */
import { code, isRetriable, KafkaError } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Client } from '../client/client.ts'
import { topicIn } from '../client/cluster.ts'
import type { ClusterTopic } from '../client/cluster.ts'
import { alterConfigs, configOperation, describeConfigs, isSetForTopic, resourceType } from './config-requests.ts'
import { about, failureOf, throwFailures, UsageError } from './error.ts'
import { show, showJson } from './output.ts'
import { settings } from './parse.ts'
import type { Terminal } from './terminal.ts'
import { say, write } from './terminal.ts'
import { withClient } from './with-client.ts'
import type { SharedOptions } from './with-client.ts'

const TIMEOUT_MS = 30_000
/** The broker's own default (KIP-464). */
const BROKER_DEFAULT = -1

export async function listTopics (
  options: SharedOptions & { internal?: boolean }, terminal: Terminal
): Promise<void> {
  const topics =
    await withClient(options, async client => await allTopics(client, options.internal === true))
  await show(terminal, options, {
    columns: ['topic', 'partitions', 'replicationFactor', ...options.internal === true ? ['internal' as const] : []],
    rows: topics.map(({ name, partitions, isInternal }) => ({
      topic: name,
      partitions: partitions.length,
      replicationFactor: partitions[0]?.replicas.length ?? 0,
      internal: isInternal,
    })),
    nothing: 'no topics: "ottla topics create" makes one',
  })
}

/** By name. */
export async function allTopics (client: Client, internal: boolean): Promise<ClusterTopic[]> {
  const { topics } = await client.retrying(() => client.describe(null))
  return [...topics.values()].filter(topic => internal || !topic.isInternal)
    .sort((left, right) => left.name < right.name ? -1 : 1)
}

/** In the order of the names. Throws a line for each that cannot be told. */
export async function namedTopics (
  client: Client, names: readonly string[]
): Promise<ClusterTopic[]> {
  const cluster = await client.retrying(() => client.describe(names))
  throwFailures(names.map(name => failureOf(`topic ${name}`, cluster.errors.get(name) ?? code.NONE)))
  return names.map(name => topicIn(cluster, name))
}

/** The named ones; all of them, if none is named. */
export async function topicsOf (
  client: Client, names: readonly string[], internal: boolean
): Promise<ClusterTopic[]> {
  return names.length === 0 ? await allTopics(client, internal) : await namedTopics(client, names)
}

export async function describeTopics (
  names: readonly string[], options: SharedOptions & { internal?: boolean }, terminal: Terminal
): Promise<void> {
  const described = await withClient(options, async client => {
    const topics = await topicsOf(client, names, options.internal === true)
    const configs =
      await describeConfigs(client, topics.map(({ name }) => ({ type: resourceType.topic, name })))
    return topics.map(topic => ({ topic, configs: configsOf(configs, topic.name) }))
  })
  if (options.json === true) return await showJson(terminal, described.map(jsonOfTopic))
  if (described.length === 0) return say(terminal, 'no topics: "ottla topics create" makes one')
  for (const { topic, configs } of described) {
    await write(terminal.output, `${headOf(topic, configs)}\n`)
    await show(terminal, {}, {
      columns: ['partition', 'leader', 'replicas', 'isr', 'offline'], rows: partitionRows(topic), nothing: '',
    })
    if (topic !== described.at(-1)?.topic) await write(terminal.output, '\n')
  }
}

type Described = Awaited<ReturnType<typeof describeConfigs>>

/** What was set for this topic itself. */
function configsOf (resources: Described, name: string): Record<string, string | null> {
  const own =
    resources.find(resource => resource.name === name)?.configs.filter(isSetForTopic) ?? []
  return Object.fromEntries(own.map(({ name, value }) => [name, value]))
}

function headOf (
  { name, topicId, partitions }: ClusterTopic, configs: Record<string, string | null>
): string {
  const texts = Object.entries(configs).map(([config, value]) => `${config}=${value ?? ''}`)
  return [
    name, ...topicId === ZERO_UUID ? [] : [`id ${topicId}`], `${partitions.length} partitions`,
    `replication factor ${partitions[0]?.replicas.length ?? 0}`, ...texts,
  ].join('  ')
}

function partitionRows ({ partitions }: ClusterTopic) {
  return partitions.map(({ partition, leaderId, replicas, isr, offline }) => ({
    partition, leader: leaderId < 0 ? null : leaderId, replicas, isr, offline,
  }))
}

function jsonOfTopic (
  { topic, configs }: { topic: ClusterTopic, configs: Record<string, string | null> }
) {
  const { name, topicId, isInternal } = topic
  return { topic: name, topicId, internal: isInternal, partitions: partitionRows(topic), configs }
}

interface CreateOptions extends SharedOptions {
  readonly partitions?: number
  readonly replicationFactor?: number
  readonly config: readonly string[]
  readonly ifNotExists?: boolean
}

export async function createTopics (
  names: readonly string[], options: CreateOptions, terminal: Terminal
): Promise<void> {
  const configs = settings('--config', options.config)
  const { partitions = BROKER_DEFAULT, replicationFactor = BROKER_DEFAULT } = options
  const answered = await withClient(options, client => client.retrying(async () => {
    const { topics } = await client.controller(CreateTopics, {
      topics: names.map(
        name => ({ name, numPartitions: partitions, replicationFactor, assignments: [], configs })
      ),
      timeoutMs: TIMEOUT_MS,
    }, { waitMs: TIMEOUT_MS })
    retryWhenAlone(topics)
    return asNamed(names, topics)
  }))
  await show(terminal, options, {
    columns: ['topic', 'partitions', 'replicationFactor', 'topicId'],
    rows: answered.filter(({ errorCode }) => errorCode === code.NONE).map(topic => ({
      topic: topic.name,
      topicId: topic.topicId,
      partitions: topic.numPartitions < 0 ? null : topic.numPartitions,
      replicationFactor: topic.replicationFactor < 0 ? null : topic.replicationFactor,
    })),
    nothing: '',
  })
  const mayExist = options.ifNotExists === true
  throwFailures(answered.filter(
    ({ errorCode }) => !mayExist || errorCode !== code.TOPIC_ALREADY_EXISTS
  )
    .map(({ name, errorCode, errorMessage }) => failureOf(`topic ${name}`, errorCode, errorMessage)))
}

/** In the order of the names: brokers answer in their own. */
function asNamed<R extends { readonly name: string | null }> (
  names: readonly string[], results: readonly R[]
): R[] {
  return [...results].sort((left, right) => names.indexOf(left.name ?? '') - names.indexOf(right.name ?? ''))
}

/** What nothing was done of may be asked for again as a whole. */
function retryWhenAlone (results: ReadonlyArray<{ errorCode: number }>): void {
  const [first] = results
  if (first !== undefined && results.every(({ errorCode }) => isRetriable(errorCode)) &&
    first.errorCode !== code.UNKNOWN_TOPIC_OR_PARTITION) throw new KafkaError(first.errorCode)
}

export async function deleteTopics (
  names: readonly string[], options: SharedOptions & { ifExists?: boolean }, terminal: Terminal
): Promise<void> {
  const responses = await withClient(options, client => client.retrying(async () => {
    const { responses } = await client.controller(DeleteTopics, {
      topics: names.map(name => ({ name, topicId: ZERO_UUID })), topicNames: names,
      timeoutMs: TIMEOUT_MS,
    }, { waitMs: TIMEOUT_MS })
    retryWhenAlone(responses)
    return asNamed(names, responses)
  }))
  await show(terminal, options, {
    columns: ['topic'],
    rows: responses.filter(({ errorCode }) => errorCode === code.NONE).map(
      ({ name }) => ({ topic: name })
    ),
    nothing: '',
  })
  throwFailures(responses
    .filter(
      ({ errorCode }) => options.ifExists !== true || errorCode !== code.UNKNOWN_TOPIC_OR_PARTITION
    )
    .map(({ name, errorCode }) => failureOf(`topic ${name}`, errorCode)))
}

interface AlterOptions extends SharedOptions {
  readonly partitions?: number
  readonly config: readonly string[]
  readonly deleteConfig: readonly string[]
}

export async function alterTopic (
  name: string, options: AlterOptions, terminal: Terminal
): Promise<void> {
  const changes = [
    ...settings('--config', options.config).map(config => ({ ...config, operation: configOperation.set })),
    ...options.deleteConfig.map(
      config => ({ name: config, value: null, operation: configOperation.delete })
    ),
  ]
  const { partitions } = options
  if (changes.length === 0 && partitions === undefined) {
    throw new UsageError('nothing to alter: give --partitions, --config or --delete-config')
  }
  const topic = await withClient(options, async client => {
    await namedTopics(client, [name])
    if (changes.length > 0) {
      await alterConfigs(client, { type: resourceType.topic, name }, changes, false)
    }
    if (partitions !== undefined) await raisePartitions(client, name, partitions)
    return (await namedTopics(client, [name]))[0]
  })
  await show(terminal, options, {
    columns: ['topic', 'partitions'], rows: [{ topic: name, partitions: topic?.partitions.length ?? 0 }], nothing: '',
  })
}

async function raisePartitions (client: Client, name: string, count: number): Promise<void> {
  await about(`topic ${name}`, () => client.retrying(async () => {
    const { results } = await client.controller(CreatePartitions, {
      topics: [{ name, count, assignments: null }], timeoutMs: TIMEOUT_MS, validateOnly: false,
    }, { waitMs: TIMEOUT_MS })
    for (const { errorCode, errorMessage } of results) {
      if (errorCode !== code.NONE) throw new KafkaError(errorCode, errorMessage ?? undefined)
    }
  }))
}
