/** What a topic, a group or a subscription may store, obeys and shows (D10.11, D13). */
import t from 'tap'
import { createTopics } from '../../src/core/controller/create-topics.ts'
import type { ConfigRules } from '../../src/core/controller/config-rules.ts'
import {
  describeBroker, describeClientMetrics, describeClusterDefault, describeGroup, describeTopic,
} from '../../src/config/describe.ts'
import { familyValue } from '../../src/config/config.ts'
import { addressLimits, listenerLimits } from '../../src/config/connections.ts'
import { brokerAlterProblem, settingsNow } from '../../src/config/dynamic.ts'
import { configSource } from '../../protocol/config-source.ts'
import { effectiveTopicText, isSecret } from '../../src/config/effective.ts'
import { documentationOf } from '../../src/config/documentation.ts'
import {
  brokerTable, clientMetricsTable, dynamicOnlyTable, groupTable, topicTable,
} from '../../src/config/table.ts'
import { clientMatch } from '../../src/config/client-match.ts'
import { configRules, topicValue } from '../../src/config/topic.ts'
import { Cluster } from '../support/metadata-cluster.ts'

const texts = (values: Record<string, string> = {}): ReadonlyMap<string, string> =>
  new Map(Object.entries(values))
const nothing = { node: texts(), cluster: texts() }

t.test('D13.15-16: what may not be stored for a topic', async t => {
  type Texts = Record<string, string>
  const cases: Array<[values: Texts, file: Texts, errorMessage: string | undefined]> = [
    [{ 'retention.ms': '5', 'cleanup.policy': '' }, {}, undefined],
    [{ nope: '1' }, {}, 'Unknown topic config name: nope'],
    [{ __proto__x: '1' }, {}, 'Unknown topic config name: __proto__x'],
    [{ 'retention.ms': 'abc' }, {}, 'Invalid value abc for configuration retention.ms: Not a number of type LONG'],
    [{ 'min.compaction.lag.ms': '5', 'max.compaction.lag.ms': '1' }, {}, 'conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (1)'],
    [{ 'min.compaction.lag.ms': '5' }, { 'log.cleaner.max.compaction.lag.ms': '4' }, 'conflict topic config setting min.compaction.lag.ms (5) > max.compaction.lag.ms (4)'],
    [{ 'remote.storage.enable': 'true' }, {}, 'Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote log storage.'],
    [{ 'remote.storage.enable': 'true' }, { 'remote.log.storage.system.enable': 'true' }, undefined],
  ]
  for (const [values, file, errorMessage] of cases) {
    const failure = configRules(texts(file)).check(2, 'a', texts(values), nothing)
    t.same(failure, errorMessage === undefined ? undefined : { errorCode: 40, errorMessage })
  }
})

t.test('D13.18: what may not be stored for a subscription', async t => {
  const cases: Array<[values: Record<string, string>, expected: object | undefined]> = [
    [{ metrics: 'a.,b', 'interval.ms': '100', match: 'client_id=b.*,client_source_port=1' }, undefined],
    [{ x: '1' }, { errorCode: 42, errorMessage: 'Unknown client metrics configuration: x' }],
    [{ 'interval.ms': '99' }, { errorCode: 42 }],
    [{ 'interval.ms': '3600001' }, { errorCode: 42 }],
    [{ match: 'nobody=x' }, { errorCode: 40, errorMessage: 'Illegal client matching pattern: nobody=x' }],
    [{ match: 'client_id=(' }, { errorCode: 40, errorMessage: 'Illegal client matching pattern: client_id=(' }],
    [{ match: 'client_id=' }, { errorCode: 40, errorMessage: 'Illegal client matching pattern: client_id=' }],
    [{ match: 'client_id=a=' }, undefined],
    [{ match: 'client_id=a=b' }, { errorCode: 40 }],
    [{ match: 'client_id=[a-z]{1000}' }, undefined],
    [{ match: `client_id=${'x'.repeat(1025)}` }, { errorCode: 40 }],
    [{ match: `client_id=${'x{1000}'.repeat(20)}` }, { errorCode: 40 }],
    [{ match: `client_id=(${'x'.repeat(15)}){1000}` }, { errorCode: 40 }],
  ]
  for (const [values, expected] of cases) {
    const failure = configRules(texts()).check(16, 'a', texts(values), nothing)
    if (expected === undefined) t.equal(failure, undefined)
    else t.match(failure, expected)
  }
})

t.test('what a pattern matches takes linear time, and is the whole text', async t => {
  const matches = (pattern: string, text: string): boolean | undefined =>
    clientMatch(pattern)?.[1](text)
  t.equal(matches('client_id=(a+)+(b|c)', 'a'.repeat(250)), false)
  t.equal(matches(' client_id = a+(b|c) ', 'aac'), true)
  t.equal(matches('client_id=a', 'ba'), false)
  t.equal(matches('client_id=(a)\\1', 'aa'), undefined, 'what only a backtracking matcher can do is refused')
})

t.test('D13.19: what may not be stored for a group', async t => {
  type Texts = Record<string, string>
  const cases: Array<[values: Texts, file: Texts, errorMessage: string | undefined]> = [
    [{ 'consumer.session.timeout.ms': '50000', 'share.auto.offset.reset': 'earliest' }, {}, undefined],
    [{ nope: '1' }, {}, 'Unknown group config name: nope'],
    [{ 'consumer.heartbeat.interval.ms': '100' }, {}, 'consumer.heartbeat.interval.ms must be in the range 5000 to 15000 inclusive.'],
    [{ 'consumer.heartbeat.interval.ms': '100' }, { 'group.consumer.min.heartbeat.interval.ms': '100' }, undefined],
    [{ 'share.record.lock.duration.ms': '90000' }, {}, 'share.record.lock.duration.ms must be in the range 15000 to 60000 inclusive.'],
    [{ 'streams.num.standby.replicas': '3' }, {}, 'streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas'],
    [{ 'consumer.session.timeout.ms': '5000' }, { 'group.consumer.min.session.timeout.ms': '1' }, 'consumer.session.timeout.ms must be greater than consumer.heartbeat.interval.ms'],
  ]
  for (const [values, file, errorMessage] of cases) {
    const failure = configRules(texts(file)).check(32, 'g', texts(values), nothing)
    t.equal(failure?.errorMessage, errorMessage, JSON.stringify(values))
  }
})

t.test('D13.7: a topic obeys its own value, then the broker\'s by place and name, in its unit', async t => {
  const own = texts({ 'retention.ms': '1' })
  const node = texts({ 'log.retention.ms': '2' })
  const cluster = texts({ 'log.retention.ms': '3' })
  const file = texts({ 'log.retention.hours': '4', 'log.retention.minutes': '5' })
  const cases: Array<[typeof own, { node: typeof own, cluster: typeof own }, typeof own, string,
    number]> = [
      [own, { node, cluster }, file, '1', configSource.TOPIC],
      [texts(), { node, cluster }, file, '2', configSource.DYNAMIC_BROKER],
      [texts(), { node: texts(), cluster }, file, '3', configSource.DYNAMIC_DEFAULT_BROKER],
      [texts(), nothing, file, '300000', configSource.STATIC_BROKER],
      [texts(), nothing, texts({ 'log.retention.hours': '4' }), '14400000', configSource.STATIC_BROKER],
      [texts(), nothing, texts(), '604800000', configSource.DEFAULT],
    ]
  for (const [overrides, dynamic, staticTexts, text, source] of cases) {
    t.match(effectiveTopicText('retention.ms', overrides, dynamic, staticTexts), { text, source })
  }
  t.equal(topicValue('retention.ms', own, nothing, file), 1n)
  t.same(topicValue('cleanup.policy', texts({ 'cleanup.policy': 'compact, delete' }), nothing, file), ['compact', 'delete'])
  t.equal(topicValue('min.insync.replicas', texts(), { node: texts(), cluster: texts({ 'min.insync.replicas': '2' }) }, file), 2)
  t.equal(topicValue('internal.segment.bytes', texts(), nothing, file), null)
  t.equal(topicValue('segment.bytes', texts({ 'segment.bytes': '14' }), nothing, file), 1073741824,
    'what an older version stored and is wrong now counts as unset')
})

t.test('D13.7-8: what DescribeConfigs says about source and synonyms', async t => {
  const row = <R extends { name: string }>(rows: readonly R[], name: string) =>
    rows.find(it => it.name === name)
  const cluster = { node: texts(), cluster: texts({ 'log.retention.ms': '3' }) }
  const hours = texts({ 'log.retention.hours': '4' })
  const topic = describeTopic(texts({ 'retention.ms': ' 1', 'unknown.key': 'x' }), cluster, hours)
  t.same(row(topic, 'retention.ms'), {
    name: 'retention.ms',
    value: '1',
    readOnly: false,
    source: 1,
    sensitive: false,
    type: 5,
    documentation: 'Milliseconds that segments are kept; -1 for ever.',
    synonyms: [
      { name: 'retention.ms', text: '1', source: 1 },
      { name: 'log.retention.ms', text: '3', source: 3 },
      { name: 'log.retention.hours', text: '4', source: 4 },
      { name: 'log.retention.hours', text: '168', source: 5 },
    ],
  })
  t.match(row(topic, 'unknown.key'), { value: null, sensitive: true, synonyms: [{ text: null }], type: 0 })
  t.match(row(topic, 'remote.storage.enable'), { value: 'false', source: 5, synonyms: [], type: 1 })
  t.notOk(row(topic, 'internal.segment.bytes'))
  t.equal(topic.length, 38)
  t.match(row(describeTopic(texts(), nothing, hours), 'retention.ms'),
    { value: '14400000', source: 5, synonyms: [] }, 'entries before one of the key\'s own name are dropped')

  const file = texts({
    'sasl.jaas.config': 'secret', 'listener.name.a.sasl.jaas.config': 'more', 'num.partitions': ' 3', 'my.own': 'x',
  })
  const dynamic = { node: texts({ 'log.cleaner.threads': '2' }), cluster: texts({ 'log.cleaner.threads': '3' }) }
  const broker = describeBroker(dynamic, file)
  t.match(row(broker, 'num.partitions'), {
    value: '3', readOnly: true, source: 4, synonyms: [{ name: 'num.partitions', text: ' 3', source: 4 }, { text: '1', source: 5 }],
  })
  t.match(row(broker, 'log.cleaner.threads'), {
    value: '2', readOnly: false, source: 2, synonyms: [{ text: '2', source: 2 }, { text: '3', source: 3 }, { text: '1', source: 5 }],
  })
  t.match(row(broker, 'listener.name.a.sasl.jaas.config'), {
    value: null,
    sensitive: true,
    readOnly: false,
    synonyms: [{ name: 'listener.name.a.sasl.jaas.config', text: null, source: 4 }, { name: 'sasl.jaas.config', text: null }],
  })
  t.match(row(broker, 'broker.rack'), { value: null, source: 5, synonyms: [], sensitive: false })
  t.match(row(broker, 'my.own'), { value: null, sensitive: true, readOnly: true, source: 4 })
  t.match(describeClusterDefault(dynamic.cluster), [{ name: 'log.cleaner.threads', value: '3', source: 3 }])

  const group = describeGroup(texts({ 'consumer.session.timeout.ms': '50000' }), nothing,
    texts({ 'group.consumer.heartbeat.interval.ms': '6000' }))
  t.match(row(group, 'consumer.session.timeout.ms'), {
    value: '50000', source: 8, synonyms: [{ source: 8 }, { name: 'group.consumer.session.timeout.ms', text: '45000', source: 5 }],
  })
  t.match(row(group, 'consumer.heartbeat.interval.ms'), { value: '6000', source: 4 })
  t.match(row(group, 'share.auto.offset.reset'), { value: 'latest', source: 5, synonyms: [{ source: 5 }] })
  t.match(describeClientMetrics(texts({ 'interval.ms': '100' })), [
    { name: 'interval.ms', value: '100', source: 7 }, { name: 'match', value: '', source: 5, synonyms: [] }, { name: 'metrics' },
  ])
  t.equal(isSecret('custom.key'), true)
  t.equal(isSecret('leader.replication.throttled.rate'), false)
})

/** What a part of the broker says to a change, in Kafka's words. */
function wrapped (problem: string): string {
  return `Invalid value org.apache.kafka.common.config.ConfigException: ${problem} for configuration Invalid dynamic configuration`
}

t.test('D13.11: what may be changed of a broker while it runs', async t => {
  const cases: Array<[broker: string, values: Record<string, string>,
    errorMessage: string | undefined]> = [
      ['1', { 'log.cleaner.threads': '2', 'own.key': 'x', 'leader.replication.throttled.rate': '5' }, undefined],
      ['', { 'log.cleaner.threads': '2' }, undefined],
      ['1', { 'num.partitions': '2', 'node.id': '3' }, 'Cannot update these configs dynamically: [num.partitions, node.id]'],
      ['1', { 'ssl.keystore.location': '/k' }, 'These security configs can be dynamically updated only per-listener using the listener prefix: [ssl.keystore.location]'],
      ['1', { 'listener.name.a.ssl.keystore.location': '/k' }, undefined],
      ['', { 'listener.name.a.ssl.keystore.location': '/k' }, 'Cannot update these configs at default cluster level, broker id must be specified: [listener.name.a.ssl.keystore.location]'],
      ['', { listeners: 'PLAINTEXT://:1' }, 'Cannot update these configs at default cluster level, broker id must be specified: [listeners]'],
      ['1', { 'log.cleaner.threads': 'x' }, 'Invalid value x for configuration log.cleaner.threads: Not a number of type INT'],
      ['1', { 'leader.replication.throttled.rate': '-1' }, 'Invalid value -1 for configuration leader.replication.throttled.rate: Value must be at least 0'],
      ['', { 'log.retention.ms': '0' }, 'requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1'],
      ['', { 'max.connections.per.ip': '0' }, 'requirement failed: max.connections.per.ip can be set to zero only if max.connections.per.ip.overrides property is set.'],
      ['', { 'max.connections.per.ip': '0', 'max.connections.per.ip.overrides': 'localhost:5' }, undefined],
      ['', { 'max.connections.per.ip.overrides': 'zz' }, 'requirement failed: Invalid value zz for configuration max.connections.per.ip.overrides: write each entry as host:count, for example 127.0.0.1:10'],
      ['1', { 'num.io.threads': '4' }, undefined],
      ['1', { 'num.io.threads': '16' }, undefined],
      ['1', { 'num.io.threads': '3' }, wrapped('Dynamic thread count update validation failed for num.io.threads=3, value should be at least half the current value 8')],
      ['', { 'num.network.threads': '7' }, wrapped('Dynamic thread count update validation failed for num.network.threads=7, value should not be greater than double the current value 3')],
      ['', { 'log.cleaner.threads': '0' }, wrapped('Log cleaner threads should be at least 1')],
      ['', { 'log.cleaner.threads': '9' }, wrapped('Log cleaner threads cannot be increased to more than double the current value 1')],
      ['', { 'log.local.retention.ms': '-1' }, wrapped('Invalid value -1 for configuration log.local.retention.ms: Value must not be -1 as log.retention.ms value is set as 18000000.')],
      ['1', { 'log.local.retention.ms': '18000001' }, wrapped('Invalid value 18000001 for configuration log.local.retention.ms: Value must not be more than log.retention.ms property value: 18000000')],
      ['1', { 'log.local.retention.ms': '18000001', 'log.retention.ms': '18000001' }, undefined],
      ['', { 'log.retention.bytes': '5', 'log.local.retention.bytes': '6' }, wrapped('Invalid value 6 for configuration log.local.retention.bytes: Value must not be more than log.retention.bytes property value: 5')],
      ['1', { listeners: 'PLAINTEXT://:9092' }, undefined],
      ['1', { listeners: 'PLAINTEXT://:1' }, 'Invalid value PLAINTEXT://:1 for configuration listeners: this broker listens as it was started, with PLAINTEXT://:9092. Change its file and start it again.'],
    ]
  const file = texts({ 'log.retention.hours': '5' })
  for (const [broker, values, errorMessage] of cases) {
    const problem = brokerAlterProblem(broker, texts(values), nothing, file)
    t.same(problem, errorMessage === undefined ? undefined : { errorCode: 42, errorMessage },
      JSON.stringify(values))
  }
  const present = { node: texts({ 'num.io.threads': '16' }), cluster: texts({ 'log.retention.ms': '99' }) }
  t.equal(brokerAlterProblem('1', texts({ 'num.io.threads': '32' }), present, file), undefined, 'as many as are set now count')
  t.equal(brokerAlterProblem('1', texts({ 'log.local.retention.ms': '100' }), present, file)?.errorCode, 42,
    'what is set for all counts for each, and before what the file says under another name')
})

t.test('what holds now of the broker\'s own settings', async t => {
  const file = texts({ 'max.connections': '7', 'log.retention.hours': '5', 'node.id': '1' })
  const now = (node: Record<string, string>, cluster: Record<string, string>) =>
    settingsNow({ node: texts(node), cluster: texts(cluster) }, file)
  t.equal(now({}, {}).get('max.connections'), 7)
  t.equal(now({}, { 'max.connections': '8' }).get('max.connections'), 8)
  t.equal(now({ 'max.connections': '9' }, { 'max.connections': '8' }).get('max.connections'), 9)
  t.equal(familyValue(now({}, { 'log.retention.ms': '10' }).get, 'log.retention.ms'), 10n)
  t.equal(now({ 'max.connections': 'x', 'num.partitions': '9' }, {}).get('max.connections'), 7, 'what is wrong counts as unset')
  t.equal(now({ 'max.connections': 'x', 'max.connections.per.ip': '5' }, {}).get('max.connections.per.ip'), 5, 'alone')
  t.equal(now({ 'num.partitions': '9' }, {}).get('num.partitions'), 1, 'and what may not be changed')
  t.equal(now({ 'max.connections': '9', 'log.retention.ms': '0' }, {}).get('max.connections'), 7, 'what does not go together is left out')
  const limited = now({ 'listener.name.inside.max.connections': '3' }, { 'max.connections.per.ip.overrides': '[::1]:4, 10.0.0.1:5,localhost:6' })
  t.same([...listenerLimits(limited.staticTexts, 'max.connections')], [['INSIDE', 3]])
  t.same([...addressLimits(limited.get)], [['::1', 6], ['10.0.0.1', 5], ['127.0.0.1', 6]])
})

t.test('every setting says in a sentence what it means', async t => {
  const tables = [
    ['broker', brokerTable], ['broker', dynamicOnlyTable], ['topic', topicTable], ['group', groupTable],
    ['clientMetrics', clientMetricsTable],
  ] as const
  for (const [scope, table] of tables) {
    const without = [...table.keys()].filter(name => !/^[A-Z].{10,}\.$/.test(documentationOf(scope, name) ?? ''))
    t.same(without, [], scope)
  }
  t.equal(documentationOf('broker', 'toString'), null)
  t.match(describeBroker(nothing, texts({ 'listener.name.a.ssl.keystore.type': 'PEM', x: '1' }))
    .filter(({ name }) => name === 'x' || name.startsWith('listener.name.')).map(({ documentation }) => documentation),
  ['The format of the key store.', null], 'a listener\'s own key means the same')
})

t.test('the controller takes these rules: D10.6, D10.11', async t => {
  const cluster = new Cluster().start(1)
  const rules: ConfigRules = configRules(texts({ 'log.retention.hours': '1' }))
  cluster.settings = { ...cluster.settings, configs: rules }
  const create = (name: string, configs: Record<string, string>) => cluster.commit(createTopics({
    topics: [{
      name,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }],
    timeoutMs: 1,
    validateOnly: false,
  }, cluster)).topics[0]!
  t.match(create('a', { 'segment.bytes': '14' }), {
    errorCode: 40, errorMessage: 'Invalid value 14 for configuration segment.bytes: Value must be at least 1048576',
  })
  const { configs = [] } = create('b', { 'cleanup.policy': 'compact' })
  const names = configs!.map(({ name }) => name)
  t.same(names, [...names].sort())
  t.equal(names.length, 37)
  t.notOk(names.includes('internal.segment.bytes'))
  const row = (name: string) => configs!.find(it => it.name === name)
  t.match(row('cleanup.policy'), { value: 'compact', configSource: 1 })
  t.match(row('retention.ms'), { value: '3600000', configSource: 4 })
  t.match(row('min.insync.replicas'), { value: '1', configSource: 3 }, 'KIP-966: stored for the cluster')
  t.match(row('segment.ms'), { value: '604800000', configSource: 5 })
})

t.test('what APPEND and SUBTRACT need to know', async t => {
  const rules = configRules(texts())
  t.equal(rules.isList(2, 'cleanup.policy'), true)
  t.equal(rules.isList(2, 'retention.ms'), false)
  t.equal(rules.isList(4, 'ssl.enabled.protocols'), true)
  t.equal(rules.isList(9, 'cleanup.policy'), false)
  t.equal(rules.builtInDefault(2, 'cleanup.policy'), 'delete')
  t.equal(rules.builtInDefault(4, 'log.dirs'), null)
})
