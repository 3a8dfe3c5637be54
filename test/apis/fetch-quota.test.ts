/** consumer_byte_rate over the wire (KIP-13, D6.21, D6.27). */
import t from 'tap'
import { mustWait } from '../../src/apis/fetch-quota.ts'
import { batchOf, fetchAll, fetchBody, produce, recordsIn } from '../support/producing.ts'
import type { FetchOptions } from '../support/producing.ts'
import { setQuota } from '../support/quotas.ts'
import { RawBroker } from '../support/raw-broker.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { throttled } from '../support/throttling.ts'

const RATE = 1000
/** The window is of eleven samples of a second, of which the last one counts as it goes. */
const WINDOW_MS = 11_000

async function start (test: Parameters<typeof RawBroker.start>[0]) {
  const raw = await RawBroker.start(test)
  const topicId = await raw.topic('topic')
  const writer = await raw.client()
  for (const letter of ['a', 'b', 'c', 'd']) await produce(writer, 'topic', batchOf([letter.repeat(6000)]))
  await setQuota(writer, { 'client-id': null }, { consumer_byte_rate: RATE })
  const fetch = async (clientId: string, offset: bigint, options: FetchOptions = {}) => {
    const client = await raw.client()
    const { version = 12 } = options
    const position = version >= 13 ? { topicId, fetchOffset: offset } : { topic: 'topic', fetchOffset: offset }
    const answer =
      await client.request(Fetch, version, fetchBody([position], options), { clientId })
    return { client, answer,
      records: answer.responses.flatMap(({ partitions }) => partitions.flatMap(recordsIn)) }
  }
  return { raw, writer, fetch }
}

t.test('beyond the quota: an empty answer, a throttle time, and silence for that long', async t => {
  const { raw, writer, fetch } = await start(t)
  for (const version of [4, 7, 12, 13, 18]) {
    const clientId = `v${version}`
    const first = await fetch(clientId, 0n, { version, maxBytes: 6100 })
    t.equal(first.answer.throttleTimeMs, 0, `v${version}: within the quota`)
    t.equal(first.records.length, 1)
    const second = await fetch(clientId, 1n, { version, maxBytes: 6100 })
    t.same(second.records, [])
    t.same(second.answer.responses, [], 'D6.27: empty')
    t.equal(second.answer.errorCode, 0)
    const { throttleTimeMs } = second.answer
    // Twelve kilobytes in ten seconds, and what their answers weigh beside them.
    t.ok(throttleTimeMs > 2000 && throttleTimeMs < 4000, `${throttleTimeMs} ms`)
    await throttled(t, raw, second.client, throttleTimeMs)
    raw.clock.advance(WINDOW_MS)
    t.equal((await fetch(clientId, 1n, { version, maxBytes: 6100 })).records.length, 1,
      'what was not sent does not count')
    raw.clock.advance(WINDOW_MS)
  }
  await setQuota(writer, { 'client-id': null }, { consumer_byte_rate: null })
  t.equal((await fetch('v12', 0n)).records.length, 4, 'without a quota')
})

t.test('D6.21: no more at once than the quota could ever let pass, but the first batch whole', async t => {
  const { writer, fetch } = await start(t)
  t.equal((await fetch('one', 0n)).records.length, 1, 'ten kilobytes at most')
  await setQuota(writer, { 'client-id': 'two' }, { consumer_byte_rate: RATE / 2 })
  const { answer } = await fetch('two', 0n, { minBytes: 1_000_000, maxWaitMs: 60_000 })
  t.ok(answer.throttleTimeMs > 0, 'nor does it wait for more than five: the first batch is that already')
})

t.test('what is measured is sent: old formats are converted once', async t => {
  const { raw, writer, fetch } = await start(t)
  const { replicas } = raw.broker
  const find = replicas.find.bind(replicas)
  let asked = 0
  replicas.find = (topic, index) => {
    asked += 1
    return find(topic, index)
  }
  const askedBy = async (clientId: string): Promise<number> => {
    const before = asked
    t.equal((await fetch(clientId, 0n, { version: 3, maxBytes: 6100 })).answer.throttleTimeMs, 0)
    return asked - before
  }
  const measured = await askedBy('measured')
  await setQuota(writer, { 'client-id': null }, { consumer_byte_rate: null })
  t.equal(measured, await askedBy('free'))
})

t.test('D6.27: sessions', async t => {
  const { raw, writer, fetch } = await start(t)
  const used = await fetch('s', 0n)
  t.equal(used.records.length, 1)
  const refused = await fetch('s', 0n, { sessionId: 0, sessionEpoch: 0 })
  t.ok(refused.answer.throttleTimeMs > 0)
  t.equal(refused.answer.sessionId, 0, 'no session is made')
  t.equal(raw.broker.fetchSessions.size, 0)
  raw.clock.advance(WINDOW_MS)
  const made = await fetch('s', 0n, { sessionId: 0, sessionEpoch: 0 })
  const { sessionId } = made.answer
  t.equal(made.records.length, 1)
  const client = await raw.client()
  const incremental = (sessionEpoch: number, offset?: bigint) =>
    client.request(Fetch, 12, fetchBody(
      offset === undefined ? [] : [{ topic: 'topic', fetchOffset: offset }], { sessionId, sessionEpoch }), { clientId: 's' })
  const waiting = await incremental(1, 1n)
  t.match(waiting, { errorCode: 0, sessionId, responses: [] })
  t.ok(waiting.throttleTimeMs > 0)
  raw.clock.advance(WINDOW_MS)
  const after = await incremental(2)
  t.equal(after.throttleTimeMs, 0)
  t.equal(after.responses[0]?.partitions.flatMap(recordsIn).length, 1, 'what was not sent is told now')
  const nothing = await incremental(3, 4n)
  t.match(nothing, { errorCode: 0, sessionId }, 'an answer without records is small')
  await setQuota(writer, { 'client-id': null }, { consumer_byte_rate: null })
  t.equal((await fetchAll(writer, [{ topic: 'topic', fetchOffset: 0n }])).throttleTimeMs, 0)
})

t.test('D6.27: what is held back was not read, and counts as little', async t => {
  for (const [throttleMs, counted] of [[0, true], [70, false]] as const) {
    let bytes = 0
    let waits = -1
    const call = { version: 4, quotaClient: {}, requestThrottleMs: () => 0,
      throttle: (ms: number) => { waits = ms } }
    const quotas = {
      fetch: {
        isUnset: false,
        record: (_client: unknown, used: number) => { bytes += used; return throttleMs },
        count: (_client: unknown, used: number) => { bytes += used },
      },
    }
    const needs = { quotas, environment: { monotonicMs: () => 0 } }
    t.equal(mustWait(call as never, () => [], needs as never), throttleMs > 0)
    t.equal(waits, throttleMs)
    t.equal(bytes > 0, counted)
  }
})
