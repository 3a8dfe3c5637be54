/**
 * Produce v0-13: one batch for each partition (D5); v0 to v2 have messages instead, as old clients
 * write them. Kafka 4 lists those versions for old librdkafka's sake (KAFKA-18659) but closes.
 *
 * Every offset is decided before the first await, so requests pipelined on one connection keep
 * their order while their commits overlap.
 *
 * v8: record errors and error messages (KIP-467). v10: the leader, where it is not this broker
 * (KIP-951). v12: transactions of KIP-890. v13: topics by id (KIP-516).
 */
import { code, errorName, KafkaError } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import type { ProduceRequest } from '../../protocol/messages/00-produce.ts'
import { completeSize } from '../../protocol/records/batches.ts'
import { theBatch } from '../../protocol/records/check.ts'
import { RecordError } from '../../protocol/records/error.ts'
import { HEADER_SIZE, producerEpoch, producerId } from '../../protocol/records/header.ts'
import { isTransactional } from '../../protocol/records/read.ts'
import { refusal } from '../core/replica/produce-outcome.ts'
import type { ProduceOutcome } from '../core/replica/produce-outcome.ts'
import type { Broker } from './broker.ts'
import { Close, handler, NO_ANSWER } from './handler.ts'
import type { Call } from './handler.ts'
import { currentLeader } from './current-leader.ts'
import { batchOf, PRODUCE_WITH_BATCHES } from './old-formats.ts'
import { grouped } from './rows.ts'

type Needs = Pick<Broker, 'metadata' | 'replicas' | 'access' | 'endpoints' | 'quotas' | 'environment'>
type Topic = ProduceRequest['topicData'][number]
type Outcome = ProduceOutcome | Promise<ProduceOutcome>

/** How many failed partitions one line of the log names. */
const FAILURES_NAMED = 3

/**
 * Kafka answers first what reached a partition, and the refusals behind that by their kind (D0.12).
 */
const place = { PARTITION: 0, DENIED: 1, MISSING: 2, INVALID: 3 } as const
type Place = typeof place[keyof typeof place]

interface Row {
  topic: Topic
  name: string | undefined
  index: number
  records: Buffer | null
  outcome: Outcome
  place: Place
}

const ACKS = new Set([-1, 0, 1])

export const produce = handler(Produce,
  { versions: [0, 13], strictVersions: [3,
    13], pipelined: true, isFrameFree: true, hasShortAnswer: true, failed },
  (request, call, needs: Needs) => {
    const rows = rowsOf(request, call.version, needs)
    const requestError = checkRequest(request, call, needs)
    for (const row of rows) {
      row.outcome = requestError === undefined
        ? produceRow(row, request, call, needs)
        : refusal(requestError)
    }
    if (rows.some(row => row.place !== place.PARTITION)) {
      rows.sort((one, other) => one.place - other.place)
    }
    return answer(rows, request.acks, call, needs)
  })

/** D0.2: acks=0 has no error answer. */
function failed ({ acks, topicData }: ProduceRequest, { errorCode, text }: KafkaError) {
  if (acks === 0) return new Close(errorName(errorCode))
  const rows = topicData.flatMap(({ name, topicId, partitionData }) =>
    partitionData.map(({ index }) => ({ name, topicId, index })))
  return {
    responses: [...grouped(rows, keyOf).values()].map(same => ({
      name: same[0]?.name,
      topicId: same[0]?.topicId,
      partitionResponses: [...new Set(same.map(({ index }) => index))].map(index =>
        ({ index, errorCode, baseOffset: -1n, recordErrors: [], errorMessage: text })),
    })),
  } as const
}

/** What a version does not carry is the same in all topics. */
function keyOf ({ name, topicId }: Pick<Topic, 'name' | 'topicId'>): string { return `${topicId}/${name}` }

/** D5.8: a partition named twice has one row, and the last records count. */
function rowsOf (request: ProduceRequest, version: number, { metadata }: Needs): Row[] {
  const rows = new Map<string, Row>()
  for (const topic of request.topicData) {
    const name = version >= 13 ? metadata.topics.withId(topic.topicId)?.name : topic.name
    for (const { index, records } of topic.partitionData) {
      rows.set(`${keyOf(topic)}/${index}`,
        { topic, name, index, records, outcome: refusal(code.UNKNOWN_SERVER_ERROR),
          place: place.PARTITION })
    }
  }
  return [...rows.values()]
}

/** D5.1-2: what fails for every partition. */
function checkRequest (
  { transactionalId, topicData }: ProduceRequest, { session }: Call, { access }: Needs
): number | undefined {
  let owner: string | undefined
  for (const { records } of topicData.flatMap(({ partitionData }) => partitionData)) {
    if (records === null || !isFirstTransactional(records)) continue
    if (transactionalId === null || !access.allows(session, 'write', 'transactionalId', transactionalId)) {
      return code.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    }
    const producer = `${producerId(records)}/${producerEpoch(records)}`
    if (owner !== undefined && owner !== producer) return code.INVALID_PRODUCER_ID_MAPPING
    owner = producer
  }
  return undefined
}

/**
 * D5.7: a header that is none fails the whole request, and says why, when the first batches are
 * looked at.
 */
function isFirstTransactional (records: Buffer): boolean {
  try {
    return completeSize(records, 0) >= HEADER_SIZE && isTransactional(records)
  } catch (error) {
    if (error instanceof RecordError) throw new KafkaError(code.CORRUPT_MESSAGE, error.message)
    throw error
  }
}

function produceRow (row: Row, request: ProduceRequest, call: Call, needs: Needs): Outcome {
  const { topic, name, index, records } = row
  const { version, clientId, session } = call
  const refuse = (errorCode: number, where: Place): ProduceOutcome => {
    row.place = where
    return refusal(errorCode)
  }
  if (version >= 13 && name === undefined) return refuse(code.UNKNOWN_TOPIC_ID, place.MISSING)
  const topicName = name ?? topic.name
  if (!needs.access.allows(session, 'write', 'topic', topicName)) {
    return refuse(code.TOPIC_AUTHORIZATION_FAILED, place.DENIED)
  }
  if (needs.metadata.topics.partition(topicName, index) === undefined) {
    return refuse(code.UNKNOWN_TOPIC_OR_PARTITION, place.MISSING)
  }
  const given = version < PRODUCE_WITH_BATCHES ? undefined : theBatch(records, version)
  if (given !== undefined && !Buffer.isBuffer(given)) return refuse(given.errorCode, place.INVALID)
  if (!ACKS.has(request.acks)) return refusal(code.INVALID_REQUIRED_ACKS)
  // D5.9: there is no transaction coordinator yet, so no partition is part of a transaction.
  if (given !== undefined && isTransactional(given)) return refusal(code.INVALID_TXN_STATE)
  const partition = needs.replicas.find(topicName, index)
  if (partition === undefined) return refusal(code.NOT_LEADER_OR_FOLLOWER)
  const batch = given ?? batchOf(records, partition.settings)
  if (!Buffer.isBuffer(batch)) return refusal(batch.errorCode)
  return partition.produce(batch,
    { version, clientId, acks: request.acks, timeoutMs: request.timeoutMs })
}

/** D5.33: acks=0 has no answer, and an error closes the connection. */
async function answer (rows: readonly Row[], acks: number, call: Call, needs: Needs) {
  const outcomes = await Promise.all(rows.map(row => row.outcome))
  const { quotas, environment } = needs
  // KIP-13: what was appended counts, and those that ask for no answer wait as well.
  if (!quotas.produce.isUnset) {
    call.throttle(
      quotas.produce.record(call.quotaClient, call.requestBytes, environment.monotonicMs())
    )
  }
  if (acks === 0) return unanswered(rows, outcomes)
  const moved = currentLeader(needs, call.session)
  const answers = rows.map((row, at) => {
    const outcome = outcomes[at] as ProduceOutcome
    const isElsewhere = outcome.errorCode === code.NOT_LEADER_OR_FOLLOWER && call.version >= 10
    return {
      topic: row.topic,
      partition: partitionAnswer(row, outcome,
        isElsewhere ? moved.of(row.name ?? row.topic.name, row.index) : undefined),
    }
  })
  return {
    responses: [...grouped(answers, ({ topic }) => keyOf(topic)).values()].map(same => ({
      name: same[0]?.topic.name,
      topicId: same[0]?.topic.topicId,
      partitionResponses: same.map(({ partition }) => partition),
    })),
    nodeEndpoints: moved.nodeEndpoints(),
  }
}

function partitionAnswer (
  { index }: Row, outcome: ProduceOutcome,
  leader: { leaderId: number, leaderEpoch: number } | undefined
) {
  return {
    index,
    errorCode: outcome.errorCode,
    baseOffset: outcome.baseOffset,
    logAppendTimeMs: outcome.logAppendTimeMs,
    logStartOffset: outcome.logStartOffset,
    errorMessage: outcome.errorMessage,
    recordErrors: outcome.recordErrors.map(({ batchIndex, message }) =>
      ({ batchIndex, batchIndexErrorMessage: message })),
    currentLeader: leader,
  }
}

/** Nobody is told but the log: it names the partitions, as Kafka's does, and of many the first. */
function unanswered (rows: readonly Row[], outcomes: readonly ProduceOutcome[]) {
  const failures = rows.flatMap(({ topic, name, index }, at) => {
    const { errorCode } = outcomes[at] as ProduceOutcome
    return errorCode === code.NONE ? [] : [`${errorName(errorCode)} for ${name ?? topic.topicId}-${index}`]
  })
  if (failures.length === 0) return NO_ANSWER
  const more = failures.length - FAILURES_NAMED
  return new Close(failures.slice(0, FAILURES_NAMED).join(', ') + (more > 0 ? ` and ${more} more` : ''))
}
