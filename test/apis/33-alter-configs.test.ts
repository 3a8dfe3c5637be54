/** AlterConfigs over the wire (D13.9-17); the controller's part has tests of its own. */
import t from 'tap'
import { AlterConfigs } from '../../protocol/messages/33-alter-configs.ts'
import { alterConfigs as handler } from '../../src/apis/33-alter-configs.ts'
import { alter, BROKER, describe, GROUP, LOGGER, METRICS, TOPIC, valueOf } from '../support/configuring.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

type Wanted = [type: number, name: string,
  configs: Record<string, string | null> | Array<[string, string]>]

/** Each row as [type, name, error, message]. */
async function ask (client: RawClient, version: number, resources: Wanted[], validateOnly = false) {
  const { responses } = await client.request(AlterConfigs, version, {
    resources: resources.map(([resourceType, resourceName, configs]) => ({
      resourceType,
      resourceName,
      configs: (Array.isArray(configs) ? configs : Object.entries(configs)).map(
        ([name, value]) => ({ name, value })
      ),
    })),
    validateOnly,
  })
  return responses.map(row => [row.resourceType, row.resourceName, row.errorCode, row.errorMessage])
}

t.test('all that is stored for a resource is replaced', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (let version = 0; version <= 2; version++) {
    const topic = `t${version}`
    await raw.topic(topic, 1, { 'retention.ms': '5000', 'segment.ms': '7' })
    t.same(await ask(client, version, [[TOPIC, topic, { 'retention.ms': '6000' }]], true), [[TOPIC, topic, 0, null]])
    t.equal(await valueOf(client, TOPIC, topic, 'retention.ms'), '5000', `v${version}: checked only`)
    t.same(await ask(client, version, [[TOPIC, topic, { 'retention.ms': '6000' }]]), [[TOPIC, topic, 0, null]])
    t.equal(await valueOf(client, TOPIC, topic, 'retention.ms'), '6000')
    t.equal(await valueOf(client, TOPIC, topic, 'segment.ms'), '604800000', 'D13.13: what is not named is gone')
    t.equal(raw.partition(topic).settings.retentionMs, 6000n, 'D13.17: at once')
  }
  await alter(client, BROKER, '1', ['message.max.bytes', 'set', '2000000'], ['log.retention.ms', 'set', '9'])
  t.same(await ask(client, 2, [[BROKER, '1', { 'log.retention.ms': '10' }]]), [[BROKER, '1', 0, null]])
  t.equal(await valueOf(client, BROKER, '1', 'message.max.bytes'), '1048588')
  t.equal(raw.partition('t0').settings.messageBytesMax, 1048588)
  t.same(await ask(client, 2, [[METRICS, 'm', { metrics: 'x' }], [GROUP, 'g', { 'consumer.session.timeout.ms': '50000' }]]),
    [[METRICS, 'm', 0, null], [GROUP, 'g', 0, null]])
  t.equal(await valueOf(client, GROUP, 'g', 'consumer.session.timeout.ms'), '50000')
})

t.test('each refusal, in the order of the request, and none harms the others', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a')
  await raw.topic('b')
  const cases: Array<[rule: string, Wanted, errorCode: number, message: string]> = [
    ['9', [TOPIC, 'b', [['retention.ms', '1'], ['retention.ms', '2']]], 42, 'Error due to duplicate config keys'],
    ['9', [TOPIC, 'b', { 'retention.ms': null, x: null }], 42, 'Null value not supported for : retention.ms, x'],
    ['10', [LOGGER, '1', { root: 'INFO' }], 42, 'Unknown resource type 8'],
    ['10', [7, 'b', {}], 42, 'Unknown resource type 7'],
    ['11', [BROKER, '2', {}], 42, 'Unexpected broker id, expected 1, but received 2'],
    ['11', [BROKER, 'x', {}], 42, 'Node id must be an integer, but it is: x'],
    ['11', [BROKER, '1', { 'num.partitions': '2' }], 42, 'Cannot update these configs dynamically: [num.partitions]'],
    ['11', [BROKER, '', { 'log.retention.ms': 'x' }], 42, 'Invalid value x for configuration log.retention.ms: Not a number of type LONG'],
    ['14', [TOPIC, 'none', { 'retention.ms': '1' }], 3, 'The topic \'none\' does not exist.'],
    ['15', [TOPIC, 'b', { nope: '1' }], 40, 'Unknown topic config name: nope'],
    ['16', [TOPIC, 'b', { 'retention.ms': 'x' }], 40, 'Invalid value x for configuration retention.ms: Not a number of type LONG'],
  ]
  for (const [rule, [type, name, configs], errorCode, message] of cases) {
    const rows = await ask(client, 2, [[TOPIC, 'a', { 'segment.ms': '9' }], [type, name, configs], [GROUP, rule, {}]])
    t.same(rows, [[TOPIC, 'a', 0, null], [type, name, errorCode, message], [GROUP, rule, 0, null]], `D13.${rule}: ${message}`)
  }
  t.equal(await valueOf(client, TOPIC, 'a', 'segment.ms'), '9')
  t.same((await describe(client, TOPIC, 'b')).configs.filter(({ configSource }) => configSource === 1), [])
  const twice = 'Each resource must appear at most once.'
  t.same(await ask(client, 2, [[TOPIC, 'b', {}], [TOPIC, 'a', {}], [TOPIC, 'b', {}]]),
    [[TOPIC, 'b', 42, twice], [TOPIC, 'a', 0, null], [TOPIC, 'b', 42, twice]], 'D13.9')
  t.same(await ask(client, 2, []), [])
})

t.test('no right to', async t => {
  const raw = await RawBroker.start(t)
  const needs = { ...raw.broker, access: { allows: () => false } } as never
  const resources = [[TOPIC, 'a'], [GROUP, 'g'], [BROKER, '1'], [METRICS, 'm']]
    .map(([resourceType, resourceName]) => ({ resourceType, resourceName, configs: [] }))
  const body = { resources, validateOnly: false } as never
  const { responses } = await handler.handle(body, { session: {} } as never, needs) as any
  t.same(responses.map((row: any) => row.errorCode), [29, 30, 31, 31], 'D13.12')
  t.match(handler.failed?.(body, { errorCode: 41, text: 'no' } as never, {} as never),
    { responses: [{ errorCode: 41, errorMessage: 'no', resourceName: 'a' }, {}, {}, {}] }, 'D0.2')
})
