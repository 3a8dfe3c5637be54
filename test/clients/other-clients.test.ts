/**
 * Clients that are not kafkajs: @platformatic/kafka, and kcat over librdkafka where it is
 * installed.
 */
import * as zlib from 'node:zlib'
import { Admin, Consumer, MessagesStreamModes, Producer, stringDeserializers, stringSerializers } from '@platformatic/kafka'
import type { CompressionAlgorithmValue } from '@platformatic/kafka'
import t from 'tap'
import type { Test } from 'tap'
import { Inbox } from '../support/inbox.ts'
import { kcat, kcatVersion } from '../support/kcat.ts'
import { Clients } from '../support/kafkajs.ts'

const clients = await Clients.start(t)
const { bootstrapServers } = clients.broker
const bootstrapBrokers = [bootstrapServers]

/** It takes zstd from Node, which has it since 22.15. */
const platformaticCodecs: CompressionAlgorithmValue[] = [
  'none', 'gzip', 'snappy', 'lz4', ...('zstdCompressSync' in zlib ? ['zstd' as const] : []),
]

const values = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`)

function platformaticProducer (
  t: Test, more: object = {}
): Producer<string, string, string, string> {
  const producer = new Producer({ clientId: 'platformatic', bootstrapBrokers, serializers: stringSerializers, ...more })
  t.teardown(() => producer.close())
  return producer
}

interface Got {
  key: string | undefined
  value: string
  partition: number
  offset: bigint
  headers: Record<string, string>
}

/** A member of a group; ends when the test does, or when `leave` is called. */
async function platformaticMember (t: Test, groupId: string, topic: string, inbox: Inbox<Got>) {
  const consumer = new Consumer({ clientId: 'platformatic', groupId, bootstrapBrokers, deserializers: stringDeserializers })
  let isOpen = true
  const leave = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await stream.close()
    await consumer.close()
  }
  const stream = await consumer.consume({
    autocommit: 100,
    topics: [topic],
    mode: MessagesStreamModes.COMMITTED,
    fallbackMode: 'earliest',
    sessionTimeout: 10_000,
    heartbeatInterval: 200,
    maxWaitTime: 100,
  })
  t.teardown(leave)
  const got = new Map<number, bigint>()
  const stored = new Map<number, bigint>()
  let told: () => void = () => {}
  stream.on('autocommit', (error: Error | null, offsets?: ReadonlyArray<{ partition: number, offset: bigint }>) => {
    if (error !== null) return
    for (const { partition, offset } of offsets ?? []) stored.set(partition, offset)
    told()
  })
  /** A rebalance that overtakes one of its commits makes this client give up, with any broker. */
  const committed = async (): Promise<void> => {
    const isBehind = (): boolean =>
      [...got].some(([partition, offset]) => (stored.get(partition) ?? -1n) < offset)
    while (isBehind()) await new Promise<void>(resolve => { told = resolve })
  }
  stream.on('data', ({ key, value, partition, offset, headers }) => {
    got.set(partition, offset)
    inbox.push({ key, value, partition, offset, headers: Object.fromEntries(headers) })
  })
  return { consumer, leave, committed }
}

t.test('@platformatic/kafka administers', async t => {
  const topic = clients.name('platformatic')
  const admin = new Admin({ clientId: 'platformatic', bootstrapBrokers })
  t.teardown(() => admin.close())
  const created = await admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 })
  t.match(created, [{ name: topic, partitions: 3, replicas: 1 }])
  t.ok((await admin.listTopics()).includes(topic))
  await t.rejects(admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 }))
  const { topics } = await admin.metadata({ topics: [topic] })
  t.equal(topics.get(topic)?.partitionsCount, 3)
  await admin.deleteTopics({ topics: [topic] })
  t.notOk((await admin.listTopics()).includes(topic))
})

t.test('@platformatic/kafka produces with every codec, and kafkajs reads what it can', async t => {
  for (const compression of platformaticCodecs) {
    const topic = await clients.topic()
    const producer = platformaticProducer(t)
    const { offsets } = await producer.send({
      compression, messages: values(50).map(value => ({ topic, key: `key ${value}`, value, headers: { codec: compression } })),
    })
    t.match(offsets, [{ topic, partition: 0, offset: 0n }], compression)
    const inbox = new Inbox<Got>()
    await platformaticMember(t, clients.name('group'), topic, inbox)
    await inbox.has(50)
    t.same(inbox.items.map(({ key, value, headers }) => [key, value, headers.codec]),
      values(50).map(value => [`key ${value}`, value, compression]), compression)
    if (compression !== 'none' && compression !== 'gzip') continue
    t.same((await clients.readAll(topic, 50)).map(({ value }) => value), values(50), `${compression}, read by kafkajs`)
  }
})

t.test('@platformatic/kafka: idempotence, and a group whose members come and go', async t => {
  const [topic, groupId] = [await clients.topic(4), clients.name('group')]
  const producer = platformaticProducer(t, { idempotent: true })
  const send = async (from: number, to: number): Promise<void> => {
    for (let n = from; n < to; n++) await producer.send({ messages: [{ topic, key: `${n % 16}`, value: `${n}` }] })
  }
  const all = new Inbox<Got>()
  const first = await platformaticMember(t, groupId, topic, all)
  await send(0, 40)
  await all.has(40)
  await first.committed()
  const second = await platformaticMember(t, groupId, topic, all)
  await send(40, 80)
  await all.until(items => new Set(items.map(({ value }) => value)).size === 80)
  await first.committed()
  await second.committed()
  await first.leave()
  await send(80, 120)
  await all.until(items => new Set(items.map(({ value }) => value)).size === 120)
  await second.leave()
  const stored = await clients.readAll(topic, 120)
  t.same(stored.map(({ value }) => Number(value)).sort((a, b) => a - b), values(120).map(Number), 'each once in the log')
  const admin = new Admin({ clientId: 'platformatic', bootstrapBrokers })
  t.teardown(() => admin.close())
  t.match((await admin.describeGroups({ groups: [groupId] })).get(groupId), { id: groupId, state: 'EMPTY' })
  t.ok((await admin.listGroups()).has(groupId))
})

const withoutKcat = kcatVersion === undefined ? { skip: 'kcat is not on this machine: install the package kcat' } : {}

t.test('kcat lists the cluster', withoutKcat, async t => {
  const topic = await clients.topic(3)
  const { code, output } = await kcat(bootstrapServers, ['-L', '-J'])
  t.equal(code, 0)
  const told = JSON.parse(output) as {
    brokers: object[], topics: Array<{ topic: string, partitions: object[] }>,
  }
  t.match(told.brokers, [{ id: 1, name: bootstrapServers }])
  t.equal(told.topics.find(each => each.topic === topic)?.partitions.length, 3)
})

t.test('kcat produces with every codec, with idempotence and without', withoutKcat, async t => {
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
    for (const idempotence of ['true', 'false']) {
      const [what, topic] = [`${codec}, idempotence ${idempotence}`, await clients.topic()]
      const lines = values(500).map(value => `key ${value}:value ${value} of ${what}`)
      const { code, complaints } = await kcat(bootstrapServers, [
        '-P', '-t', topic, '-K', ':', '-z', codec, '-X', `enable.idempotence=${idempotence}`, '-X', 'linger.ms=5',
      ], lines.join('\n'))
      t.equal(code, 0, `${what} ${complaints}`)
      const read = await kcat(bootstrapServers, ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%k:%s\n'])
      t.same(read.output.trimEnd().split('\n'), lines, what)
      if (codec === 'none' || codec === 'gzip') {
        t.same((await clients.readAll(topic, 500)).map(({ key, value }) => `${key}:${value}`), lines, `${what}, read by kafkajs`)
      }
    }
  }
})

t.test('kcat reads from any offset what others have written', withoutKcat, async t => {
  const topic = await clients.topic()
  const at = (n: number): number => 1_700_000_000_000 + n * 1000
  await clients.send(topic, values(10).map((value, n) => ({ value, timestamp: `${at(n)}`, headers: { n: value } })))
  const read = async (...from: string[]): Promise<string> =>
    (await kcat(bootstrapServers, ['-C', '-t', topic, ...from, '-e', '-q', '-f', '%o %s %h\n'])).output
  t.equal((await read('-o', '7')), '7 7 n=7\n8 8 n=8\n9 9 n=9\n')
  t.equal((await read('-o', '-2')), '8 8 n=8\n9 9 n=9\n')
  t.equal((await read('-o', `s@${at(8)}`)), '8 8 n=8\n9 9 n=9\n')
  t.equal((await read('-o', 'end')), '')
  const query = async (timestamp: number): Promise<string> =>
    (await kcat(bootstrapServers, ['-Q', '-t', `${topic}:0:${timestamp}`])).output.trim()
  t.match(await query(at(4)), /\[0\] offset 4$/)
  t.match(await query(-1), /\[0\] offset 10$/)
  t.match(await query(-2), /\[0\] offset 0$/)
})

t.test('kcat shares a group with itself', withoutKcat, async t => {
  const [topic, groupId] = [await clients.topic(2), clients.name('group')]
  await clients.send(topic, values(20).map((value, n) => ({ partition: n % 2, value })))
  const read = (count: number) => kcat(bootstrapServers, [
    '-G', groupId, '-c', `${count}`, '-q', '-X', 'auto.offset.reset=earliest', topic,
  ])
  const first = await read(20)
  t.equal(first.code, 0, first.complaints)
  t.same(first.output.trimEnd().split('\n').map(Number).sort((a, b) => a - b), values(20).map(Number))
  await clients.send(topic, values(6).map((value, n) => ({ partition: n % 2, value: `more ${value}` })))
  const second = await read(6)
  t.same(second.output.trimEnd().split('\n').sort(), values(6).map(value => `more ${value}`), 'from where it had committed')
})
