/** Client metrics: who is asked for what, and when they may ask and push again (D24). */
import t from 'tap'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { clientMatch } from '../../../src/config/client-match.ts'
import { ClientInstances } from '../../../src/core/telemetry/client-instances.ts'
import type { Granted, Push } from '../../../src/core/telemetry/client-instances.ts'
import { Subscriptions } from '../../../src/core/telemetry/subscriptions.ts'

const START_MS = 1_700_000_000_000
const ID = 'abcdefghijklmnopqrstuw'
const facts = {
  client_id: 'raw',
  client_software_name: 'soft',
  client_software_version: '1.2',
  client_source_address: '10.0.0.1',
  client_source_port: '4000',
}
const client = { connection: {}, facts }

const source = (name: string, values: Record<string, string>) =>
  [name, new Map(Object.entries(values))] as const

t.test('D24.1: the union of what matches, as often as the shortest interval', async t => {
  const subscriptions = new Subscriptions(clientMatch)
  const of = (change: object = {}) =>
    subscriptions.of({ ...facts, client_instance_id: ID, ...change })
  t.same(of(), { metrics: [], pushIntervalMs: 300_000 }, 'none: a default interval')
  subscriptions.load([
    source('one', { metrics: 'b,a', 'interval.ms': '1000' }),
    source('two', { metrics: 'a , c', 'interval.ms': '500', match: 'client_id=ra.,client_software_version=1\\..*' }),
    source('three', { metrics: '*', match: 'client_source_port=4001' }),
    source('four', { metrics: 'd', match: 'client_id=(a)\\1' }),
    source('five', { metrics: '', 'interval.ms': '400000' }),
  ])
  t.same(of(), { metrics: ['a', 'b', 'c'], pushIntervalMs: 500 })
  t.same(of({ client_id: 'rawer' }), { metrics: ['a', 'b'], pushIntervalMs: 1000 }, 'a pattern is of the whole text')
  t.same(of({ client_software_version: '12' }).metrics, ['a', 'b'], 'every pattern has to match')
  t.same(of({ client_source_port: '4001' }), { metrics: ['*'], pushIntervalMs: 500 }, 'all is all')
  subscriptions.load([source('all', { metrics: 'x', match: ' client_source_address = 10\\..* ' })])
  t.same(of().metrics, ['x'])
  t.equal(subscriptions.version, 2)
})

t.test('D24.1: how soon a client may ask again', async t => {
  const instances = new ClientInstances(100, clientMatch)
  let made = 0
  const get = (nowMs: number, asked = ID) => instances.subscribe(asked, client, nowMs, () => {
    made += 1
    return ID
  })
  const first = get(START_MS, ZERO_UUID) as Granted
  t.match(first, { instanceId: ID, metrics: [], pushIntervalMs: 300_000 })
  t.equal(made, 1, 'an id for who has none')
  t.equal(get(START_MS + 299_999), 89)
  t.same(get(START_MS + 300_000), first, 'the same metrics have the same subscription id')
  const other = instances.subscribe('_____________________w', client, START_MS, () => '') as Granted
  t.not(other.subscriptionId, first.subscriptionId, 'which no other client has')
  instances.load([source('s', { metrics: 'a', 'interval.ms': '100' })])
  const changed = get(START_MS + 300_001) as Granted
  t.match(changed, { metrics: ['a'], pushIntervalMs: 100 }, 'changed subscriptions are told at once')
  t.not(changed.subscriptionId, first.subscriptionId)
  t.equal(get(START_MS + 300_001), 89)
  t.equal(made, 1)
})

t.test('D24.2: what is refused of a push, in order', async t => {
  const instances = new ClientInstances(100, clientMatch)
  instances.load([source('s', { metrics: 'a', 'interval.ms': '1000' })])
  const get = (nowMs: number) => instances.subscribe(ID, client, nowMs, () => '')
  let nowMs = START_MS
  const { subscriptionId } = get(nowMs) as Granted
  const push = (change: Partial<Push> = {}) => instances.push({
    instanceId: ID, subscriptionId, isTerminating: false, compressionType: 0, bytes: 10, ...change,
  }, client, nowMs)
  t.equal(push({ instanceId: ZERO_UUID }), 42, 'reserved ids')
  t.equal(push({ instanceId: 'AAAAAAAAAAAAAAAAAAAAAQ' }), 42)
  nowMs += 1
  t.equal(push(), 0, 'the first push after a get is free')
  t.equal(push({ subscriptionId: 1, compressionType: 9, bytes: 1000 }), 89, 'too soon comes before all else')
  t.equal(get(nowMs), 89)
  nowMs += 1000
  t.equal(push({ subscriptionId: subscriptionId + 1, compressionType: 9, bytes: 1000 }), 117)
  t.ok(typeof get(nowMs) === 'object', 'who pushed for another subscription may ask at once')
  nowMs += 1000
  t.equal(push({ compressionType: 5, bytes: 1000 }), 76)
  t.ok(typeof get(nowMs) === 'object', 'so may who used an unknown codec')
  nowMs += 1000
  t.equal(push({ compressionType: -1 }), 76)
  nowMs += 1000
  t.equal(push({ compressionType: 4, bytes: 101 }), 118)
  t.equal(get(nowMs), 89)
  nowMs += 1000
  t.equal(push({ bytes: 100 }), 0)
  t.equal(push({ isTerminating: true, subscriptionId: 9 }), 117, 'a last push may come at any time')
  t.equal(push({ isTerminating: true }), 42, 'and there is only one')
  nowMs += 10_000
  t.equal(push(), 42)
  t.equal(push({ instanceId: '_____________________w', subscriptionId: 0 }), 117, 'an instance that another broker knew')
  instances.load([source('s', { metrics: 'b', 'interval.ms': '1000' })])
  t.equal(push(), 117, 'after a change it starts anew')
  instances.failed(ID, 87)
  t.equal(get(nowMs), 89, 'metrics that cannot be read are no reason to ask at once')
  instances.failed('unknown', 87)
})

t.test('D24.3: how long a client is remembered', async t => {
  const instances = new ClientInstances(100, clientMatch)
  instances.load([source('s', { metrics: 'a', 'interval.ms': '100000' })])
  const get = (id: string, connection: object, nowMs: number) =>
    instances.subscribe(id, { connection, facts }, nowMs, () => '')
  const connection = {}
  get(ID, connection, START_MS)
  t.equal(get(ID, connection, START_MS + 1), 89)
  instances.disconnected(connection)
  instances.disconnected({})
  t.equal(instances.size, 0)
  t.equal(typeof get(ID, connection, START_MS + 2), 'object', 'not longer than its connection')
  instances.load([source('s', { metrics: 'a', 'interval.ms': '1000' })])
  const last = {
    instanceId: ID, subscriptionId: 0, isTerminating: false, compressionType: 0, bytes: 0,
  }
  instances.push({ ...last, isTerminating: true }, client, START_MS + 3)
  t.equal(instances.push(last, client, START_MS + 3 + 59_999), 42)
  t.equal(instances.push(last, client, START_MS + 3 + 59_999 + 60_000), 117, 'nor a minute longer than it was heard of')
  for (let index = 0; index < 16_384; index++) {
    const id = Buffer.alloc(16)
    id.writeInt32BE(index + 7, 12)
    get(id.toString('base64url'), {}, START_MS + 200_000)
  }
  t.equal(instances.size, 16_384)
  t.equal(typeof get(ID, {}, START_MS + 200_000), 'object', 'the longest unheard of made room')
  t.equal(instances.size, 16_384)
  get('_____________________w', {}, START_MS + 200_000 + 60_000)
  t.equal(instances.size, 1, 'who is gone is forgotten by and by, without anybody to make room for')
})

t.test('no client says more of itself than is worth keeping', async t => {
  const instances = new ClientInstances(100, clientMatch)
  instances.load([source('s', { metrics: 'a', match: 'client_id=x{256}' })])
  const long = { connection: {}, facts: { ...facts, client_id: 'x'.repeat(30_000) } }
  t.match(instances.subscribe(ID, long, START_MS, () => ''), { metrics: ['a'] })
})
