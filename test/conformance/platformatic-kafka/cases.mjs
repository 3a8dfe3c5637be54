/** @platformatic/kafka: newest versions only, never fewer than those of Kafka 2.x. */
import {
  Admin, ConfigResourceTypes, Consumer, ListOffsetTimestamps, MessagesStreamModes, Producer,
  stringDeserializers, stringSerializers,
} from '@platformatic/kafka'
import { bootstrap, eventually, fresh, ok, run, same } from './harness.mjs'

const base = { clientId: 'platformatic', bootstrapBrokers: [bootstrap] }
const admin = new Admin(base)

const values = count => Array.from({ length: count }, (_, n) => `${n}`)

async function topicOf (partitions = 1, configs = []) {
  const topic = fresh('topic')
  await admin.createTopics({ topics: [topic], partitions, replicas: 1, configs })
  return topic
}

async function send (topic, messages, { config = {}, ...more } = {}) {
  const producer = new Producer({ ...base, serializers: stringSerializers, ...config })
  const answer = await producer.send(
    { messages: messages.map(each => ({ topic, partition: 0, ...each })), ...more }
  )
  await producer.close()
  return answer
}

async function member (groupId, topic, { mode = MessagesStreamModes.COMMITTED, ...more } = {}) {
  const consumer = new Consumer({ ...base, groupId, deserializers: stringDeserializers })
  const stream = await consumer.consume({
    topics: [topic],
    mode,
    fallbackMode: 'earliest',
    autocommit: false,
    sessionTimeout: 10_000,
    heartbeatInterval: 200,
    maxWaitTime: 100,
    ...more,
  })
  const read = []
  stream.on('data', message => { read.push(message) })
  const leave = async () => {
    await stream.close()
    await consumer.close()
  }
  const owned = () => (consumer.assignments ?? []).flatMap(({ partitions }) => partitions).length
  return { consumer, read, leave, owned }
}

async function readAll (topic, count) {
  const { read, leave } = await member(fresh('reader'), topic)
  await eventually(() => read.length, length => length >= count)
  await leave()
  return read
}

/** Kafka's name for what went wrong, from the innermost error. */
const reasonOf = error =>
  error === undefined
    ? undefined
    : error.errors?.map(reasonOf).find(Boolean) ?? error.apiId ?? reasonOf(error.cause)

await run({
  'create a topic': async () => {
    const topic = await topicOf(3)
    const { topics } = await admin.metadata({ topics: [topic] })
    same(topics.get(topic).partitionsCount, 3, 'partitions')
    ok((await admin.listTopics()).includes(topic), 'listed')
    const why = await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 }).then(() => 'NONE', reasonOf)
    same(why, 'TOPIC_ALREADY_EXISTS', 'made twice')
  },
  'keys, headers and nulls': async () => {
    const topic = await topicOf()
    await send(topic, [{ key: 'a', value: 'one', headers: { h: 'x' }, timestamp: 1_700_000_000_000n }, { value: 'two' }])
    const [one, two] = await readAll(topic, 2)
    same([one.key, one.value, one.headers.get('h'), one.timestamp], ['a', 'one', 'x', 1_700_000_000_000n], 'the first')
    same(two.value, 'two', 'the second')
  },
  ...Object.fromEntries(['none', 'gzip', 'snappy', 'lz4', 'zstd'].flatMap(compression => [false, true].map(idempotent => [
    `produce with codec ${compression}${idempotent ? ', idempotent' : ''}`,
    async () => {
      const topic = await topicOf()
      await send(topic, values(300).map(value => ({ value })),
        { compression, idempotent, config: { idempotent } })
      same((await readAll(topic, 300)).map(({ value }) => value), values(300), 'values')
    },
  ]))),
  'acks 0, 1 and all': async () => {
    const topic = await topicOf()
    for (const acks of [0, 1, -1]) await send(topic, [{ value: `${acks}` }], { acks })
    same((await readAll(topic, 3)).length, 3, 'records')
  },
  'consume by timestamp': async () => {
    const topic = await topicOf()
    const at = n => 1_700_000_000_000n + BigInt(n) * 1000n
    await send(topic, values(10).map((value, n) => ({ value, timestamp: at(n) })))
    const offsetAt = async timestamp => {
      const consumer = new Consumer({ ...base, groupId: fresh('asker') })
      const offsets = await consumer.listOffsets({ topics: [topic], timestamp })
      await consumer.close()
      return offsets.get(topic)[0]
    }
    same(await offsetAt(at(3) + 500n), 4n, 'the offset of its time')
    same(await offsetAt(ListOffsetTimestamps.EARLIEST), 0n, 'the beginning')
    same(await offsetAt(ListOffsetTimestamps.LATEST), 10n, 'the end')
    const { read, leave } = await member(fresh('reader'), topic, {
      mode: MessagesStreamModes.MANUAL, offsets: [{ topic, partition: 0, offset: 4n }],
    })
    await eventually(() => read.length, length => length === 6)
    same(read.map(({ offset }) => offset), [4n, 5n, 6n, 7n, 8n, 9n], 'records from then on')
    await leave()
  },
  'two members share a group': async () => {
    const [topic, groupId] = [await topicOf(4), fresh('group')]
    const first = await member(groupId, topic)
    await eventually(first.owned, owned => owned === 4)
    const second = await member(groupId, topic)
    await eventually(() => `${first.owned()},${second.owned()}`, owned => owned === '2,2')
    const described = (await admin.describeGroups({ groups: [groupId] })).get(groupId)
    same([described.state, described.members.size], ['Stable', 2], 'the group')
    await first.leave()
    await eventually(second.owned, owned => owned === 4)
    await second.leave()
  },
  'committed offsets and lag': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    await send(topic, values(10).map(value => ({ value })))
    const first = await member(groupId, topic)
    await eventually(() => first.read.length, length => length === 10)
    await first.read[6].commit()
    const lag = await first.consumer.getLag({ topics: [topic] })
    same(lag.get(topic)[0], 3n, 'lag')
    await first.leave()
    const [group] = await admin.listConsumerGroupOffsets({ groups: [groupId] })
    same(group.topics[0].partitions[0].committedOffset, 7n, 'committed')
    const second = await member(groupId, topic)
    await eventually(() => second.read.length, length => length === 3)
    same(second.read.map(({ offset }) => offset), [7n, 8n, 9n], 'from what was committed')
    await second.leave()
    const topics = [{ name: topic, partitionOffsets: [{ partition: 0, offset: 2n }] }]
    await admin.alterConsumerGroupOffsets({ groupId, topics })
    const [altered] = await admin.listConsumerGroupOffsets({ groups: [groupId] })
    same(altered.topics[0].partitions[0].committedOffset, 2n, 'altered')
    await admin.deleteConsumerGroupOffsets(
      { groupId, topics: [{ name: topic, partitionIndexes: [0] }] }
    )
  },
  'describe and alter configs': async () => {
    const topic = await topicOf(1, [{ name: 'retention.ms', value: '60000' }])
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic }
    const value = async () => {
      const [{ configs }] = await admin.describeConfigs({ resources: [{ ...resource, configurationKeys: ['retention.ms'] }] })
      return configs.map(each => each.value).join()
    }
    same(await value(), '60000', 'as made')
    await admin.incrementalAlterConfigs({
      resources: [{ ...resource, configs: [{ name: 'retention.ms', configOperation: 0, value: '120000' }] }],
    })
    await eventually(value, each => each === '120000')
    await admin.alterConfigs({ resources: [{ ...resource, configs: [{ name: 'retention.ms', value: '180000' }] }] })
    await eventually(value, each => each === '180000')
  },
  'list and delete groups': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    const { leave } = await member(groupId, topic)
    await leave()
    ok((await admin.listGroups()).has(groupId), 'listed')
    await admin.deleteGroups({ groups: [groupId] })
    ok(!(await admin.listGroups()).has(groupId), 'gone')
  },
  'more partitions, delete records, delete topics': async () => {
    const topic = await topicOf()
    await send(topic, values(10).map(value => ({ value })))
    await admin.deleteRecords(
      { topics: [{ name: topic, partitions: [{ partition: 0, offset: 4n }] }] }
    )
    same((await readAll(topic, 6)).map(({ value }) => value), values(10).slice(4), 'what is left')
    await admin.createPartitions({ topics: [{ name: topic, count: 3, assignments: null }] })
    const partitions = async () => {
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true })
      return topics.get(topic).partitionsCount
    }
    await eventually(partitions, count => count === 3)
    await admin.deleteTopics({ topics: [topic] })
    await eventually(() => admin.listTopics(), topics => !topics.includes(topic))
  },
  'log directories and quotas': async () => {
    const topic = await topicOf()
    const [directories] =
      await admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] })
    same(directories.results[0].topics[0].name, topic, 'the topic of a directory')
    const entityName = fresh('quota')
    await admin.alterClientQuotas({
      entries: [{
        entities: [{ entityType: 'client-id', entityName }],
        ops: [{ key: 'producer_byte_rate', value: 1_000_000, remove: false }],
      }],
    })
    const components = [{ entityType: 'client-id', matchType: 0, match: entityName }]
    await eventually(() => admin.describeClientQuotas({ components, strict: true }),
      quotas => quotas.length === 1)
  },
  'a message that is too large is refused': async () => {
    const topic = await topicOf()
    const why = await send(topic, [{ value: 'x'.repeat(2_000_000) }], { config: { retries: 0 } }).then(() => 'NONE', reasonOf)
    same(why, 'MESSAGE_TOO_LARGE', 'the reason')
  },
})
