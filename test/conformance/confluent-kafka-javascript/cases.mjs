/** @confluentinc/kafka-javascript: the newest librdkafka behind the calls of kafkajs. */
import { KafkaJS } from '@confluentinc/kafka-javascript'
import { bootstrap, eventually, fresh, ok, run, same } from './harness.mjs'

const { Kafka, CompressionTypes, logLevel } = KafkaJS
const kafka = new Kafka({ kafkaJS: { brokers: [bootstrap], logLevel: logLevel.NOTHING } })
const admin = kafka.admin()
await admin.connect()

const values = count => Array.from({ length: count }, (_, n) => `${n}`)
const numbered = count => values(count).map(value => ({ value, partition: 0 }))
const text = buffer => buffer === null ? null : buffer.toString()

async function topicOf (numPartitions = 1) {
  const topic = fresh('topic')
  await admin.createTopics({ topics: [{ topic, numPartitions }] })
  return topic
}

async function send (topic, messages, config = {}) {
  const producer = kafka.producer(config)
  await producer.connect()
  const answer = await producer.send({ topic, messages })
  await producer.disconnect()
  return answer
}

/** A member of a group: what it has read is on it. */
async function member (groupId, topic, { autoCommit = true } = {}) {
  const consumer = kafka.consumer({
    kafkaJS: {
      groupId, fromBeginning: true, heartbeatInterval: 200, sessionTimeout: 10_000,
      maxWaitTimeInMs: 100, autoCommit,
    },
  })
  const read = []
  await consumer.connect()
  await consumer.subscribe({ topic })
  await consumer.run({ eachMessage: async ({ message }) => { read.push(message) } })
  return { consumer, read, owned: () => consumer.assignment().length }
}

async function readAll (topic, count) {
  const { consumer, read } = await member(fresh('reader'), topic)
  await eventually(() => read.length, length => length >= count)
  await consumer.disconnect()
  return read
}

await run({
  'create a topic': async () => {
    const topic = await topicOf(3)
    const [described] = await admin.fetchTopicMetadata({ topics: [topic] })
    same(described.partitions.length, 3, 'partitions')
    ok((await admin.listTopics()).includes(topic), 'listed')
  },
  'keys, headers and nulls': async () => {
    const topic = await topicOf()
    await send(topic, [
      { key: 'a', value: 'one', headers: { h: 'x' }, timestamp: '1700000000000', partition: 0 },
      { key: null, value: null, partition: 0 },
    ])
    const [one, two] = await readAll(topic, 2)
    same([text(one.key), text(one.value), text(one.headers.h), one.timestamp], ['a', 'one', 'x', '1700000000000'], 'the first')
    same([two.key, two.value], [null, null], 'the second')
  },
  ...Object.fromEntries(['None', 'GZIP', 'SNAPPY', 'LZ4', 'ZSTD'].flatMap(codec => [false, true].map(idempotent => [
    `produce with codec ${codec.toLowerCase()}${idempotent ? ', idempotent' : ''}`,
    async () => {
      const topic = await topicOf()
      await send(topic, numbered(300),
        { kafkaJS: { compression: CompressionTypes[codec], idempotent } })
      same((await readAll(topic, 300)).map(({ value }) => text(value)), values(300), 'values')
    },
  ]))),
  'consume by timestamp': async () => {
    const topic = await topicOf()
    const at = n => 1_700_000_000_000 + n * 1000
    await send(topic, values(10).map((value, n) => ({ value, partition: 0, timestamp: `${at(n)}` })))
    const [{ offset }] = await admin.fetchTopicOffsetsByTimestamp(topic, at(3) + 500)
    same(offset, '4', 'the offset of its time')
    const [{ low, high }] = await admin.fetchTopicOffsets(topic)
    same([low, high], ['0', '10'], 'ends')
  },
  'two members share a group': async () => {
    const [topic, groupId] = [await topicOf(4), fresh('group')]
    const first = await member(groupId, topic)
    await eventually(first.owned, owned => owned === 4)
    const second = await member(groupId, topic)
    await eventually(() => `${first.owned()},${second.owned()}`, owned => owned === '2,2')
    const { groups: [group] } = await admin.describeGroups([groupId])
    same(group.members.length, 2, 'members')
    await first.consumer.disconnect()
    await eventually(second.owned, owned => owned === 4)
    await second.consumer.disconnect()
  },
  'committed offsets and lag, and the end of the group': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    await send(topic, numbered(10))
    const first = await member(groupId, topic, { autoCommit: false })
    await eventually(() => first.read.length, length => length === 10)
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '7' }])
    await first.consumer.disconnect()
    const [{ partitions: [committed] }] = await admin.fetchOffsets({ groupId, topics: [topic] })
    const [{ high }] = await admin.fetchTopicOffsets(topic)
    same([committed.offset, high - committed.offset], ['7', 3], 'committed, and lag')
    const second = await member(groupId, topic)
    await eventually(() => second.read.length, length => length === 3)
    same(second.read.map(({ offset }) => offset), ['7', '8', '9'], 'from what was committed')
    await second.consumer.disconnect()
    ok((await admin.listGroups()).groups.some(each => each.groupId === groupId), 'listed')
    await admin.deleteGroups([groupId])
  },
  'delete records, delete topics': async () => {
    const topic = await topicOf()
    await send(topic, numbered(10))
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
    same((await readAll(topic, 6)).map(({ value }) => text(value)), values(10).slice(4), 'what is left')
    await admin.deleteTopics({ topics: [topic] })
    await eventually(() => admin.listTopics(), topics => !topics.includes(topic))
  },
})
