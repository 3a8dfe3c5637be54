/** Which connections are let in: max.connections and its kin. */
import { Socket } from 'node:net'
import t from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { Admission } from '../../src/server/admission.ts'
import { Doorway } from '../../src/server/doorway.ts'
import { alter, BROKER } from '../support/configuring.ts'
import { setQuota } from '../support/quotas.ts'
import { startBroker } from '../../src/index.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'

const rates = { perSecond: Infinity, perSecondByListener: new Map() }

t.test('the broker, a listener and an address have a limit each', async t => {
  const admission = new Admission()
  const enter = (listener: string, address: string): boolean | 'waits' =>
    admission.hasRoom(listener) ? admission.enter(listener, address, 0).isIn : 'waits'
  t.ok(enter('A', '::1'), 'without limits everybody')
  admission.bounds = {
    total: 5,
    byListener: new Map([['B', 1]]),
    perAddress: 2,
    byAddress: new Map([['10.0.0.1', 0], ['10.0.0.2', 3]]),
    rates,
  }
  const steps: Array<[listener: string, address: string, letIn: boolean | 'waits']> = [
    ['A', '::1', true], ['A', '::1', false], ['A', '10.0.0.1', false], ['B', '10.0.0.2', true], ['B', '10.0.0.2', 'waits'],
    ['A', '10.0.0.2', true], ['A', '10.0.0.2', true], ['A', '10.0.0.3', 'waits'],
  ]
  for (const [listener, address, letIn] of steps) t.equal(enter(listener, address), letIn, `${listener} ${address}`)
  let woken = 0
  admission.onceRoom(() => { woken += 1 })
  admission.leave('A', '10.0.0.2')
  t.ok(enter('A', '10.0.0.3'), 'who leaves makes room')
  admission.leave('A', '10.0.0.3')
  t.equal(woken, 1)
})

t.test('an address counts alike on a socket that serves IPv6 as well', async t => {
  const broker = await startBroker({ settings: { listeners: ['PLAINTEXT://:0'], 'max.connections.per.ip': 1 } })
  t.teardown(() => broker.stop())
  /** The broker may see that a client has left a moment after the client does. */
  const letIn = async (): Promise<RawClient> => {
    for (;;) {
      const client = await RawClient.connect(broker.port)
      const answer = await client.request(ApiVersions, 0, {}).catch(() => undefined)
      if (answer !== undefined) return client
    }
  }
  for (let round = 0; round < 3; round++) {
    const client = await letIn()
    const other = await RawClient.connect(broker.port)
    await other.closed
    client.end()
    await client.closed
  }
  t.pass('who has left makes room')
})

/** Sends without waiting for the answer, which comes once the client is let in. */
function asked (client: RawClient): { isAnswered: boolean, answer: Promise<void> } {
  const state = { isAnswered: false, answer: Promise.resolve() }
  state.answer = client.request(ApiVersions, 0, {}).then(() => { state.isAnswered = true })
  return state
}

t.test('a limit may change while the broker runs, and who came too early is let in then', async t => {
  const raw = await RawBroker.start(t, { 'max.connections': 1 })
  const first = await raw.client()
  const isServed = async () => (await first.request(ApiVersions, 0, {})).errorCode === 0
  t.ok(await isServed())
  const second = await raw.client()
  const third = await raw.client()
  const [ofSecond, ofThird] = [asked(second), asked(third)]
  t.ok(await isServed(), 'who is in stays in')
  t.notOk(ofSecond.isAnswered, 'KIP-402: the others wait')
  t.same(await alter(first, BROKER, '', ['max.connections', 'set', '2']), [0, null])
  await ofSecond.answer
  t.ok(await isServed())
  t.notOk(ofThird.isAnswered)
  second.end()
  await ofThird.answer
  t.same(await alter(first, BROKER, '1', ['listener.name.plaintext.max.connections', 'set', '1']), [0, null])
  third.end()
  const fourth = await raw.client()
  const ofFourth = asked(fourth)
  t.ok(await isServed())
  t.notOk(ofFourth.isAnswered)
  t.same(await alter(first, BROKER, '1', ['listener.name.plaintext.max.connections', 'delete']), [0, null])
  await ofFourth.answer
  t.same(await alter(first, BROKER, '', ['max.connections.per.ip.overrides', 'set', 'localhost:2']), [0, null])
  t.same(await alter(first, BROKER, '', ['max.connections', 'set', '9']), [0, null])
  await (await raw.client()).closed
  t.ok(await isServed())
})

t.test('connection_creation_rate: an address that connects too often is turned away', async t => {
  const raw = await RawBroker.start(t)
  const first = await raw.client()
  await setQuota(first, { ip: '127.0.0.1' }, { connection_creation_rate: 1 })
  const clients = await Promise.all(Array.from({ length: 11 }, () => raw.client()))
  const last = clients.at(-1) as RawClient
  await last.closed
  const answers =
    await Promise.all(clients.slice(0, 10).map(client => client.request(ApiVersions, 0, {})))
  t.equal(answers.length, 10, 'ten in the window of ten seconds')
  raw.clock.advance(11_000)
  t.equal((await (await raw.client()).request(ApiVersions, 0, {})).errorCode, 0, 'who was turned away does not count')
})

t.test('max.connection.creation.rate: the listener takes them later', async t => {
  const raw = await RawBroker.start(t, { 'max.connection.creation.rate': 1, 'quota.window.num': 2 })
  const first = await raw.client()
  t.equal((await first.request(ApiVersions, 0, {})).errorCode, 0)
  const second = asked(await raw.client())
  // An unlimited listener would have answered by then.
  for (let n = 0; n < 20; n++) await first.request(ApiVersions, 0, {})
  t.notOk(second.isAnswered)
  await second.answer
})

t.test('who is to be closed later is closed at once when the listener is', async t => {
  const admission = new Admission()
  admission.rates = { delayMs: () => 0, refusedForMs: () => 3_600_000 }
  const doorway = new Doorway({ listener: 'A', admission, nowMs: () => 0, admit: () => {} })
  const socket = new Socket()
  doorway.arrive(socket)
  t.notOk(socket.destroyed)
  doorway.close()
  t.ok(socket.destroyed)
})

t.test('no more wait than the system would let wait', async t => {
  const admission = new Admission()
  admission.bounds = { total: 0, byListener: new Map(), perAddress: 9, byAddress: new Map(), rates }
  const admitted: unknown[] = []
  const doorway = new Doorway({ listener: 'A', admission, nowMs: () => 0, admit: socket => admitted.push(socket) })
  const sockets = Array.from({ length: 512 }, () => new Socket())
  for (const socket of sockets) doorway.arrive(socket)
  t.same(sockets.map(({ destroyed }) => destroyed).indexOf(true), 511)
  doorway.close()
  t.ok(sockets.every(({ destroyed }) => destroyed))
  t.same(admitted, [])
})
