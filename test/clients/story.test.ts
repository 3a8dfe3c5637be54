/**
 * The story of an ordinary day: four kinds of producers write while five groups read, members come,
 * go and fall over, and in the middle of it the broker is stopped and started again on the same
 * directory and port.
 */
import t from 'tap'
import { startBroker } from '../../src/index.ts'
import type { OttlaBroker } from '../../src/index.ts'
import { FILE_TIMEOUT_MS, kafkaOf, Machine } from '../support/kafkajs.ts'
import { Inbox } from '../support/inbox.ts'
import { Ledger } from '../support/ledger.ts'
import { Group, kinds } from './story/consumers.ts'
import type { Kind } from './story/consumers.ts'
import { identity, topics, write, writers } from './story/producers.ts'
import type { Acknowledged, Topic } from './story/producers.ts'

t.setTimeout(FILE_TIMEOUT_MS)

let broker: OttlaBroker | undefined
t.teardown(() => broker?.stop())
const dataDirectory = t.testdir()
broker = await startBroker({ dataDirectory, settings: { 'group.min.session.timeout.ms': 1000 } })
const { clusterId, port } = broker
const kafka = kafkaOf(broker)
const admin = kafka.admin()
t.teardown(() => admin.disconnect())
await admin.connect()
await admin.createTopics({
  topics: Object.entries(topics).map(([topic, numPartitions]) => ({ topic, numPartitions })),
})

const groups = Object.fromEntries(kinds.map(kind => [kind.groupId, new Group(kind)]))
const group = (name: string): Group => groups[name] as Group
const acknowledged = new Inbox<Acknowledged>()
/** Requests that the writers make in all; the day's events come after so many of them. */
const requests = writers.reduce((sum, { rounds }) => sum + rounds, 0)

interface Log {
  /** Which record is where, by `partition@offset`. */
  readonly at: ReadonlyMap<string, string>
  readonly outOfOrder: readonly string[]
}

/** Everything that a topic holds, as somebody new reads it. */
async function logOf (topic: Topic): Promise<Log> {
  const ends = await admin.fetchTopicOffsets(topic)
  const at = new Map<string, string>()
  const ledger = new Ledger()
  const consumer = kafka.consumer({ groupId: `reader of ${topic}`, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      const { id, series, number } = identity(message)
      at.set(`${partition}@${message.offset}`, id)
      ledger.deliver({ topic, partition, offset: BigInt(message.offset), series, number })
    },
  })
  await ledger.reach(ends.reduce((sum, { high }) => sum + Number(high), 0))
  await consumer.disconnect()
  return { at, outOfOrder: ledger.outOfOrder }
}

/** `topic/partition offset` of each partition, sorted. */
async function committedBy ({ groupId, topics }: Kind): Promise<string[]> {
  const offsets = await admin.fetchOffsets({ groupId, topics: [...topics] })
  return offsets.flatMap(({ topic, partitions }) => partitions
    .map(({ partition, offset }) => `${topic}/${partition} ${offset}`)).sort()
}

async function restart (): Promise<void> {
  await broker?.stop()
  for (const { ledger } of Object.values(groups)) ledger.nextEra()
  broker = await startBroker({
    dataDirectory,
    settings: { 'group.min.session.timeout.ms': 1000, listeners: [`PLAINTEXT://127.0.0.1:${port}`] },
  })
}

t.test('the day', async t => {
  const machine = new Machine(broker as OttlaBroker)
  await Promise.all([
    group('databases').join(kafka), group('databases').join(kafka),
    group('security').join(kafka),
    group('monitoring').join(kafka), group('monitoring').join(kafka, machine), group('monitoring').join(kafka),
    group('services').join(kafka), group('services').join(kafka),
    group('warehouse').join(kafka),
  ])
  const writing =
    Promise.all(writers.map(writer => write(kafka, writer, each => { acknowledged.push(each) })))
  const share = (part: number): Promise<unknown> => acknowledged.has(Math.floor(requests * part))
  await share(0.15)
  await group('security').join(kafka)
  await share(0.25)
  await group('services').leave()
  await group('databases').join(kafka)
  await share(0.35)
  machine.pullPlug()
  await share(0.45)
  const before = acknowledged.items.length
  await restart()
  t.ok(before < requests, 'the broker went away under its clients')
  t.equal(broker?.clusterId, clusterId)
  await share(0.6)
  await group('warehouse').join(kafka)
  await group('databases').leave()
  await share(0.75)
  await group('services').join(kafka)
  await group('security').leave()
  await writing
  t.equal(acknowledged.items.length, requests)
})

t.test('everything acknowledged is where the broker said, and every writer is in order', async t => {
  for (const topic of Object.keys(topics) as Topic[]) {
    const log = await logOf(topic)
    const answers = acknowledged.items.filter(each => each.topic === topic)
    let misplaced = 0
    for (const { ids, rows } of answers) {
      for (const { partition, baseOffset } of rows) {
        if (!ids.has(log.at.get(`${partition}@${baseOffset}`) ?? '')) misplaced++
      }
    }
    t.equal(misplaced, 0, `${topic}: offsets before and after the restart are what was acknowledged`)
    t.same(log.outOfOrder, [], `${topic}: every key of every writer in order`)
    const ids = new Set(answers.flatMap(each => [...each.ids]))
    const found = [...log.at.values()]
    t.same(new Set(found), ids, `${topic}: nothing is missing, nothing is invented`)
    if (topic === 'changes' || topic === 'rooms') t.equal(found.length, ids.size, `${topic}: idempotent, so nothing is there twice`)
  }
})

t.test('every group has read everything, in order for each key', async t => {
  const ends = new Map<string, number>()
  for (const topic of Object.keys(topics)) {
    for (const { partition, high } of await admin.fetchTopicOffsets(topic)) ends.set(`${topic}/${partition}`, Number(high))
  }
  const sizeOf = (topic: string): number =>
    [...ends].filter(([place]) => place.startsWith(`${topic}/`)).reduce((sum, [, high]) => sum + high, 0)
  for (const { kind, ledger } of Object.values(groups)) {
    const size = kind.topics.reduce((sum, topic) => sum + sizeOf(topic), 0)
    await ledger.reach(size)
    // kafkajs commits what it has read when its round is over, and not when it is told to leave in
    // between.
    const all = [...ends].filter(([place]) => kind.topics.some(topic => place.startsWith(`${topic}/`)))
      .map(([place, high]) => `${place} ${high === 0 ? -1 : high}`).sort()
    let committed = await committedBy(kind)
    while (committed.join() !== all.join()) committed = await committedBy(kind)
    await group(kind.groupId).end()
    t.equal(ledger.distinct, size, `${kind.groupId}: complete`)
    t.same(ledger.outOfOrder, [], `${kind.groupId}: every key in order`)
    t.same(ledger.afterCommit, [], `${kind.groupId}: nothing again that was committed`)
    t.same(await committedBy(kind), all, `${kind.groupId}: all of it is committed`)
  }
})

t.test('once where members leave in order; again only what a crash or the restart left uncommitted', async t => {
  for (const [name, { ledger }] of Object.entries(groups)) {
    t.comment(`${name}: ${ledger.repeats.length} of ${ledger.distinct} records came again`)
  }
  t.equal(group('databases').ledger.repeats.length, 0, 'databases: the offset is stored with the data')
  for (const name of ['security', 'services', 'warehouse']) {
    t.same(group(name).ledger.repeats.filter(({ first, again }) => first === again), [],
      `${name}: nothing twice from the same run of the broker`)
  }
})
