/**
 * OffsetCommit v0-10 (groups 5.1).
 *
 * v0-1: commits of old clients, which Kafka 4 no longer serves; v0 has no member and goes to the
 * group all the same. v2-4: retention time, which is honoured. v6: leader epochs (KIP-320). v7:
 * static members. v9: member epochs (KIP-848). v10: topic ids.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import type { OffsetCommitRequest } from '../../protocol/messages/08-offset-commit.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { withRefusals } from './rows.ts'

type Needs = Pick<Broker, 'access' | 'groups' | 'metadata'>
type TopicRequest = OffsetCommitRequest['topics'][number]
interface TopicAnswer {
  name: string
  topicId: string
  partitions: ReadonlyArray<{ partitionIndex: number, errorCode?: number | undefined }>
}

export const offsetCommit = handler(OffsetCommit, {
  versions: [0, 10], advertised: [2, 10], hasShortAnswer: true, failed,
}, async (request, call, needs: Needs) => {
  const { access, groups } = needs
  if (!access.allows(call.session, 'read', 'group', request.groupId)) {
    return { topics: request.topics.map(
      topic => refused(topic, topic.partitions, code.GROUP_AUTHORIZATION_FAILED)
    ) }
  }
  const answers: TopicAnswer[] = []
  const topics: TopicRequest[] = []
  for (const topic of request.topics) sort(topic, call, needs, topics, answers)
  // 5.1.2: with nothing left, nobody asks whether the group exists.
  if (topics.length === 0) return { topics: withRefusals(answers, []) }
  const committed = await groups.commitOffsets({ ...request, topics }, call)
  const rows = committed.topics.map(({ name = '', topicId = ZERO_UUID, partitions }) => ({ name, topicId, partitions }))
  return { ...committed, topics: withRefusals(answers, rows) }
})

function failed ({ topics }: OffsetCommitRequest, { errorCode }: KafkaError) {
  return { topics: topics.map(topic => refused(topic, topic.partitions, errorCode)) }
}

/**
 * 5.1.2: topics and partitions that exist and may be read go to the group, the rest is answered. A
 * topic without partitions has a row only if it does not exist.
 */
function sort (
  topic: TopicRequest, { version, session }: Call, { metadata, access }: Needs,
  good: TopicRequest[], answers: TopicAnswer[]
): void {
  const found = version >= 10
    ? metadata.topics.withId(topic.topicId)
    : metadata.topics.find(topic.name)
  const name = found?.name ?? topic.name
  if (version >= 10 && found === undefined) {
    answers.push(refused(topic, topic.partitions, code.UNKNOWN_TOPIC_ID))
  } else if (!access.allows(session, 'read', 'topic', name)) {
    answers.push(refused(topic, topic.partitions, code.TOPIC_AUTHORIZATION_FAILED))
  } else if (found === undefined) {
    answers.push(refused(topic, topic.partitions, code.UNKNOWN_TOPIC_OR_PARTITION))
  } else {
    const exists = ({ partitionIndex }: { partitionIndex: number }): boolean =>
      found.partitions[partitionIndex] !== undefined
    const partitions = topic.partitions.filter(exists)
    const missing = topic.partitions.filter(each => !exists(each))
    const topicId = found.id
    if (missing.length > 0) {
      answers.push(refused({ ...topic, name, topicId }, missing, code.UNKNOWN_TOPIC_OR_PARTITION))
    }
    if (partitions.length > 0) good.push({ ...topic, name, topicId, partitions })
  }
}

function refused (
  { name, topicId }: TopicRequest, partitions: TopicRequest['partitions'], errorCode: number
): TopicAnswer {
  return { name, topicId,
    partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })) }
}
