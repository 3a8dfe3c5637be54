/** Where settings come from, what is assumed, and how wrong ones are refused. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ConfigError, familyValue, loadSettings, settingsFrom } from '../../src/config/config.ts'
import { applyImageRules, readEnvironment, settingOfVariable } from '../../src/config/environment.ts'
import { meantValue } from '../../src/config/given.ts'
import { honouredBrokerSettings, honouredTopicSettings } from '../../src/config/honoured.ts'
import { nearestName } from '../../src/config/nearest.ts'
import { parseProperties } from '../../src/config/properties.ts'
import { readSources } from '../../src/config/sources.ts'
import type { Given } from '../../src/config/sources.ts'
import { brokerTable, topicTable } from '../../src/config/table.ts'

/** As if they had come by a file. */
function settingsOf (texts: Record<string, string>) {
  const given = Object.entries(texts).flatMap(([name, it]): Array<[string, Given]> => {
    const text = meantValue(name, it)
    return text === undefined ? [] : [[name, { text, origin: 'test' }]]
  })
  return settingsFrom(new Map(given))
}

function problemOf (texts: Record<string, string>): string {
  try {
    settingsOf(texts)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return ''
}

t.test('a properties file, as Java reads it', async t => {
  const cases: Array<[text: string, expected: Record<string, string>]> = [
    ['a=1\nb = 2\n c:3\nd 4\ne  =  5 \n', { a: '1', b: '2', c: '3', d: '4', e: '5 ' }],
    ['# no\n! no\n   # no\n\n \t\na=#yes', { a: '#yes' }],
    ['a=1\\\n   2\\\n\t3\nb=x\\\\\nc=y', { a: '123', b: 'x\\', c: 'y' }],
    ['a\\=b\\:c\\ d=\\u0041\\t\\n\\q\\\\', { 'a=b:c d': 'A\t\nq\\' }],
    ['a=1\r\nb=2\rc=3', { a: '1', b: '2', c: '3' }],
    ['empty\nalso=\n=noname', { empty: '', also: '', '': 'noname' }],
    ['a=1\na=2', { a: '2' }],
    ['a==b', { a: '=b' }],
    ['a=x\\', { a: 'x' }],
    ['a=1\\\n# part of it', { a: '1# part of it' }],
    ['\\\n# a comment\n\\\n\n  \\\na=1', { a: '1' }],
    ['listeners=PLAINTEXT://:9092,CONTROLLER://:9093', { listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093' }],
    ['__proto__=x', Object.fromEntries([['__proto__', 'x']])],
  ]
  for (const [text, expected] of cases) {
    t.same([...parseProperties(text)], Object.entries(expected), JSON.stringify(text))
  }
  t.throws(() => parseProperties('a=\\u12'), /Malformed/)
})

t.test('where a node listens that is only told what to advertise, as Kafka\'s image has it', async t => {
  const listenersOf = (environment: Record<string, string>): string | undefined => {
    const variables = readEnvironment(environment)
    applyImageRules(variables)
    return variables.get('listeners')?.text
  }
  const advertised = { KAFKA_ADVERTISED_LISTENERS: 'PLAINTEXT://broker:19092,HOST://[::1]:9092,OTHER://:29092' }
  const roles = { KAFKA_PROCESS_ROLES: 'broker,controller' }
  t.equal(listenersOf({ ...advertised, ...roles }),
    'PLAINTEXT://0.0.0.0:19092,HOST://0.0.0.0:9092,OTHER://0.0.0.0:29092')
  t.equal(listenersOf({ ...advertised, ...roles, KAFKA_LISTENERS: 'PLAINTEXT://:1' }), 'PLAINTEXT://:1')
  t.equal(listenersOf(advertised), undefined, 'without roles the default port stays, as behind a mapped one')
  t.throws(() => listenersOf({ ...advertised, KAFKA_PROCESS_ROLES: 'controller' }),
    /KAFKA_ADVERTISED_LISTENERS is not supported on a KRaft controller/)
  t.equal(listenersOf({ KAFKA_ADVERTISED_LISTENERS: '', KAFKA_PROCESS_ROLES: 'controller' }), undefined)
})

t.test('variables of the environment, as Kafka\'s image reads them', async t => {
  const cases: Array<[variable: string, setting: string | undefined]> = [
    ['KAFKA_ABC_DEF', 'abc.def'],
    ['KAFKA_ABC__DEF', 'abc_def'],
    ['KAFKA_ABC___DEF', 'abc-def'],
    ['KAFKA_ABC____DEF', 'abc-.def'],
    ['KAFKA_KAFKA_METRICS_REPORTERS', 'kafka.metrics.reporters'],
    ['KAFKA_LISTENER_NAME_INTERNAL_SCRAM___SHA___256_SASL_JAAS_CONFIG',
      'listener.name.internal.scram-sha-256.sasl.jaas.config'],
    ['KAFKA_HEAP_OPTS', undefined],
    ['KAFKA_OPTS', undefined],
    ['KAFKA_JMX_PORT', undefined],
    ['CLUSTER_ID', undefined],
    ['MY_KAFKA_NODE_ID', undefined],
  ]
  for (const [variable, setting] of cases) t.equal(settingOfVariable(variable), setting, variable)
})

t.test('the last source wins, and each value knows where it is from', async t => {
  const directory = t.testdir({})
  const configFile = join(directory, 'server.properties')
  writeFileSync(configFile, 'num.partitions=2\nnode.id=7\nmessage.max.bytes=5\n')
  const environment = { KAFKA_NUM_PARTITIONS: '3', KAFKA_NODE_ID: '8', HOME: '/' }
  const overrides = ['num.partitions=4']
  t.same(Object.fromEntries(readSources({ configFile, environment, overrides })), {
    'num.partitions': { text: '4', origin: '--override' },
    'node.id': { text: '8', origin: 'KAFKA_NODE_ID' },
    'message.max.bytes': { text: '5', origin: configFile },
  })
  const settings = loadSettings({ configFile, environment, overrides })
  t.equal(settings.get('num.partitions'), 4)
  t.equal(settings.get('node.id'), 8)
  t.equal(settings.number('log.segment.delete.delay.ms'), 60000)
  t.equal(settings.get('log.flush.interval.messages'), 9223372036854775807n)
  t.throws(() => readSources({ configFile: join(directory, 'none') }), /^--config .*none cannot be read: ENOENT/)
  t.throws(() => readSources({ overrides: ['nonsense'] }), /write it as --override key=value/)
})

t.test('without any configuration a single node works', async t => {
  const settings = settingsOf({})
  t.same(settings.get('process.roles'), ['broker', 'controller'])
  t.equal(settings.get('node.id'), 1)
  t.same(settings.get('log.dirs'), ['./data'])
  t.equal(settings.get('group.initial.rebalance.delay.ms'), 0)
  t.equal(settings.get('offsets.topic.replication.factor'), 1)
  t.equal(settings.get('transaction.state.log.min.isr'), 1)
  t.match(settings.network, {
    listeners: [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '', port: 9092 }],
    controllerListeners: [],
    advertised: undefined,
    interBrokerListener: 'PLAINTEXT',
    voters: [{ id: 1, host: 'localhost', port: 9093 }],
    isBroker: true,
    isController: true,
    isAlone: true,
  })
  t.same(settings.notices, [])
  t.equal(settings.isSingleNode, true)
  t.equal(settings.isGiven('node.id'), false)
})

t.test('ottla.strict, several voters or an own value keep Kafka\'s defaults', async t => {
  const cases: Array<[texts: Record<string, string>, delayMs: number, factor: number]> = [
    [{ 'ottla.strict': 'true' }, 3000, 3],
    [{ 'controller.quorum.voters': '1@a:1,2@b:2', listeners: 'PLAINTEXT://:9092,CONTROLLER://:9093' }, 3000, 3],
    [{ 'process.roles': 'broker', 'controller.quorum.bootstrap.servers': 'c:9093' }, 3000, 3],
    [{ 'group.initial.rebalance.delay.ms': '5', 'offsets.topic.replication.factor': '2' }, 5, 2],
    [{ 'controller.quorum.voters': '1@localhost:9093,' }, 0, 1],
  ]
  for (const [texts, delayMs, factor] of cases) {
    const settings = settingsOf(texts)
    t.equal(settings.get('group.initial.rebalance.delay.ms'), delayMs, JSON.stringify(texts))
    t.equal(settings.get('offsets.topic.replication.factor'), factor)
  }
  t.equal(settingsOf({ 'broker.id': '5' }).get('node.id'), 5)
  t.equal(settingsOf({ 'log.dir': '/d' }).get('log.dirs'), null)
})

t.test('the files and variables that people use', async t => {
  const image = settingsOf({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@localhost:9093',
    listeners: 'PLAINTEXT://:19092,CONTROLLER://:9093,PLAINTEXT_HOST://0.0.0.0:9092,',
    'inter.broker.listener.name': 'plaintext',
    'advertised.listeners': 'PLAINTEXT://broker:19092,PLAINTEXT_HOST://[::1]:9092',
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PLAINTEXT_HOST:PLAINTEXT,',
  })
  t.match(image.network, {
    brokerListeners: [{ name: 'PLAINTEXT', port: 19092 }, { name: 'PLAINTEXT_HOST', host: '0.0.0.0' }],
    controllerListeners: [{ name: 'CONTROLLER', port: 9093 }],
    advertised: [{ host: 'broker', port: 19092 }, { name: 'PLAINTEXT_HOST', host: '::1' }],
    interBrokerListener: 'PLAINTEXT',
  })
  t.equal(settingsOf({ 'advertised.listeners': ' ' }).network.advertised, undefined)
  const controllers = settingsOf({
    'process.roles': 'controller', listeners: 'CTRL://:9093', 'controller.listener.names': 'CTRL',
  })
  t.match(controllers.network, { brokerListeners: [], controllerListeners: [{ name: 'CTRL' }], isBroker: false })
})

t.test('what is wrong is named with its source and what is allowed', async t => {
  const listeners = 'PLAINTEXT://:9092,CONTROLLER://:9093'
  const cases: Array<[texts: Record<string, string>, message: RegExp]> = [
    [{ 'num.partitions': 'x' }, /^Invalid value x for configuration num\.partitions: Not a number of type INT \(from test\)$/],
    [{ 'num.partitions': '0', 'node.id': '-1' }, /num\.partitions: Value must be at least 1 \(from test\)\n.*node\.id|node\.id.*\n.*num\.partitions/s],
    [{ 'listener.name.a.ssl.client.auth': 'x' }, /^Invalid value x for configuration listener\.name\.a\.ssl\.client\.auth: String must be one of: required, requested, none \(from test\)$/],
    [{ 'broker.id': '2', 'node.id': '1' }, /^You must set `node\.id` to the same value as `broker\.id`: they are 1 and 2\.$/],
    [{ 'log.retention.hours': '0' }, /^log\.retention\.ms must be unlimited \(-1\) or, greater than or equal to 1$/],
    [{ 'group.consumer.heartbeat.interval.ms': '1' }, /^group\.consumer\.heartbeat\.interval\.ms=1 must lie between group\.consumer\.min\.heartbeat\.interval\.ms \(5000\) and/],
    [{ listeners: 'PLAINTEXT//:9092' }, /^listeners: Unable to parse PLAINTEXT\/\/:9092 to a broker endpoint.* \(from test\)$/],
    [{ listeners: 'PLAINTEXT://:70000' }, /Unable to parse/],
    [{ listeners: 'FOO://:9092' }, /^listeners: No security protocol defined for listener FOO/],
    [{ listeners: 'PLAINTEXT://:1,plaintext://:2' }, /^listeners: Each listener must have a different name/],
    [{ listeners: 'PLAINTEXT://:9092,SSL://h:9092' }, /^listeners: Each listener must have a different port, and PLAINTEXT and SSL both have 9092/],
    [{ listeners: 'CONTROLLER://:9093' }, /a broker needs one|no listener has the security protocol/],
    [{ 'listener.security.protocol.map': 'PLAINTEXT' }, /^listener\.security\.protocol\.map: "PLAINTEXT" is not of the form LISTENER:PROTOCOL/],
    [{ 'listener.security.protocol.map': 'PLAINTEXT:FOO' }, /Invalid security protocol `FOO` defined in listener\.security\.protocol\.map \(allowed: PLAINTEXT, SSL,/],
    [{ 'controller.quorum.voters': '1@localhost' }, /^controller\.quorum\.voters: "1@localhost" is no voter\. Each entry should be in the form `\{id\}@\{host\}:\{port\}`/],
    [{ 'controller.quorum.voters': '2@localhost:9093' }, /names the nodes 2: this controller, node\.id=1, must be one of them/],
    [{ 'controller.quorum.bootstrap.servers': 'h' }, /"h" is no server/],
    [{ 'controller.quorum.voters': '1@a:1,2@b:1' }, /^controller\.listener\.names must contain at least one value/],
    [{ 'inter.broker.listener.name': 'FOO' }, /^inter\.broker\.listener\.name=FOO is not one of this broker's listeners: PLAINTEXT$/],
    [{ listeners, 'inter.broker.listener.name': 'CONTROLLER' }, /^inter\.broker\.listener\.name=CONTROLLER is not/],
    [{ 'security.inter.broker.protocol': 'SSL' }, /^no listener has the security protocol SSL/],
    [{ 'advertised.listeners': 'PLAINTEXT://0.0.0.0:9092' }, /^advertised\.listeners cannot use the nonroutable meta-address 0\.0\.0\.0/],
    [{ 'advertised.listeners': 'SSL://h:9092' }, /^advertised\.listeners names SSL, which is not in listeners$/],
  ]
  for (const [texts, message] of cases) t.match(problemOf(texts), message, JSON.stringify(texts))
})

t.test('unknown and idle settings are said once', async t => {
  const { notices } = settingsOf({
    'log.retention.mss': '5',
    'something.else.entirely': '1',
    'log.preallocate': 'true',
    'background.threads': '3',
    'listener.name.a.ssl.keystore.password': 'secret',
    'num.partitions': '2',
  })
  t.same(notices, [
    { level: 'warn', text: 'log.retention.mss (from test) is not a setting of Kafka; did you mean log.retention.ms?' },
    { level: 'warn', text: 'something.else.entirely (from test) is not a setting of Kafka' },
    {
      level: 'info',
      text: 'known to Kafka, without effect here: background.threads, ' +
        'listener.name.a.ssl.keystore.password, log.preallocate',
    },
  ])
  t.equal(nearestName('num.partition', brokerTable.keys()), 'num.partitions')
  t.equal(nearestName('zookeeper.connect', brokerTable.keys()), undefined)
})

t.test('names that stand for one another: the first that is set counts', async t => {
  const cases: Array<[texts: Record<string, string>, name: string, expected: bigint | null]> = [
    [{}, 'log.retention.ms', 604800000n],
    [{ 'log.retention.hours': '1' }, 'log.retention.ms', 3600000n],
    [{ 'log.retention.hours': '1', 'log.retention.minutes': '2' }, 'log.retention.ms', 120000n],
    [{ 'log.retention.hours': '1', 'log.retention.ms': '-1' }, 'log.retention.ms', -1n],
    [{}, 'log.roll.ms', 604800000n],
    [{}, 'log.roll.jitter.ms', 0n],
    [{}, 'log.flush.interval.ms', 9223372036854775807n],
    [{ 'log.flush.scheduler.interval.ms': '7' }, 'log.flush.interval.ms', 7n],
  ]
  for (const [texts, name, expected] of cases) {
    t.equal(familyValue(settingsOf(texts).get, name), expected)
  }
})

t.test('what is said to be honoured is known', async t => {
  for (const name of honouredBrokerSettings) t.ok(brokerTable.has(name), name)
  for (const name of honouredTopicSettings) t.ok(topicTable.has(name), name)
})
