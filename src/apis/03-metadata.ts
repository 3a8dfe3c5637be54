/**
 * Metadata v0-13: brokers, topics, leaders; creates missing topics (D2).
 *
 * v1: null asks for all topics, empty for none. v4: the client may forbid creation. v8: authorized
 * operations. v10: topic ids. v12: topics by id. v13: top-level error.
 */
import { code } from '../../protocol/errors.ts'
import { KafkaError } from '../../protocol/errors.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import type { MetadataRequest } from '../../protocol/messages/03-metadata.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { authorizedOperations, CLUSTER_NAME, NOT_ASKED } from '../core/access/access.ts'
import { isInternalTopic } from '../core/metadata/internal-topics.ts'
import type { PartitionRegistration, Topic } from '../core/metadata/facts.ts'
import { topicNameProblem } from '../core/metadata/topic-name.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { mutationsOf } from './mutation-quota.ts'
import { offlineReplicas } from './offline-replicas.ts'

type Needs = Pick<Broker,
  'metadata' | 'access' | 'endpoints' | 'clusterId' | 'topicCreation' | 'settings' | 'quotas' | 'environment'>

interface Row { errorCode: number, name: string | null, topicId: string, topic: Topic | undefined }

export const metadata = handler(Metadata, {
  versions: [0, 13], failed: failedAll,
}, async (request, call, needs: Needs) => {
  const { version, session } = call
  if (isWrong(request, version)) throw new KafkaError(code.INVALID_REQUEST)
  const brokers = needs.endpoints.alive(session)
  const common = {
    brokers,
    clusterId: needs.clusterId,
    controllerId: needs.endpoints.controllerId(session),
    clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
      ? needs.access.allows(session, 'describe', 'cluster', CLUSTER_NAME)
        ? authorizedOperations(needs.access, session, 'cluster', CLUSTER_NAME)
        : 0
      : NOT_ASKED,
  }
  const rows = await rowsOf(request, call, needs)
  const alive = new Set(brokers.map(({ nodeId }) => nodeId))
  const topics = rows.map(({ errorCode, name, topicId, topic }) => ({
    errorCode,
    name,
    topicId,
    isInternal: name !== null && isInternalTopic(name),
    partitions: topic === undefined
      ? []
      : topic.partitions.map(
        (partition, index) => partitionRow(partition, index, alive, version, needs)
      ),
    topicAuthorizedOperations: request.includeTopicAuthorizedOperations && name !== null
      ? authorizedOperations(needs.access, session, 'topic', name)
      : NOT_ASKED,
  }))
  return { ...common, topics }
})

/** D0.2: each topic has the error; v13 also says it at the top. */
function failedAll ({ topics }: MetadataRequest, { errorCode }: KafkaError) {
  return {
    errorCode,
    brokers: [],
    topics: (topics ?? []).map(({ name, topicId }) => ({ errorCode, name: name ?? '', topicId, partitions: [] })),
  }
}

/** D2.1: ids and null names belong to v12 and above. */
function isWrong ({ topics }: MetadataRequest, version: number): boolean {
  return (topics ?? []).some(({ name, topicId }) => version < 12
    ? name === null || topicId !== ZERO_UUID
    : name === null && topicId === ZERO_UUID)
}

/** D2.2-3: all, or by id if any id is given, or by name. */
async function rowsOf (request: MetadataRequest, call: Call, needs: Needs): Promise<Row[]> {
  const { topics } = request
  if (topics === null || (topics.length === 0 && call.version === 0)) {
    return [...needs.metadata.topics]
      .filter(({ name }) => needs.access.allows(call.session, 'describe', 'topic', name))
      .map(found)
  }
  const ids = new Set(topics.map(({ topicId }) => topicId).filter(id => id !== ZERO_UUID))
  if (ids.size > 0) return [...ids].map(id => rowById(id, call, needs))
  const names = new Set(topics.map(({ name }) => name as string))
  return rowsByName([...names], request, call, needs)
}

function rowById (id: string, { session }: Call, { metadata, access }: Needs): Row {
  const topic = metadata.topics.withId(id)
  if (topic === undefined) return failed(code.UNKNOWN_TOPIC_ID, null, id)
  if (!access.allows(session, 'describe', 'topic', topic.name)) {
    return failed(code.TOPIC_AUTHORIZATION_FAILED, null, id)
  }
  return found(topic)
}

async function rowsByName (
  names: string[], request: MetadataRequest, call: Call, needs: Needs
): Promise<Row[]> {
  const { metadata, access, topicCreation, settings } = needs
  const { session, version } = call
  const visible = new Set(names.filter(name => access.allows(session, 'describe', 'topic', name)))
  const missing = [...visible].filter(name => metadata.topics.find(name) === undefined)
  const mayCreate = settings.autoCreateTopics && (version < 4 || request.allowAutoTopicCreation)
  const errors = new Map<string, number>()
  if (mayCreate && missing.length > 0) {
    const clusterWide = access.allows(session, 'create', 'cluster', CLUSTER_NAME)
    const creatable: string[] = []
    for (const name of missing) {
      if (!clusterWide && !access.allows(session, 'create', 'topic', name)) {
        errors.set(name, code.TOPIC_AUTHORIZATION_FAILED)
      } else if (topicNameProblem(name) !==
        undefined) errors.set(name, code.INVALID_TOPIC_EXCEPTION)
      else creatable.push(name)
    }
    // KIP-599: the client's own quota, whose answer has no place for what it refuses.
    await topicCreation.createMissing(creatable, mutationsOf(call, 0, needs).admit)
  }
  return names.map(name => {
    if (!visible.has(name)) return failed(code.TOPIC_AUTHORIZATION_FAILED, name)
    const topic = metadata.topics.find(name)
    if (topic !== undefined) return found(topic)
    const illegal = topicNameProblem(name) !== undefined
    return failed(errors.get(name) ??
      (illegal ? code.INVALID_TOPIC_EXCEPTION : code.UNKNOWN_TOPIC_OR_PARTITION), name)
  })
}

function found (topic: Topic): Row {
  return { errorCode: code.NONE, name: topic.name, topicId: topic.id, topic }
}

function failed (errorCode: number, name: string | null, topicId = ZERO_UUID): Row {
  return { errorCode, name, topicId, topic: undefined }
}

/** D2.10-11 */
function partitionRow (
  partition: PartitionRegistration, index: number, alive: ReadonlySet<number>, version: number,
  { metadata }: Needs
) {
  const { leader, leaderEpoch, replicas, isr } = partition
  const reachable = alive.has(leader)
  // v0 clients know no offline replicas: they get the live ones only.
  const visible = (ids: readonly number[]): number[] =>
    ids.filter(id => version > 0 || alive.has(id))
  const incomplete = version === 0 && replicas.some(id => !alive.has(id))
  return {
    errorCode: reachable
      ? incomplete ? code.REPLICA_NOT_AVAILABLE : code.NONE
      : leader >= 0 && metadata.brokers.get(leader) !== undefined && version >= 6
        ? code.LISTENER_NOT_FOUND
        : code.LEADER_NOT_AVAILABLE,
    partitionIndex: index,
    leaderId: reachable ? leader : -1,
    leaderEpoch,
    replicaNodes: visible(replicas),
    isrNodes: visible(isr),
    offlineReplicas: offlineReplicas(partition, alive, metadata),
  }
}
