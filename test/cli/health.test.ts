import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import { addressOf, isHealthy } from '../../src/cli/health.ts'
import { startBroker } from '../../src/index.ts'

const TIMEOUT_MS = 5000

t.test('a broker that serves is healthy', async t => {
  const broker = await startBroker()
  t.teardown(() => broker.stop())
  t.equal(await isHealthy(broker.host, broker.port, TIMEOUT_MS), true)
})

/** Starts a server that does this with each connection's first request. */
async function serverThat (
  t: Test, act: (socket: Socket, request: Buffer) => void
): Promise<number> {
  const server = createServer(socket => {
    socket.on('error', () => {})
    socket.once('data', request => { act(socket, request) })
  })
  t.teardown(() => new Promise<void>(resolve => { server.close(() => { resolve() }) }))
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return (server.address() as AddressInfo).port
}

/** An answer: its correlation id as asked, plus what is added to it. */
function answer (request: Buffer, add: number, errorCode: number, apis: number): Buffer {
  const bytes = Buffer.alloc(14)
  bytes.writeInt32BE(10, 0)
  bytes.writeInt32BE(request.readInt32BE(8) + add, 4)
  bytes.writeInt16BE(errorCode, 8)
  bytes.writeInt32BE(apis, 10)
  return bytes
}

t.test('what does not answer as a broker is not', async t => {
  const table: Array<[string, (socket: Socket, request: Buffer) => void, boolean]> = [
    ['answers in one piece', (socket, request) => { socket.end(answer(request, 0, 0, 3)) }, true],
    ['answers in pieces', (socket, request) => {
      socket.write(answer(request, 0, 0, 3).subarray(0, 5),
        () => { socket.end(answer(request, 0, 0, 3).subarray(5)) })
    }, true],
    ['another correlation id', (socket, request) => { socket.end(answer(request, 1, 0, 3)) }, false],
    ['an error', (socket, request) => { socket.end(answer(request, 0, 35, 3)) }, false],
    ['no API', (socket, request) => { socket.end(answer(request, 0, 0, 0)) }, false],
    ['closes', socket => { socket.destroy() }, false],
    ['half an answer', (socket, request) => { socket.end(answer(request, 0, 0, 3).subarray(0, 9)) }, false],
    ['speaks HTTP', socket => { socket.end('HTTP/1.1 400 Bad Request\r\n\r\n') }, false],
  ]
  for (const [name, act, healthy] of table) {
    t.equal(await isHealthy('127.0.0.1', await serverThat(t, act), TIMEOUT_MS), healthy, name)
  }
})

t.test('silence is not health', async t => {
  const held: Socket[] = []
  const port = await serverThat(t, socket => { held.push(socket) })
  t.equal(await isHealthy('127.0.0.1', port, 1), false)
})

t.test('where nobody listens, nobody is healthy', async t => {
  const server = createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise<void>(resolve => { server.close(() => { resolve() }) })
  t.equal(await isHealthy('127.0.0.1', port, TIMEOUT_MS), false)
})

t.test('where to ask', async t => {
  const table: Array<[string, string, number]> = [
    ['', '127.0.0.1', 9092],
    ['PLAINTEXT://:9093', '127.0.0.1', 9093],
    ['PLAINTEXT://0.0.0.0:9094,CONTROLLER://:9093', '127.0.0.1', 9094],
    ['CONTROLLER://:9093, PLAINTEXT://10.0.0.7:9092,', '10.0.0.7', 9092],
    ['SSL://:9095,PLAINTEXT_HOST://[::]:29092', '127.0.0.1', 29092],
    ['SSL://[::1]:9095', '::1', 9095],
    ['localhost:19092', 'localhost', 19092],
  ]
  for (const [listeners, host, port] of table) {
    t.same(addressOf(listeners), { host, port }, listeners)
  }
})
