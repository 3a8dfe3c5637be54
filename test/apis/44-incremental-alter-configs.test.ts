/** IncrementalAlterConfigs over the wire (D13.9-19); the controller's part has tests of its own. */
import t from 'tap'
import { IncrementalAlterConfigs } from '../../protocol/messages/44-incremental-alter-configs.ts'
import { incrementalAlterConfigs as handler } from '../../src/apis/44-incremental-alter-configs.ts'
import { alter, BROKER, change, describe, GROUP, LOGGER, METRICS, TOPIC, valueOf } from '../support/configuring.ts'
import type { Operation } from '../support/configuring.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('set, append, subtract and delete', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a')
  for (let version = 0; version <= 1; version++) {
    const ask = async (validateOnly: boolean, ...operations: Operation[]) => {
      const resources = [change(TOPIC, 'a', ...operations)]
      const { responses } =
        await client.request(IncrementalAlterConfigs, version, { resources, validateOnly })
      return responses
    }
    const fine = [{ errorCode: 0, errorMessage: null, resourceType: TOPIC, resourceName: 'a' }]
    t.same(await ask(true, ['retention.ms', 'set', '77']), fine)
    t.equal(await valueOf(client, TOPIC, 'a', 'retention.ms'), '604800000', `v${version}: checked only`)
    t.same(await ask(false, ['retention.ms', 'set', ' 77'], ['cleanup.policy', 'append', 'compact,delete']), fine)
    t.equal(await valueOf(client, TOPIC, 'a', 'retention.ms'), '77')
    t.equal(await valueOf(client, TOPIC, 'a', 'cleanup.policy'), 'delete,compact', 'D13.13: from the built-in default')
    t.same(raw.broker.metadata.configs.of(TOPIC, 'a').get('retention.ms'), ' 77', 'D13.16: stored as sent')
    t.equal(raw.partition('a').settings.compacts, true, 'D13.17: at once')
    t.same(await ask(false, ['cleanup.policy', 'subtract', 'compact,nothing'], ['retention.ms', 'delete'], ['segment.ms', 'delete']), fine)
    t.equal(await valueOf(client, TOPIC, 'a', 'cleanup.policy'), 'delete')
    t.equal(await valueOf(client, TOPIC, 'a', 'retention.ms'), '604800000')
    t.same(await ask(false, ['cleanup.policy', 'delete']), fine)
  }
  t.equal(raw.broker.metadata.configs.of(TOPIC, 'a').size, 0)
})

t.test('what would hold the controller for long is refused whole', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const ask = async (resources: Array<ReturnType<typeof change>>) =>
    (await client.request(IncrementalAlterConfigs, 1, { resources, validateOnly: true })).responses
  const outcome = { errorCode: 44, errorMessage: 'Unable to perform excessively large batch operation.' }
  const many = (count: number) => Array.from({ length: count }, (_, index) => change(TOPIC, `${'none'.repeat(20)}-${index}`))
  const [most, more] = [await ask(many(20_000)), await ask(many(20_001))]
  t.ok(most.every(({ errorCode }) => errorCode === 3))
  t.equal(more.length, 20_001)
  t.ok(more.every(({ errorCode }) => errorCode === 44))
  const keys = Array.from({ length: 100_001 }, (_, index): Operation => [`${'key'.repeat(20)}-${index}`, 'delete'])
  t.match(await ask([change(TOPIC, 'none', ...keys)]), [outcome])
  t.match(await ask([change(TOPIC, 'none', ...keys.slice(1))]), [{ errorCode: 3 }])
})

t.test('each refusal', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a')
  type Case = [rule: string, type: number, name: string, op: Operation, errorCode: number,
    message: string | RegExp]
  const cases: Case[] = [
    ['9', TOPIC, 'a', ['retention.ms', 'set'], 42, 'Null value not supported for : retention.ms'],
    ['10', 7, 'a', ['retention.ms', 'set', '1'], 42, 'Unknown resource type 7'],
    ['11', BROKER, '2', ['log.retention.ms', 'set', '1'], 42, 'Unexpected broker id, expected 1, but received 2'],
    ['11', BROKER, '1', ['log.retention.ms', 'append', '1'], 40, 'Config value append is not allowed for config key: log.retention.ms'],
    ['11', BROKER, '1', ['log.retention.ms', 'subtract', '1'], 40, 'Config value subtract is not allowed for config key: log.retention.ms'],
    ['11', BROKER, '', ['my.own', 'append', '1'], 40, 'Unknown config name: my.own'],
    ['11', BROKER, '1', ['log.retention.ms', 9, '1'], 42, 'Unknown operations type 9'],
    ['11', BROKER, '1', ['ssl.keystore.password', 'set', 'x'], 42, /only per-listener using the listener prefix: \[ssl.keystore.password\]$/],
    ['11', BROKER, '1', ['num.io.threads', 'set', '99'], 42, /not be greater than double the current value 8/],
    ['11', BROKER, '', ['log.cleanup.policy', 'append', 'x'], 42, 'Invalid value x for configuration log.cleanup.policy: String must be one of: compact, delete'],
    ['13', TOPIC, 'a', ['retention.ms', 'append', '1'], 40, 'Can\'t APPEND to key retention.ms because its type is not LIST.'],
    ['13', TOPIC, 'a', ['retention.ms', 9, '1'], 42, 'Unknown operations type 9'],
    ['13', METRICS, 'm', ['match', 'append', 'client_id=a'], 40, 'Can\'t APPEND to key match because its type is not LIST.'],
    ['14', TOPIC, 'none', ['retention.ms', 'set', '1'], 3, 'The topic \'none\' does not exist.'],
    ['14', TOPIC, '', ['retention.ms', 'set', '1'], 42, 'Default topic resources are not allowed.'],
    ['14', TOPIC, 'a b', ['retention.ms', 'set', '1'], 17, /^Topic name is invalid/],
    ['14', BROKER, '1', ['min.insync.replicas', 'set', '1'], 40, /cannot be altered while ELR is enabled/],
    ['15', TOPIC, 'none', ['nope', 'set', '1'], 40, 'Unknown topic config name: nope'],
    ['18', METRICS, '', ['metrics', 'set', 'x'], 42, 'Subscription name can\'t be empty'],
    ['18', METRICS, 'm', ['interval.ms', 'set', '1'], 42, 'Invalid value 1 for interval.ms, interval must be between 100 and 3600000 (1 hour)'],
    ['19', GROUP, '', ['consumer.session.timeout.ms', 'set', '1'], 42, 'Default group resources are not allowed.'],
    ['19', GROUP, 'g', ['consumer.session.timeout.ms', 'set', '1'], 40, 'consumer.session.timeout.ms must be in the range 45000 to 60000 inclusive.'],
  ]
  for (const [rule, type, name, operation, errorCode, message] of cases) {
    t.match(await alter(client, type, name, operation), [errorCode, message], `D13.${rule}: ${type} ${name} ${operation}`)
  }
  t.same(await alter(client, TOPIC, 'a', ['x', 'set', '1'], ['x', 'delete']), [42, 'Error due to duplicate config keys'], 'D13.9')
  t.same(await alter(client, TOPIC, 'a'), [0, null], 'nothing to change')
})

t.test('what is set for brokers holds at once, for one and for all', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a')
  await raw.topic('own', 1, { 'max.message.bytes': '900' })
  const settings = () => raw.partition('a').settings
  const large = batchOf(['x'.repeat(2000)])
  t.equal((await produce(client, 'a', large)).errorCode, 0)
  t.same(await alter(client, BROKER, '', ['message.max.bytes', 'set', '1000']), [0, null])
  t.equal((await produce(client, 'a', large)).errorCode, 10, 'MESSAGE_TOO_LARGE')
  t.same(await alter(client, BROKER, '1', ['message.max.bytes', 'set', '3000']), [0, null])
  t.equal((await produce(client, 'a', large)).errorCode, 0, 'this broker\'s own value goes first')
  t.equal(raw.partition('own').settings.messageBytesMax, 900, 'and the topic\'s before both')
  t.same(await alter(client, BROKER, '', ['log.retention.ms', 'set', '5000'], ['log.retention.bytes', 'set', '7'],
    ['log.segment.bytes', 'set', '2000000'], ['log.roll.ms', 'set', '60000'], ['log.cleanup.policy', 'append', 'compact'],
    ['unclean.leader.election.enable', 'set', 'true'], ['log.message.timestamp.type', 'set', 'LogAppendTime'],
    ['compression.type', 'set', 'gzip'], ['log.flush.interval.messages', 'set', '1']), [0, null])
  t.match(settings(), {
    retentionMs: 5000n,
    retentionBytes: 7n,
    segment: { bytesMax: 2_000_000, ageMsMax: 60_000 },
    deletes: true,
    compacts: true,
    uncleanLeaderElection: true,
    timestampType: 'LogAppendTime',
    compressionType: 'gzip',
    flushMessages: 1n,
  })
  t.same(await alter(client, BROKER, '', ['log.retention.ms', 'delete']), [0, null])
  t.equal(settings().retentionMs, 604800000n)
  t.same(await alter(client, BROKER, '', ['producer.id.expiration.ms', 'set', '60000']), [0, null])
  await produce(client, 'own', batchOf([{ key: 'k', value: 'p' }], { producerId: 5n, producerEpoch: 0, baseSequence: 0 }))
  const { producers } = raw.partition('own').state
  t.equal([...producers.entries].length, 1)
  raw.clock.advance(1_300_000)
  t.equal([...producers.entries].length, 0, 'producer.id.expiration.ms')
  // The other one was silent for longer than connections.max.idle.ms.
  const later = await raw.client()
  t.same(await alter(later, BROKER, '1', ['num.io.threads', 'set', '9']), [0, null])
  t.match(raw.log.items.at(-1), { level: 'info', message: 'known to Kafka, without effect here: num.io.threads' })
  t.equal(await valueOf(later, BROKER, '1', 'num.io.threads'), '9', 'accepted and shown')
})

t.test('KIP-1066: a cordoned directory takes no new replicas from the next heartbeat on', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('before')
  t.match(await alter(client, BROKER, '1', ['cordoned.log.dirs', 'set', '/nowhere']),
    [42, 'requirement failed: All entries in cordoned.log.dirs must be present in log.dirs or log.dir. Missing entries : /nowhere'])
  const applied = (isCordoned: boolean) => new Promise<void>(resolve => {
    const look = (): void => {
      const { cordonedLogDirs } = raw.broker.metadata.brokers.get(1) ?? {}
      if ((cordonedLogDirs ?? []).length === (isCordoned ? 1 : 0)) resolve()
      else setImmediate(look)
    }
    raw.clock.advance(2000)
    look()
  })
  t.same(await alter(client, BROKER, '1', ['cordoned.log.dirs', 'append', '*']), [0, null])
  await applied(true)
  await t.rejects(raw.topic('none'), /all their log directories cordoned/)
  t.equal((await produce(client, 'before', batchOf(['still']))).errorCode, 0)
  t.same(await alter(client, BROKER, '1', ['cordoned.log.dirs', 'delete']), [0, null])
  await applied(false)
  await raw.topic('again')
})

t.test('D13.10: loggers are changed here and not stored', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const cases: Array<[name: string, operation: Operation, errorCode: number,
    message: string | null]> = [
      ['x', ['root', 'set', 'INFO'], 42, 'Node id must be an integer, but it is: x'],
      ['2', ['root', 'set', 'INFO'], 42, 'Unexpected node id. Expected 1, but received 2'],
      ['1', ['nope', 'set', 'INFO'], 40, 'Logger nope does not exist!'],
      ['1', ['root', 'set', 'LOUD'], 40, 'Cannot set the log level of root to LOUD as it is not a supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN'],
      ['1', ['root', 'delete'], 42, 'Removing the log level of the root logger is not allowed'],
      ['1', ['root', 'append', 'INFO'], 42, 'APPEND operation is not allowed for the BROKER_LOGGER resource'],
      ['1', ['root', 'subtract', 'INFO'], 42, 'SUBTRACT operation is not allowed for the BROKER_LOGGER resource'],
      ['1', ['root', 9, 'INFO'], 42, 'Unknown operation type 9 is not allowed for the BROKER_LOGGER resource'],
      ['1', ['root', 'set', 'DEBUG'], 0, null],
    ]
  for (const [name, operation, errorCode, message] of cases) {
    t.same(await alter(client, LOGGER, name, operation), [errorCode, message])
  }
  t.match((await describe(client, LOGGER, '1')).configs, [{ name: 'root', value: 'DEBUG' }])
  const { responses } = await client.request(IncrementalAlterConfigs, 1, {
    resources: [change(LOGGER, '1', ['root', 'set', 'ERROR'])], validateOnly: true,
  })
  t.match(responses, [{ errorCode: 0 }])
  t.match((await describe(client, LOGGER, '1')).configs, [{ value: 'DEBUG' }], 'checked only')
  const said = async (level: string): Promise<boolean> => {
    t.same(await alter(client, LOGGER, '1', ['root', 'set', level]), [0, null])
    const before = raw.log.items.length
    await alter(client, BROKER, '1', ['num.io.threads', 'set', '9'])
    return raw.log.items.length > before
  }
  t.same([await said('INFO'), await said('WARN'), await said('FATAL'), await said('TRACE')], [true, false, false, true])
})

t.test('D13.12: no right to', async t => {
  const raw = await RawBroker.start(t)
  const needs = { ...raw.broker, access: { allows: () => false } } as never
  const resources = [change(TOPIC, 'a'), change(GROUP, 'g'), change(BROKER, '1'), change(LOGGER, '1'), change(METRICS, 'm')]
  const body = { resources, validateOnly: false } as never
  const { responses } = await handler.handle(body, { session: {} } as never, needs) as any
  t.same(responses.map((row: any) => row.errorCode), [29, 30, 31, 31, 31])
  t.match(handler.failed?.(body, { errorCode: 41, text: 'no' } as never, {} as never),
    { responses: [{ errorCode: 41, errorMessage: 'no', resourceName: 'a' }, {}, {}, {}, {}] }, 'D0.2')
})

t.test('D13.9: of a resource that is named twice nothing is changed, of the others all', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const name of ['a', 'b']) await raw.topic(name)
  const resources = ([['a', '1'], ['b', '2'], ['a', '3']] as const).map(([name, ms]) => change(TOPIC, name, ['retention.ms', 'set', ms]))
  const { responses } =
    await client.request(IncrementalAlterConfigs, 1, { resources, validateOnly: false })
  t.same(responses.map(({ resourceName, errorCode }) => [resourceName, errorCode]), [['a', 42], ['b', 0], ['a', 42]])
  t.equal(await valueOf(client, TOPIC, 'a', 'retention.ms'), '604800000')
  t.equal(await valueOf(client, TOPIC, 'b', 'retention.ms'), '2')
})
