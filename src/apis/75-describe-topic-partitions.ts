/**
 * DescribeTopicPartitions v0 (D3, KIP-966): topics page by page, with the replicas that may lead
 * besides the ISR. Creates nothing.
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { DescribeTopicPartitions } from '../../protocol/messages/75-describe-topic-partitions.ts'
import type {
  DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
} from '../../protocol/messages/75-describe-topic-partitions.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { authorizedOperations } from '../core/access/access.ts'
import { isInternalTopic } from '../core/metadata/internal-topics.ts'
import { topicNameProblem } from '../core/metadata/topic-name.ts'
import type { Topic } from '../core/metadata/facts.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { offlineReplicas } from './offline-replicas.ts'

type Needs = Pick<Broker, 'access' | 'endpoints' | 'metadata' | 'settings'>
type Row = DescribeTopicPartitionsResponse['topics'][number]
type Page = Pick<DescribeTopicPartitionsResponse, 'topics' | 'nextCursor'>

export const describeTopicPartitions =
  handler(DescribeTopicPartitions, { versions: [0, 0], failed },
    (request, call, needs: Needs) => {
      const { session } = call
      const { access, settings } = needs
      const asksForAll = request.topics.length === 0
      const mayDescribe = (name: string): boolean => access.allows(session, 'describe', 'topic', name)
      const names = namesFrom(request, needs)
      const limit =
        Math.max(1, Math.min(settings.describedPartitionsMax, request.responsePartitionLimit))
      const page = pageOf(names.filter(mayDescribe), limit, request, call, needs)
      // D3.3: what is refused costs nothing of the limit. Of all topics, what may not be seen is
      // left out.
      const refused = asksForAll ? [] : names.filter(name => !mayDescribe(name))
        .map(name => rowWithout(name, code.TOPIC_AUTHORIZATION_FAILED))
      return { ...page, topics: [...page.topics, ...refused] }
    })

function failed ({ topics }: DescribeTopicPartitionsRequest, { errorCode }: KafkaError) {
  return { topics: topics.map(({ name }) => rowWithout(name, errorCode)) }
}

/** What is told besides the error are defaults, whatever the topic. */
function rowWithout (name: string, errorCode: number): Row {
  return { errorCode, name, topicId: ZERO_UUID, isInternal: false, partitions: [] }
}

/** D3.1: sorted, each once, from the cursor's topic on. */
function namesFrom (
  { topics, cursor }: DescribeTopicPartitionsRequest, { metadata }: Needs
): string[] {
  const all = topics.length > 0
    ? topics.map(({ name }) => name)
    : [...metadata.topics].map(({ name }) => name)
  const from = cursor?.topicName ?? ''
  const names = [...new Set(all)].filter(name => name >= from).sort()
  if (cursor !== null && topics.length > 0 && !names.includes(from)) {
    throw new KafkaError(code.INVALID_REQUEST,
      `DescribeTopicPartitionsRequest topic list should contain the cursor topic: ${from}`)
  }
  if (cursor !== null && cursor.partitionIndex < 0) {
    throw new KafkaError(code.INVALID_REQUEST, 'DescribeTopicPartitionsRequest cursor partition must be valid')
  }
  return names
}

/** D3.2-3 */
function pageOf (
  names: readonly string[], limit: number,
  { topics: asked, cursor }: DescribeTopicPartitionsRequest, call: Call,
  needs: Needs
): Page {
  const { metadata, endpoints, access } = needs
  const alive = new Set(endpoints.alive(call.session).map(({ nodeId }) => nodeId))
  const topics: Row[] = []
  let left = limit
  for (const name of names) {
    // The limit was reached at the end of a topic: whether there is a next one is not asked here.
    if (left === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } }
    const topicAuthorizedOperations = authorizedOperations(access, call.session, 'topic', name)
    const topic = metadata.topics.find(name)
    if (topic === undefined) {
      const isLegal = topicNameProblem(name) === undefined
      const row =
        rowWithout(name, isLegal ? code.UNKNOWN_TOPIC_OR_PARTITION : code.INVALID_TOPIC_EXCEPTION)
      if (asked.length > 0) topics.push({ ...row, topicAuthorizedOperations })
      continue
    }
    const from = name === cursor?.topicName ? cursor.partitionIndex : 0
    const to = Math.min(topic.partitions.length, from + left)
    const partitions = partitionRows(topic, from, to, alive, needs)
    topics.push({
      errorCode: code.NONE,
      name,
      topicId: topic.id,
      isInternal: isInternalTopic(name),
      partitions,
      topicAuthorizedOperations,
    })
    if (to < topic.partitions.length) {
      return { topics, nextCursor: { topicName: name, partitionIndex: to } }
    }
    left -= partitions.length
  }
  return { topics, nextCursor: null }
}

/** D3.4: a leader that cannot be reached is no error, only none. */
function partitionRows (
  { partitions }: Topic, from: number, to: number, alive: ReadonlySet<number>, { metadata }: Needs
): Row['partitions'] {
  return partitions.slice(from, to).map((partition, at) => ({
    errorCode: code.NONE,
    partitionIndex: from + at,
    leaderId: alive.has(partition.leader) ? partition.leader : -1,
    leaderEpoch: partition.leaderEpoch,
    replicaNodes: [...partition.replicas],
    isrNodes: [...partition.isr],
    eligibleLeaderReplicas: [...partition.elr],
    lastKnownElr: [...partition.lastKnownElr],
    offlineReplicas: offlineReplicas(partition, alive, metadata),
  }))
}
