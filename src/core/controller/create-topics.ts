/** CreateTopics on the controller: every check in Kafka's order, with Kafka's words (D10). */
import { code } from '../../../protocol/errors.ts'
import type {
  CreateTopicsRequest, CreateTopicsResponse,
} from '../../../protocol/messages/19-create-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { TopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { configEntry, resourceType } from '../metadata/configs.ts'
import type { ConfigValues } from '../metadata/configs.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { PartitionRegistration } from '../metadata/facts.ts'
import { partitionEntry } from '../metadata/partition.ts'
import { METADATA_TOPIC } from '../metadata/internal-topics.ts'
import { topicNameProblem } from '../metadata/topic-name.ts'
import { dynamicValues, isTooLong, valueTooLong } from './config-rules.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { assignedPartitions, placedPartitions } from './new-partitions.ts'
import type { NewPartitions } from './new-partitions.ts'
import { randomId } from './topic-id.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'

type View = Pick<ControllerView, 'image' | 'settings' | 'random'>
type NewTopic = CreateTopicsRequest['topics'][number]
type Row = CreateTopicsResponse['topics'][number]

/** What the caller may do, and what the quota lets it do; all allowed if left out. */
export interface TopicAccess {
  readonly mayCreate?: (name: string) => boolean
  readonly mayDescribeConfigs?: (name: string) => boolean
  /** D10.9: takes that many partition mutations; false if the strict quota has none left. */
  readonly admit?: (partitions: number) => boolean
}

/** D10.2. */
const PARTITIONS_MAX = 10_000

/** Every name is refused for what it is, which is answered before the controller's queue (D0.8). */
export function createsNothing ({ topics }: CreateTopicsRequest, access: TopicAccess): boolean {
  const refused = new Set(refusedRows(topics, access).map(({ name }) => name))
  return topics.every(({ name }) => refused.has(name))
}

export function createTopics (
  request: CreateTopicsRequest, view: View, access: TopicAccess = {}
): ControllerResult<CreateTopicsResponse> {
  const refused = refusedRows(request.topics, access)
  const refusedNames = new Set(refused.map(({ name }) => name))
  const topics = request.topics.filter(({ name }) => !refusedNames.has(name))
  if (partitionsAsked(topics, view) > PARTITIONS_MAX) {
    return wholeRequest(request, failure(code.POLICY_VIOLATION,
      'Excessively large number of partitions per request.'))
  }
  const records: MetadataEntry[] = []
  const rows: Row[] = []
  for (const topic of topics) {
    const created = createTopic(topic, view, access)
    if ('problem' in created) {
      rows.push(failedRow(topic.name, created.problem))
      continue
    }
    records.push(...created.records)
    rows.push(created.row)
  }
  if (exceedsBatch(records)) return wholeRequest(request, tooManyRecords)
  return {
    records: request.validateOnly ? nothing : records,
    reply: { topics: [...rows, ...refused] },
  }
}

/** D10.1: these never reach the other checks, and their rows come last. */
function refusedRows (topics: readonly NewTopic[], { mayCreate }: TopicAccess): Row[] {
  const counts = new Map<string, number>()
  for (const { name } of topics) counts.set(name, (counts.get(name) ?? 0) + 1)
  const names = [...counts.keys()]
  const duplicates = new Set(names.filter(name => counts.get(name)! > 1))
  const rows = [...duplicates].map(name =>
    failedRow(name, failure(code.INVALID_REQUEST, 'Duplicate topic name.')))
  for (const name of names) {
    if (duplicates.has(name)) continue
    if (name === METADATA_TOPIC) {
      rows.push(failedRow(name, failure(code.INVALID_REQUEST,
        `Creation of internal topic ${METADATA_TOPIC} is prohibited.`)))
    } else if (mayCreate?.(name) === false) {
      rows.push(failedRow(name, failure(code.TOPIC_AUTHORIZATION_FAILED, 'Authorization failed.')))
    }
  }
  return rows
}

function wholeRequest (
  request: CreateTopicsRequest, problem: Failure
): ControllerResult<CreateTopicsResponse> {
  const topics = request.topics.map(({ name }) => failedRow(name, problem))
  return { records: nothing, reply: { topics } }
}

function failedRow (name: string, problem: Failure): Row & { readonly name: string } {
  return { name, topicId: ZERO_UUID, ...problem, configs: [] }
}

function partitionsAsked (topics: readonly NewTopic[], { settings }: View): number {
  let sum = 0
  for (const { assignments, numPartitions } of topics) {
    if (assignments.length > 0) sum += assignments.length
    else sum += numPartitions === -1 ? settings.numPartitions : Math.max(numPartitions, 0)
  }
  return sum
}

type Created = {
  readonly records: MetadataEntry[], readonly row: Row,
} | { readonly problem: Failure }

function createTopic (topic: NewTopic, view: View, access: TopicAccess): Created {
  const { image } = view
  const values = new Map<string, string>()
  for (const { name, value } of topic.configs) if (value !== null) values.set(name, value)
  const problem = nameProblem(topic.name, view) ?? configProblem(topic, values, view)
  if (problem !== undefined) return { problem }
  const made = partitionsOf(topic, view)
  if ('problem' in made) return made
  const { partitions } = made
  if (access.admit?.(partitions.length) === false) {
    return { problem: failure(code.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.') }
  }
  const topicId = randomId(view.random)
  const records = [fullEntry(TopicRecord, 0, { name: topic.name, topicId })]
  for (const [name, value] of values) {
    records.push(configEntry(resourceType.TOPIC, topic.name, name, value))
  }
  for (const [index, partition] of partitions.entries()) {
    records.push(partitionEntry(topicId, index, partition, image.metadataVersion))
  }
  return { records, row: createdRow(topic.name, topicId, partitions, values, view, access) }
}

/** D10.3-5: that it exists says more than that it could not be created. */
function nameProblem (name: string, { image }: View): Failure | undefined {
  if (image.topics.find(name) !== undefined) {
    return failure(code.TOPIC_ALREADY_EXISTS, `Topic '${name}' already exists.`)
  }
  const other = image.topics.collidingWith(name)
  if (other !== undefined) {
    return failure(code.INVALID_TOPIC_EXCEPTION,
      `Topic '${name}' collides with existing topic: ${other}`)
  }
  const problem = topicNameProblem(name)
  return problem === undefined ? undefined : failure(code.INVALID_TOPIC_EXCEPTION, problem)
}

/** D10.6. */
function configProblem (
  { name, configs }: NewTopic, values: ConfigValues, { image, settings }: View
): Failure | undefined {
  const withoutValue = configs.filter(({ value }) => value === null).map(config => config.name)
  if (withoutValue.length > 0) {
    return failure(code.INVALID_CONFIG,
      `Null value not supported for topic configs: ${withoutValue.join(',')}`)
  }
  if (values.size === 0) return undefined
  for (const value of values.values()) if (isTooLong(value)) return valueTooLong
  const dynamic = dynamicValues(image, settings.nodeId)
  return settings.configs.check(resourceType.TOPIC, name, values, dynamic)
}

function partitionsOf (topic: NewTopic, view: View): NewPartitions {
  const { assignments, numPartitions, replicationFactor } = topic
  const { settings } = view
  if (assignments.length > 0) return manualPartitions(topic, view)
  // D10.8.
  if (replicationFactor < -1 || replicationFactor === 0) {
    return {
      problem: failure(code.INVALID_REPLICATION_FACTOR,
        'Replication factor must be larger than 0, or -1 to use the default value.'),
    }
  }
  if (numPartitions < -1 || numPartitions === 0) {
    return {
      problem: failure(code.INVALID_PARTITIONS,
        'Number of partitions was set to an invalid non-positive value.'),
    }
  }
  const count = numPartitions === -1 ? settings.numPartitions : numPartitions
  const factor = replicationFactor === -1 ? settings.defaultReplicationFactor : replicationFactor
  const placed = placedPartitions(count, factor, view)
  if ('partitions' in placed) return placed
  return {
    problem: failure(code.INVALID_REPLICATION_FACTOR,
      `Unable to replicate the partition ${factor} time(s): ${placed.unplaceable}`),
  }
}

/** D10.7. */
function manualPartitions (topic: NewTopic, { image }: View): NewPartitions {
  const refuse = (errorCode: number, text: string): NewPartitions =>
    ({ problem: failure(errorCode, text) })
  const unset = 'A manual partition assignment was specified, but'
  if (topic.replicationFactor !== -1) {
    return refuse(code.INVALID_REQUEST, `${unset} replication factor was not set to -1.`)
  }
  if (topic.numPartitions !== -1) {
    return refuse(code.INVALID_REQUEST, `${unset} numPartitions was not set to -1.`)
  }
  const assignments = topic.assignments.map(({ partitionIndex, brokerIds }) =>
    ({ index: partitionIndex, replicas: brokerIds }))
  const seen = new Set<number>()
  const twice = assignments.findIndex(({ index }) => seen.size === seen.add(index).size)
  const before = twice === -1 ? assignments : assignments.slice(0, twice)
  const made = assignedPartitions(before, undefined, image)
  if ('problem' in made) return made
  if (twice !== -1) {
    return refuse(code.INVALID_REPLICA_ASSIGNMENT,
      `Found multiple manual partition assignments for partition ${assignments[twice]!.index}`)
  }
  const partitions: PartitionRegistration[] = []
  for (const [position, { index }] of assignments.entries()) {
    partitions[index] = made.partitions[position]!
  }
  for (let index = 0; index < assignments.length; index++) {
    if (partitions[index] === undefined) {
      return refuse(code.INVALID_REPLICA_ASSIGNMENT,
        'partitions should be a consecutive 0-based integer sequence')
    }
  }
  return { partitions }
}

/** D10.11: without the right to describe it the configuration stays unsaid, sizes included. */
function createdRow (
  name: string, topicId: string, partitions: readonly PartitionRegistration[], values: ConfigValues,
  { image, settings }: View, { mayDescribeConfigs }: TopicAccess
): Row {
  const row = { name, topicId, errorCode: code.NONE, errorMessage: null }
  if (mayDescribeConfigs?.(name) === false) {
    return { ...row, topicConfigErrorCode: code.TOPIC_AUTHORIZATION_FAILED, configs: [] }
  }
  const effective =
    settings.configs.effectiveTopicConfigs(values, dynamicValues(image, settings.nodeId))
  return {
    ...row,
    numPartitions: partitions.length,
    replicationFactor: partitions[0]!.replicas.length,
    configs: effective.map(({ name: key, value, source, sensitive }) => ({
      name: key,
      value: sensitive ? null : value,
      readOnly: false,
      configSource: source,
      isSensitive: sensitive,
    })),
  }
}
