/** The five kinds of consumers of the story: how they read, and when they say that they have. */
import type { Consumer, ConsumerConfig, ConsumerRunConfig, EachMessagePayload, Kafka, KafkaMessage } from 'kafkajs'
import { Ledger } from '../../support/ledger.ts'
import type { Machine } from '../../support/kafkajs.ts'
import { identity } from './producers.ts'
import type { Topic } from './producers.ts'

type Deliver = (topic: string, partition: number, message: KafkaMessage) => void

export interface Kind {
  readonly groupId: string
  readonly topics: readonly Topic[]
  /** How its members subscribe, where that is not by name. */
  readonly pattern?: RegExp
  /** Keeps the offset beside what it has made of the records, and starts from there. */
  readonly storesOffsets?: boolean
  run (consumer: Consumer, deliver: Deliver): ConsumerRunConfig
}

const eachMessage = (deliver: Deliver) =>
  async ({ topic, partition, message }: EachMessagePayload) => {
    deliver(topic, partition, message)
  }

export const kinds: readonly Kind[] = [
  {
    groupId: 'databases',
    topics: ['changes'],
    storesOffsets: true,
    run: (_consumer, deliver) => ({
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, isStale, isRunning, resolveOffset, heartbeat }) => {
        for (const message of batch.messages) {
          if (isStale() || !isRunning()) break
          deliver(batch.topic, batch.partition, message)
          resolveOffset(message.offset)
          await heartbeat()
        }
      },
    }),
  },
  {
    groupId: 'security',
    topics: ['clicks', 'facts', 'changes', 'rooms'],
    run: (_consumer, deliver) => ({ autoCommitThreshold: 50, eachMessage: eachMessage(deliver) }),
  },
  {
    groupId: 'monitoring',
    topics: ['clicks', 'rooms'],
    pattern: /^(clicks|rooms)$/,
    run: (_consumer, deliver) => ({ autoCommitInterval: 200, eachMessage: eachMessage(deliver) }),
  },
  {
    groupId: 'services',
    topics: ['rooms'],
    run: (consumer, deliver) => ({
      autoCommit: false,
      eachMessage: async each => {
        const { topic, partition, message } = each
        await eachMessage(deliver)(each)
        await consumer.commitOffsets([{ topic, partition, offset: `${BigInt(message.offset) + 1n}` }])
      },
    }),
  },
  {
    groupId: 'warehouse',
    topics: ['facts', 'clicks'],
    run: (_consumer, deliver) => ({
      partitionsConsumedConcurrently: 2,
      eachBatch: async (
        { batch, heartbeat, resolveOffset, commitOffsetsIfNecessary, uncommittedOffsets }
      ) => {
        for (const [n, message] of batch.messages.entries()) {
          deliver(batch.topic, batch.partition, message)
          resolveOffset(message.offset)
          if (n % 200 === 199) {
            await commitOffsetsIfNecessary(uncommittedOffsets())
            await heartbeat()
          }
        }
      },
    }),
  },
]

/** One group and its members, which come and go. */
export class Group {
  readonly kind: Kind
  readonly ledger = new Ledger()
  readonly #members: Consumer[] = []
  readonly #left = new Set<Consumer>()
  /** Beside the data, in one transaction with it, as a database would keep them. */
  readonly #stored = new Map<string, bigint>()

  constructor (kind: Kind) { this.kind = kind }

  /** Resolves when the member has its first assignment. */
  async join (kafka: Kafka, machine?: Machine): Promise<void> {
    const config: ConsumerConfig = {
      groupId: this.kind.groupId, maxWaitTimeInMs: 100, heartbeatInterval: 200,
      sessionTimeout: 10_000,
    }
    const consumer = (machine?.kafka ?? kafka).consumer(config)
    this.#members.push(consumer)
    this.#staysAway(consumer)
    const joined = new Promise<void>(resolve => {
      consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
        if (this.kind.storesOffsets === true) this.#seek(consumer, payload.memberAssignment)
        resolve()
      })
    })
    consumer.on(consumer.events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { topic, partitions } of payload.topics) {
        for (const { partition, offset } of partitions) {
          this.ledger.committed(topic, Number(partition), BigInt(offset))
        }
      }
    })
    await consumer.connect()
    const { pattern, topics } = this.kind
    await consumer.subscribe(
      { topics: pattern === undefined ? [...topics] : [pattern], fromBeginning: true }
    )
    await consumer.run(this.kind.run(consumer, (topic, partition, message) => {
      if (machine?.isOn === false) throw new Error('a machine without power does not work')
      const offset = BigInt(message.offset)
      this.ledger.deliver({ topic, partition, offset, ...identity(message) })
      this.#stored.set(`${topic}/${partition}`, offset + 1n)
    }))
    await joined
  }

  #seek (consumer: Consumer, assignment: Record<string, readonly number[]>): void {
    for (const [topic, partitions] of Object.entries(assignment)) {
      for (const partition of partitions) {
        const stored = this.#stored.get(`${topic}/${partition}`)
        if (stored !== undefined) consumer.seek({ topic, partition, offset: `${stored}` })
      }
    }
  }

  /** The member that has been here longest says goodbye. */
  async leave (): Promise<void> {
    const consumer = this.#members.shift()
    if (consumer === undefined) return
    this.#left.add(consumer)
    await consumer.disconnect()
  }

  /**
   * kafkajs forgets a goodbye that comes while it is about to start again, as it does after the
   * broker was away: such a member would go on for ever, so it is told once more.
   */
  #staysAway (consumer: Consumer): void {
    const { CRASH, FETCH_START } = consumer.events
    for (const event of [CRASH, FETCH_START]) {
      consumer.on(event, () => {
        // Its next start is planned right after it has told of the crash.
        if (this.#left.has(consumer)) setImmediate(() => { void consumer.disconnect() })
      })
    }
  }

  async end (): Promise<void> {
    while (this.#members.length > 0) await this.leave()
  }
}
