/**
 * OffsetFetch v0-10 (groups 5.2).
 *
 * v0: as v1, for old clients.
 * v2: null asks for all topics, top-level error. v5: leader epochs. v7: require stable (KIP-447).
 * v8: several groups (KIP-709). v9: member epochs (KIP-848). v10: topic ids.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import type { OffsetFetchRequest } from '../../protocol/messages/09-offset-fetch.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { Broker, OffsetFetchGroup, OffsetFetchGroupResult } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'groups' | 'metadata'>
type AskedTopic = NonNullable<OffsetFetchGroup['topics']>[number]
type AnsweredTopic = OffsetFetchGroupResult['topics'][number]

export const offsetFetch = handler(OffsetFetch, {
  versions: [0, 10], advertised: [1, 10], failed,
}, async (request, call, needs: Needs) => {
  if (call.version >= 8) {
    const groups =
      await Promise.all(request.groups.map(group => fetchGroup(group, request, call, needs)))
    return { topics: [], groups }
  }
  const { groupId, topics } = request
  const asked = topics?.map(topic => ({ ...topic, topicId: ZERO_UUID })) ?? null
  const result = await fetchGroup({ groupId, memberId: null, memberEpoch: -1, topics: asked },
    request, call, needs)
  const errorCode = result.errorCode ?? code.NONE
  // 5.2: v1 has no top-level error, so it stands at every partition.
  const rows = errorCode === code.NONE
    ? result.topics
    : (asked ?? []).map(topic => failedTopic(topic, errorCode))
  return { errorCode, topics: rows, groups: [] }
})

/** 5.2: where an error of the whole request stands depends on the version. */
function failed (
  { groups, topics }: OffsetFetchRequest, { errorCode }: KafkaError, { version }: Call
) {
  if (version >= 8) {
    return { topics: [], groups: groups.map(({ groupId }) => ({ groupId, topics: [], errorCode })) }
  }
  const rows = (topics ?? []).map(topic => failedTopic({ ...topic, topicId: ZERO_UUID }, errorCode))
  return { errorCode, topics: rows as Array<{ name: string } & AnsweredTopic>, groups: [] }
}

async function fetchGroup (
  group: OffsetFetchGroup, { requireStable }: OffsetFetchRequest, call: Call, needs: Needs
): Promise<OffsetFetchGroupResult> {
  const { access, groups } = needs
  const { groupId } = group
  if (!access.allows(call.session, 'describe', 'group', groupId)) {
    return { groupId, topics: [], errorCode: code.GROUP_AUTHORIZATION_FAILED }
  }
  if (group.topics === null) {
    return visible(await groups.fetchOffsets(group, requireStable), call, needs)
  }
  const failures: AnsweredTopic[] = []
  const topics: AskedTopic[] = []
  for (const topic of group.topics) {
    const { topics: image } = needs.metadata
    const known = call.version >= 10 ? image.withId(topic.topicId) : image.find(topic.name)
    if (call.version >= 10 &&
      known === undefined) failures.push(failedTopic(topic, code.UNKNOWN_TOPIC_ID))
    else if (!access.allows(call.session, 'describe', 'topic', known?.name ?? topic.name)) {
      failures.push(failedTopic(topic, code.TOPIC_AUTHORIZATION_FAILED))
    } else topics.push(
      { ...topic, name: known?.name ?? topic.name, topicId: known?.id ?? ZERO_UUID }
    )
  }
  const result = await groups.fetchOffsets({ ...group, topics }, requireStable)
  return { ...result, topics: [...result.topics, ...failures] }
}

/** All topics: what may not be described is left out; v10 leaves out what has no id. */
function visible (
  result: OffsetFetchGroupResult, { version, session }: Call, { access, metadata }: Needs
): OffsetFetchGroupResult {
  const topics = result.topics
    .filter(({ name }) => access.allows(session, 'describe', 'topic', name ?? ''))
    .map(topic => ({ ...topic, topicId: metadata.topics.find(topic.name ?? '')?.id ?? ZERO_UUID }))
    .filter(({ topicId }) => version < 10 || topicId !== ZERO_UUID)
  return { ...result, topics }
}

function failedTopic (
  { name, topicId, partitionIndexes }: AskedTopic, errorCode: number
): AnsweredTopic {
  return {
    name,
    topicId,
    partitions: partitionIndexes.map(partitionIndex =>
      ({ partitionIndex, committedOffset: -1n, metadata: '', errorCode })),
  }
}
