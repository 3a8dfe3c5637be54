/** producer_byte_rate and request_percentage over the wire (KIP-13, KIP-124, KIP-219). */
import t from 'tap'
import { requestFrame } from '../../protocol/frame.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { batchOf, fetchBody, produceBody } from '../support/producing.ts'
import { setQuota } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { throttled } from '../support/throttling.ts'

const RATE = 1000
const SPAN_SECONDS = 10

t.test('producer_byte_rate: answered at once, then silence', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  const admin = await raw.client()
  await setQuota(admin, { user: 'ANONYMOUS', 'client-id': null }, { producer_byte_rate: RATE })
  for (const version of [3, 8, 9, 13]) {
    const clientId = `v${version}`
    const client = await raw.client()
    const body = produceBody('topic', batchOf(['x'.repeat(12_000)]), version >= 13 ? { topicId } : {}) as never
    const bytes = Buffer.concat(requestFrame(Produce, version, 1, clientId, body)).length - 4
    const answer = await client.request(Produce, version, body, { clientId })
    t.equal(answer.responses[0]?.partitionResponses[0]?.errorCode, 0, `v${version}: appended all the same`)
    t.equal(answer.throttleTimeMs,
      Math.round((bytes / SPAN_SECONDS - RATE) / RATE * SPAN_SECONDS * 1000),
      'every byte of the request counts')
    await throttled(t, raw, client, answer.throttleTimeMs)
  }
  const other = await raw.client()
  t.equal((await other.request(Produce, 9, produceBody('topic', batchOf(['x'])) as never)).throttleTimeMs, 0)
  const silent = await raw.client()
  const unanswered = produceBody('topic', batchOf(['x'.repeat(20_000)]), { acks: 0 }) as never
  const bytes = Buffer.concat(requestFrame(Produce, 9, 1, 'acks 0', unanswered)).length - 4
  const end = raw.partition('topic').endOffset
  silent.send(Produce, 9, unanswered, { clientId: 'acks 0' })
  await raw.partition('topic').reached(end + 1n)
  // Acks=0 has no answer, and waits too.
  await throttled(t, raw, silent,
    Math.round((bytes / SPAN_SECONDS - RATE) / RATE * SPAN_SECONDS * 1000))
})

t.test('quotas change while clients work', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const admin = await raw.client()
  const send = async (clientId: string | null) => {
    const client = await raw.client()
    const body = produceBody('topic', batchOf(['x'.repeat(12_000)])) as never
    const { throttleTimeMs } = await client.request(Produce, 9, body, { clientId })
    client.end()
    return throttleTimeMs
  }
  t.equal(await send('c'), 0, 'nobody has set one')
  await setQuota(admin, { user: null }, { producer_byte_rate: 1_000_000 })
  t.equal(await send('c'), 0)
  await setQuota(admin, { user: 'ANONYMOUS', 'client-id': 'c' }, { producer_byte_rate: 1 })
  t.ok(await send('c') > 1_000_000, 'the more specific one')
  t.equal(await send('d'), 0)
  t.equal(await send(null), 0)
  await setQuota(admin, { user: 'ANONYMOUS', 'client-id': 'c' }, { producer_byte_rate: null })
  t.equal(await send('c'), 0, 'gone again')
  await setQuota(admin, { user: 'ANONYMOUS' }, { producer_byte_rate: 1 })
  t.ok(await send(null) > 1_000_000, 'of a user, whatever the client id')
})

t.test('KIP-124: request_percentage, for every request', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const admin = await raw.client()
  // Every look at the clock finds that fifty milliseconds have passed: 5 % of a second.
  let workedMs = 0
  Object.assign(raw.broker.environment, { monotonicMs: () => { workedMs += 50; return workedMs } })
  await setQuota(admin, { 'client-id': null }, { request_percentage: 1 })
  const versions = { clientSoftwareName: 'raw', clientSoftwareVersion: '1' }
  const asks: Array<[name: string,
    ask: (clientId: string) => Promise<{ throttleTimeMs: number }>]> = []
  const clients = await Promise.all(Array.from({ length: 4 }, () => raw.client()))
  const [one, two, three, four] = clients
  asks.push(['ApiVersions', clientId => one!.request(ApiVersions, 3, versions, { clientId })],
    ['Metadata', clientId => two!.request(Metadata, 12, { topics: [] } as never, { clientId })],
    ['ListGroups', clientId => three!.request(ListGroups, 4, {}, { clientId })],
    ['Produce', clientId => four!.request(Produce, 9, produceBody('topic', batchOf(['x'])) as never, { clientId })])
  for (const [index, [name, ask]] of asks.entries()) {
    t.equal((await ask(name)).throttleTimeMs, 0, `${name}: 5 %, and 5 for its answer`)
    t.equal((await ask(name)).throttleTimeMs, 1000, 'a second at most')
    await throttled(t, raw, clients[index]!, 1000)
  }
  // A Fetch looks at the clock more often.
  await setQuota(admin, { 'client-id': 'reader' }, { request_percentage: 2 })
  const reader = await raw.client()
  const fetch = () => reader.request(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }]), { clientId: 'reader' })
  t.equal((await fetch()).responses.length, 1)
  t.match(await fetch(), { throttleTimeMs: 1000, responses: [] }, 'D6.27: a Fetch is empty for this quota too')
  const silent = await raw.client()
  const nobody = { clientId: 'silent' }
  for (let sent = 0; sent < 3; sent++) {
    silent.send(Produce, 9, produceBody('topic', batchOf(['x']), { acks: 0 }) as never, nobody)
  }
  t.equal((await silent.request(ListGroups, 4, {}, nobody)).throttleTimeMs, 0, 'acks=0 is let off')
  await setQuota(admin, { 'client-id': null }, { request_percentage: null })
  await setQuota(admin, { 'client-id': 'reader' }, { request_percentage: null })
  const before = workedMs
  await admin.request(ListGroups, 4, {})
  t.equal(workedMs, before, 'without a quota nobody looks at the clock')
})
