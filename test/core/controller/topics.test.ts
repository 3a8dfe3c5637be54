/** CreateTopics and DeleteTopics, rule by rule, with Kafka's words (D10, D12). */
import t from 'tap'
import { createTopics } from '../../../src/core/controller/create-topics.ts'
import type { TopicAccess } from '../../../src/core/controller/create-topics.ts'
import { deleteTopics } from '../../../src/core/controller/delete-topics.ts'
import type { DeleteAccess } from '../../../src/core/controller/delete-topics.ts'
import { Cluster, idOf } from '../../support/metadata-cluster.ts'

interface Wish {
  partitions?: number
  factor?: number
  assign?: Array<[index: number, ...brokerIds: number[]]>
  configs?: Record<string, string | null>
}

function request (wishes: Array<[name: string, wish?: Wish]>, validateOnly = false) {
  return {
    topics: wishes.map((
      [name, { partitions = 1, factor = 1, assign = [], configs = {} } = {}]
    ) => ({
      name,
      numPartitions: partitions,
      replicationFactor: factor,
      assignments: assign.map(([partitionIndex, ...brokerIds]) => ({ partitionIndex, brokerIds })),
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    })),
    timeoutMs: 1000,
    validateOnly,
  }
}

function create (cluster: Cluster, wishes: Array<[string, Wish?]>, access?: TopicAccess) {
  return cluster.commit(createTopics(request(wishes), cluster, access)).topics
}

t.test('D10.10-11: a created topic is whole, and its answer says all', async t => {
  const cluster = new Cluster().start(1)
  const [row] = create(cluster, [['a', { partitions: 2, configs: { 'retention.ms': '5' } }]])
  t.match(row, {
    name: 'a',
    errorCode: 0,
    errorMessage: null,
    numPartitions: 2,
    replicationFactor: 1,
    configs: [{ name: 'retention.ms', value: '5', configSource: 1, readOnly: false, isSensitive: false }],
  })
  const topic = cluster.image.topics.find('a')!
  t.equal(row?.topicId, topic.id)
  t.notMatch(topic.id, /-/)
  t.same(topic.partitions, Array(2).fill({
    replicas: [1],
    directories: [idOf(2001)],
    isr: [1],
    removingReplicas: [],
    addingReplicas: [],
    elr: [],
    lastKnownElr: [],
    leader: 1,
    leaderRecoveryState: 0,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }))
  t.same(cluster.log.slice(-4).map(({ record, version }) => [record.name, version]),
    [['TopicRecord', 0], ['ConfigRecord', 0], ['PartitionRecord', 2], ['PartitionRecord', 2]])
  const other = new Cluster().start(1)
  create(other, [['a', { partitions: 2 }]])
  t.equal(other.image.topics.find('a')?.id, topic.id, 'the same random numbers, the same id')
})

t.test('D10.11: what is secret is not told', async t => {
  const cluster = new Cluster().start(1)
  const { configs } = cluster.settings
  const effectiveTopicConfigs = () => [{ name: 'retention.ms', value: '5', source: 1, sensitive: true }]
  cluster.settings = { ...cluster.settings, configs: { ...configs, effectiveTopicConfigs } }
  const [row] = create(cluster, [['a', { configs: { 'retention.ms': '5' } }]])
  t.match(row?.configs, [{ name: 'retention.ms', value: null, isSensitive: true }])
})

t.test('D10.1-8: what is refused, and how', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.register(4)
  create(cluster, [['old.one']])
  const long = 'x'.repeat(250)
  const manual: Wish = { partitions: -1, factor: -1 }
  const cases: Array<[wish: [string, Wish?], errorCode: number, text: string]> = [
    [['__cluster_metadata'], 42, 'Creation of internal topic __cluster_metadata is prohibited.'],
    [[''], 17, 'Topic name is invalid: the empty string is not allowed'],
    [['..'], 17, 'Topic name is invalid: \'..\' is not allowed'],
    [[long], 17, `Topic name is invalid: the length of '${long}' is longer than the max allowed length 249`],
    [['a/b'], 17, 'Topic name is invalid: \'a/b\' contains one or more characters other than ASCII alphanumerics, \'.\', \'_\' and \'-\''],
    [['old_one'], 17, 'Topic \'old_one\' collides with existing topic: old.one'],
    [['old.one', { factor: 0 }], 36, 'Topic \'old.one\' already exists.'],
    [['a', { configs: { b: null, c: null } }], 40, 'Null value not supported for topic configs: b,c'],
    [['a', { configs: { 'no.such': '1' }, partitions: 0 }], 40, 'Unknown topic config name: no.such'],
    [['a', { ...manual, factor: 1, assign: [[0, 1]] }], 42, 'A manual partition assignment was specified, but replication factor was not set to -1.'],
    [['a', { ...manual, partitions: 1, assign: [[0, 1]] }], 42, 'A manual partition assignment was specified, but numPartitions was not set to -1.'],
    [['a', { ...manual, assign: [[0, 1], [0, 2]] }], 39, 'Found multiple manual partition assignments for partition 0'],
    [['a', { ...manual, assign: [[0, 9], [0, 2]] }], 39, 'The manual partition assignment includes broker 9, but no such broker is registered.'],
    [['a', { ...manual, assign: [[0]] }], 39, 'The manual partition assignment includes an empty replica list.'],
    [['a', { ...manual, assign: [[0, 1, 1]] }], 39, 'The manual partition assignment includes the broker 1 more than once.'],
    [['a', { ...manual, assign: [[0, 1], [1, 1, 2]] }], 39, 'The manual partition assignment includes a partition with 2 replica(s), but this is not consistent with previous partitions, which have 1 replica(s).'],
    [['a', { ...manual, assign: [[0, 4]] }], 39, 'All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled shutdown.'],
    [['a', { ...manual, assign: [[0, 1], [2, 1]] }], 39, 'partitions should be a consecutive 0-based integer sequence'],
    [['a', { factor: 0 }], 38, 'Replication factor must be larger than 0, or -1 to use the default value.'],
    [['a', { factor: -2 }], 38, 'Replication factor must be larger than 0, or -1 to use the default value.'],
    [['a', { partitions: 0 }], 37, 'Number of partitions was set to an invalid non-positive value.'],
    [['a', { factor: 5 }], 38, 'Unable to replicate the partition 5 time(s): The target replication factor of 5 cannot be reached because only 4 broker(s) are registered or some brokers have all their log directories cordoned.'],
  ]
  for (const [wish, errorCode, errorMessage] of cases) {
    const { records, reply } = createTopics(request([wish]), cluster)
    t.equal(records.length, 0)
    t.match(reply.topics, [{ name: wish[0], errorCode, errorMessage, configs: [] }])
    t.notHas(reply.topics[0], { numPartitions: 1 })
  }
})

t.test('D10.14: with every broker fenced nothing can be placed', async t => {
  const cluster = new Cluster()
  cluster.register(1)
  t.match(create(cluster, [['a']]), [{
    errorCode: 38,
    errorMessage: 'Unable to replicate the partition 1 time(s): All brokers are currently fenced, ' +
      'or have all their log directories cordoned.',
  }])
})

t.test('KIP-1066: a broker without a directory that takes replicas gets none', async t => {
  const cluster = new Cluster().start(1, 2)
  cluster.heartbeat(1, { cordonedLogDirs: [idOf(2001)] })
  create(cluster, [['a', { partitions: 20 }]])
  t.ok(cluster.image.topics.find('a')!.partitions.every(({ leader }) => leader === 2))
  t.match(create(cluster, [['b', { partitions: -1, factor: -1, assign: [[0, 1]] }]]), [{
    errorMessage: 'The manual partition assignment includes broker 1, but all its log directories are cordoned.',
  }])
})

t.test('D10.1: duplicates and the forbidden come last, the others are created', async t => {
  const cluster = new Cluster().start(1)
  const rows = create(cluster, [['twice'], ['denied'], ['fine'], ['twice']],
    { mayCreate: name => name !== 'denied' })
  t.match(rows, [
    { name: 'fine', errorCode: 0 },
    { name: 'twice', errorCode: 42, errorMessage: 'Duplicate topic name.' },
    { name: 'denied', errorCode: 29, errorMessage: 'Authorization failed.' },
  ])
  t.equal(rows.length, 3)
})

t.test('D10.2, D0.7: too much at once fails the whole request', async t => {
  const cluster = new Cluster().start(1)
  cluster.settings = { ...cluster.settings, numPartitions: 5000 }
  const cases: Array<[wishes: Array<[string, Wish?]>, text: string]> = [
    [[['a', { partitions: 5000 }], ['b', { partitions: -1 }], ['c']], 'Excessively large number of partitions per request.'],
    [[['a', { partitions: 9999 }], ['b']], 'Unable to perform excessively large batch operation.'],
  ]
  for (const [wishes, errorMessage] of cases) {
    const rows = create(cluster, wishes)
    t.equal(rows.length, wishes.length)
    for (const row of rows) t.match(row, { errorCode: 44, errorMessage })
  }
  t.equal(cluster.image.topics.size, 0)
})

t.test('-1 stands for the controller\'s own defaults', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.settings = { ...cluster.settings, numPartitions: 4, defaultReplicationFactor: 2 }
  t.match(create(cluster, [['a', { partitions: -1, factor: -1 }]]), [{ numPartitions: 4, replicationFactor: 2 }])
})

t.test('D10.7: brokers that are out may be replicas, not in sync, and never lead', async t => {
  const cluster = new Cluster().start(1, 2)
  cluster.register(3)
  const assign: Wish['assign'] = [[1, 3, 2, 1], [0, 1, 2, 3]]
  t.match(create(cluster, [['a', { partitions: -1, factor: -1, assign }]]), [{ errorCode: 0 }])
  t.match(cluster.image.topics.find('a')?.partitions, [
    { replicas: [1, 2, 3], isr: [1, 2], leader: 1 },
    { replicas: [3, 2, 1], isr: [2, 1], leader: 2 },
  ])
})

t.test('validate_only answers the same and writes nothing', async t => {
  const cluster = new Cluster().start(1)
  const { records, reply } = createTopics(request([['a'], ['b', { factor: 0 }]], true), cluster)
  t.equal(records.length, 0)
  t.match(reply.topics, [{ name: 'a', errorCode: 0, numPartitions: 1 }, { name: 'b', errorCode: 38 }])
})

t.test('D10.9, D10.11: the quota and the right to describe', async t => {
  const cluster = new Cluster().start(1)
  let left = 3
  const admit = (count: number): boolean => (left -= count) >= 0
  t.match(create(cluster, [['a', { partitions: 3 }], ['b']], { admit }), [
    { errorCode: 0 }, { errorCode: 89, errorMessage: null },
  ])
  const [row] = create(cluster, [['c']], { mayDescribeConfigs: () => false })
  t.same(row, {
    name: 'c',
    topicId: cluster.image.topics.find('c')?.id,
    errorCode: 0,
    errorMessage: null,
    topicConfigErrorCode: 29,
    configs: [],
  })
})

t.test('D10.14: leaders are even, racks differ while they can, fenced brokers never lead', async t => {
  const racks = ['x', 'x', 'y', 'y', 'z', 'z']
  for (const fenced of [undefined, 5]) {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = new Cluster(seed)
      for (const [index, rack] of racks.entries()) {
        cluster.register(index, { rack })
        if (index !== fenced) cluster.heartbeat(index)
      }
      t.match(create(cluster, [['a', { partitions: 30, factor: 3 }]]), [{ errorCode: 0 }])
      const { partitions } = cluster.image.topics.find('a')!
      t.ok(partitions.every(({ replicas }) => new Set(replicas.map(id => racks[id])).size === 3))
      t.ok(partitions.every(({ leader, replicas }) => leader === replicas[0]))
      t.notOk(partitions.some(({ leader, isr }) => leader === fenced || isr.includes(fenced ?? -1)))
      if (fenced !== undefined) continue
      const leaderships =
        racks.map((_, id) => partitions.filter(({ leader }) => leader === id).length)
      t.same(leaderships, [5, 5, 5, 5, 5, 5], `seed ${seed}`)
    }
  }
})

t.test('D10.14: brokers without rack are one rack; more replicas than racks take them in turn', async t => {
  const cluster = new Cluster().start(1, 2, 3)
  cluster.register(4)
  t.match(create(cluster, [['a', { partitions: 40, factor: 4 }]]), [{ errorCode: 0 }])
  const { partitions } = cluster.image.topics.find('a')!
  t.ok(partitions.every(({ replicas }) => new Set(replicas).size === 4 && replicas[3] === 4),
    'the fenced one is taken last')
  t.ok(new Set(partitions.map(({ replicas }) => replicas.join())).size > 3, 'the sets do not repeat')
})

type Row = {
  name: string | null, topicId?: string, errorCode?: number, errorMessage?: string | null,
}
function sorted (rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => String(a.name) + a.topicId < String(b.name) + b.topicId ? -1 : 1)
}

t.test('D12.1-3: which topics are deleted, and how the rest is refused', async t => {
  const ZERO = 'AAAAAAAAAAAAAAAAAAAAAA'
  const build = () => {
    const cluster = new Cluster().start(1)
    create(cluster, [['a'], ['b'], ['c'], ['secret'], ['hidden']])
    return { cluster, id: (name: string) => cluster.image.topics.find(name)!.id }
  }
  const { cluster, id } = build()
  const access: DeleteAccess = {
    mayDelete: name => !['secret', 'hidden'].includes(name),
    mayDescribe: name => name !== 'hidden' && name !== 'unseen',
  }
  const topics = [
    { name: 'a', topicId: ZERO }, { name: null, topicId: id('b') }, { name: null, topicId: ZERO },
    { name: 'c', topicId: id('c') }, { name: 'd', topicId: ZERO }, { name: 'd', topicId: ZERO },
    { name: null, topicId: idOf(8) }, { name: null, topicId: idOf(9) },
    { name: null, topicId: idOf(9) },
    { name: 'secret', topicId: ZERO }, { name: 'hidden', topicId: ZERO }, { name: 'unseen', topicId: ZERO },
    { name: 'none', topicId: ZERO },
  ]
  const decision = deleteTopics({ topics, topicNames: [], timeoutMs: 1 }, 6, cluster, access)
  const authorization = 'Topic authorization failed.'
  t.same(sorted(decision.reply.responses as Row[]), sorted([
    { name: 'a', topicId: id('a'), errorCode: 0, errorMessage: null },
    { name: 'b', topicId: id('b'), errorCode: 0, errorMessage: null },
    { name: null, topicId: ZERO, errorCode: 42, errorMessage: 'Neither topic name nor id were specified.' },
    { name: 'c', topicId: id('c'), errorCode: 42, errorMessage: 'You may not specify both topic name and topic id.' },
    { name: 'd', topicId: ZERO, errorCode: 42, errorMessage: 'Duplicate topic name.' },
    { name: null, topicId: idOf(8), errorCode: 100, errorMessage: 'This server does not host this topic ID.' },
    { name: null, topicId: idOf(9), errorCode: 42, errorMessage: 'Duplicate topic id.' },
    { name: 'secret', topicId: ZERO, errorCode: 29, errorMessage: authorization },
    { name: 'hidden', topicId: ZERO, errorCode: 29, errorMessage: authorization },
    { name: 'unseen', topicId: ZERO, errorCode: 29, errorMessage: authorization },
    { name: 'none', topicId: ZERO, errorCode: 3, errorMessage: 'This server does not host this topic-partition.' },
  ]))
  const ids = { secret: id('secret'), hidden: id('hidden'), c: id('c') }
  cluster.commit(decision)
  t.same([...cluster.image.topics].map(({ name }) => name), ['c', 'secret', 'hidden'])
  const again = deleteTopics({
    topics: [
      { name: null, topicId: ids.secret }, { name: null, topicId: ids.hidden },
      { name: null, topicId: ids.c }, { name: 'c', topicId: ZERO },
    ],
    topicNames: [],
    timeoutMs: 1,
  }, 6, cluster, access)
  t.same(sorted(again.reply.responses as Row[]), sorted([
    { name: 'secret', topicId: ids.secret, errorCode: 29, errorMessage: authorization },
    { name: null, topicId: ids.hidden, errorCode: 29, errorMessage: authorization },
    { name: 'c', topicId: ids.c, errorCode: 42, errorMessage: 'The provided topic name maps to an ID that was already supplied.' },
  ]))
  t.equal(again.records.length, 0)
})

t.test('D12.1, D12.4: deletion switched off, old versions and the quota', async t => {
  const cluster = new Cluster().start(1)
  create(cluster, [['a', { partitions: 3 }]])
  const byName = { topics: [], topicNames: ['a'], timeoutMs: 1 }
  const throttled = deleteTopics(byName, 5, cluster, { admit: count => count < 3 })
  t.match(throttled, { records: [], reply: { responses: [{ name: 'a', errorCode: 89 }] } })
  cluster.settings = { ...cluster.settings, deleteTopicEnable: false }
  t.match(deleteTopics(byName, 2, cluster).reply.responses, [{ name: 'a', errorCode: 42 }])
  t.match(deleteTopics(byName, 5, cluster).reply.responses,
    [{ name: 'a', errorCode: 73, errorMessage: null }])
  cluster.settings = { ...cluster.settings, deleteTopicEnable: true }
  t.match(cluster.commit(deleteTopics(byName, 1, cluster)).responses, [{ name: 'a', errorCode: 0 }])
  t.match(create(cluster, [['a']]), [{ errorCode: 0 }], 'the name is free again at once')
})
