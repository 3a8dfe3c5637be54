/** kafka-node: messages of before Kafka 0.11, and groups as they were first. */
import kafka from 'kafka-node'
import { promisify } from 'node:util'
import { bootstrap, eventually, fresh, ok, run, same } from './harness.mjs'

const client = () =>
  new kafka.KafkaClient({ kafkaHost: bootstrap, autoConnect: true, connectTimeout: 10_000 })
const ready = emitter => new Promise((resolve, reject) => { emitter.once('ready', resolve).once('error', reject) })

const shared = client()
await ready(shared)
const admin = new kafka.Admin(shared)
const call = (object, method, ...words) => promisify(object[method]).call(object, ...words)

const values = count => Array.from({ length: count }, (_, n) => `${n}`)

async function topicOf (partitions = 1) {
  const topic = fresh('topic')
  const errors = await call(shared, 'createTopics', [{ topic, partitions, replicationFactor: 1 }])
  same(errors, [], 'errors')
  return topic
}

async function send (topic, messages, { attributes = 0, ...options } = {}) {
  const own = client()
  const producer = new kafka.Producer(own, { requireAcks: 1, ...options })
  await ready(producer)
  const answer = await call(producer, 'send', [{ topic, messages, attributes, partition: 0 }])
  own.close()
  return answer
}

async function readAll (topic, count, offset = 0) {
  const own = client()
  await ready(own)
  const consumer = new kafka.Consumer(own, [{ topic, partition: 0, offset }],
    { fromOffset: true, autoCommit: false, fetchMaxWaitMs: 100 })
  const read = []
  consumer.on('message', message => { read.push(message) })
  await eventually(() => read.length, length => length >= count)
  await new Promise(resolve => { consumer.close(false, resolve) })
  own.close()
  return read
}

function member (groupId, topic) {
  const consumer = new kafka.ConsumerGroup({
    kafkaHost: bootstrap,
    groupId,
    fromOffset: 'earliest',
    sessionTimeout: 10_000,
    heartbeatInterval: 200,
    fetchMaxWaitMs: 100,
    autoCommitIntervalMs: 200,
  }, [topic])
  const read = []
  consumer.on('message', message => { read.push(message) })
  consumer.on('error', () => { /* it retries by itself; the case waits for what must come */ })
  return {
    read,
    owned: () => (consumer.topicPayloads ?? []).length,
    commit: () => new Promise((resolve, reject) => {
      consumer.commit(true, error => error ? reject(error) : resolve())
    }),
    leave: () => new Promise(resolve => { consumer.close(false, resolve) }),
  }
}

await run({
  'create a topic': async () => {
    const topic = await topicOf(3)
    const [, { metadata }] = await call(shared, 'loadMetadataForTopics', [topic])
    same(Object.keys(metadata[topic]).length, 3, 'partitions')
    const [again] = await call(shared, 'createTopics', [{ topic, partitions: 1, replicationFactor: 1 }])
    ok(/exists/.test(again.error), `refused as present: ${again.error}`)
  },
  keys: async () => {
    const topic = await topicOf()
    await send(topic, [new kafka.KeyedMessage('a', 'one'), 'two'])
    same((await readAll(topic, 2)).map(({ key, value, offset }) => [key, value, offset]), [['a', 'one', 0], [null, 'two', 1]], 'records')
  },
  ...Object.fromEntries(['none', 'gzip', 'snappy'].map((codec, attributes) => [`produce with codec ${codec}`, async () => {
    const topic = await topicOf()
    await send(topic, values(300), { attributes })
    same((await readAll(topic, 300)).map(({ value }) => value), values(300), 'values')
  }])),
  'acks 0, 1 and all': async () => {
    const topic = await topicOf()
    for (const requireAcks of [0, 1, -1]) await send(topic, ['x'], { requireAcks })
    same((await readAll(topic, 3)).length, 3, 'records')
  },
  'consume from an offset, and the offsets of topics': async () => {
    const topic = await topicOf()
    await send(topic, values(10))
    same((await readAll(topic, 6, 4)).map(({ value }) => value), values(10).slice(4), 'from the fourth')
    const offset = new kafka.Offset(shared)
    same((await call(offset, 'fetchLatestOffsets', [topic]))[topic][0], 10, 'the end')
    same((await call(offset, 'fetchEarliestOffsets', [topic]))[topic][0], 0, 'the beginning')
  },
  'two members share a group': async () => {
    const [topic, groupId] = [await topicOf(4), fresh('group')]
    const first = member(groupId, topic)
    await eventually(first.owned, owned => owned === 4)
    const second = member(groupId, topic)
    await eventually(() => `${first.owned()},${second.owned()}`, owned => owned === '2,2')
    const described = await call(admin, 'describeGroups', [groupId])
    same([described[groupId].state, described[groupId].members.length], ['Stable', 2], 'the group')
    await first.leave()
    await eventually(second.owned, owned => owned === 4)
    await second.leave()
  },
  'committed offsets and lag': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    await send(topic, values(10))
    const first = member(groupId, topic)
    await eventually(() => first.read.length, length => length === 10)
    await first.commit()
    await first.leave()
    await send(topic, ['more'])
    const offset = new kafka.Offset(shared)
    const committed = (await call(offset, 'fetchCommitsV1', groupId, [{ topic, partition: 0 }]))[topic][0]
    same((await call(offset, 'fetchLatestOffsets', [topic]))[topic][0] - committed, 1, 'lag')
    const second = member(groupId, topic)
    await eventually(() => second.read.length, length => length > 0)
    same(second.read.map(({ value }) => value), ['more'], 'from what was committed')
    await second.leave()
  },
  'list groups, describe configs': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    const one = member(groupId, topic)
    await eventually(one.owned, owned => owned === 1)
    same((await call(admin, 'listGroups'))[groupId], 'consumer', 'listed')
    await one.leave()
    const [{ configEntries }] = await call(admin, 'describeConfigs', {
      resources: [{ resourceType: 'topic', resourceName: topic, configNames: ['retention.ms'] }], includeSynonyms: false,
    })
    same(configEntries.map(({ configName, configValue }) => [configName, configValue]), [['retention.ms', '604800000']], 'configs')
  },
})
