/**
 * What a broker must tolerate of its clients (clients 6): that the table in README.md is true, and
 * the points that no test of an API shows by itself.
 */
import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { root } from '../../scripts/repository.ts'
import { handlers } from '../../src/apis/index.ts'
import { startBroker } from '../../src/index.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { batchOf, fetchAll, fetchOne, produce, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { RawClient } from '../support/raw-client.ts'

const POINTS = 38

t.test('the table names a test for every point, or says which API is not served', async t => {
  const rows = readFileSync(`${root}test/clients/README.md`, 'utf8').split('\n')
    .map(line => /^\| (\d+) \| (.*) \| (.*) \|$/.exec(line)).filter(row => row !== null)
  t.same(rows.map(([, point]) => Number(point)), Array.from({ length: POINTS }, (_, n) => n + 1))
  const served = new Set(handlers.map(({ api }) => api.name))
  for (const [, point, , where = ''] of rows) {
    const absent = /^not served: (.*)$/.exec(where)?.[1]?.split(', ')
    if (absent !== undefined) {
      t.same(absent.filter(name => served.has(name)), [], `${point}: what is said not to be served is not`)
      continue
    }
    const named = [...where.matchAll(/`([^`]+)`(?: "([^"]+)")?/g)]
    t.ok(named.length > 0, `${point}: a test`)
    for (const [, file, name = ''] of named) {
      t.ok(readFileSync(`${root}test/${file}`, 'utf8').includes(name.replaceAll('\'', '\\\'')), `${point}: "${name}" in ${file}`)
    }
  }
})

t.test('2: ApiVersions again and again, between other requests', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  for (const version of [0, 3, 5, 1]) {
    const asked = { clientSoftwareName: 'a', clientSoftwareVersion: '1' }
    t.equal((await client.request(ApiVersions, version, asked)).errorCode, 0, `v${version}`)
    t.equal((await produce(client, 'a', batchOf([`${version}`]))).errorCode, 0)
  }
  t.same(recordsIn(await fetchOne(client, 'a', 0n)).map(([, value]) => value), ['0', '3', '5', '1'])
})

t.test('4: producer id -1 means no idempotence, whatever epoch and sequence say', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  const send = () => produce(client, 'a', batchOf(['x'], { producerId: -1n, producerEpoch: 0, baseSequence: 0 }))
  t.match([await send(), await send()],
    [{ errorCode: 0, baseOffset: 0n }, { errorCode: 0, baseOffset: 1n }])
})

t.test('28: who asks for localhost finds it, by either family', async t => {
  const broker = await startBroker({ settings: { listeners: ['PLAINTEXT://:0'] } })
  t.teardown(() => broker.stop())
  const hasSix = Object.values(networkInterfaces()).flat().some(each => each?.address === '::1')
  for (const host of ['127.0.0.1', 'localhost', ...hasSix ? ['::1'] : []]) {
    const client = await RawClient.connect(broker.port, host)
    const { brokers } = await client.request(Metadata, 12, {
      topics: [], allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false,
    } as never)
    const [only] = brokers
    const again = await RawClient.connect(only?.port ?? 0, only?.host ?? '')
    t.equal((await again.request(ApiVersions, 0, {} as never)).errorCode, 0, `${host} is told of ${only?.host}, which answers`)
    client.end()
    again.end()
  }
})

t.test('31: names in any script', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await groupClient(raw)
  for (const name of ['группа', '消费者', 'é̂', '👩‍👩‍👧', ' ', 'a\nb', '"', 'nul\0']) {
    t.equal((await joinAlone(raw, client, name)).errorCode, 0, `a group ${JSON.stringify(name)}`)
    t.equal((await produce(client, 'a', batchOf(['x']), { clientId: name })).errorCode, 0, `a client ${JSON.stringify(name)}`)
  }
})

t.test('32: nobody is told to wait', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  const asked = { clientSoftwareName: 'a', clientSoftwareVersion: '1' }
  for (let version = 1; version <= 5; version++) {
    t.equal((await client.request(ApiVersions, version, asked)).throttleTimeMs, 0, `ApiVersions v${version}`)
  }
  for (let version = 4; version <= 12; version++) {
    t.equal((await fetchAll(client, [{ topic: 'a', fetchOffset: 0n }], { version })).throttleTimeMs, 0, `Fetch v${version}`)
  }
})
