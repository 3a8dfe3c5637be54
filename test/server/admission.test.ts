/** Which connections are let in: max.connections and its kin. */
import t from 'tap'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { Admission } from '../../src/server/admission.ts'
import { alter, BROKER } from '../support/configuring.ts'
import { startBroker } from '../../src/index.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'

t.test('the broker, a listener and an address have a limit each', async t => {
  const admission = new Admission()
  t.ok(admission.enter('A', '::1'), 'without limits everybody')
  admission.bounds = {
    total: 5,
    byListener: new Map([['B', 1]]),
    perAddress: 2,
    byAddress: new Map([['10.0.0.1', 0], ['10.0.0.2', 3]]),
  }
  const steps: Array<[listener: string, address: string, letIn: boolean]> = [
    ['A', '::1', true], ['A', '::1', false], ['A', '10.0.0.1', false], ['B', '10.0.0.2', true], ['B', '10.0.0.2', false],
    ['A', '10.0.0.2', true], ['A', '10.0.0.2', true], ['A', '10.0.0.3', false],
  ]
  for (const [listener, address, letIn] of steps) t.equal(admission.enter(listener, address), letIn, `${listener} ${address}`)
  admission.leave('A', '10.0.0.2')
  t.ok(admission.enter('A', '10.0.0.3'), 'who leaves makes room')
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

t.test('a limit may change while the broker runs', async t => {
  const raw = await RawBroker.start(t, { 'max.connections': 1 })
  const first = await raw.client()
  const second = await raw.client()
  await second.closed
  const isServed = async () => (await first.request(ApiVersions, 0, {})).errorCode === 0
  t.ok(await isServed(), 'who is in stays in')
  t.same(await alter(first, BROKER, '', ['max.connections', 'set', '2']), [0, null])
  const third = await raw.client()
  t.equal((await third.request(ApiVersions, 0, {})).errorCode, 0)
  t.same(await alter(first, BROKER, '1', ['listener.name.plaintext.max.connections', 'set', '1']), [0, null])
  third.end()
  await third.closed
  await (await raw.client()).closed
  t.same(await alter(first, BROKER, '1', ['listener.name.plaintext.max.connections', 'delete']), [0, null])
  t.same(await alter(first, BROKER, '', ['max.connections.per.ip.overrides', 'set', 'localhost:1']), [0, null])
  await (await raw.client()).closed
  t.ok(await isServed())
})
