/** The client against a broker in memory, and against one whose answers need patience. */
import { connect, createServer } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import { responseFrame } from '../../protocol/frame.ts'
import { code, KafkaError } from '../../protocol/errors.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import type { MessageToWrite } from '../../protocol/types.ts'
import { Client } from '../../src/client/client.ts'
import { topicIn } from '../../src/client/cluster.ts'
import { ClientError } from '../../src/client/error.ts'
import { FrameReader } from '../../src/client/frames.ts'
import { Producer } from '../../src/client/producer.ts'
import { mayTryAgain, pauseMs, retryDefaults } from '../../src/client/retry.ts'
import { startBroker } from '../../src/index.ts'

const noFilter = { statesFilter: [], typesFilter: [] }
const soon = { retryBackoffMs: 0, retryBackoffMaxMs: 0 }

t.test('a broker in memory', async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const address = { host: broker.host, port: broker.port }
  const client = new Client([address])
  t.teardown(() => client.close())

  const cluster = await client.cluster()
  t.equal(cluster.clusterId, broker.clusterId)
  t.same([...cluster.brokers.keys()], [broker.nodeId])
  t.equal(await client.cluster(), cluster, 'asked once')

  const created = await client.controller(CreateTopics, {
    topics: [{ name: 'many', numPartitions: 50, replicationFactor: 1, assignments: [], configs: [] }], timeoutMs: 30_000,
  })
  t.equal(created.topics[0]?.errorCode, code.NONE)
  const topic = topicIn(await client.describe(null), 'many')
  t.equal(topic.partitions.length, 50)
  t.same(topic.partitions.map(({ partition }) => partition), [...topic.partitions.keys()], 'by number')
  t.equal(topic.partitions[0]?.leaderId, broker.nodeId)

  t.throws(() => topicIn(cluster, 'absent'), { message: /UNKNOWN_TOPIC_OR_PARTITION/ })
  const absent = await client.describe(['absent', 'bad name'])
  t.throws(() => topicIn(absent, 'bad name'), { message: /INVALID_TOPIC_EXCEPTION/ })
  t.throws(() => topicIn(absent, 'absent'), { message: /UNKNOWN_TOPIC_OR_PARTITION/ }, 'nothing was created')

  const id = await client.retrying(() => client.coordinatorId('g'))
  t.equal(id, broker.nodeId)
  t.same((await client.coordinator('g', ListGroups, { statesFilter: [], typesFilter: [] })).groups, [])
  await t.rejects(client.peer(99), { message: /BROKER_NOT_AVAILABLE/ })

  const other = new Client([{ host: '127.0.0.1', port: 1 }, address])
  t.teardown(() => other.close())
  t.equal((await other.cluster()).clusterId, broker.clusterId, 'the next bootstrap address is tried')
  const nobody = new Client([{ host: '127.0.0.1', port: 1 }, { host: '127.0.0.1', port: 2 }])
  await t.rejects(nobody.cluster(), { code: 'UNREACHABLE', message: /127.0.0.1:1: .*; .*127.0.0.1:2: / })
})

t.test('a batch whose answer was lost is sent again, and written once (KIP-98)', async t => {
  let target = 0
  let produced = 0
  // Between client and broker: the first answer to Produce does not come through.
  const proxy = createServer(socket => {
    const broker = connect(target, '127.0.0.1')
    const requests = new FrameReader(1000)
    let isCut = false
    socket.on('data', chunk => {
      requests.push(Buffer.from(chunk))
      for (let frame = requests.next(); frame !== undefined; frame = requests.next()) {
        if (frame.readInt16BE(0) === Produce.key && produced++ === 0) isCut = true
      }
      broker.write(chunk)
    })
    broker.on('data', chunk => {
      if (isCut) socket.destroy()
      else socket.write(chunk)
    })
    socket.on('error', () => {}).on('close', () => { broker.destroy() })
    broker.on('error', () => {})
  })
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { proxy.close() })
  const { port } = proxy.address() as { port: number }
  const broker = await startBroker({
    settings: { listeners: ['PLAINTEXT://127.0.0.1:0'], 'advertised.listeners': [`PLAINTEXT://127.0.0.1:${port}`] },
  })
  t.teardown(() => broker.stop())
  target = broker.port
  const client = new Client([{ host: '127.0.0.1', port }], soon)
  t.teardown(() => client.close())
  const producer = new Producer(client, { acks: -1, codec: 'none' })
  await client.describeOrCreate(['once'])
  const record = { timestamp: 1n, key: null, value: Buffer.from('x') }
  t.equal(await producer.send('once', 0, [record, record]), 0n)
  t.equal(await producer.send('once', 0, [record]), 2n, 'the first two were written once')
  t.equal(produced, 3)
})

t.test('a producer finds each topic, and one that is not there yet at a later try', async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const client = new Client([{ host: broker.host, port: broker.port }], soon)
  t.teardown(() => client.close())
  const producer = new Producer(client, { acks: -1, codec: 'none' })
  const record = { timestamp: 1n, key: null, value: Buffer.from('x') }
  await client.describeOrCreate(['one'])
  t.equal(await producer.send('one', 0, [record]), 0n)
  let asked = 0
  const { describe } = client
  client.describe = async topics => {
    // For all of the cluster there are others who ask.
    if (topics?.length === 1 && asked++ > 1) await client.describeOrCreate(['two'])
    return await describe.call(client, topics)
  }
  t.equal(await producer.send('two', 0, [record]), 0n)
  t.equal(asked, 3, 'what said that there is none is not believed for ever')
  t.equal(await producer.send('one', 0, [record]), 1n)
  t.equal(asked, 3, 'a place that is known is not asked for again')
})

t.test('a connection that was lost is opened again', async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  const client = new Client([{ host: broker.host, port: broker.port }], soon)
  t.teardown(() => client.close())
  const { connection } = await client.peer(broker.nodeId)
  connection.close()
  await Promise.all([1, 2, 3].map(() => client.broker(broker.nodeId, ListGroups, noFilter)))
  t.not((await client.peer(broker.nodeId)).connection, connection)
})

type MetadataAnswer = MessageToWrite<typeof Metadata['response']>

/**
 * A broker that serves ApiVersions, and Metadata as the script says; `close` ends the connection
 * instead.
 */
async function scripted (
  t: Test, script: Array<MetadataAnswer | 'close'>
): Promise<{ port: number, asked: () => number }> {
  let asked = 0
  const server = createServer(socket => {
    const frames = new FrameReader(1000)
    socket.on('error', () => {})
    socket.on('data', chunk => {
      frames.push(chunk)
      for (let frame = frames.next(); frame !== undefined; frame = frames.next()) {
        const id = frame.readInt32BE(4)
        if (frame.readInt16BE(0) === ApiVersions.key) {
          const apiKeys = [{ apiKey: Metadata.key, minVersion: 1, maxVersion: 1 }]
          socket.write(wholeOf(responseFrame(ApiVersions, frame.readInt16BE(2), id, { apiKeys })))
          continue
        }
        const answer = script[Math.min(asked++, script.length - 1)]
        if (answer === 'close' || answer === undefined) socket.destroy()
        else socket.write(wholeOf(responseFrame(Metadata, 1, id, answer)))
      }
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => { server.close() })
  return { port: (server.address() as { port: number }).port, asked: () => asked }
}

t.test('what may succeed later is tried again, what may not is not, and neither for ever', async t => {
  const topic = (errorCode: number): MetadataAnswer => ({
    brokers: [], topics: [{ errorCode, name: 'a', isInternal: false, partitions: [] }],
  })
  const rows: ReadonlyArray<[string, Array<MetadataAnswer | 'close'>, string | number, number]> = [
    ['no leader yet', [topic(code.LEADER_NOT_AVAILABLE), topic(code.LEADER_NOT_AVAILABLE), topic(0)], 'a', 3],
    ['not allowed', [topic(code.TOPIC_AUTHORIZATION_FAILED), topic(0)], code.TOPIC_AUTHORIZATION_FAILED, 1],
    ['never a leader', [topic(code.LEADER_NOT_AVAILABLE)], code.LEADER_NOT_AVAILABLE, 4],
    ['cut once', ['close', topic(0)], 'a', 2],
    ['always cut', ['close'], 'CLOSED', 4],
  ]
  for (const [name, script, result, asked] of rows) {
    const broker = await scripted(t, script)
    const client = new Client([{ host: '127.0.0.1', port: broker.port }], { ...soon, attemptsMax: 4 })
    const got = await client.retrying(async () => topicIn(await client.describe(['a']), 'a').name)
      .catch((error: unknown) => error instanceof KafkaError
        ? error.errorCode
        : (error as ClientError).code)
    t.same([got, broker.asked()], [result, asked], name)
    await client.close()
  }
})

t.test('pauses grow up to a bound, a fifth more or less (KIP-580)', async t => {
  const pauses = [1, 2, 3, 4, 5, 20].map(failures => pauseMs(failures, retryDefaults, 0.5))
  t.same(pauses, [100, 200, 400, 800, 1000, 1000])
  t.equal(pauseMs(1, retryDefaults, 0), 80)
  t.equal(pauseMs(9, retryDefaults, 1), 1200)
  t.notOk(mayTryAgain(new TypeError('a bug')))
})

t.test('an address that only the cluster named says so when it cannot be reached', async t => {
  const broker = await scripted(t, [{
    brokers: [{ nodeId: 7, host: '127.0.0.1', port: 1 }], controllerId: 7, topics: [],
  }])
  const client = new Client([{ host: '127.0.0.1', port: broker.port }])
  t.teardown(() => client.close())
  await t.rejects(client.broker(7, Metadata, { topics: [] }), {
    code: 'UNREACHABLE', message: /127.0.0.1:1 \(the address of broker 7\).*advertised.listeners/,
  })
})
