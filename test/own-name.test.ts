/**
 * Where a broker says that it is reached: never at an address that means something to itself only.
 */
import t from 'tap'
import type { Test } from 'tap'
import { Metadata } from '../protocol/messages/03-metadata.ts'
import { loadSettings } from '../src/config/config.ts'
import { registeredListeners } from '../src/config/network.ts'
import { startBroker } from '../src/index.ts'
import { canonicalHostName } from '../src/process-environment.ts'
import { RawClient } from './support/raw-client.ts'

/** As this machine's name service might answer. */
function names (forward: Record<string, string[]>, reverse: Record<string, string>) {
  return {
    hostname: () => 'own',
    lookup: async (host: string) => {
      if (forward[host] === undefined) throw new Error('ENOTFOUND')
      return forward[host].map(address => ({ address }))
    },
    lookupService: async (address: string) => {
      if (reverse[address] === undefined) throw new Error('ENOTFOUND')
      return { hostname: reverse[address] }
    },
  }
}

t.test('this machine\'s name, as Java tells it', async t => {
  t.equal(await canonicalHostName(names({ own: ['10.0.0.1', '10.0.0.2'], 'own.example': ['10.0.0.3', '10.0.0.1'] },
    { '10.0.0.1': 'own.example' })), 'own.example')
  t.equal(await canonicalHostName(names({ own: ['10.0.0.1'], other: ['10.0.0.2'] }, { '10.0.0.1': 'other' })), '10.0.0.1',
    'a name that does not lead back is none')
  t.equal(await canonicalHostName(names({ own: ['10.0.0.1'] }, { '10.0.0.1': 'other' })), '10.0.0.1')
  t.equal(await canonicalHostName(names({ own: ['10.0.0.1'] }, {})), '10.0.0.1')
  await t.rejects(canonicalHostName(names({}, {})), /ENOTFOUND/)
})

t.test('what is registered', async t => {
  const registered = (...overrides: string[]) => {
    const { network } = loadSettings({ overrides: ['listeners=PLAINTEXT://:0', ...overrides] })
    return registeredListeners(network, new Map([['PLAINTEXT', 7]]), 'own').map(({ host, port }) => `${host}:${port}`)
  }
  t.same(registered(), ['own:7'])
  t.same(registered('listeners=PLAINTEXT://0.0.0.0:9092'), ['own:9092'])
  t.same(registered('listeners=PLAINTEXT://[::]:9092'), ['own:9092'])
  t.same(registered('listeners=PLAINTEXT://10.0.0.1:9092'), ['10.0.0.1:9092'])
  t.same(registered('advertised.listeners=PLAINTEXT://:9092'), ['own:9092'])
  t.same(registered('advertised.listeners=PLAINTEXT://broker:0'), ['broker:7'])
  t.same(registered('ottla.strict=true'), ['own:7'])
})

t.test('everywhere is nowhere to be told', async t => {
  for (const host of ['0.0.0.0', '[::]']) {
    t.throws(() => loadSettings({ overrides: [`advertised.listeners=PLAINTEXT://${host}:9092`] }),
      /^advertised\.listeners cannot use the nonroutable meta-address .* or leave advertised\.listeners out\.$/)
  }
  t.throws(() => loadSettings({ overrides: ['ottla.strict=true', 'listeners=PLAINTEXT://0.0.0.0:9092'] }),
    /^advertised\.listeners cannot use the nonroutable meta-address 0\.0\.0\.0 \(PLAINTEXT\)\. Use a routable IP address\.$/,
    'as Kafka, which advertises what it listens on')
})

type Options = NonNullable<Parameters<typeof startBroker>[0]>

/** What a client that comes over 127.0.0.1 is told. */
async function told (t: Test, settings: Options['settings']) {
  const broker = await startBroker({ settings: { listeners: ['PLAINTEXT://:0'], ...settings } })
  t.teardown(() => broker.stop())
  const client = await RawClient.connect(broker.port)
  const { brokers } = await client.request(Metadata, 1, { topics: [] })
  client.end()
  return { told: brokers.map(({ host, port }) => ({ host, port })), port: broker.port }
}

t.test('what clients are told', async t => {
  const own = await canonicalHostName()
  const here = await told(t, {})
  t.same(here.told, [{ host: '127.0.0.1', port: here.port }], 'the address that it came to')
  const unnamed = await told(t, { 'advertised.listeners': ['PLAINTEXT://:0'] })
  t.same(unnamed.told, [{ host: own, port: unnamed.port }], 'this machine\'s own name')
  const strict = await told(t, { 'ottla.strict': true })
  t.same(strict.told, [{ host: own, port: strict.port }], 'as Kafka')
})
