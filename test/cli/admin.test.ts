/** `ottla topics`, `configs`, `offsets`, `log-dirs` against a broker in memory. */
import t from 'tap'
import { startBroker } from '../../src/index.ts'
import { runCommand } from '../support/command.ts'
import type { Said, Told } from '../support/command.ts'
import { RawBroker } from '../support/raw-broker.ts'

const broker = await startBroker({ settings: { 'num.partitions': 2 } })
t.teardown(() => broker.stop())
const ask = (line: string, told: Told = {}): Promise<Said> =>
  runCommand([...line.split(' '), '--bootstrap-server', broker.bootstrapServers], told)

t.test('topics are made, listed, altered and deleted', async t => {
  t.match(await ask('topics list'), { exitCode: 0, output: '', messages: /no topics: "ottla topics create" makes one/ })
  const made = await ask('topics create one two --config retention.ms=1000 --json')
  t.match(made, { exitCode: 0, messages: '' })
  t.match(made.rows, [
    { topic: 'one', topicId: /^.{22}$/, partitions: 2, replicationFactor: 1 }, { topic: 'two', partitions: 2 },
  ])
  t.match(await ask('topics create three --partitions 5 --replication-factor 1'), {
    exitCode: 0, output: /^TOPIC +PARTITIONS +REPLICATION FACTOR +TOPIC ID\nthree +5 +1 +\S{22}\n$/,
  })
  t.same((await ask('topics list --json')).rows, [
    { topic: 'one', partitions: 2, replicationFactor: 1, internal: false },
    { topic: 'three', partitions: 5, replicationFactor: 1, internal: false },
    { topic: 'two', partitions: 2, replicationFactor: 1, internal: false },
  ])
  t.equal((await ask('topics list')).output, [
    'TOPIC  PARTITIONS  REPLICATION FACTOR', 'one    2           1', 'three  5           1', 'two    2           1', '',
  ].join('\n'))

  t.same((await ask('topics alter one --partitions 3 --config cleanup.policy=compact --delete-config retention.ms --json')).rows,
    [{ topic: 'one', partitions: 3 }])
  const [described] = (await ask('topics describe one --json')).rows
  t.match(described, { topic: 'one', internal: false, configs: { 'cleanup.policy': 'compact' } })
  t.same(described.configs, { 'cleanup.policy': 'compact' })
  t.same(described.partitions[2], { partition: 2, leader: 1, replicas: [1], isr: [1], offline: [] })
  t.match((await ask('topics describe one')).output,
    /^one {2}id \S{22} {2}3 partitions {2}replication factor 1 {2}cleanup.policy=compact\nPARTITION +LEADER/)
  t.equal((await ask('topics describe')).output.match(/^PARTITION/gm)?.length, 3, 'all of them')

  t.same((await ask('topics delete two three --json')).rows, [{ topic: 'two' }, { topic: 'three' }])
  t.same((await ask('topics list --json')).rows.map(({ topic }) => topic), ['one'])
})

t.test('what cannot be done is one line that says what to do, and exit code 1', async t => {
  const rows: ReadonlyArray<[string, RegExp]> = [
    ['topics create one', /^ottla: topic one: .*\(TOPIC_ALREADY_EXISTS\); add --if-not-exists to let it be\n$/],
    ['topics create a,b', /^ottla: topic a,b: .*\(INVALID_TOPIC_EXCEPTION\); a name has at most 249/],
    ['topics create x --replication-factor 3', /^ottla: topic x: .*\(INVALID_REPLICATION_FACTOR\)\n$/],
    ['topics create x --config retention.ms=soon', /^ottla: topic x: .*retention.ms.*\(INVALID_CONFIG\)\n$/],
    ['topics delete absent', /^ottla: topic absent: .*\(UNKNOWN_TOPIC_OR_PARTITION\); see "ottla topics list"\n$/],
    ['topics describe absent', /UNKNOWN_TOPIC_OR_PARTITION/],
    ['topics alter absent --partitions 9', /topic absent: .*UNKNOWN_TOPIC_OR_PARTITION/],
    ['topics alter one --partitions 1', /topic one: .*INVALID_PARTITIONS/],
    ['configs alter topic one --set no.such=1', /topic one: .*INVALID_CONFIG/],
    ['configs describe topic absent', /topic absent: .*UNKNOWN_TOPIC_OR_PARTITION/],
    ['configs describe broker 77', /BROKER_NOT_AVAILABLE/],
    ['offsets absent', /topic absent: /],
    ['log-dirs absent', /topic absent: /],
    ['groups describe absent', /^ottla: group absent: .*\(GROUP_ID_NOT_FOUND\); see "ottla groups list"\n$/],
  ]
  for (const [line, message] of rows) {
    const said = await ask(line)
    t.match(said, { exitCode: 1, output: '', messages: message }, line)
    t.equal(said.messages.split('\n').length, 2, `${line}: one line`)
  }
  t.match(await ask('topics create one --if-not-exists'), { exitCode: 0, messages: '' })
  t.match(await ask('topics delete absent --if-exists'), { exitCode: 0, messages: '' })
  const some = await ask('topics create new one other --json')
  t.match(some, { exitCode: 1, messages: /topic one: / })
  t.same(some.rows.map(({ topic }) => topic), ['new', 'other'], 'what could be done is done')
  await ask('topics delete new other')
})

t.test('what makes no sense is said, with exit code 2', async t => {
  const rows: ReadonlyArray<[string, RegExp]> = [
    ['topics alter one', /nothing to alter: give --partitions, --config or --delete-config/],
    ['topics create x --config a', /--config a: give name=value/],
    ['topics create x --partitions 0', /--partitions 0: give a whole number from 1/],
    ['topics create x --partitions many', /--partitions many: give a whole number/],
    ['configs alter topic one', /nothing to alter: give --set/],
    ['configs alter topic --set a=b', /which topic\? name it/],
    ['configs describe tapir', /Allowed choices are topic, broker, group/],
    ['offsets one --at teatime', /--at teatime: give a time such as/],
    ['offsets one --at @5 --max-timestamp', /not both/],
  ]
  for (const [line, message] of rows) t.match(await ask(line), { exitCode: 2, output: '', messages: message }, line)
})

t.test('settings, with where they come from', async t => {
  t.match(await ask('configs alter topic one --set retention.ms=777 --append cleanup.policy=delete --json').then(({ rows }) => rows), [
    { kind: 'topic', name: 'one', config: 'retention.ms', operation: 'set', value: '777', executed: true },
    { config: 'cleanup.policy', operation: 'append', value: 'delete' },
  ])
  const { rows } = await ask('configs describe topic one --json')
  const byName = new Map(rows.map(row => [row.config, row]))
  t.match(byName.get('retention.ms'), {
    kind: 'topic', name: 'one', value: '777', source: 'DYNAMIC_TOPIC_CONFIG', readOnly: false, sensitive: false,
    synonyms: [{ name: 'retention.ms', value: '777', source: 'DYNAMIC_TOPIC_CONFIG' }],
  })
  t.equal(byName.get('cleanup.policy').value, 'compact,delete')
  t.notOk(byName.has('segment.bytes'), 'defaults are left out')
  t.match((await ask('configs describe topic one --all')).output, /one +segment.bytes +1073741824 +DEFAULT_CONFIG/)
  await ask('configs alter topic one --delete retention.ms --subtract cleanup.policy=compact')
  t.match((await ask('configs describe topic one --all')).output, /cleanup.policy +delete +DYNAMIC_TOPIC_CONFIG/)
  t.match(await ask('configs alter topic one --set retention.ms=5 --dry-run --json').then(({ rows }) => rows), [{ executed: false }])
  t.notMatch((await ask('configs describe topic one')).output, /retention.ms/)

  await ask('configs alter broker --set message.max.bytes=555555')
  t.match((await ask('configs describe broker')).output, /1 +message.max.bytes +555555 +DYNAMIC_DEFAULT_BROKER_CONFIG/)
  t.match((await ask('configs describe broker 1 --json')).rows.find(({ config }) => config === 'message.max.bytes'),
    { name: '1', value: '555555' })
  t.match((await ask('configs describe broker-logger 1 --all')).output, /BROKER_LOGGER|DEFAULT_CONFIG/)
  await ask('configs alter group g --set consumer.session.timeout.ms=50000')
  t.match((await ask('configs describe group g')).output, /g +consumer.session.timeout.ms +50000 +DYNAMIC_GROUP_CONFIG/)
  t.match(await ask('configs describe client-metrics'), { exitCode: 0, messages: /everything is at its default: --all shows it/ })
})

t.test('offsets and log directories', async t => {
  const nowMs = (): number => 1_000_000
  await ask('produce one --partition 0', { input: 'a\nb\nc\n', nowMs })
  await ask('produce one --partition 1', { input: 'a\n', nowMs: () => 2_000_000 })
  t.same((await ask('offsets one --json')).rows, [
    { topic: 'one', partition: 0, earliest: 0, latest: 3 },
    { topic: 'one', partition: 1, earliest: 0, latest: 1 },
    { topic: 'one', partition: 2, earliest: 0, latest: 0 },
  ])
  t.match((await ask('offsets')).output, /^TOPIC +PARTITION +EARLIEST +LATEST\none +0 +0 +3\n/)
  t.same((await ask('offsets one --at 1970-01-01T00:30:00 --json')).rows.map(({ offset, timestamp }) => [offset, timestamp]),
    [[null, null], [0, 2_000_000], [null, null]])
  t.same((await ask('offsets one --max-timestamp --json')).rows.map(({ offset, timestamp }) => [offset, timestamp]),
    [[0, 1_000_000], [0, 2_000_000], [null, null]])

  const [directory] = (await ask('log-dirs --json')).rows
  t.match(directory, { broker: 1, logDir: '/ottla', totalBytes: null, usableBytes: null })
  const partition = directory.partitions.find((each: any) => each.topic === 'one' && each.partition === 0)
  t.match(partition, { offsetLag: 0, future: false })
  t.ok(partition.sizeBytes > 60)
  t.match((await ask('log-dirs')).output, /^BROKER +LOG DIR +PARTITIONS +SIZE BYTES +USABLE BYTES +TOTAL BYTES\n1 +\/ottla +\d+ +\d+ +- +-\n$/)
  t.match((await ask('log-dirs one')).output, /^BROKER +TOPIC +PARTITION +SIZE BYTES +OFFSET LAG +LOG DIR\n1 +one +0 +\d+ +0 +\/ottla\n/)
})

t.test('a partition that cannot be told is named, behind the others', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('half', 2)
  const partition = raw.broker.replicas.find('half', 1)
  if (partition === undefined) throw new Error('there is none')
  partition.offsetFor = async () => ({ errorCode: 29 })
  const said = await runCommand(['offsets', 'half', '--json', '--bootstrap-server', `127.0.0.1:${raw.listener.port}`])
  t.same(said.rows.map(each => [each.partition, each.latest]), [[0, 0], [1, null]])
  t.match(said, { exitCode: 1, messages: /topic half partition 1: .*TOPIC_AUTHORIZATION_FAILED/ })
})
