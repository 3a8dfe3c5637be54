/**
 * Every setting that is said to be honoured is shown at work: here, or in the test that is named
 * here.
 */
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Test } from 'tap'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { root } from '../../scripts/repository.ts'
import { settingsFrom } from '../../src/config/config.ts'
import { honouredBrokerSettings, honouredTopicSettings } from '../../src/config/honoured.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'
import { startBroker } from '../../src/index.ts'
import { brokerKeyOfTopic, familyOf } from '../../src/config/table.ts'
import { brokerSettings, topicSettingsSource } from '../../src/settings.ts'
import { groupClient, joinAlone, joinBody } from '../support/grouping.ts'
import { batchesOf, batchOf, fetchOne, produce } from '../support/producing.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'
import { elsewhere, topicsElsewhere } from './shown-elsewhere.ts'

function rooms (texts: Record<string, string>) {
  const settings = settingsFrom(new Map(Object.entries(texts).map(([name, text]) => [name, { text, origin: 'test' }])))
  return { ...brokerSettings(settings), topic: topicSettingsSource(settings).of('t', new MetadataImage()), settings }
}

type Rooms = ReturnType<typeof rooms>
type Wire = [name: string, text: string, taken: (rooms: Rooms) => unknown, value: unknown,
  file: string, word: string]

/**
 * Settings that a room takes as a plain value, and the test that shows what the room does with it.
 */
const wires: Wire[] = [
  ['broker.session.timeout.ms', '77', it => it.brokerSessionMs, 77, 'test/core/controller/brokers.test.ts', 'session'],
  ['controller.quorum.election.backoff.max.ms', '77', it => it.quorum.electionBackoffMaxMs, 77, 'test/core/quorum/election.test.ts', 'controller.quorum.election.backoff.max.ms'],
  ['controller.quorum.retry.backoff.ms', '77', it => it.quorum.retryBackoffMs, 77, 'test/core/quorum/election.test.ts', 'controller.quorum.retry.backoff.ms'],
  ['controller.quorum.election.timeout.ms', '77', it => it.quorum.electionTimeoutMs, 77, 'test/runtime/quorum/chaos.test.ts', 'electionTimeoutMs'],
  ['controller.quorum.fetch.timeout.ms', '77', it => it.quorum.fetchTimeoutMs, 77, 'test/core/quorum/election.test.ts', 'fetch'],
  ['controller.quorum.request.timeout.ms', '77', it => it.quorum.requestTimeoutMs, 77, 'test/core/quorum/replication.test.ts', 'request'],
  ['controller.quota.window.num', '7', it => it.quotaWindows, { controller: { samples: 7 } }, 'test/core/quota/sampled-rate.test.ts', 'samples'],
  ['controller.quota.window.size.seconds', '7', it => it.quotaWindows, { controller: { sampleMs: 7000 } }, 'test/core/quota/sampled-rate.test.ts', 'sampleMs'],
  ['metadata.log.max.record.bytes.between.snapshots', '77', it => it.metadataSnapshots.bytesMax, 77, 'test/core/quorum/replication.test.ts', 'snapshot'],
  ['offsets.commit.timeout.ms', '77', it => it.offsetsCommitTimeoutMs, 77, 'test/runtime/coordinator/coordinator.test.ts', 'offsets.commit.timeout.ms'],
  ['offsets.load.buffer.size', '77', it => it.offsetsLoadBufferBytes, 77, 'test/runtime/coordinator/group-coordinator.test.ts', 'loadBufferBytes'],
  ['offsets.topic.replication.factor', '3', it => it.settings.get('offsets.topic.replication.factor'), 3, 'test/config/config.test.ts', 'offsets.topic.replication.factor'],
  ['ottla.sync.timeout.ms', '7777', it => it.settings.get('ottla.sync.timeout.ms'), 7777, 'test/store/failure.test.ts', 'syncTimeoutMs'],
  ['queued.max.request.bytes', '777777777', it => it.settings.get('queued.max.request.bytes'), 777777777n, 'test/server/request-memory.test.ts', 'RequestMemory'],
  ['quota.window.num', '7', it => it.quotaWindows, { clients: { samples: 7 } }, 'test/core/quota/sampled-rate.test.ts', 'samples'],
  ['quota.window.size.seconds', '7', it => it.quotaWindows, { clients: { sampleMs: 7000 } }, 'test/core/quota/sampled-rate.test.ts', 'sampleMs'],
  ['log.flush.scheduler.interval.ms', '77', it => it.topic.flushMs, 77n, 'test/config/honoured.test.ts', 'log.flush.interval.ms'],
  ['log.roll.hours', '2', it => it.topic.segment.ageMsMax, 7_200_000, 'test/config/honoured.test.ts', 'log.roll.ms'],
  ['log.roll.jitter.hours', '2', it => it.topic.segment.jitterMsMax, 7_200_000, 'test/config/honoured.test.ts', 'segment.jitter.ms'],
  ['log.roll.jitter.ms', '77', it => it.topic.segment.jitterMsMax, 77, 'test/config/honoured.test.ts', 'segment.jitter.ms'],
  ['log.segment.bytes', '7777777', it => it.topic.segment.bytesMax, 7777777, 'test/apis/01-fetch.test.ts', 'segment.bytes'],
  ['log.retention.hours', '2', it => it.topic.retentionMs, 7_200_000n, 'test/config/honoured.test.ts', 'log.retention.ms'],
  ['log.retention.minutes', '2', it => it.topic.retentionMs, 120_000n, 'test/config/honoured.test.ts', 'log.retention.ms'],
  ['log.message.timestamp.after.max.ms', '77', it => it.topic.timestampAfterMaxMs, 77n, 'test/config/honoured.test.ts', 'message.timestamp.after.max.ms'],
  ['log.message.timestamp.before.max.ms', '77', it => it.topic.timestampBeforeMaxMs, 77n, 'test/apis/00-produce-records.test.ts', 'message.timestamp.before.max.ms'],
]

const shownHere = new Set<string>()

/** A test that shows what these settings do. */
function show (names: readonly string[], run: (t: Test) => Promise<void>): void {
  for (const name of names) shownHere.add(name)
  t.test(names.join(', '), run)
}

t.test('each room takes its value', async t => {
  for (const [name, text, taken, value] of wires) {
    if (typeof value === 'object') t.match(taken(rooms({ [name]: text })), value, name)
    else t.equal(taken(rooms({ [name]: text })), value, name)
  }
})

show(['broker.heartbeat.interval.ms'], async t => {
  const raw = await RawBroker.start(t, { 'broker.heartbeat.interval.ms': 700 })
  const { controller } = raw.broker
  const { heartbeat } = controller
  let beats = 0
  controller.heartbeat = request => {
    beats++
    return heartbeat.call(controller, request)
  }
  raw.clock.advance(699)
  t.equal(beats, 0)
  raw.clock.advance(1)
  t.equal(beats, 1)
})

show(['default.replication.factor', 'log.roll.ms'], async t => {
  const raw = await RawBroker.start(t, { 'default.replication.factor': 2, 'log.roll.ms': 5000n })
  const client = await raw.client()
  const { topics } = await client.request(CreateTopics, 7, {
    topics: [{ name: 'n', numPartitions: 1, replicationFactor: -1, assignments: [], configs: [] }],
    timeoutMs: 1000,
    validateOnly: false,
  })
  t.equal(topics[0]?.errorCode, 38, 'one broker has no room for two replicas')
  await raw.topic('a')
  for (const after of [0n, 5000n, 10_001n]) {
    await produce(client, 'a', batchOf([{ value: 'x', timestamp: BigInt(START_MS) + after }]))
  }
  t.equal(raw.partition('a').state.segments.all.length, 2)
})

show(['segment.ms', 'segment.jitter.ms'], async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const environment = raw.broker.environment as { random: () => number }
  for (const name of ['a', 'b']) await raw.topic(name, 1, { 'segment.ms': '5000', 'segment.jitter.ms': '4000' })
  for (const [name, random, segments] of [['a', 0, 1], ['b', 0.999, 2]] as const) {
    environment.random = () => random
    for (const after of [0n, 2000n]) {
      await produce(client, name, batchOf([{ value: 'x', timestamp: BigInt(START_MS) + after }]))
    }
    t.equal(raw.partition(name).state.segments.all.length, segments, `the jitter takes ${random} of its most`)
  }
})

show(['fetch.max.bytes'], async t => {
  const raw = await RawBroker.start(t, { 'fetch.max.bytes': 1024 })
  const client = await raw.client()
  await raw.topic('a')
  for (let count = 0; count < 3; count++) await produce(client, 'a', batchOf(['x'.repeat(600)]))
  t.equal(batchesOf(await fetchOne(client, 'a', 0n)).length, 1)
})

show(['group.min.session.timeout.ms', 'group.max.session.timeout.ms', 'group.max.size'], async t => {
  const raw = await RawBroker.start(t, {
    'group.min.session.timeout.ms': 7000, 'group.max.session.timeout.ms': 11_000, 'group.max.size': 1,
  })
  const client = await groupClient(raw)
  for (const sessionTimeoutMs of [6999, 11_001]) {
    t.equal((await client.request(JoinGroup, 3, joinBody('g', { sessionTimeoutMs }))).errorCode, 26)
  }
  await joinAlone(raw, client, 'g')
  t.equal((await client.request(JoinGroup, 3, joinBody('g'))).errorCode, 81, 'GROUP_MAX_SIZE_REACHED')
})

show(['group.initial.rebalance.delay.ms'], async t => {
  const raw = await RawBroker.start(t, { 'group.initial.rebalance.delay.ms': 0 })
  const client = await groupClient(raw)
  const answered = client.request(JoinGroup, 3, joinBody('g'))
  let isAnswered = false
  void answered.then(() => { isAnswered = true })
  let waitedMs = 0
  while (!isAnswered) {
    // A timer needs a millisecond; Kafka's three seconds would never be over.
    if (waitedMs < 100) raw.clock.advance(1)
    waitedMs++
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.equal((await answered).errorCode, 0)
})

show([
  'offset.metadata.max.bytes', 'offsets.retention.minutes', 'offsets.retention.check.interval.ms',
  'offsets.topic.num.partitions', 'offsets.topic.segment.bytes',
], async t => {
  const raw = await RawBroker.start(t, {
    'offset.metadata.max.bytes': 3,
    'offsets.retention.minutes': 2,
    'offsets.retention.check.interval.ms': 1000n,
    'offsets.topic.num.partitions': 3,
    'offsets.topic.segment.bytes': 2_000_000,
  })
  await raw.topic('a')
  const client = await groupClient(raw)
  const { metadata } = raw.broker
  t.equal(metadata.topics.find('__consumer_offsets')?.partitions.length, 3)
  t.equal(metadata.configs.of(2, '__consumer_offsets').get('segment.bytes'), '2000000')
  const commit = async (committedMetadata: string) => {
    const { topics } = await client.request(OffsetCommit, 6, {
      groupId: 'g',
      memberId: '',
      topics: [{
        name: 'a',
        partitions: [
          { partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch: 0, committedMetadata },
        ],
      }],
    })
    return topics[0]?.partitions[0]?.errorCode
  }
  const fetched = async () => {
    const body = { groupId: 'g', topics: [{ name: 'a', partitionIndexes: [0] }] }
    const { topics } = await client.request(OffsetFetch, 1, body)
    return topics[0]?.partitions[0]?.committedOffset
  }
  t.same([await commit('1234'), await commit('123'), await fetched()], [12, 0, 7n])
  raw.clock.advance(119_000)
  t.equal(await fetched(), 7n)
  raw.clock.advance(2000)
  t.equal(await fetched(), -1n)
})

show(['log.initial.task.delay.ms', 'log.retention.check.interval.ms', 'log.retention.ms', 'log.retention.bytes'], async t => {
  const raw = await RawBroker.start(t, {
    'log.initial.task.delay.ms': 1000n,
    'log.retention.check.interval.ms': 700n,
    'log.retention.ms': 1200n,
    'log.retention.bytes': -1n,
  })
  const client = await raw.client()
  await raw.topic('a')
  await raw.topic('b', 1, { 'retention.ms': '-1', 'retention.bytes': '0' })
  for (const name of ['a', 'b']) await produce(client, name, batchOf(['x']))
  const starts = async (ms: number) => {
    raw.clock.advance(ms)
    // The store moves the start once its turn has come.
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => { setImmediate(resolve) })
    return ['a', 'b'].map(name => raw.partition(name).startOffset)
  }
  t.same(await starts(999), [0n, 0n])
  t.same(await starts(1), [0n, 1n], 'by size, at the first look')
  t.same(await starts(699), [0n, 1n])
  t.same(await starts(1), [1n, 1n], 'by age, at the second')
  t.equal(rooms({ 'log.retention.bytes': '77' }).topic.retentionBytes, 77n)
})

show(['producer.id.expiration.ms', 'producer.id.expiration.check.interval.ms'], async t => {
  const raw = await RawBroker.start(t, {
    'producer.id.expiration.ms': 1500, 'producer.id.expiration.check.interval.ms': 1000,
  })
  await raw.topic('a')
  await produce(await raw.client(), 'a', batchOf(['x'], { producerId: 5n, producerEpoch: 0, baseSequence: 0 }))
  const producers = (ms: number) => {
    raw.clock.advance(ms)
    return [...raw.partition('a').state.producers.entries].length
  }
  t.same([producers(1000), producers(999), producers(1)], [1, 1, 0])
})

show(['max.decompressed.message.bytes'], async t => {
  const raw = await RawBroker.start(t, { 'max.decompressed.message.bytes': 1000 })
  const client = await raw.client()
  await raw.topic('a')
  const batch = batchOf(['x'.repeat(2000)], { codec: 'gzip' })
  t.equal((await produce(client, 'a', batch)).errorCode, 87, 'INVALID_RECORD')
  await raw.topic('b', 1, { 'max.decompressed.message.bytes': '9000' })
  t.equal((await produce(client, 'b', batch)).errorCode, 0)
})

show(['message.timestamp.after.max.ms'], async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 1, { 'message.timestamp.after.max.ms': '1000' })
  const at = (ms: number) => produce(client, 'a', batchOf([{ value: 'x', timestamp: BigInt(START_MS + ms) }]))
  t.same([(await at(1000)).errorCode, (await at(1001)).errorCode], [0, 32])
})

show(['compression.type', 'compression.gzip.level', 'compression.zstd.level'], async t => {
  const levels = { gzip: ['1', '9'], zstd: ['1', '19'] }
  const value = Array.from({ length: 4000 }, (_, index) => `${index * index % 977}-${index % 61}`).join('')
  for (const [codec, [low = '', high = '']] of Object.entries(levels)) {
    const raw = await RawBroker.start(t, { 'compression.type': codec, [`compression.${codec}.level`]: low } as never)
    const client = await raw.client()
    const stored = async (topic: string, configs: Record<string, string>): Promise<Buffer> => {
      await raw.topic(topic, 1, configs)
      await produce(client, topic, batchOf([value]))
      return batchesOf(await fetchOne(client, topic, 0n))[0] as Buffer
    }
    const [quick, small] = [await stored('a', {}), await stored('b', { [`compression.${codec}.level`]: high })]
    t.ok(quick.length < value.length, `${codec}: compressed`)
    t.notSame(quick, small, `${codec}: the topic's level is another one than the broker's`)
  }
})

show(['log.flush.interval.messages', 'flush.messages', 'log.flush.interval.ms', 'flush.ms'], async t => {
  const raw = await RawBroker.start(t, { 'log.flush.interval.messages': 1n })
  const client = await raw.client()
  await raw.topic('a')
  const syncs = () => raw.store.stats().syncs
  const before = syncs()
  await produce(client, 'a', batchOf(['x']))
  t.ok(syncs() > before, 'acknowledged once it is synced')
  await raw.topic('b', 1, { 'flush.messages': '1000' })
  const between = syncs()
  await produce(client, 'b', batchOf(['x']))
  t.equal(syncs(), between, 'the topic\'s own value goes first')
  await raw.topic('c', 1, { 'flush.messages': '1000', 'flush.ms': '10' })
  await produce(client, 'c', batchOf(['x']))
  const waiting = syncs()
  raw.clock.advance(10)
  while (syncs() === waiting) await new Promise(resolve => { setImmediate(resolve) })
  t.pass('flush.ms')
  t.equal(rooms({ 'log.flush.interval.ms': '77' }).topic.flushMs, 77n)
})

show([
  'transaction.state.log.num.partitions', 'transaction.state.log.replication.factor', 'transaction.state.log.min.isr',
  'transaction.state.log.segment.bytes', 'share.coordinator.state.topic.num.partitions',
  'share.coordinator.state.topic.replication.factor', 'share.coordinator.state.topic.min.isr',
  'share.coordinator.state.topic.segment.bytes',
], async t => {
  const raw = await RawBroker.start(t, {
    'transaction.state.log.num.partitions': 2,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 3,
    'transaction.state.log.segment.bytes': 2_000_000,
    'share.coordinator.state.topic.num.partitions': 3,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 3,
    'share.coordinator.state.topic.segment.bytes': 3_000_000,
  })
  const client = await raw.client()
  const { metadata } = raw.broker
  const topics = [['__transaction_state', 2, '2000000'], ['__share_group_state', 3, '3000000']] as const
  for (const [name, partitions, segmentBytes] of topics) {
    await client.request(Metadata, 4, { topics: [{ name }], allowAutoTopicCreation: true })
    t.equal(metadata.topics.find(name)?.partitions.length, partitions)
    const configs = metadata.configs.of(2, name)
    t.same([configs.get('min.insync.replicas'), configs.get('segment.bytes')], ['3', segmentBytes])
  }
  const { internalTopics } = rooms({
    'ottla.strict': 'true',
    'transaction.state.log.replication.factor': '2',
    'share.coordinator.state.topic.replication.factor': '2',
  })
  for (const [name] of topics) t.equal(internalTopics[name]?.replicationFactor, 2)
})

show(['advertised.listeners'], async t => {
  const broker = await startBroker({
    settings: { listeners: ['PLAINTEXT://127.0.0.1:0'], 'advertised.listeners': ['PLAINTEXT://somewhere:7'] },
  })
  t.teardown(() => broker.stop())
  const client = await RawClient.connect(broker.port)
  t.match((await client.request(Metadata, 1, { topics: [] })).brokers, [{ host: 'somewhere', port: 7 }])
  client.end()
})

show(['retention.bytes'], async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 1, { 'retention.bytes': '1', 'segment.ms': '1' })
  for (const after of [0n, 10n, 20n]) {
    await produce(client, 'a', batchOf([{ value: 'x', timestamp: BigInt(START_MS) + after }]))
  }
  await raw.broker.replicas.applyRetention()
  while (raw.partition('a').startOffset === 0n) await new Promise(resolve => { setImmediate(resolve) })
  t.equal(raw.partition('a').startOffset, 2n, 'at least as many bytes stay')
})

t.test('what is read is marked as honoured, and what is marked is read', async t => {
  const text = (file: string): string => readFileSync(root + file, 'utf8')
  const readers = ['src/settings.ts', 'src/index.ts', 'src/parts.ts']
  const read = new Set(readers.flatMap(file => [...text(file).matchAll(/\b(?:get|number)\('([a-z._]+)'/g)].map(([, name = '']) => name)))
  const readOfTopics = new Set([...text('src/settings.ts').matchAll(/\bvalue\('([a-z.]+)'/g)].map(([, name = '']) => name))
  t.same([...read].filter(name => !honouredBrokerSettings.has(name)).filter(
    name => !NOT_YET.has(name)
  ), [])
  t.same([...readOfTopics].filter(name => !honouredTopicSettings.has(name)).filter(
    name => !NOT_YET.has(name)
  ), [])
  const elsewhereRead = ['src/config/network.ts', 'src/config/connections.ts', 'src/config/rules.ts', 'src/config/defaults.ts']
    .map(text).join('')
  const behindTopics = new Set([...honouredTopicSettings].flatMap(name => familyOf(brokerKeyOfTopic(name) ?? '')).map(({ name }) => name))
  t.same([...honouredBrokerSettings].filter(name =>
    !read.has(name) && !behindTopics.has(name) && !elsewhereRead.includes(`'${name}'`)), [])
  t.same([...honouredTopicSettings].filter(name => !readOfTopics.has(name)), [])
})

/** Read to be handed on, where nothing acts on it yet. */
const NOT_YET: ReadonlySet<string> = new Set(['compression.lz4.level'])

t.test('none is left out, and every test that is named speaks of its setting', async t => {
  const named: ReadonlyArray<[name: string, file: string, word: string]> = [
    ...[...Object.entries(elsewhere), ...Object.entries(topicsElsewhere)]
      .map(([name, file]): [string, string, string] => [name, file, name]),
    ...wires.map(([name, , , , file, word]): [string, string, string] => [name, file, word]),
  ]
  for (const [name, file, word] of named) {
    const speaks = readFileSync(root + file, 'utf8').toLowerCase().includes(word.toLowerCase())
    t.ok(speaks, `${name}: ${file} says nothing of ${word}`)
  }
  const wired = new Set(wires.map(([name]) => name))
  const unshown = (names: Iterable<string>, inTests: Record<string, string>): string[] =>
    [...names].filter(
      name => !Object.hasOwn(inTests, name) && !wired.has(name) && !shownHere.has(name)
    )
  t.same(unshown(honouredBrokerSettings, elsewhere), [], 'name the test of each, or show it here')
  t.same(unshown(honouredTopicSettings, topicsElsewhere), [], 'name the test of each, or show it here')
})
