/**
 * Sends batches to the leaders of partitions: one request after another, so that order is kept.
 * With acks=all it is idempotent (KIP-98): a request that is sent again after a lost answer writes
 * nothing twice.
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import type { Codec } from '../../protocol/records/attributes.ts'
import { sequenceAfter } from '../../protocol/records/header.ts'
import type { NewRecord } from '../../protocol/records/record.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import type { Client } from './client.ts'
import { topicIn } from './cluster.ts'
import type { Cluster } from './cluster.ts'

export interface ProducerOptions {
  /** -1: all in-sync replicas, 1: the leader, 0: nobody answers. */
  readonly acks: number
  readonly codec: Codec
}

const TIMEOUT_MS = 30_000
const NO_PRODUCER = { id: -1n, epoch: -1 }

export class Producer {
  readonly #client: Client
  readonly #options: ProducerOptions
  #identity: { id: bigint, epoch: number } | undefined
  /** Next sequence by partition. */
  readonly #sequences = new Map<string, number>()
  /** By topic, what its leaders were told by; forgotten when it proves wrong. */
  readonly #clusters = new Map<string, Cluster>()

  constructor (client: Client, options: ProducerOptions) {
    this.#client = client
    this.#options = options
  }

  /** Rejects with KafkaError or ClientError; the offset of the first record, -1 with acks=0. */
  async send (topic: string, partition: number, records: readonly NewRecord[]): Promise<bigint> {
    const { id, epoch } = this.#identity ??= await this.#identify()
    const key = `${topic}:${partition}`
    const sequence = this.#sequences.get(key) ?? 0
    const batch = writeBatch(records, {
      codec: this.#options.codec, producerId: id, producerEpoch: epoch,
      baseSequence: id < 0n ? -1 : sequence,
    })
    const offset = await this.#client.retrying(() => this.#write(topic, partition, batch))
    this.#sequences.set(key, sequenceAfter(sequence, records.length))
    return offset
  }

  async #identify (): Promise<{ id: bigint, epoch: number }> {
    if (this.#options.acks !== ALL) return NO_PRODUCER
    return await this.#client.retrying(async () => {
      const answer = await this.#client.any(InitProducerId,
        { transactionalId: null, transactionTimeoutMs: TIMEOUT_MS })
      if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
      return { id: answer.producerId, epoch: answer.producerEpoch }
    })
  }

  async #write (topic: string, partition: number, batch: Buffer): Promise<bigint> {
    const { leaderId, topicId } = await this.#placeOf(topic, partition)
    const { connection, versions } = await this.#client.peer(leaderId)
    const request = {
      transactionalId: null,
      acks: this.#options.acks,
      timeoutMs: TIMEOUT_MS,
      topicData: [{ name: topic, topicId, partitionData: [{ index: partition, records: batch }] }],
    }
    const version = versions.of(Produce)
    if (this.#options.acks === 0) {
      connection.send(Produce, version, request)
      await connection.written()
      return -1n
    }
    const { responses } = await connection.request(Produce, version, request, TIMEOUT_MS)
    const answer = responses[0]?.partitionResponses[0]
    if (answer === undefined) throw new KafkaError(code.UNKNOWN_SERVER_ERROR)
    // It was written by the attempt whose answer was lost.
    if (answer.errorCode === code.DUPLICATE_SEQUENCE_NUMBER) return answer.baseOffset
    if (answer.errorCode !== code.NONE) {
      this.#clusters.delete(topic)
      throw new KafkaError(answer.errorCode, reasonOf(answer))
    }
    return answer.baseOffset
  }

  async #placeOf (
    topic: string, partition: number
  ): Promise<{ leaderId: number, topicId: string }> {
    const cluster = this.#clusters.get(topic) ?? await this.#client.describe([topic])
    const { partitions, topicId } = topicIn(cluster, topic)
    const leaderId = partitions.find(each => each.partition === partition)?.leaderId
    if (leaderId !== undefined && leaderId >= 0) {
      this.#clusters.set(topic, cluster)
      return { leaderId, topicId }
    }
    this.#clusters.delete(topic)
    throw new KafkaError(
      leaderId === undefined ? code.UNKNOWN_TOPIC_OR_PARTITION : code.LEADER_NOT_AVAILABLE
    )
  }
}

const ALL = -1

/** The first record's own reason says more than the code of the batch (KIP-467). */
function reasonOf ({ errorMessage, recordErrors }: {
  readonly errorMessage: string | null
  readonly recordErrors: ReadonlyArray<{ readonly batchIndexErrorMessage: string | null }>
}): string | undefined {
  return recordErrors[0]?.batchIndexErrorMessage ?? errorMessage ?? undefined
}
