/** kafkajs administers: topics, offsets and groups, with Kafka's own errors. */
import kafkajs from 'kafkajs'
import type { Admin } from 'kafkajs'
import t from 'tap'
import { Clients, reasonOf, received } from '../support/kafkajs.ts'
import type { Received } from '../support/kafkajs.ts'
import { Inbox } from '../support/inbox.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

// Not among the names that Node finds in a CommonJS package.
const { ConfigResourceTypes } = kafkajs
const clients = await Clients.start(t)
const admin = clients.kafka.admin({ retry: { retries: 0 } })
t.teardown(() => admin.disconnect())
await admin.connect()

const ABSENT = 'absent'

t.test('the cluster is one broker, which is its controller', async t => {
  const cluster = await admin.describeCluster()
  t.same(cluster, {
    brokers: [{ nodeId: 1, host: '127.0.0.1', port: clients.broker.port }],
    controller: 1,
    clusterId: clients.broker.clusterId,
  })
})

t.test('topics are made, described, listed and deleted', async t => {
  const [one, many] = [clients.name('one'), clients.name('many')]
  t.equal(await admin.createTopics({
    topics: [{ topic: one }, { topic: many, numPartitions: 5, replicationFactor: 1 }],
  }), true)
  t.same((await admin.listTopics()).filter(name => [one, many].includes(name)).sort(),
    [many, one].sort())
  const { topics } = await admin.fetchTopicMetadata({ topics: [one, many] })
  t.same(topics.map(({ name, partitions }) => [name, partitions.length]).sort(),
    [[many, 5], [one, 1]].sort())
  for (const { partitions } of topics) {
    for (const partition of partitions) {
      t.match(partition, { partitionErrorCode: 0, leader: 1, replicas: [1], isr: [1] })
    }
  }
  await clients.send(many, [{ value: 'x' }])
  await admin.deleteTopics({ topics: [many] })
  t.notOk((await admin.listTopics()).includes(many))
  t.ok((await admin.listTopics()).includes(one))
  t.equal(await admin.createTopics({ topics: [{ topic: many, numPartitions: 2 }] }), true, 'its name is free again')
  t.same((await admin.fetchTopicOffsets(many)).map(({ offset }) => offset), ['0', '0'], 'and its past is gone')
})

t.test('all topics are described when none is named', async t => {
  const topic = await clients.topic(2)
  const { topics } = await admin.fetchTopicMetadata()
  t.match(topics.find(({ name }) => name === topic), { partitions: [{}, {}] })
  t.ok((await admin.listTopics()).length <= topics.length)
})

t.test('a topic is placed where the request says', async t => {
  const topic = clients.name('placed')
  await admin.createTopics({
    topics: [{
      topic, replicaAssignment: [{ partition: 0, replicas: [1] }, { partition: 1, replicas: [1] }],
    }],
  })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  t.match(topics[0]?.partitions.map(({ replicas }) => replicas), [[1], [1]])
})

t.test('validateOnly makes nothing', async t => {
  const topic = clients.name('tried')
  t.equal(await admin.createTopics(
    { validateOnly: true, waitForLeaders: false, topics: [{ topic }] }
  ), true)
  t.notOk((await admin.listTopics()).includes(topic))
})

t.test('what cannot be made or found is refused with its reason', async t => {
  const present = await clients.topic()
  t.equal(await admin.createTopics({ topics: [{ topic: present }] }), false, 'kafkajs: false for a topic that exists')
  const create = async (topic: object): Promise<string> => {
    try {
      await admin.createTopics({ topics: [topic as { topic: string }] })
      return 'NONE'
    } catch (error) {
      const { errors, type } = error as { errors?: Array<{ type: string }>, type?: string }
      return errors?.[0]?.type ?? type ?? ''
    }
  }
  for (const [what, topic, reason] of [
    ['no name', { topic: ' ' }, 'INVALID_TOPIC_EXCEPTION'],
    ['a character that no topic has', { topic: 'a/b' }, 'INVALID_TOPIC_EXCEPTION'],
    ['a name of 250', { topic: 'x'.repeat(250) }, 'INVALID_TOPIC_EXCEPTION'],
    ['no partitions', { topic: ABSENT, numPartitions: 0 }, 'INVALID_PARTITIONS'],
    ['more replicas than brokers', { topic: ABSENT, replicationFactor: 2 }, 'INVALID_REPLICATION_FACTOR'],
    ['replicas on a broker that is not there', { topic: ABSENT, replicaAssignment: [{ partition: 0, replicas: [9] }] },
      'INVALID_REPLICA_ASSIGNMENT'],
  ] as const) {
    t.equal(await create(topic), reason, what)
  }
  t.notOk((await admin.listTopics()).includes(ABSENT))
  t.equal(await reasonOf(admin.deleteTopics({ topics: [ABSENT] })), 'UNKNOWN_TOPIC_OR_PARTITION')
  t.equal(await reasonOf(admin.fetchTopicMetadata({ topics: [ABSENT] })), 'UNKNOWN_TOPIC_OR_PARTITION')
  t.notOk((await admin.listTopics()).includes(ABSENT), 'asking does not make it')
})

t.test('names that differ only by dot and underscore collide', async t => {
  const name = clients.name('a.b')
  await admin.createTopics({ topics: [{ topic: name }] })
  await t.rejects(admin.createTopics({ topics: [{ topic: name.replace('.', '_') }] }),
    { errors: [{ type: 'INVALID_TOPIC_EXCEPTION' }] })
})

t.test('offsets of topics: first, next, and by time', async t => {
  const topic = await clients.topic(2)
  const at = (n: number): string => `${1_700_000_000_000 + n * 1000}`
  await clients.send(topic, Array.from({ length: 10 }, (_, n) => ({ partition: 0, value: `${n}`, timestamp: at(n) })))
  const sorted = <T extends { partition: number }>(rows: T[]): T[] =>
    rows.sort((a, b) => a.partition - b.partition)
  t.same(sorted(await admin.fetchTopicOffsets(topic)), [
    { partition: 0, offset: '10', high: '10', low: '0' },
    { partition: 1, offset: '0', high: '0', low: '0' },
  ])
  for (const [timestamp, offset] of [[at(0), '0'], [at(3), '3'], [`${Number(at(3)) + 1}`, '4'], [at(9), '9'], [at(10), '10']] as const) {
    t.same(sorted(await admin.fetchTopicOffsetsByTimestamp(topic, Number(timestamp))),
      [{ partition: 0, offset }, { partition: 1, offset: '0' }], `at ${timestamp}`)
  }
})

async function readThrough (
  groupId: string, topic: string, count: number
): Promise<readonly Received[]> {
  const consumer = await clients.consumer({ groupId })
  const inbox = new Inbox<Received>()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
  await inbox.has(count)
  await consumer.disconnect()
  return inbox.items
}

const offsetsOf = async (groupId: string, topic: string): Promise<string[]> => {
  const [row] = await admin.fetchOffsets({ groupId, topics: [topic] })
  return (row?.partitions ?? []).sort((a, b) => a.partition - b.partition).map(
    ({ offset }) => offset
  )
}

t.test('offsets of a group are read, set and reset while it is empty', async t => {
  const topic = await clients.topic(2)
  const [set, earliest, latest] = [clients.name('group'), clients.name('group'), clients.name('group')]
  await clients.send(topic, Array.from({ length: 20 }, (_, n) => ({ partition: n % 2, value: `${n}` })))
  t.same(await offsetsOf(set, topic), ['-1', '-1'], 'a group that nobody has seen')
  await Promise.all([set, earliest].map(groupId => readThrough(groupId, topic, 20)))
  t.same(await offsetsOf(earliest, topic), ['10', '10'])
  // For each of these kafkajs joins the group and waits five seconds by itself: hence at once.
  const reset = async (change: (own: Admin) => Promise<unknown>): Promise<void> => {
    const own = clients.kafka.admin()
    await own.connect()
    await change(own)
    await own.disconnect()
  }
  await Promise.all([
    reset(own => own.setOffsets({
      groupId: set, topic, partitions: [{ partition: 0, offset: '4' }, { partition: 1, offset: '7' }],
    })),
    reset(own => own.resetOffsets({ groupId: earliest, topic, earliest: true })),
    reset(own => own.resetOffsets({ groupId: latest, topic, earliest: false })),
  ])
  t.same(await offsetsOf(set, topic), ['4', '7'])
  t.same(await offsetsOf(earliest, topic), ['-2', '-2'], 'kafkajs commits what it means, and resolves it when it reads')
  t.same(await offsetsOf(latest, topic), ['-1', '-1'])
  await reset(own => own.fetchOffsets({ groupId: latest, topics: [topic], resolveOffsets: true }))
  t.same(await offsetsOf(latest, topic), ['10', '10'])
  const again = await readThrough(set, topic, 9)
  t.same(again.map(({ partition, offset }) => `${partition}/${offset}`).sort(),
    ['0/4', '0/5', '0/6', '0/7', '0/8', '0/9', '1/7', '1/8', '1/9'])
  t.equal((await readThrough(earliest, topic, 20)).length, 20)
})

t.test('offsets of a group of several topics come back together', async t => {
  const [one, two, groupId] = [await clients.topic(), await clients.topic(), clients.name('group')]
  const consumer = await clients.consumer({ groupId }, t)
  await consumer.subscribe({ topics: [one, two] })
  const joined =
    new Promise<void>(resolve => { consumer.on(consumer.events.GROUP_JOIN, () => { resolve() }) })
  await consumer.run({ autoCommit: false, eachMessage: async () => {} })
  await joined
  await consumer.commitOffsets([{ topic: one, partition: 0, offset: '3' }, { topic: two, partition: 0, offset: '5' }])
  const rows = await admin.fetchOffsets({ groupId })
  t.same(rows.map(({ topic, partitions }) => [topic, partitions[0]?.offset]).sort(), [[one, '3'], [two, '5']].sort())
})

t.test('groups are listed and described', async t => {
  const [topic, groupId] = [await clients.topic(3), clients.name('group')]
  const consumer = await clients.consumer({ groupId }, t)
  const joined = new Promise<string>(resolve => {
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => { resolve(payload.memberId) })
  })
  await consumer.subscribe({ topic })
  await consumer.run({ eachMessage: async () => {} })
  const memberId = await joined
  t.match((await admin.listGroups()).groups.filter(group => group.groupId === groupId),
    [{ groupId, protocolType: 'consumer' }])
  const described = await admin.describeGroups([groupId, 'nobody'])
  t.match(described.groups.find(group => group.groupId === groupId), {
    errorCode: 0,
    state: 'Stable',
    protocolType: 'consumer',
    protocol: 'RoundRobinAssigner',
    members: [{ memberId, clientId: 'test', clientHost: '/127.0.0.1' }],
  })
  t.match(described.groups.find(group => group.groupId === 'nobody'), { errorCode: 0, state: 'Dead', members: [] })
  t.match(await reasonOf(admin.setOffsets({ groupId, topic, partitions: [{ partition: 0, offset: '0' }] })),
    /no running instances, current state: Stable/, 'kafkajs asks for the state and keeps away from a group at work')
  await consumer.disconnect()
  t.match((await admin.describeGroups([groupId])).groups[0], { state: 'Empty', members: [] })
})

t.test('a topic that is deleted under its consumer is made again by it, and read from its new beginning', async t => {
  const topic = clients.name('phoenix')
  const consumer = await clients.consumer({}, t)
  const inbox = new Inbox<Received>()
  await clients.send(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
  await inbox.has(3)
  await admin.deleteTopics({ topics: [topic] })
  await clients.send(topic, [{ value: 'again' }])
  await inbox.has(4)
  t.match(inbox.items[3], { value: 'again', offset: 0n })
})

/** An entry of a topic's settings, by the names that kafkajs gives it. */
async function settingOf (topic: string, name: string): Promise<object | undefined> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: true,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }],
  })
  return resources[0]?.configEntries[0]
}

t.test('settings of topics and of the broker are described and altered', async t => {
  const topic = clients.name('settled')
  await admin.createTopics({ topics: [{ topic, configEntries: [{ name: 'retention.ms', value: '60000' }] }] })
  t.match(await settingOf(topic, 'retention.ms'), {
    configName: 'retention.ms', configValue: '60000', readOnly: false, configSource: 1, isSensitive: false,
    configSynonyms: [{ configName: 'retention.ms', configValue: '60000', configSource: 1 }],
  })
  t.match(await settingOf(topic, 'cleanup.policy'), { configValue: 'delete', configSource: 5 })
  const alter = (value: string, validateOnly = false): Promise<unknown> => admin.alterConfigs({
    validateOnly, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: 'cleanup.policy', value }] }],
  })
  await alter('compact', true)
  t.match(await settingOf(topic, 'cleanup.policy'), { configValue: 'delete' }, 'validateOnly alters nothing')
  await alter('compact')
  t.match(await settingOf(topic, 'cleanup.policy'), { configValue: 'compact', configSource: 1 })
  t.match(await settingOf(topic, 'retention.ms'), { configValue: '604800000', configSource: 5 },
    'AlterConfigs sets the whole: what it does not name is a default again')
  t.equal(await reasonOf(alter('shred')), 'INVALID_CONFIG')
  t.match(await settingOf(topic, 'cleanup.policy'), { configValue: 'compact' })
  t.equal(await reasonOf(admin.describeConfigs({
    includeSynonyms: false, resources: [{ type: ConfigResourceTypes.TOPIC, name: ABSENT }],
  })), 'UNKNOWN_TOPIC_OR_PARTITION')
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false, resources: [{ type: ConfigResourceTypes.BROKER, name: '1' }],
  })
  t.match(resources[0]?.configEntries.find(({ configName }) => configName === 'num.partitions'), { configValue: '1', readOnly: true })
})

t.test('partitions are added, never taken away', async t => {
  const topic = await clients.topic()
  const grow = (count: number, more: object = {}): Promise<unknown> =>
    admin.createPartitions({ topicPartitions: [{ topic, count, ...more }] })
  const count = async (): Promise<number | undefined> =>
    (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions.length
  await admin.createPartitions({ validateOnly: true, topicPartitions: [{ topic, count: 2 }] })
  t.equal(await count(), 1, 'validateOnly adds nothing')
  await grow(2)
  await grow(4, { assignments: [[1], [1]] })
  t.equal(await count(), 4)
  t.equal(await reasonOf(grow(3)), 'INVALID_PARTITIONS')
  t.equal(await reasonOf(grow(5, { assignments: [[9]] })), 'INVALID_REPLICA_ASSIGNMENT')
  t.equal(await reasonOf(admin.createPartitions({ topicPartitions: [{ topic: ABSENT, count: 2 }] })), 'UNKNOWN_TOPIC_OR_PARTITION')
  await clients.send(topic, [{ partition: 3, value: 'in the last' }])
  t.match(await clients.readAll(topic, 1), [{ partition: 3, value: 'in the last' }])
})

t.test('records are deleted from the beginning of a log', async t => {
  const topic = await clients.topic()
  await clients.send(topic, Array.from({ length: 10 }, (_, n) => ({ value: `${n}` })))
  const remove = async (offset: string): Promise<string> => {
    await admin.fetchTopicOffsets(topic) // kafkajs deletes only where it knows the leader already
    try {
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset }] })
      return 'NONE'
    } catch (error) {
      const { cause } = error as { cause: { partitions: Array<{ error: { type: string } }> } }
      return cause.partitions[0]?.error.type ?? ''
    }
  }
  t.equal(await remove('4'), 'NONE')
  t.same(await admin.fetchTopicOffsets(topic), [{ partition: 0, offset: '10', high: '10', low: '4' }])
  t.same((await clients.readAll(topic, 6)).map(({ value }) => value), ['4', '5', '6', '7', '8', '9'])
  t.equal(await remove('11'), 'OFFSET_OUT_OF_RANGE')
  t.equal(await remove('-1'), 'NONE', 'everything there is')
  t.same(await admin.fetchTopicOffsets(topic), [{ partition: 0, offset: '10', high: '10', low: '10' }])
})

t.test('groups are deleted when nobody is in them', async t => {
  const [topic, groupId] = [await clients.topic(), clients.name('group')]
  const consumer = await clients.consumer({ groupId }, t)
  await clients.send(topic, [{ value: 'x' }])
  const inbox = new Inbox<Received>()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({ eachMessage: async each => { inbox.push(received(each)) } })
  await inbox.has(1)
  const refusedWith = async (...groups: string[]): Promise<object> => {
    try {
      await admin.deleteGroups(groups)
      return []
    } catch (error) {
      return (error as { groups: object[] }).groups
    }
  }
  t.match(await refusedWith(groupId), [{ groupId, error: { type: 'NON_EMPTY_GROUP' } }])
  await consumer.disconnect()
  t.same(await offsetsOf(groupId, topic), ['1'])
  t.match(await admin.deleteGroups([groupId]), [{ groupId, errorCode: 0 }])
  t.same(await offsetsOf(groupId, topic), ['-1'], 'its offsets went with it')
  t.match(await refusedWith('nobody'), [{ groupId: 'nobody', error: { type: 'GROUP_ID_NOT_FOUND' } }])
})

t.test('partitions stay where they are on the only broker', async t => {
  const topic = await clients.topic(2)
  const reassign = (replicas: number[]): Promise<void> =>
    admin.alterPartitionReassignments(
      { topics: [{ topic, partitionAssignment: [{ partition: 0, replicas }] }] }
    )
  await reassign([1])
  t.same(await admin.listPartitionReassignments({ topics: [{ topic, partitions: [0, 1] }] }),
    { topics: [] })
  t.same(await admin.listPartitionReassignments({}), { topics: [] })
  await t.rejects(reassign([9]), { errors: [{ type: 'INVALID_REPLICA_ASSIGNMENT', topic, partition: 0 }] })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  t.match(topics[0]?.partitions.map(({ replicas }) => replicas), [[1], [1]])
})
