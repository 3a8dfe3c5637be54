/**
 * A connection against sockets that misbehave in every way that a wrong address or a broken broker
 * does.
 */
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import { responseFrame } from '../../protocol/frame.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { parseAddresses, textOf } from '../../src/client/address.ts'
import { BrokerConnection, connectionDefaults } from '../../src/client/connection.ts'
import type { ConnectionOptions } from '../../src/client/connection.ts'
import { ClientError } from '../../src/client/error.ts'
import { FrameReader } from '../../src/client/frames.ts'
import { negotiate, Versions } from '../../src/client/versions.ts'

const options: ConnectionOptions = { ...connectionDefaults, requestsInFlightMax: 4 }
const noTopics = { topics: [] }

/** A server on a free port whose every connection is treated by `serve`. */
async function listening (
  t: Test, serve: (socket: Socket) => void
): Promise<{ host: string, port: number }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

const correlationOf = (frame: Buffer): number => frame.readInt32BE(8)
const metadataAnswer = (correlationId: number): Buffer =>
  wholeOf(responseFrame(Metadata, 1, correlationId, { brokers: [], topics: [] }))

t.test('addresses as people write them', async t => {
  const rows: ReadonlyArray<[string, string]> = [
    ['localhost:9092', 'localhost:9092'],
    ['kafka', 'kafka:9092'],
    ['[::1]:19092', '[::1]:19092'],
    ['a:1, b:2,', 'a:1 b:2'],
  ]
  for (const [text, parsed] of rows) t.equal(parseAddresses(text).map(textOf).join(' '), parsed, text)
  for (const wrong of ['', 'a:0', 'a:70000', 'http://a:9092', 'a:b', '::1:9092']) {
    t.throws(() => parseAddresses(wrong), { name: 'RangeError', message: /give host:port/ }, wrong)
  }
})

t.test('frames come whole, however they are cut', async t => {
  const frames = [Buffer.from('first'), Buffer.alloc(9, 7), Buffer.from('1234')]
  const bytes = Buffer.concat(frames.flatMap(frame => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(frame.length)
    return [size, frame]
  }))
  for (const step of [1, 2, 3, 5, 7, bytes.length]) {
    const reader = new FrameReader(100)
    const got: Buffer[] = []
    for (let at = 0; at < bytes.length; at += step) {
      reader.push(bytes.subarray(at, at + step))
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) got.push(frame)
    }
    t.same(got, frames, `cut into pieces of ${step}`)
    t.equal(reader.rest.length, 0)
  }
  const reader = new FrameReader(8)
  reader.push(bytes.subarray(9))
  t.throws(() => reader.next(), RangeError, 'larger than allowed')
})

t.test('what is wrong at the other end is said with host:port and what to try', async t => {
  const rows: ReadonlyArray<[string, (socket: Socket) => void, string, RegExp]> = [
    ['a web server', socket => { socket.once('data', () => { socket.write('HTTP/1.1 400 Bad Request\r\n\r\n') }) },
      'NOT_KAFKA', /speaks HTTP; check the port/],
    ['TLS', socket => { socket.once('data', () => { socket.write(Buffer.from([0x15, 3, 3, 0, 2, 2, 40])) }) },
      'NOT_KAFKA', /speaks TLS/],
    ['something else', socket => { socket.once('data', () => { socket.write('SSH-2.0-x\r\n') }) },
      'NOT_KAFKA', /not of Kafka's protocol/],
    ['an answer to another request', socket => { socket.once('data', () => { socket.write(metadataAnswer(99)) }) },
      'NOT_KAFKA', /not of Kafka's protocol/],
    ['bytes behind the answer', socket => {
      socket.once('data', (frame: Buffer) => {
        const answer = Buffer.concat([metadataAnswer(correlationOf(frame)), Buffer.from([0])])
        answer.writeInt32BE(answer.length - 4)
        socket.write(answer)
      })
    }, 'NOT_KAFKA', /not of Kafka's protocol/],
    ['closes at once', socket => { socket.destroy() }, 'CLOSED', /without an answer/],
    ['closes in the middle of an answer', socket => {
      socket.once('data', (frame: Buffer) => { socket.end(metadataAnswer(correlationOf(frame)).subarray(0, 9)) })
    }, 'CLOSED', /without an answer/],
  ]
  for (const [name, serve, code, message] of rows) {
    const address = await listening(t, serve)
    const connection = await BrokerConnection.open(address, options)
    const error = await connection.request(Metadata, 1, noTopics).catch((error: unknown) => error)
    t.match(error, { name: 'ClientError', code, message }, name)
    t.match((error as Error).message, textOf(address), `${name}: says where`)
    t.notOk(connection.isOpen)
    await t.rejects(connection.request(Metadata, 1, noTopics), { code }, `${name}: and stays so`)
  }
})

t.test('a broker that does not answer in time', async t => {
  const address = await listening(t, () => {})
  const connection = await BrokerConnection.open(address, { ...options, requestTimeoutMs: 1 })
  const both =
    [connection.request(Metadata, 1, noTopics), connection.request(Metadata, 1, noTopics, 60_000)]
  const errors = await Promise.all(both.map(request => request.catch((error: unknown) => error)))
  for (const error of errors) t.match(error, { code: 'TIMED_OUT', message: /does not answer Metadata within 1 ms/ })
  t.notOk((errors[0] as ClientError).isRetriable)
})

t.test('nobody there', async t => {
  const address = await listening(t, () => {})
  const gone = createServer()
  await new Promise<void>(resolve => gone.listen(0, '127.0.0.1', resolve))
  const { port } = gone.address() as { port: number }
  await new Promise(resolve => gone.close(resolve))
  await t.rejects(BrokerConnection.open({ ...address, port }, options), {
    code: 'UNREACHABLE', message: new RegExp(`127.0.0.1:${port}: nothing listens there; start the broker`),
  })
  await t.rejects(BrokerConnection.open({ ...address, port }, options, 'the address of broker 1'), {
    code: 'UNREACHABLE', message: /the address of broker 1.*advertised.listeners/,
  })
  await t.rejects(BrokerConnection.open({ host: 'no-such-host.invalid', port }, options), { code: 'UNREACHABLE' })
})

t.test('requests are pipelined, and only so many', async t => {
  const arrived: number[] = []
  const address = await listening(t, socket => {
    const reader = new FrameReader(1000)
    socket.on('data', chunk => {
      reader.push(chunk)
      for (let frame = reader.next(); frame !== undefined; frame = reader.next()) {
        arrived.push(frame.readInt32BE(4))
      }
      if (arrived.length === 4) socket.write(Buffer.concat(arrived.map(metadataAnswer)))
    })
  })
  const connection = await BrokerConnection.open(address, options)
  t.teardown(() => { connection.close() })
  const answers = [1, 2, 3, 4].map(() => connection.request(Metadata, 1, noTopics))
  await t.rejects(connection.request(Metadata, 1, noTopics), { code: 'BUSY' })
  t.same((await Promise.all(answers)).map(({ topics }) => topics), [[], [], [], []])
  t.equal(new Set(arrived).size, 4, 'each has a correlation id of its own')
})

t.test('an answer of very many small parts', async t => {
  const groups = Array.from({ length: 20_000 }, (_, index) => ({ groupId: `g${index}`, protocolType: '' }))
  const address = await listening(t, socket => {
    socket.on('data', (frame: Buffer) => {
      socket.write(wholeOf(responseFrame(ListGroups, 5, correlationOf(frame), { groups })))
    })
  })
  const connection = await BrokerConnection.open(address, options)
  t.teardown(() => { connection.close() })
  t.equal(
    (await connection.request(ListGroups, 5, { statesFilter: [], typesFilter: [] })).groups.length,
    groups.length
  )
})

t.test('closing rejects what is under way', async t => {
  const address = await listening(t, () => {})
  const connection = await BrokerConnection.open(address, options)
  const request = connection.request(Metadata, 1, noTopics)
  connection.close()
  await t.rejects(request, { code: 'CLOSED' })
})

t.test('a broker that does not know our newest ApiVersions names its own (KIP-511)', async t => {
  const asked: number[] = []
  const apiKeys =
    [{ apiKey: 18, minVersion: 0, maxVersion: 2 }, { apiKey: 3, minVersion: 1, maxVersion: 5 }]
  const address = await listening(t, socket => {
    socket.on('data', (frame: Buffer) => {
      const version = frame.readInt16BE(6)
      asked.push(version)
      const refused = version > 2
      socket.write(wholeOf(responseFrame(ApiVersions, refused ? 0 : version, correlationOf(frame), {
        errorCode: refused ? 35 : 0, apiKeys: refused ? apiKeys.slice(0, 1) : apiKeys,
      })))
    })
  })
  const connection = await BrokerConnection.open(address, options)
  t.teardown(() => { connection.close() })
  const versions = await negotiate(connection, { name: 'test', version: '1' })
  t.same(asked, [ApiVersions.versions[1], 2])
  t.equal(versions.of(Metadata), 5)
})

t.test('the version that both know', async t => {
  const served = (minVersion: number, maxVersion: number): Versions =>
    new Versions('a:1', [{ apiKey: Metadata.key, minVersion, maxVersion }])
  const newest = Metadata.versions[1]
  t.equal(served(0, newest + 4).of(Metadata), newest)
  t.equal(served(0, 7).of(Metadata), 7)
  t.equal(served(0, newest).of(Metadata, 4), 4, 'a caller that speaks no newer one')
  for (const versions of [served(newest + 1, newest + 2), new Versions('a:1', [])]) {
    t.throws(() => versions.of(Metadata), { code: 'UNSUPPORTED', message: /^a:1 does not serve Metadata/ })
  }
  t.throws(() => served(5, newest).of(Metadata, 4), { code: 'UNSUPPORTED' })
})
