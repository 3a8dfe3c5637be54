/** kafkajs as its users have it, unmodified, beside a broker in this process. */
import { EventEmitter } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import type { Consumer, ConsumerConfig, KafkaMessage, Message, Producer, ProducerConfig } from 'kafkajs'
import type { Test } from 'tap'
import { startBroker } from '../../src/index.ts'
import type { BrokerOverrides, OttlaBroker } from '../../src/index.ts'
import { Inbox } from './inbox.ts'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
// A dozen requests under way on one connection each wait for its close.
EventEmitter.defaultMaxListeners = 100

/**
 * For a machine that is busy with everything else: real clients pass or hang, they are not timed.
 */
export const FILE_TIMEOUT_MS = 300_000

export interface Received {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  readonly key: string | null
  readonly value: string | null
  readonly message: KafkaMessage
}

/**
 * Fetches that wait shortly and heartbeats that come often: rebalances are then a matter of
 * moments.
 */
const QUICK = { maxWaitTimeInMs: 100, heartbeatInterval: 200 }

/**
 * One broker on a directory of its own, and the clients that talk to it; all ends with the test.
 */
export class Clients {
  readonly broker: OttlaBroker
  readonly kafka: Kafka
  readonly #t: Test
  #names = 0

  private constructor (t: Test, broker: OttlaBroker) {
    this.#t = t
    this.broker = broker
    this.kafka = kafkaOf(broker)
  }

  static async start (t: Test, settings: BrokerOverrides = {}): Promise<Clients> {
    t.setTimeout(FILE_TIMEOUT_MS)
    let broker: OttlaBroker | undefined
    // Before testdir: the broker stops first, then its directory goes.
    t.teardown(() => broker?.stop())
    broker = await startBroker({
      dataDirectory: t.testdir(),
      settings,
      // A broker that gives up makes every client wait: then its reason is what matters.
      log: (level, message) => { if (level === 'error') t.comment(`broker: ${message}`) },
    })
    return new Clients(t, broker)
  }

  /** A name that no other case of this file uses. */
  name (kind: string): string { return `${kind}-${++this.#names}` }

  async topic (numPartitions = 1): Promise<string> {
    const topic = this.name('topic')
    const admin = this.kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions }] })
    await admin.disconnect()
    return topic
  }

  async producer (config: ProducerConfig = {}, t = this.#t): Promise<Producer> {
    const producer = this.kafka.producer(config)
    t.teardown(() => producer.disconnect())
    await producer.connect()
    return producer
  }

  async send (topic: string, messages: Message[]): Promise<void> {
    const producer = this.kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages })
    await producer.disconnect()
  }

  async consumer (
    config: Partial<ConsumerConfig> = {}, t = this.#t, kafka = this.kafka
  ): Promise<Consumer> {
    const consumer = kafka.consumer({ groupId: this.name('group'), ...QUICK, ...config })
    t.teardown(() => consumer.disconnect())
    await consumer.connect()
    return consumer
  }

  /** Everything in the topics, as a new group reads it; in order within each partition. */
  async readAll (topics: string | string[], count: number): Promise<readonly Received[]> {
    const consumer = await this.consumer()
    const inbox = new Inbox<Received>()
    await consumer.subscribe({ topics: [topics].flat(), fromBeginning: true })
    await consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
    await inbox.has(count)
    await consumer.disconnect()
    return inbox.items
  }
}

export function kafkaOf ({ bootstrapServers }: Pick<OttlaBroker, 'bootstrapServers'>, more: object = {}): Kafka {
  return new Kafka({
    clientId: 'test',
    brokers: [bootstrapServers],
    logLevel: logLevel.NOTHING,
    retry: { initialRetryTime: 50, maxRetryTime: 1000, retries: 30 },
    ...more,
  })
}

export function received (
  { topic, partition, message }: { topic: string, partition: number, message: KafkaMessage }
): Received {
  return {
    topic,
    partition,
    offset: BigInt(message.offset),
    key: message.key?.toString() ?? null,
    value: message.value?.toString() ?? null,
    message,
  }
}

/** Kafka's name for what went wrong: kafkajs wraps it once its retries are spent. */
export async function reasonOf (attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
    return 'NONE'
  } catch (error) {
    const { type, cause, message } =
      error as { type?: string, cause?: { type?: string }, message: string }
    return type ?? cause?.type ?? message
  }
}

/** A machine whose plug can be pulled: its clients say no goodbye and reach nobody from then on. */
export class Machine {
  readonly kafka: Kafka
  readonly #sockets = new Set<Socket>()
  #on = true

  constructor (broker: OttlaBroker) {
    this.kafka = kafkaOf(broker, {
      retry: { retries: 0 },
      socketFactory: (
        { host, port, onConnect }: { host: string, port: number, onConnect: () => void }
      ) => {
        const socket = connect({ host, port }, onConnect)
        if (this.#on) this.#sockets.add(socket)
        else socket.destroy(new Error('the plug is pulled'))
        return socket
      },
    })
  }

  get isOn (): boolean { return this.#on }

  pullPlug (): void {
    this.#on = false
    for (const socket of this.#sockets) socket.destroy(new Error('the plug is pulled'))
  }
}
