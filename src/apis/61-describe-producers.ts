/** DescribeProducers v0: what partitions remember of their producers (D15, KIP-664). */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeProducers } from '../../protocol/messages/61-describe-producers.ts'
import type { DescribeProducersRequest } from '../../protocol/messages/61-describe-producers.ts'
import { failure } from '../core/controller/failure.ts'
import type { Failure } from '../core/controller/failure.ts'
import { topicNameProblem } from '../core/metadata/topic-name.ts'
import { NO_SEQUENCE } from '../core/producer/producer-state.ts'
import type { ProducerEntry } from '../core/producer/producer-state.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'metadata' | 'replicas'>

export const describeProducers = handler(DescribeProducers, { versions: [0, 0], failed },
  async ({ topics }, call, needs: Needs) => ({
    topics: await Promise.all(topics.map(async ({ name, partitionIndexes }) => {
      const problem = topicProblem(name, call, needs)
      return {
        name,
        partitions: await Promise.all(partitionIndexes.map(index => problem === undefined
          ? partitionRow(name, index, needs)
          : { partitionIndex: index, ...problem, activeProducers: [] })),
      }
    })),
  }))

function failed (
  { topics }: DescribeProducersRequest, { errorCode, text: errorMessage }: KafkaError
) {
  return {
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map(partitionIndex =>
        ({ partitionIndex, errorCode, errorMessage, activeProducers: [] })),
    })),
  }
}

function topicProblem (
  name: string, { session }: Call, { access, metadata }: Needs
): Failure | undefined {
  const illegal = topicNameProblem(name)
  if (illegal !== undefined) return failure(code.INVALID_TOPIC_EXCEPTION, illegal)
  if (!access.allows(session, 'read', 'topic', name)) return failure(code.TOPIC_AUTHORIZATION_FAILED)
  if (metadata.topics.find(name) === undefined) return failure(code.UNKNOWN_TOPIC_OR_PARTITION)
  return undefined
}

/** Any replica answers, not only the leader; errors of a partition carry no text. */
async function partitionRow (name: string, partitionIndex: number, { metadata, replicas }: Needs) {
  const refused = (errorCode: number) =>
    ({ partitionIndex, errorCode, errorMessage: null, activeProducers: [] })
  const partition = replicas.find(name, partitionIndex)
  if (partition === undefined) {
    const exists = metadata.topics.partition(name, partitionIndex) !== undefined
    return refused(exists ? code.NOT_LEADER_OR_FOLLOWER : code.UNKNOWN_TOPIC_OR_PARTITION)
  }
  await partition.whenLoaded()
  if (!partition.available) return refused(code.KAFKA_STORAGE_ERROR)
  const activeProducers = [...partition.state.producers.entries].map(producerRow)
  return { partitionIndex, errorCode: code.NONE, errorMessage: null, activeProducers }
}

function producerRow (entry: ProducerEntry) {
  return {
    producerId: entry.producerId,
    producerEpoch: entry.epoch,
    lastSequence: entry.batches.at(-1)?.lastSequence ?? NO_SEQUENCE,
    lastTimestamp: entry.lastTimestamp,
    coordinatorEpoch: entry.coordinatorEpoch,
    currentTxnStartOffset: entry.transactionFirstOffset ?? -1n,
  }
}
