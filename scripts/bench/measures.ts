/** What `npm run bench` asks of each broker, in the order in which it is asked. */
import { spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel } from 'kafkajs'
import type { Admin } from 'kafkajs'
import { kafkaHome } from '../kafka/home.ts'
import { progress } from '../steady.ts'
import type { Contender } from './contender.ts'
import type { Figures } from './figures.ts'
import { consume, produce } from './load.ts'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'

/** Bytes of a record, how many at scale 1, codec. */
const LOADS = [[100, 8e6, 'none'], [1024, 2e6, 'none'], [10_240, 2e5, 'none'], [1024, 2e6, 'lz4']] as const
const WARM_UP = { topic: 'warm-up', bytes: 1024, count: 1e6 }
const STARTS = 3
const SENDS = { warmUp: 1000, counted: 2000 }
const CALLS = 200
const RECORDS_A_CALL = 1000
const JOINS = 7
const TOPICS = { count: 200, partitions: 5 }
const JAVA_MS = 120_000

export interface Run {
  readonly contender: Contender
  readonly figures: Figures
  /** Of the counts of the loads. */
  readonly scale: number
  readonly signal: AbortSignal
}

/** Everything, from an empty data directory to a restart with what the loads left. */
export async function measure (run: Run): Promise<void> {
  const { contender, figures, signal } = run
  await starts(run)
  const admin = clientOf(contender).admin()
  await admin.connect()
  for (const part of [loads, sends, joins, latency, manyTopics]) {
    signal.throwIfAborted()
    progress(`${contender.name}: ${part.name}`)
    await part(run, admin)
  }
  figures.put('memory with 1,000 partitions after the loads (anonymous), MB', Math.round(contender.usage().anonymousMb), 'less')
  await admin.disconnect()
  await contender.stop()
  const beganMs = await contender.boot()
  await firstAcknowledgement(contender)
  figures.put('restart with that data to first acked record, ms', Math.round(performance.now() - beganMs), 'less')
}

async function starts ({ contender, figures }: Run): Promise<void> {
  const times: number[] = []
  for (let start = 0; start < STARTS; start++) {
    await contender.stop()
    const beganMs = await contender.boot()
    await firstAcknowledgement(contender)
    times.push(performance.now() - beganMs)
  }
  figures.put('start to first acked record, ms', Math.round(quantile(times, 0.5)), 'less')
  await sleep(2000)
  figures.put('idle memory (anonymous), MB', Math.round(contender.usage().anonymousMb), 'less')
}

async function firstAcknowledgement ({ port }: Contender): Promise<void> {
  for (;;) {
    try {
      const kafka = new Kafka({
        brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING, connectionTimeout: 1000, requestTimeout: 2000,
        retry: { retries: 0 },
      })
      const producer = kafka.producer({ allowAutoTopicCreation: true })
      await producer.connect()
      await producer.send({ topic: 'first', messages: [{ value: 'x' }] })
      await producer.disconnect()
      return
    } catch {
      await sleep(10)
    }
  }
}

async function loads ({ contender, figures, scale, signal }: Run, admin: Admin): Promise<void> {
  await create(admin, WARM_UP.topic)
  await produce(contender, WARM_UP)
  await consume(contender, WARM_UP)
  for (const [bytes, most, codec] of LOADS) {
    signal.throwIfAborted()
    const count = Math.round(most * scale)
    const label = `${bytes} B${codec === 'none' ? '' : ` ${codec}`}`
    const topic = `t${bytes}-${codec}`
    await create(admin, topic)
    const ways = [
      ['produce', () => produce(contender, { topic, bytes, count, codec })],
      ['consume', () => consume(contender, { topic, count })],
    ] as const
    for (const [what, load] of ways) {
      const { cpuSeconds } = contender.usage()
      const rate = await load()
      const perGb = (contender.usage().cpuSeconds - cpuSeconds) / (count * bytes / 1e9)
      figures.put(`${what} ${label}, msg/s`, rate, 'more')
      figures.put(`${what} ${label}, broker CPU s per GB`, Number(perGb.toFixed(2)), 'less')
    }
  }
}

async function sends ({ contender, figures }: Run, admin: Admin): Promise<void> {
  const producer = clientOf(contender).producer()
  await producer.connect()
  await create(admin, 'one')
  const times: number[] = []
  for (let send = 0; send < SENDS.warmUp + SENDS.counted; send++) {
    const beganMs = performance.now()
    await producer.send({ topic: 'one', acks: -1, messages: [{ value: 'x' }] })
    if (send >= SENDS.warmUp) times.push(performance.now() - beganMs)
  }
  figures.put('kafkajs send() acks=all one at a time p50, ms', Number(quantile(times, 0.5).toFixed(3)), 'less')
  figures.put('kafkajs send() p99, ms', Number(quantile(times, 0.99).toFixed(3)), 'less')
  const beganMs = performance.now()
  for (let call = 0; call < CALLS; call++) {
    const messages = Array.from({ length: RECORDS_A_CALL }, () => ({ value: 'x'.repeat(100) }))
    await producer.send({ topic: 'one', messages })
  }
  const rate = Math.round(CALLS * RECORDS_A_CALL / (performance.now() - beganMs) * 1000)
  figures.put('kafkajs produce 1000 x 100 B a call, msg/s', rate, 'more')
  await producer.disconnect()
}

async function joins ({ contender, figures }: Run, admin: Admin): Promise<void> {
  const kafka = clientOf(contender)
  const times: number[] = []
  for (let join = 0; join < JOINS; join++) {
    const topic = `join-${join}`
    await create(admin, topic, 4)
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic, messages: [{ value: 'x' }] })
    await producer.disconnect()
    const consumer = kafka.consumer({ groupId: topic })
    await consumer.connect()
    const beganMs = performance.now()
    await consumer.subscribe({ topic, fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.run({ eachMessage: async () => { resolve() } }).catch(reject)
    })
    times.push(performance.now() - beganMs)
    await consumer.disconnect()
  }
  figures.put('subscribe to first record, new group, ms', Number(quantile(times, 0.5).toFixed(1)), 'less')
}

async function latency ({ contender, figures }: Run): Promise<void> {
  const { stdout } = spawnSync('java', [
    '-Xmx256m', '-cp', `${kafkaHome()}/libs/*`, '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    'org.apache.kafka.tools.EndToEndLatency', '--bootstrap-server', `127.0.0.1:${contender.port}`, '--topic', 'one',
    '--num-records', '20000', '--producer-acks', 'all', '--record-size', '100',
  ], { encoding: 'utf8', timeout: JAVA_MS })
  const average = Number(/Avg latency: ([\d.]+)/.exec(stdout)?.[1] ?? 0)
  figures.put('end to end latency (Java, acks=all) avg, ms', average, 'less')
}

async function manyTopics ({ figures }: Run, admin: Admin): Promise<void> {
  const topics = Array.from({ length: TOPICS.count }, (_, index) => ({
    topic: `many-${index}`, numPartitions: TOPICS.partitions,
  }))
  const beganMs = performance.now()
  // One that answers late, or that not all are open yet, has made them all the same.
  await admin.createTopics({ timeout: 60_000, topics }).catch(() => {})
  figures.put('create 200 topics of 5 partitions, ms', Math.round(performance.now() - beganMs), 'less')
}

function clientOf ({ port }: Contender): Kafka {
  return new Kafka({ brokers: [`127.0.0.1:${port}`], logLevel: logLevel.NOTHING })
}

async function create (admin: Admin, topic: string, numPartitions = 1): Promise<void> {
  // A broker that makes the topic and says in the same breath that it has no leader yet.
  await admin.createTopics({ topics: [{ topic, numPartitions }] }).catch(() => sleep(500))
}

function quantile (values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0
}
