/**
 * `ottla serve` as people start and stop it: how it ends, and what it says when it cannot begin.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { BrokerProcess } from '../support/broker-process.ts'
import { batchOf, fetchBody, fetchOne, produce, recordsIn } from '../support/producing.ts'
import { RawClient } from '../support/raw-client.ts'

t.setTimeout(300_000)

/** Generous, since the machine may be busy: the promise is a second. */
const STOP_MS_MAX = 30_000

// Before testdir: the processes end first, then their directories go.
const started: BrokerProcess[] = []
t.teardown(async () => {
  for (const broker of started) broker.kill('SIGKILL')
  await Promise.all(started.map(broker => broker.ended))
})
const root = t.testdir()

function directory (name: string): string {
  const path = join(root, name)
  mkdirSync(path)
  return path
}

function start (
  path: string, more: readonly string[] = [], environment: Record<string, string> = {}
): BrokerProcess {
  const broker = BrokerProcess.on(path, more, { environment })
  started.push(broker)
  return broker
}

async function createTopic (client: RawClient, name: string): Promise<void> {
  await client.request(CreateTopics, 7, {
    topics: [{ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
    validateOnly: false,
  })
}

/**
 * The values in `kept`, as a broker tells them that is started on this directory and stopped again.
 */
async function keptIn (path: string): Promise<Array<string | null>> {
  const broker = start(path)
  const client = await RawClient.connect(await broker.listening())
  const values = recordsIn(await fetchOne(client, 'kept', 0n)).map(([, value]) => value)
  client.end()
  broker.kill('SIGTERM')
  await broker.ended
  return values
}

t.test('SIGTERM and SIGINT end it with 0, whoever is connected, and everything acknowledged is kept', async t => {
  const path = directory('signals')
  const values: string[] = []
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const broker = start(path)
    const port = await broker.listening()
    const writer = await RawClient.connect(port)
    if (values.length === 0) await createTopic(writer, 'kept')
    const idle = await RawClient.connect(port)
    const waiting = await RawClient.connect(port)
    waiting.send(Fetch, 12, fetchBody([{ topic: 'kept', fetchOffset: BigInt(values.length + 2) }], { maxWaitMs: 600_000, minBytes: 1e6 }))
    for (const n of [1, 2]) {
      t.equal((await produce(writer, 'kept', batchOf([`${signal} ${n}`]))).errorCode, 0)
      values.push(`${signal} ${n}`)
    }
    const asked = performance.now()
    broker.kill(signal)
    t.same(await broker.ended, { code: 0, signal: null }, signal)
    t.ok(performance.now() - asked < STOP_MS_MAX, `${signal}: nobody who waits keeps it`)
    t.ok(await broker.said('stopped'), signal)
    t.same(broker.log.items.filter(({ level }) => level === 'error'), [], `${signal}: without a complaint`)
    await Promise.all([writer.closed, idle.closed, waiting.closed])
  }
  t.same(await keptIn(path), values)
})

t.test('a second SIGTERM ends it at once, and loses nothing either', async t => {
  const path = directory('impatient')
  const broker = start(path)
  const client = await RawClient.connect(await broker.listening())
  await createTopic(client, 'kept')
  const large = 'x'.repeat(900_000)
  for (let n = 0; n < 10; n++) await produce(client, 'kept', batchOf([large]))
  await produce(client, 'kept', batchOf(['last']))
  broker.kill('SIGTERM')
  await broker.said('SIGTERM: stopping')
  broker.kill('SIGTERM')
  const { code, signal } = await broker.ended
  const isOrderly = broker.log.items.some(({ msg }) => msg === 'stopped')
  t.same({ code, signal }, { code: isOrderly ? 0 : 1, signal: null }, 'by itself: in order if that was sooner')
  const values = await keptIn(path)
  t.equal(values.length, 11)
  t.equal(values.at(-1), 'last')
})

t.test('variables that a compose file leaves empty or quoted are no hindrance, twice', async t => {
  const path = directory('compose')
  const environment = { CLUSTER_ID: ' "my id" ', LOG_LEVEL: '', KAFKA_NODE_ID: '""', KAFKA_NUM_PARTITIONS: ' ' }
  for (let n = 0; n < 2; n++) {
    const broker = start(path, [], environment)
    await broker.listening()
    broker.kill('SIGTERM')
    t.same(await broker.ended, { code: 0, signal: null })
    t.same(broker.log.items.filter(({ level }) => level === 'error'), [])
  }
})

t.test('after SIGKILL it starts again without help', async t => {
  const path = directory('killed')
  const broker = start(path)
  const client = await RawClient.connect(await broker.listening())
  await createTopic(client, 'kept')
  await produce(client, 'kept', batchOf(['acknowledged']))
  broker.kill('SIGKILL')
  t.same(await broker.ended, { code: null, signal: 'SIGKILL' })
  t.same(await keptIn(path), ['acknowledged'])
})

t.test('what keeps it from starting is said in one line, with the setting and the remedy', async t => {
  const used = directory('used')
  const running = start(used)
  const port = await running.listening()
  const stopped = directory('stopped')
  const before = start(stopped)
  await before.listening()
  before.kill('SIGTERM')
  await before.ended
  const foreign = directory('foreign')
  writeFileSync(join(foreign, 'letter.txt'), 'not for brokers')
  const kafka = directory('kafka')
  writeFileSync(join(kafka, 'meta.properties'), '#\nversion=1\ncluster.id=a\nnode.id=1\ndirectory.id=qKn_ob4HhDhIySyy6dIpCw\n')
  const file = join(root, 'file')
  writeFileSync(file, '')
  for (const [what, broker, ...words] of [
    ['a port in use', start(directory('port'), [`listeners=PLAINTEXT://127.0.0.1:${port}`]), `port ${port} is in use`, 'listeners'],
    ['an address of another machine', start(directory('address'), ['listeners=PLAINTEXT://192.0.2.1:0']), '192.0.2.1', 'listeners'],
    ['a directory in use', start(used), used, 'stop it first', 'directory of its own'],
    ['the data of another node', start(stopped, ['node.id=7']), stopped, 'node.id is 7', 'Set node.id=1'],
    ['the data of another cluster', start(stopped, [], { CLUSTER_ID: 'MkU3OEVBNTcwNTJENDM2Qk' }), stopped, 'CLUSTER_ID', 'Set CLUSTER_ID='],
    ['what somebody else put there', start(foreign), foreign, 'letter.txt', 'Point log.dirs to an empty directory'],
    ['a directory that cannot be made', start(join(file, 'data')), `log.dirs=${join(file, 'data')}`, 'may write'],
    ['a directory where none can be', start('/proc/ottla/data'), 'log.dirs=/proc/ottla/data', 'may write'],
    ['a value that is none', start(directory('value'), ['num.partitions=many']), 'num.partitions', 'many'],
    ['a level that the log does not have', start(directory('level'), [], { LOG_LEVEL: 'warning' }), 'LOG_LEVEL=warning', 'debug, info, warn, error'],
    ['an id that no line shows', start(directory('id'), [], { CLUSTER_ID: 'a\nb' }), 'CLUSTER_ID="a\\nb"', 'no control characters'],
    ['the data of Apache Kafka', start(kafka), kafka, 'Apache Kafka', 'Point log.dirs to an empty directory'],
    ['a setting without a value', start(directory('half'), ['num.partitions']), 'num.partitions', '='],
  ] as Array<[string, BrokerProcess, ...string[]]>) {
    t.same(await broker.ended, { code: 1, signal: null }, what)
    const errors = broker.log.items.filter(({ level }) => level === 'error')
    t.equal(errors.length, 1, `${what}: one line`)
    for (const word of words) t.ok(errors[0]?.msg.includes(word), `${what}: "${errors[0]?.msg}" says "${word}"`)
    t.notMatch(errors[0]?.msg, /\n/, what)
    t.same(broker.strays, [], `${what}: nothing else`)
  }
  t.equal((await RawClient.connect(port)).isClosed, false, 'the one that was there first is not disturbed')
  running.kill('SIGTERM')
  t.same(await running.ended, { code: 0, signal: null })
})
