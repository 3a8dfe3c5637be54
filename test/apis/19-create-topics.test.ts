/** CreateTopics over the wire (D10); its decider has tests of its own. */
import t from 'tap'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

function create (
  client: RawClient, version: number, names: string[], change: object = {}, timeoutMs = 30_000,
  validateOnly = false
) {
  const topic = { numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
  return client.request(CreateTopics, version, {
    topics: names.map(name => ({ name, ...topic, ...change })),
    timeoutMs,
    validateOnly,
  })
}

t.test('CreateTopics, every version', async t => {
  const raw = await RawBroker.start(t, { 'num.partitions': 3 })
  const client = await raw.client()
  for (let version = 2; version <= 7; version++) {
    const { topics } = await create(client, version, [`t${version}`])
    t.match(topics, [{
      name: `t${version}`,
      errorCode: 0,
      errorMessage: null,
      numPartitions: version >= 5 ? 2 : -1,
      replicationFactor: version >= 5 ? 1 : -1,
    }], `v${version}`)
    if (version >= 5) t.ok(topics[0]?.configs?.some(({ name, configSource }) => name === 'retention.ms' && configSource === 5), 'D10.11')
    t.equal(topics[0]?.topicId === ZERO_UUID, version < 7)
    t.equal((await produce(client, `t${version}`, batchOf(['x']), { index: 1 })).errorCode, 0, 'it is there when it is answered')
  }
  const configs = [{ name: 'cleanup.policy', value: 'compact' }]
  const { topics: [row] } = await create(client, 7, ['defaults'], { numPartitions: -1, replicationFactor: -1, configs })
  t.match(row, { numPartitions: 3, replicationFactor: 1 }, 'D10.8: -1 asks for the defaults')
  t.same(row?.configs?.map(({ name }) => name), [...row?.configs?.map(({ name }) => name) ?? []].sort(), 'D10.11: sorted')
  t.match(row?.configs?.find(({ name }) => name === 'cleanup.policy'), { value: 'compact', configSource: 1 })
  const validated = await create(client, 7, ['not-kept'], {}, 30_000, true)
  t.equal(validated.topics[0]?.errorCode, 0)
  t.equal(raw.broker.metadata.topics.find('not-kept'), undefined, 'clients 6.18: validate_only')
})

t.test('CreateTopics: what is refused', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a.b')
  const client = await raw.client()
  const cases: Array<[string, string, object, number]> = [
    ['D10.5', 'a.b', {}, 36], ['D10.4', 'a_b', {}, 17], ['D10.3', 'a b', {}, 17], ['D10.1', '__cluster_metadata', {}, 42],
    ['D10.6', 'n', { configs: [{ name: 'retention.ms', value: null }] }, 40],
    ['D10.6', 'n', { configs: [{ name: 'nonsense', value: '1' }] }, 40],
    ['D10.8', 'n', { numPartitions: 0 }, 37], ['D10.8', 'n', { replicationFactor: 0 }, 38], ['D10.14', 'n', { replicationFactor: 2 }, 38],
    ['D10.7', 'n', { assignments: [{ partitionIndex: 0, brokerIds: [1] }] }, 42],
    ['D10.13', 'n', { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 0, brokerIds: [99] }] }, 39],
    ['D10.7', 'n', { numPartitions: -1, replicationFactor: -1, assignments: [{ partitionIndex: 3, brokerIds: [1] }] }, 39],
  ]
  for (const [rule, name, change, errorCode] of cases) {
    const { topics } = await create(client, 7, [name], change)
    t.match(topics, [{ name, errorCode, topicId: ZERO_UUID, numPartitions: -1 }], `${rule}: ${name} ${JSON.stringify(change)}`)
    t.type(topics[0]?.errorMessage, 'string')
  }
  const twice = await create(client, 7, ['x', 'y', 'x'])
  t.same(twice.topics.map(({ name, errorCode, errorMessage }) => [name, errorCode, errorMessage]),
    [['y', 0, null], ['x', 42, 'Duplicate topic name.']], 'D10.1')
  const late = await create(client, 7, ['late'], {}, 0)
  t.match(late.topics, [{ name: 'late', errorCode: 7 }], 'D0.8: no time at all is never enough')
  const long = await create(client, 7, ['x'.repeat(32767)])
  t.equal(long.topics[0]?.errorCode, 17, 'a name as long as the wire allows')
})
