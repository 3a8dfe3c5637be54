/**
 * DescribeConfigs over the wire (D13.1-8); what each kind of resource shows has tests of its own.
 */
import t from 'tap'
import { DescribeConfigs } from '../../protocol/messages/32-describe-configs.ts'
import { describeConfigs as handler } from '../../src/apis/32-describe-configs.ts'
import { kafkaBrokerTable } from '../../src/config/table.ts'
import { alter, BROKER, describe, GROUP, LOGGER, METRICS, TOPIC } from '../support/configuring.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('a topic, by version', async t => {
  const raw = await RawBroker.start(t, { 'log.retention.hours': 100 })
  const client = await raw.client()
  await raw.topic('a', 1, { 'retention.ms': ' 5000' })
  for (let version = 0; version <= 4; version++) {
    const keys = ['retention.ms', 'segment.ms', 'none']
    const { configs, errorCode, errorMessage } = await describe(client, TOPIC, 'a', keys, version)
    t.same([errorCode, errorMessage], [0, ''], `v${version}`)
    const [segment, retention] = configs.toSorted((a, b) => b.name.localeCompare(a.name))
    t.match(retention, { name: 'retention.ms', value: '5000', readOnly: false, isSensitive: false })
    t.match(segment, { name: 'segment.ms', value: '604800000' })
    if (version === 0) t.same([retention?.isDefault, segment?.isDefault], [false, true], 'v0: one flag')
    else {
      t.same([retention?.configSource, segment?.configSource], [1, 5], `v${version}: clients 6.19`)
      t.same(retention?.synonyms, [{ name: 'retention.ms', value: '5000', source: 1 }],
        'D13.7: with hours in the file the broker\'s own names are lost')
    }
    t.equal(retention?.configType, version >= 3 ? 5 : 0, `v${version}: type`)
    t.equal(retention?.documentation, version >= 3 ? 'Milliseconds that segments are kept; -1 for ever.' : '', `v${version}`)
  }
  const bare = await client.request(DescribeConfigs, 4, {
    resources: [{ resourceType: TOPIC, resourceName: 'a', configurationKeys: ['retention.ms'] }],
    includeSynonyms: false,
    includeDocumentation: false,
  })
  t.match(bare.results[0]?.configs, [{ synonyms: [], configSource: 1, documentation: null }], 'only what is asked for')
  t.equal((await describe(client, TOPIC, 'a', [])).configs.length, (await describe(client, TOPIC, 'a')).configs.length,
    'D13.5: no keys ask for all')
  const { results } = await client.request(DescribeConfigs, 1, {
    resources: ['a', 'a'].map(resourceName => ({ resourceType: TOPIC, resourceName, configurationKeys: [] })),
    includeSynonyms: false,
  })
  t.equal(results.length, 2, 'D13.5: the same resource twice has two rows')
})

t.test('a request cannot ask for more than memory holds', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const results = async (
    resourceType: number, length: number, nameOf: (index: number) => string
  ) => {
    const resources = Array.from({ length }, (_, index) =>
      ({ resourceType, resourceName: nameOf(index), configurationKeys: null }))
    const request = { resources, includeSynonyms: false, includeDocumentation: false }
    return (await client.request(DescribeConfigs, 4, request)).results
  }
  const cases = [[BROKER, 600, () => '1'], [GROUP, 8000, (index: number) => `${'group'.repeat(9)}-${index}`]] as const
  for (const [type, length, nameOf] of cases) {
    const rows = await results(type, length, nameOf)
    t.equal(rows.length, length, 'every resource is answered')
    t.match(rows.at(-1), { errorCode: 42, errorMessage: 'The request asks for too many descriptions at once.', configs: [] })
    const described = rows.flatMap(({ configs }) => configs).length
    t.ok(described > 90_000 && described < 101_000, `${described} rows`)
    t.same(rows[1]?.configs, rows[0]?.configs)
  }
  await Promise.all(Array.from({ length: 5 }, (_, index) => raw.topic(`t${index}`)))
  t.ok((await results(TOPIC, 600, index => `t${index % 5}`)).every(({ errorCode }) => errorCode === 0))
})

t.test('a broker shows every setting of Kafka, with secrets hidden', async t => {
  const raw = await RawBroker.start(t, {
    'ssl.keystore.password': 'hush-hush', 'listener.name.a.ssl.keystore.password': 'hush-hush', 'my.extra': 'x',
  } as never)
  const client = await raw.client()
  await alter(client, BROKER, '', ['message.max.bytes', 'set', '1000000'])
  await alter(client, BROKER, '1', ['message.max.bytes', 'set', '2000000'])
  const { configs } = await describe(client, BROKER, '1')
  const rows = new Map(configs.map(row => [row.name, row]))
  const missing =
    [...kafkaBrokerTable.values()].filter(({ name, internal }) => !internal && !rows.has(name))
  t.same(missing, [], 'D13.3')
  t.equal(rows.get('internal.metadata.log.segment.bytes'), undefined, 'internal ones only if set')
  t.match(rows.get('message.max.bytes'), {
    value: '2000000',
    configSource: 2,
    readOnly: false,
    synonyms: [{ source: 2 }, { source: 3, value: '1000000' }, { source: 5, value: '1048588' }],
  }, 'D13.7')
  for (const name of ['ssl.keystore.password', 'listener.name.a.ssl.keystore.password', 'my.extra']) {
    t.match(rows.get(name), { value: null, isSensitive: true, configSource: 4 }, `D13.6: ${name}`)
    t.same(rows.get(name)?.synonyms.map(({ value }) => value).filter(value => value !== null), [])
  }
  t.notOk(JSON.stringify(configs).includes('hush-hush'))
  t.match(rows.get('num.partitions'), { readOnly: true }, 'D13.6')
  const all = await describe(client, BROKER, '')
  t.same(all.configs.map(({ name, value, configSource }) => [name, value, configSource]),
    [['min.insync.replicas', '1', 3], ['message.max.bytes', '1000000', 3]], 'D13.3: the empty name stands for all brokers')
})

t.test('each refusal', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const cases: Array<[rule: string, type: number, name: string, errorCode: number,
    message: string | RegExp]> = [
      ['2', TOPIC, 'none', 3, ''], ['2', TOPIC, 'a b', 17, /^Topic name is invalid: 'a b' contains/], ['2', TOPIC, '', 17, /empty string/],
      ['3', BROKER, '2', 42, 'Unexpected broker id, expected 1 or empty string, but received 2'],
      ['3', BROKER, 'x', 42, 'Broker id must be an integer, but it is: x'],
      ['4', LOGGER, '', 42, 'Broker id must not be empty'], ['4', LOGGER, 'x', 42, 'Broker id must be an integer, but it is: x'],
      ['4', LOGGER, '2', 42, 'Unexpected broker id, expected 1 but received 2'],
      ['4', METRICS, '', 42, 'Client metrics subscription name must not be empty'], ['4', GROUP, '', 42, 'Group name must not be empty'],
    ]
  for (const [rule, type, name, errorCode, message] of cases) {
    const expected = {
      errorCode, errorMessage: message, resourceType: type, resourceName: name, configs: [],
    }
    t.match(await describe(client, type, name), expected, `D13.${rule}: ${type} ${name}`)
  }
  for (const type of [0, 1, 7, 64]) {
    const { results } = await client.request(DescribeConfigs, 4, {
      resources: [[TOPIC, 'none'] as const, [type, 'x'] as const]
        .map(([resourceType, resourceName]) =>
          ({ resourceType, resourceName, configurationKeys: null })),
      includeSynonyms: false,
      includeDocumentation: false,
    })
    t.match(results, [{ errorCode: 42, errorMessage: /malformed/ }, { errorCode: 42, resourceType: type }], `D13.1: type ${type} fails all`)
  }
})

t.test('groups, client metrics and loggers exist without being made', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  t.match((await describe(client, GROUP, 'g', ['consumer.session.timeout.ms'])).configs,
    [{ value: '45000', configSource: 5, synonyms: [{ name: 'group.consumer.session.timeout.ms', source: 5 }], configType: 3 }])
  t.match((await describe(client, METRICS, 'm', ['interval.ms'])).configs, [{ value: '300000', configSource: 5, synonyms: [] }])
  t.same((await describe(client, LOGGER, '1')).configs, [{
    name: 'root',
    value: 'DEBUG',
    readOnly: false,
    configSource: 6,
    isDefault: false,
    isSensitive: false,
    synonyms: [],
    configType: 0,
    documentation: '',
  }])
})

t.test('D13.1: no right to', async t => {
  const asked: string[] = []
  const needs = {
    access: {
      allows: (_client: unknown, operation: string, type: string, name: string) => {
        asked.push(`${operation} ${type} ${name}`)
        return name === 'g'
      },
    },
    configuration: { describe: () => [] },
    environment: { monotonicMs: () => 0 },
  } as never
  const resources = [[TOPIC, 'a'], [GROUP, 'g'], [GROUP, 'h'], [BROKER, '1'], [LOGGER, '1'], [METRICS, 'm']]
    .map(
      ([resourceType, resourceName]) => ({ resourceType, resourceName, configurationKeys: null })
    )
  const body = { resources, includeSynonyms: false, includeDocumentation: false } as never
  const answer = await handler.handle(body, { session: {} } as never, needs) as any
  t.same(answer.results.map((row: any) => [row.resourceType, row.errorCode]),
    [[GROUP, 0], [TOPIC, 29], [GROUP, 30], [BROKER, 31], [LOGGER, 31], [METRICS, 31]], 'behind the others')
  t.same(asked, ['describeConfigs topic a', 'describeConfigs group g', 'describeConfigs group h',
    ...Array.from({ length: 3 }, () => 'describeConfigs cluster kafka-cluster')])
  t.match(answer.results[1].errorMessage, /authorization/i)
})
