/** no-kafka: no negotiation, messages of magic 0, first versions of everything. */
import kafka from 'no-kafka'
import { bootstrap, eventually, fresh, run, same } from './harness.mjs'

const base = { connectionString: `kafka://${bootstrap}`, logger: { logLevel: 0 } }
const values = count => Array.from({ length: count }, (_, n) => `${n}`)
const text = buffer => buffer === null ? null : buffer.toString()

async function send (topic, messages, { codec = kafka.COMPRESSION_NONE, ...options } = {}) {
  const producer = new kafka.Producer({ ...base, codec, ...options })
  await producer.init()
  const answers =
    await producer.send(messages.map(message => ({ topic, partition: 0, message })), { codec })
  await producer.end()
  return answers
}

/** Topics come to be when they are first named: it has no call to make one. */
async function topicOf () {
  const topic = fresh('topic')
  const [{ error }] = await send(topic, [{ value: 'first' }], { retries: { attempts: 20, delay: { min: 50, max: 200 } } })
  same(error ?? null, null, 'the error of the first message')
  return topic
}

async function readAll (topic, count, options = { time: kafka.EARLIEST_OFFSET }) {
  const consumer = new kafka.SimpleConsumer({ ...base, idleTimeout: 50, maxWaitTime: 100 })
  await consumer.init()
  const read = []
  await consumer.subscribe(topic, [0], options, async set => { read.push(...set) })
  await eventually(() => read.length, length => length >= count)
  await consumer.end()
  return read
}

async function member (groupId, topic) {
  const consumer = new kafka.GroupConsumer({
    ...base,
    groupId,
    idleTimeout: 50,
    maxWaitTime: 100,
    heartbeatTimeout: 200,
    sessionTimeout: 10_000,
    startingOffset: kafka.EARLIEST_OFFSET,
  })
  const read = []
  await consumer.init([{
    subscriptions: [topic],
    handler: async (set, name, partition) => {
      read.push(...set)
      await consumer.commitOffset(set.map(({ offset }) => ({ topic: name, partition, offset })))
    },
  }])
  return { consumer, read }
}

const codecs = [
  ['none', kafka.COMPRESSION_NONE], ['gzip', kafka.COMPRESSION_GZIP], ['snappy', kafka.COMPRESSION_SNAPPY],
]

await run({
  'a topic that its producer makes': async () => {
    const topic = await topicOf()
    same((await readAll(topic, 1)).map(({ message }) => text(message.value)), ['first'], 'values')
  },
  keys: async () => {
    const topic = await topicOf()
    await send(topic, [{ key: 'a', value: 'one' }, { value: 'two' }])
    const read = (await readAll(topic, 3)).slice(1)
    same(read.map(({ offset, message }) => [offset, text(message.key), text(message.value)]),
      [[1, 'a', 'one'], [2, null, 'two']], 'records')
  },
  ...Object.fromEntries(codecs.map(([name, codec]) => [`produce with codec ${name}`, async () => {
    const topic = await topicOf()
    await send(topic, values(300).map(value => ({ value })), { codec })
    same((await readAll(topic, 301)).slice(1).map(({ message }) => text(message.value)), values(300), 'values')
  }])),
  'acks 0, 1 and all': async () => {
    const topic = await topicOf()
    for (const requiredAcks of [0, 1, -1]) await send(topic, [{ value: `${requiredAcks}` }], { requiredAcks })
    same((await readAll(topic, 4)).length, 4, 'records')
  },
  'consume from an offset': async () => {
    const topic = await topicOf()
    await send(topic, values(9).map(value => ({ value })))
    same((await readAll(topic, 5, { offset: 5 })).map(({ offset }) => offset), [5, 6, 7, 8, 9], 'from the fifth')
    const consumer = new kafka.SimpleConsumer(base)
    await consumer.init()
    same(await consumer.offset(topic, 0, kafka.EARLIEST_OFFSET), 0, 'the beginning')
    same(await consumer.offset(topic, 0, kafka.LATEST_OFFSET), 10, 'the end')
    await consumer.end()
  },
  'a member takes over what another has committed': async () => {
    const [topic, groupId] = [await topicOf(), fresh('group')]
    await send(topic, values(9).map(value => ({ value })))
    const first = await member(groupId, topic)
    await eventually(() => first.read.length, length => length === 10)
    const second = await member(groupId, topic)
    await first.consumer.end()
    await send(topic, [{ value: 'more' }])
    await eventually(() => second.read.length, length => length > 0)
    same(second.read.map(({ message }) => text(message.value)), ['more'], 'from what was committed')
    const admin = new kafka.GroupAdmin(base)
    await admin.init()
    const groups = await admin.listGroups()
    same(groups.filter(each => each.groupId === groupId).map(({ protocolType }) => protocolType), ['consumer'], 'listed')
    same((await admin.describeGroup(groupId)).members.length, 1, 'members')
    const [lag] = await admin.fetchConsumerLag(groupId, [{ topicName: topic, partitions: [0] }])
    same(lag.consumerLag, 0, 'lag')
    await second.consumer.end()
  },
})
