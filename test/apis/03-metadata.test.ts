/** Metadata over the wire (D2). */
import t from 'tap'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { metadata as handler } from '../../src/apis/03-metadata.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

interface Asked { name?: string | null, topicId?: string }
interface Options { version?: number, create?: boolean, operations?: boolean }

function ask (client: RawClient, topics: Asked[] | null, options: Options = {}) {
  const { version = 13, create = false, operations = false } = options
  return client.request(Metadata, version, {
    topics: topics === null
      ? null
      : topics.map(({ name = null, topicId = ZERO_UUID }) => ({ name, topicId })),
    allowAutoTopicCreation: create,
    includeTopicAuthorizedOperations: operations,
    includeClusterAuthorizedOperations: operations,
  })
}

/** name:error:partitions */
function rows (answer: Awaited<ReturnType<typeof ask>>): string[] {
  return answer.topics.map(({ name, errorCode, partitions }) => `${name}:${errorCode}:${partitions.length}`).sort()
}

t.test('every version names this broker and the topic', async t => {
  const raw = await RawBroker.start(t, { 'broker.rack': 'r1' })
  const topicId = await raw.topic('topic', 2)
  const client = await raw.client()
  const { nodeId } = raw.broker
  for (let version = 0; version <= 13; version++) {
    const answer = await ask(client, [{ name: 'topic' }], { version })
    t.match(answer, {
      throttleTimeMs: 0,
      errorCode: 0,
      brokers: [{ nodeId, host: '127.0.0.1', port: raw.port, rack: version >= 1 ? 'r1' : null }],
      clusterId: version >= 2 ? raw.broker.clusterId : null,
      controllerId: version >= 1 ? nodeId : -1,
      clusterAuthorizedOperations: -2147483648,
    }, `v${version}`)
    t.same(answer.topics, [{
      errorCode: 0,
      name: 'topic',
      topicId: version >= 10 ? topicId : ZERO_UUID,
      isInternal: false,
      partitions: [0, 1].map(partitionIndex => ({
        errorCode: 0,
        partitionIndex,
        leaderId: nodeId,
        leaderEpoch: version >= 7 ? 0 : -1,
        replicaNodes: [nodeId],
        isrNodes: [nodeId],
        offlineReplicas: [],
      })),
      topicAuthorizedOperations: -2147483648,
    }], `v${version}: the topic`)
  }
})

t.test('which topics', async t => {
  const raw = await RawBroker.start(t)
  const a = await raw.topic('a')
  await raw.topic('b')
  await raw.topic('__consumer_offsets')
  const client = await raw.client()
  const everything = ['__consumer_offsets:0:1', 'a:0:1', 'b:0:1']
  t.same(rows(await ask(client, [], { version: 0 })), everything, 'D2.2: v0 without topics asks for all')
  t.same(rows(await ask(client, [], { version: 1 })), [], 'D2.2: v1 for none')
  for (const version of [1, 9, 13]) t.same(rows(await ask(client, null, { version })), everything, `D2.2: null, v${version}`)
  const { topics } = await ask(client, null)
  t.same(topics.filter(({ isInternal }) => isInternal).map(({ name }) => name), ['__consumer_offsets'], 'D2.9')
  t.same(rows(await ask(client, [{ name: 'a' }, { name: 'a' }])), ['a:0:1'], 'D2.3: twice collapses')
  t.same(rows(await ask(client, [{ topicId: a }, { name: 'b' }], { version: 12 })), ['a:0:1'], 'D2.3: with an id, only ids count')
  const unknown = await ask(client, [{ topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' }])
  t.match(unknown.topics, [{ errorCode: 100, name: null, topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' }], 'D2.3')
  for (const version of [10, 11]) {
    const answer = await ask(client, [{ name: 'a' }, { name: null, topicId: a }], { version })
    t.match(answer.topics, [{ errorCode: 42, name: 'a' }, { errorCode: 42, name: '', topicId: a }], `D2.1: v${version} has no ids`)
  }
  t.match(await ask(client, [{ name: null }]), { errorCode: 42, topics: [{ errorCode: 42, name: '' }] }, 'D2.1: neither name nor id')
})

t.test('names that are missing or illegal', async t => {
  const raw = await RawBroker.start(t, { 'num.partitions': 3 })
  const client = await raw.client()
  const illegal = ['', '.', '..', 'a b', 'ä', 'x'.repeat(250), '../etc', 'a/b', 'nul\0', '__proto__ ']
  const asked = [...illegal, 'fine', 'x'.repeat(249), '__proto__'].map(name => ({ name }))
  const before = await ask(client, asked)
  t.same(before.topics.map(({ errorCode }) => errorCode), [...illegal.map(() => 17), 3, 3, 3], 'D2.5, D2.8: no creation')
  t.ok(before.topics.every(
    ({ topicId, partitions }) => topicId === ZERO_UUID && partitions.length === 0
  ))
  t.equal([...raw.broker.metadata.topics].length, 0)
  const after = await ask(client, asked, { create: true })
  t.same(after.topics.map(({ errorCode, partitions }) => [errorCode, partitions.length]),
    [...illegal.map(() => [17, 0]), [0, 3], [0, 3], [0, 3]], 'D2.6-7: made at once, and whole (clients 6.15)')
  t.same(rows(await ask(client, [{ name: 'old' }], { version: 3 })), ['old:0:3'], 'D2.5: up to v3 creation is allowed')
  t.same(rows(await ask(client, [{ name: '__consumer_offsets' }], { create: true })), ['__consumer_offsets:0:50'],
    'D2.7: an internal topic has its own settings')
  const two = await raw.client()
  const both = await Promise.all([client, two].map(each => ask(each, [{ name: 'race' }], { create: true })))
  t.same(both.map(rows), [['race:0:3'], ['race:0:3']], 'two who ask at once get one topic')
  t.same(rows(await ask(client, [{ name: 'o.ld' }, { name: 'o_ld' }], { create: true })), ['o.ld:0:3', 'o_ld:0:3'],
    'D2.6: names of one request collide with nobody')
  t.same(rows(await ask(client, [{ name: 'o.l.d' }], { create: true })), ['o.l.d:0:3'])
  t.same(rows(await ask(client, [{ name: 'o_l_d' }, { name: 'other' }], { create: true })), ['o_l_d:3:0', 'other:0:3'],
    'D2.6: a collision stays unknown, and what is beside it is made')
})

t.test('D2.5-6: without creation, and as Kafka does', async t => {
  const off = await RawBroker.start(t, { 'auto.create.topics.enable': false })
  t.same(rows(await ask(await off.client(), [{ name: 'x' }], { create: true })), ['x:3:0'])
  const strict = await RawBroker.start(t, { 'ottla.strict': true } as never)
  const client = await strict.client()
  t.same(rows(await ask(client, [{ name: 'x' }], { create: true })), ['x:3:0'], 'strict: answered before it is there')
  let answer = rows(await ask(client, [{ name: 'x' }], { create: true }))
  while (answer[0] !== 'x:0:1') answer = rows(await ask(client, [{ name: 'x' }], { create: true }))
  t.same(answer, ['x:0:1'], 'strict: and then it is')
})

t.test('D2.13: authorized operations', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  const v8 = await ask(client, [{ name: 'a' }, { name: 'none' }], { version: 8, operations: true })
  t.same(v8.topics.map(each => each.topicAuthorizedOperations), [3576, 3576], 'also for topics with errors')
  t.equal(v8.clusterAuthorizedOperations, 8096)
  t.equal(
    (await ask(client, [], { version: 10, operations: true })).clusterAuthorizedOperations, 8096
  )
  t.equal((await ask(client, [], { version: 11, operations: true })).clusterAuthorizedOperations, -2147483648, 'not from v11 on')
})

t.test('brokers that are not there', async t => {
  const partitions = [
    { leader: 1, replicas: [1, 2, 3], isr: [1, 3] },
    { leader: 2, replicas: [2, 1], isr: [2] },
    { leader: 3, replicas: [3], isr: [3] },
    { leader: -1, replicas: [1], isr: [] },
  ].map(each => ({ ...each, leaderEpoch: 4, directories: [] }))
  const topic = { name: 'a', id: 'QQQQQQQQQQQQQQQQQQQQQQ', partitions }
  const needs = {
    metadata: {
      topics: Object.assign([topic], { withId: () => undefined }),
      // 2 is registered without this listener, 3 is not registered.
      brokers: {
        get: (id: number) => id <= 2 && id > 0 ? {} : undefined, hasOnlineDirectory: () => true,
      },
    },
    access: { allows: () => true },
    endpoints: {
      alive: () => [{ nodeId: 1, host: 'h', port: 1, rack: null }], controllerId: () => 1,
    },
    clusterId: 'c',
    settings: {},
  }
  const all = async (version: number) => {
    const call = { version, session: {} } as never
    const answer = await handler.handle({ topics: null } as never, call, needs as never) as any
    return answer.topics[0].partitions.map((row: any) => [
      row.errorCode, row.leaderId, row.leaderEpoch,
      row.replicaNodes.join(), row.isrNodes.join(), row.offlineReplicas.join(),
    ])
  }
  t.same(await all(13), [
    [0, 1, 4, '1,2,3', '1,3', '2,3'], [72, -1, 4, '2,1', '2', '2'], [5, -1, 4, '3', '3', '3'], [5, -1, 4, '1', '', ''],
  ], 'D2.10-11')
  t.equal((await all(5))[1][0], 5, 'D2.10: LISTENER_NOT_FOUND only from v6')
  t.same((await all(0)).map((row: unknown[]) => row.slice(0, 5)), [
    [9, 1, 4, '1', '1'], [5, -1, 4, '1', ''], [5, -1, 4, '', ''], [5, -1, 4, '1', ''],
  ], 'D2.10: v0 sees live replicas only')
})

t.test('D2.6: who may create one topic makes this one, and is told of the others', async t => {
  const made: string[] = []
  const needs = {
    access: {
      allows: (_session: unknown, operation: string, type: string, name: string) =>
        operation === 'describe' || (operation === 'create' && type === 'topic' && name === 'mine'),
    },
    metadata: { topics: { find: () => undefined } },
    endpoints: { alive: () => [], controllerId: () => 1 },
    settings: { autoCreateTopics: true },
    topicCreation: { createMissing: async (names: string[]) => { made.push(...names) } },
    quotas: { mutation: { allowance: () => undefined } },
    environment: { monotonicMs: () => 0 },
  }
  const topics = ['mine', 'yours', 'no name'].map(name => ({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }))
  const body = {
    topics, allowAutoTopicCreation: true,
    includeClusterAuthorizedOperations: false, includeTopicAuthorizedOperations: false,
  }
  const answer =
    await handler.handle(body as never, { version: 9, session: {} } as never, needs as never)
  t.same(made, ['mine'])
  t.match(answer, { topics: [{ errorCode: 3 }, { errorCode: 29 }, { errorCode: 29 }] })
})
