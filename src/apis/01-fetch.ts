/**
 * Fetch v0-18: records for consumers (D6), with sessions (KIP-227) and the long poll.
 *
 * v0-3: messages of magic 0 and 1 for old clients, which Kafka 4 no longer serves and nobody is
 * told of. v5: log start offset. v7: sessions. v9: leader epoch (KIP-320). v11: rack (KIP-392).
 * v12: last fetched epoch (KIP-595). v13: topic ids (KIP-516). v15: replica state (KIP-903).
 * v16: where the leader is (KIP-951). v17: directory ids (KIP-853). v18: high watermark (KIP-1166).
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import type { FetchRequest } from '../../protocol/messages/01-fetch.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import { FINAL_EPOCH, INITIAL_EPOCH, INVALID_SESSION_ID } from '../core/fetch/fetch-session.ts'
import type { CachedPartition, FetchPosition, FetchSession, PartitionKey } from '../core/fetch/fetch-session.ts'
import type { Broker, Fetched, FetchTarget } from './broker.ts'
import { currentLeader } from './current-leader.ts'
import { largestFetch, mustWait } from './fetch-quota.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'
import { CONVERTED_BYTES_MAX, conversionBudget, FETCH_WITH_BATCHES, recordsFor } from './old-formats.ts'
import type { ConversionBudget } from './old-formats.ts'

type Needs = Pick<Broker,
  'metadata' | 'replicas' | 'access' | 'endpoints' | 'fetchSessions' | 'environment' | 'settings' | 'quotas'>

const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

export const fetch = handler(Fetch, {
  versions: [0, 18], advertised: [4, 18], failed,
}, async (request, call, needs: Needs) => {
  const { isolationLevel } = request
  const opened = openSession(request, call, needs)
  if (typeof opened === 'number') return { errorCode: opened, sessionId: INVALID_SESSION_ID, responses: [] }
  const { positions, session } = opened
  const targets = sortedTargets(positions, request, call, needs)
  const isNew = request.sessionEpoch === INITIAL_EPOCH
  /** What was not answered from it: a new session was never made. */
  const drop = (): void => {
    if (isNew && session !== undefined) needs.fetchSessions.remove(session.id)
  }
  if (isolationLevel !== READ_UNCOMMITTED && isolationLevel !== READ_COMMITTED &&
    targets.some(isRead)) {
    // Kafka looks at the level once a partition is read, and fails over one that does not exist.
    drop()
    throw new KafkaError(code.UNKNOWN_SERVER_ERROR, null)
  }
  const replicaId = replicaIdOf(request, call)
  const isConsumer = replicaId < 0
  const isOld = call.version < FETCH_WITH_BATCHES
  const result = await needs.replicas.fetch(targets, {
    version: call.version,
    maxWaitMs: request.maxWaitMs,
    minBytes: request.minBytes,
    maxBytes: Math.min(request.maxBytes, needs.settings.fetchBytesMax,
      isOld ? CONVERTED_BYTES_MAX : Infinity,
      isConsumer ? largestFetch(call, needs) : Infinity),
    readCommitted: isolationLevel === READ_COMMITTED,
    replicaId,
    takeRoom: () => {
      const bytes = call.session.takeAnswerRoom()
      // Old formats are made of the whole.
      return isOld ? Infinity : bytes
    },
    leaveRoom: () => { call.session.leaveAnswerRoom() },
  }, run => call.session.onClose(run))
  call.onSent(() => { result.release() })
  // D6.5: a duplicate of the request on another connection has moved the session on.
  if (opened.epoch !== undefined && session?.epoch !== opened.epoch) {
    return { errorCode: code.INVALID_FETCH_SESSION_EPOCH, sessionId: session?.id ??
      INVALID_SESSION_ID, responses: [] }
  }
  const { partitions } = result
  // What is measured is what is sent: old formats are converted once.
  let measured: ReturnType<typeof responsesOf> | undefined
  const measure = () =>
    (measured = responsesOf(newsOf(partitions, session), isConsumer, call, needs)).responses
  if (isConsumer && mustWait(call, measure, needs)) {
    // D6.27: the session is as if nothing had been read, and a new one was never made.
    drop()
    return {
      sessionId: isNew ? INVALID_SESSION_ID : session?.id ?? INVALID_SESSION_ID, responses: [],
    }
  }
  const told = session === undefined
    ? partitions
    : partitions.filter(each => session.tell(each.position as CachedPartition, factsOf(each)))
  return { sessionId: session?.id ?? INVALID_SESSION_ID, ...measured ??
    responsesOf(told, isConsumer, call, needs) }
})

/** KIP-903: followers say who they are in another place since v15. */
function replicaIdOf ({ replicaId, replicaState }: FetchRequest, { version }: Call): number {
  return version >= 15 ? replicaState.replicaId : replicaId
}

/** D0.2: for each partition, as long as partitions have names, and at the top. */
function failed (request: FetchRequest, { errorCode }: KafkaError, { version }: Call) {
  const row = (partitionIndex: number) => ({
    partitionIndex, errorCode, highWatermark: -1n, abortedTransactions: [], records: [],
  })
  return {
    errorCode,
    sessionId: request.sessionId,
    responses: version >= 13
      ? []
      : request.topics.map(({ topic, partitions }) =>
        ({ topic, partitions: partitions.map(({ partition }) => row(partition)) })),
  }
}

interface Opened {
  positions: readonly FetchPosition[]
  session: FetchSession | undefined
  /** Of an incremental request: the session's epoch must still be this one at the end. */
  epoch: number | undefined
}

/** D6.1-3. A number is the session's error. */
function openSession (request: FetchRequest, call: Call, needs: Needs): Opened | number {
  const { version } = call
  const { sessionId, sessionEpoch } = request
  const cache = needs.fetchSessions
  const nowMs = needs.environment.monotonicMs()
  const positions = positionsOf(request, version, needs)
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
    if (sessionId !== INVALID_SESSION_ID) cache.remove(sessionId)
    if (sessionEpoch === FINAL_EPOCH) return { positions, session: undefined, epoch: undefined }
    const session = cache.create({
      usesTopicIds: version >= 13, privileged: replicaIdOf(request, call) >= 0, nowMs,
      partitions: positions.length,
    }, () => needs.environment.random())
    session?.update(positions, [])
    return { positions: session === undefined
      ? positions
      : [...session.partitions], session, epoch: session?.epoch }
  }
  const session = cache.find(sessionId)
  if (session === undefined) return code.FETCH_SESSION_ID_NOT_FOUND
  const errorCode = session.accept(sessionEpoch, version >= 13, nowMs)
  if (errorCode !== code.NONE) return errorCode
  cache.touch(session)
  session.update(positions, forgottenOf(request))
  if (session.size === 0) {
    cache.remove(session.id)
    return { positions: [], session: undefined, epoch: undefined }
  }
  session.resolve(topicId => needs.metadata.topics.withId(topicId)?.name)
  return { positions: [...session.partitions], session, epoch: session.epoch }
}

/** A partition that is named twice counts once, as it is named last. */
function positionsOf (
  request: FetchRequest, version: number, { metadata }: Needs
): FetchPosition[] {
  const positions = new Map<string, FetchPosition>()
  for (const { topic, topicId, partitions } of request.topics) {
    const found = version >= 13 ? metadata.topics.withId(topicId) : metadata.topics.find(topic)
    const id = version >= 13 ? topicId : found?.id ?? ZERO_UUID
    for (const each of partitions) {
      positions.set(`${version >= 13 ? topicId : topic}/${each.partition}`, {
        topic: version >= 13 ? found?.name ?? '' : topic,
        topicId: id,
        index: each.partition,
        fetchOffset: each.fetchOffset,
        currentLeaderEpoch: each.currentLeaderEpoch,
        lastFetchedEpoch: each.lastFetchedEpoch,
        logStartOffset: each.logStartOffset,
        partitionBytesMax: each.partitionMaxBytes,
      })
    }
  }
  return [...positions.values()]
}

function forgottenOf (request: FetchRequest): PartitionKey[] {
  return request.forgottenTopicsData.flatMap(({ topic, topicId, partitions }) =>
    partitions.map(index => ({ topic, topicId, index })))
}

/** D6.8-11: what fails before the log comes after the others in the answer. */
function sortedTargets (
  positions: readonly FetchPosition[], request: FetchRequest, call: Call, needs: Needs
): FetchTarget[] {
  const isFollower = replicaIdOf(request, call) >= 0
  const mayFollow = isFollower && needs.access.allows(call.session, 'clusterAction', 'cluster', CLUSTER_NAME)
  const mayRead = (topic: string): boolean =>
    isFollower ? mayFollow : needs.access.allows(call.session, 'read', 'topic', topic)
  const targets = positions.map(position => targetOf(position, call.version, mayRead, needs))
  const refused = targets.filter(target => !isRead(target))
  // A consumer's unknown ids are sorted out before its partitions are looked for, a follower's with
  // them.
  const isUnknownId = ({ errorCode }: FetchTarget): boolean =>
    !isFollower && errorCode === code.UNKNOWN_TOPIC_ID
  return [
    ...targets.filter(isRead), ...refused.filter(isUnknownId),
    ...refused.filter(target => !isUnknownId(target)),
  ]
}

function isRead ({ isRefused }: FetchTarget): boolean { return !isRefused }

function targetOf (
  position: FetchPosition, version: number, mayRead: (topic: string) => boolean,
  { metadata, replicas }: Needs
): FetchTarget {
  const { topic, index } = position
  const refused = (errorCode: number): FetchTarget =>
    ({ position, partition: undefined, errorCode, isRefused: true })
  if (topic === '' && version >= 13) return refused(code.UNKNOWN_TOPIC_ID)
  if (!mayRead(topic)) return refused(code.TOPIC_AUTHORIZATION_FAILED)
  if (metadata.topics.partition(topic, index) === undefined) {
    return refused(code.UNKNOWN_TOPIC_OR_PARTITION)
  }
  const partition = replicas.find(topic, index)
  const errorCode = partition === undefined ? code.NOT_LEADER_OR_FOLLOWER : code.NONE
  return { position, partition, errorCode, isRefused: false }
}

/** D6.4: what there is to tell, before it is told. */
function newsOf (
  fetched: readonly Fetched[], session: FetchSession | undefined
): readonly Fetched[] {
  if (session === undefined) return fetched
  return fetched.filter(each => session.isNews(each.position as CachedPartition, factsOf(each)))
}

function factsOf ({ errorCode, highWatermark, logStartOffset, divergingEpoch, read }: Fetched) {
  return {
    errorCode,
    highWatermark,
    logStartOffset,
    hasRecords: (read?.bytes ?? 0) > 0,
    hasNews: divergingEpoch !== undefined,
  }
}

/**
 * D6.8, D6.17: consecutive partitions of one topic share a row: of one name, or id, as the version
 * says it.
 */
function responsesOf (fetched: readonly Fetched[], isConsumer: boolean, call: Call, needs: Needs) {
  const leader = currentLeader(needs, call.session)
  const responses: Array<
    { topic: string, topicId: string, partitions: Array<ReturnType<typeof rowOf>> }
  > = []
  const budget = conversionBudget()
  for (const each of fetched) {
    const { topic, topicId } = each.position
    const row = rowOf(each, call.version, leader, { needs, budget })
    const last = responses.at(-1)
    const isSame = call.version >= 13 ? last?.topicId === topicId : last?.topic === topic
    if (last !== undefined && isSame) last.partitions.push(row)
    else responses.push({ topic, topicId, partitions: [row] })
  }
  // KIP-951 is for clients: followers hear of new leaders from the controller.
  return { responses, nodeEndpoints: isConsumer ? leader.nodeEndpoints() : [] }
}

interface Answering { readonly needs: Needs, readonly budget: ConversionBudget }

function rowOf (
  fetched: Fetched, version: number, leader: ReturnType<typeof currentLeader>, answer: Answering
) {
  const { position, aborted, divergingEpoch } = fetched
  const { errorCode, records } = recordsFor(fetched, version, answer.needs, answer.budget)
  const moved = version >= 16 &&
    (errorCode === code.NOT_LEADER_OR_FOLLOWER || errorCode === code.FENCED_LEADER_EPOCH)
  return {
    partitionIndex: position.index,
    errorCode,
    highWatermark: fetched.highWatermark,
    lastStableOffset: fetched.lastStableOffset,
    logStartOffset: fetched.logStartOffset,
    divergingEpoch,
    currentLeader: moved ? leader.of(position.topic, position.index) : undefined,
    abortedTransactions: aborted,
    records,
  }
}
