/** kafkajs: the client that most users in Node have, in its last release. */
import { AssignerProtocol, CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { bootstrap, eventually, fresh, ok, run, same } from './harness.mjs'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
const kafka = new Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING })
const admin = kafka.admin()
await admin.connect()

const values = count => Array.from({ length: count }, (_, n) => `${n}`)
const numbered = count => values(count).map(value => ({ value }))

async function topicOf (numPartitions = 1, configEntries = []) {
  const topic = fresh('topic')
  await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }] })
  return topic
}

async function send (topic, messages, { config = {}, ...more } = {}) {
  const producer = kafka.producer(config)
  await producer.connect()
  const answer = await producer.send({ topic, messages, ...more })
  await producer.disconnect()
  return answer
}

/** A member of a group: what it has read and what it owns are on it. */
async function member (groupId, topic, { config = {}, run: more = {} } = {}) {
  const consumer = kafka.consumer({
    groupId, heartbeatInterval: 200, sessionTimeout: 10_000, maxWaitTimeInMs: 100, ...config,
  })
  const state = { consumer, read: [], owned: -1 }
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    state.owned = (payload.memberAssignment[topic] ?? []).length
  })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async ({ message }) => { state.read.push(message) }, ...more })
  return state
}

async function readAll (topic, count) {
  const { consumer, read } = await member(fresh('reader'), topic)
  await eventually(() => read.length, length => length >= count)
  await consumer.disconnect()
  return read
}

const text = buffer => buffer === null ? null : buffer.toString()

await run({
  'create a topic': async () => {
    const topic = await topicOf(3)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    same(topics[0].partitions.length, 3, 'partitions')
    same(await admin.createTopics({ topics: [{ topic }] }), false, 'made twice')
  },
  'keys, headers and nulls': async () => {
    const topic = await topicOf()
    await send(topic, [{ key: 'a', value: 'one', headers: { h: ['x', 'y'] }, timestamp: '1700000000000' }, { key: null, value: null }])
    const [one, two] = await readAll(topic, 2)
    same([text(one.key), text(one.value), one.headers.h.map(text), one.timestamp], ['a', 'one', ['x', 'y'], '1700000000000'], 'the first')
    same([two.key, two.value], [null, null], 'the second')
  },
  ...Object.fromEntries(['None', 'GZIP'].flatMap(codec => [false, true].map(idempotent => [
    `produce with codec ${codec.toLowerCase()}${idempotent ? ', idempotent' : ''}`,
    async () => {
      const topic = await topicOf()
      await send(topic, numbered(300),
        { compression: CompressionTypes[codec], config: { idempotent } })
      same((await readAll(topic, 300)).map(({ value }) => text(value)), values(300), 'values')
    },
  ]))),
  'acks 0, 1 and all': async () => {
    const topic = await topicOf()
    for (const acks of [0, 1, -1]) await send(topic, numbered(1), { acks })
    same((await readAll(topic, 3)).length, 3, 'records')
  },
  'a topic that its producer makes': async () => {
    const topic = fresh('wished')
    await send(topic, numbered(3))
    same((await readAll(topic, 3)).length, 3, 'records')
  },
  'consume by timestamp': async () => {
    const topic = await topicOf()
    const at = n => 1_700_000_000_000 + n * 1000
    await send(topic, values(10).map((value, n) => ({ value, timestamp: `${at(n)}` })))
    const [{ offset }] = await admin.fetchTopicOffsetsByTimestamp(topic, at(3) + 500)
    same(offset, '4', 'the offset of its time')
    same(await admin.fetchTopicOffsets(topic), [{ partition: 0, offset: '10', high: '10', low: '0' }], 'ends')
    const { consumer, read } = await member(fresh('reader'), topic)
    consumer.seek({ topic, partition: 0, offset })
    await eventually(() => read.map(message => message.offset), offsets => offsets.at(-1) === '9')
    await consumer.disconnect()
  },
  'two members share a group': async () => {
    const [topic, groupId] = [await topicOf(4), fresh('group')]
    const first = await member(groupId, topic)
    await eventually(() => first.owned, owned => owned === 4)
    const second = await member(groupId, topic)
    await eventually(() => [first.owned, second.owned].join(), owned => owned === '2,2')
    const { groups: [group] } = await admin.describeGroups([groupId])
    same([group.state, group.members.length], ['Stable', 2], 'the group')
    const owned = group.members.map(({ memberAssignment }) =>
      AssignerProtocol.MemberAssignment.decode(memberAssignment).assignment[topic].length)
    same(owned, [2, 2], 'what its members own')
    await first.consumer.disconnect()
    await eventually(() => second.owned, owned => owned === 4)
    await second.consumer.disconnect()
  },
  'committed offsets and lag': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    await send(topic, numbered(10))
    const first = await member(groupId, topic, { run: { autoCommit: false } })
    await eventually(() => first.read.length, length => length === 10)
    await first.consumer.commitOffsets([{ topic, partition: 0, offset: '7', metadata: 'note' }])
    await first.consumer.disconnect()
    const [{ partitions: [committed] }] = await admin.fetchOffsets({ groupId, topics: [topic] })
    same(committed, { partition: 0, offset: '7', metadata: 'note' }, 'committed')
    const [{ high }] = await admin.fetchTopicOffsets(topic)
    same(high - committed.offset, 3, 'lag')
    const second = await member(groupId, topic)
    await eventually(() => second.read.length, length => length === 3)
    same(second.read.map(({ offset }) => offset), ['7', '8', '9'], 'from what was committed')
    await second.consumer.disconnect()
  },
  'describe and alter configs': async () => {
    const topic = await topicOf(1, [{ name: 'retention.ms', value: '60000' }])
    const value = async () => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: true, resources: [{ type: 2, name: topic, configNames: ['retention.ms'] }],
      })
      return resources[0].configEntries[0].configValue
    }
    same(await value(), '60000', 'as made')
    await admin.alterConfigs({
      validateOnly: false, resources: [{ type: 2, name: topic, configEntries: [{ name: 'retention.ms', value: '120000' }] }],
    })
    await eventually(value, each => each === '120000')
  },
  'list and delete groups': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    const { consumer } = await member(groupId, topic)
    await consumer.disconnect()
    const isListed = async () =>
      (await admin.listGroups()).groups.some(each => each.groupId === groupId)
    ok(await isListed(), 'listed')
    await admin.deleteGroups([groupId])
    ok(!await isListed(), 'gone')
  },
  'more partitions, delete records, delete topics': async () => {
    const topic = await topicOf()
    await send(topic, numbered(10))
    await admin.fetchTopicOffsets(topic) // it deletes only where it knows the leader already
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '4' }] })
    same((await readAll(topic, 6)).map(({ value }) => text(value)), values(10).slice(4), 'what is left')
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] })
    const partitions = async () =>
      (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions.length
    await eventually(partitions, count => count === 3)
    await admin.deleteTopics({ topics: [topic] })
    await eventually(() => admin.listTopics(), topics => !topics.includes(topic))
  },
  'a message that is too large is refused': async () => {
    const topic = await topicOf()
    const why = await send(topic, [{ value: 'x'.repeat(2_000_000) }], { config: { retry: { retries: 0 } } })
      .then(() => 'NONE', error => error.type ?? error.cause?.type)
    same(why, 'MESSAGE_TOO_LARGE', 'the reason')
  },
})
