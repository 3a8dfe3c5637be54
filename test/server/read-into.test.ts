/** Sockets that read into memory of ours: where the bytes go, pauses, and both ends. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Test } from 'tap'
import { readInto } from '../../src/server/read-into.ts'

interface Pair { accepted: Socket, client: Socket, closed: () => Promise<unknown> }

async function pair (t: Test): Promise<Pair> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = await once(server, 'connection') as [Socket]
  t.teardown(() => { client.destroy() })
  return { accepted, client, closed: () => new Promise(resolve => { server.close(resolve) }) }
}

t.test('the bytes of an accepted socket go to the room that is given', async t => {
  const { accepted, client, closed } = await pair(t)
  const room = Buffer.alloc(3)
  let heard = ''
  let done = (): void => {}
  const whole = new Promise<void>(resolve => { done = resolve })
  const socket = readInto(accepted, {
    room: () => room,
    received: count => {
      heard += room.toString('latin1', 0, count)
      if (heard.length === 10) done()
    },
    push: () => { t.fail('memory of its own') },
  })
  t.not(socket, accepted, 'this version of node has what it needs')
  socket.resume()
  client.write('0123456789')
  await whole
  t.equal(heard, '0123456789')
  socket.write('answer')
  t.equal(String((await once(client, 'data'))[0]), 'answer')
  const ended = once(socket, 'end')
  client.end()
  await ended
  socket.write('and goes on')
  t.equal(String((await once(client, 'data'))[0]), 'and goes on', 'one end at a time')
  socket.end()
  await closed()
  t.ok(accepted.destroyed, 'the server counts it no more')
})

t.test('nothing is read while it is paused, also from within a read', async t => {
  const { accepted, client, closed } = await pair(t)
  let heard = ''
  const socket = readInto(accepted, {
    room: () => Buffer.alloc(4),
    received: count => {
      heard += '.'.repeat(count)
      socket.pause()
      setImmediate(() => { setImmediate(next) })
    },
    push: () => { t.fail('memory of its own') },
  })
  const steps: number[] = []
  let finished = (): void => {}
  const all = new Promise<void>(resolve => { finished = resolve })
  function next (): void {
    steps.push(heard.length)
    if (heard.length === 12) finished()
    else socket.resume()
  }
  client.write('0123456789ab')
  socket.resume()
  await all
  t.same(steps, [4, 8, 12])
  socket.destroy()
  await closed()
})

t.test('a socket that is none of the system gives its own memory', async t => {
  const stream = new PassThrough()
  const heard: Buffer[] = []
  const socket = readInto(stream as unknown as Socket, {
    room: () => t.fail('no room is needed') as never,
    received: () => { t.fail('nor filled') },
    push: chunk => { heard.push(chunk) },
  })
  t.equal(socket, stream)
  stream.write('bytes')
  stream.end()
  await once(stream, 'end')
  t.equal(Buffer.concat(heard).toString(), 'bytes')
})
