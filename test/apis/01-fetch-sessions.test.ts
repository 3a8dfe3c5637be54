/** Fetch sessions over the wire (D6.1-8). */
import t from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { code } from '../../protocol/errors.ts'
import { batchOf, fetchAll, fetchBody, produce, told } from '../support/producing.ts'
import type { FetchOptions, Position } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

const at = (topic: string, fetchOffset = 0n, index = 0): Position => ({ topic, fetchOffset, index })

/** A session on these positions, and how to go on with it. */
async function open (client: RawClient, positions: Position[], options: FetchOptions = {}) {
  const first = await fetchAll(client, positions, { ...options, sessionEpoch: 0 })
  let sessionEpoch = 1
  return {
    first,
    id: first.sessionId,
    next: async (
      positions: Position[] = [], forgotten: Array<{ topic: string, partitions: number[] }> = []
    ) =>
      client.request(Fetch, options.version ?? 12, {
        ...fetchBody(positions,
          { ...options, sessionId: first.sessionId, sessionEpoch: sessionEpoch++ }),
        forgottenTopicsData: forgotten,
      }),
  }
}

t.test('full requests', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  await produce(client, 'a', batchOf(['1']))
  const none = await fetchAll(client, [at('a')], { sessionEpoch: -1 })
  t.match(none, { errorCode: 0, sessionId: 0 }, 'D6.1: epoch -1 makes no session')
  t.same(told(none), ['a-0:0:1'])
  t.equal((await fetchAll(client, [at('a')], { version: 6 })).sessionId, 0, 'D6.1: v6 knows none')
  const kafkaGo = await fetchAll(client, [at('a')], { sessionId: -1, sessionEpoch: -1 })
  t.match(kafkaGo, { errorCode: 0, sessionId: 0 }, 'clients 6.5: session -1, epoch -1')
  const session = await open(client, [at('a')])
  t.ok(session.id > 0, 'D6.1: epoch 0 makes one')
  const second = await fetchAll(client, [at('a', 1n)], { sessionId: session.id, sessionEpoch: 0 })
  t.ok(second.sessionId > 0 && second.sessionId !== session.id)
  t.match(await session.next(), { errorCode: 70, sessionId: 0, responses: [] }, 'D6.1: the old one is gone')
  await fetchAll(client, [], { sessionId: second.sessionId, sessionEpoch: -1 })
  t.match(await fetchAll(client, [], { sessionId: second.sessionId, sessionEpoch: 1 }),
    { errorCode: 70 },
    'D6.1: epoch -1 ends a session')
  t.match(await fetchAll(client, [at('a')], { sessionId: 77, sessionEpoch: 0 }), { errorCode: 0 },
    'D6.1: an unknown session is removed silently')
  const empty = await open(client, [])
  t.ok(empty.id > 0, 'D6.1: a session may begin without partitions')
  t.same(told(await empty.next([at('a')])), ['a-0:0:1'])
  const twice = await fetchAll(client, [at('a'), at('a', 1n)])
  t.same(told(twice), ['a-0:0:0'], 'named twice, the last counts')
})

t.test('incremental requests', async t => {
  const raw = await RawBroker.start(t)
  for (const topic of ['a', 'b', 'c']) await raw.topic(topic)
  const client = await raw.client()
  const session = await open(client, [at('a'), at('b'), at('gone')])
  t.same(told(session.first), ['a-0:0:0', 'b-0:0:0', 'gone-0:3:0'], 'a full answer names everything')
  t.same(told(await session.next()), ['gone-0:3:0'], 'D6.4: then only errors and news')
  await produce(client, 'b', batchOf(['1', '2']))
  t.same(told(await session.next()), ['b-0:0:2', 'gone-0:3:0'], 'D6.4: records')
  t.same(told(await session.next()), ['b-0:0:2', 'gone-0:3:0'], 'the offset stays until it is said anew')
  t.same(told(await session.next([at('b', 2n)])), ['gone-0:3:0'], 'D6.3: a new offset, and nothing to tell of it')
  await raw.topic('gone')
  t.same(told(await session.next()), ['gone-0:0:0'], 'D6.4: the end of an error is told')
  await raw.partition('a').advanceStart(0n)
  t.same(told(await session.next()), [])
  await produce(client, 'a', batchOf(['1', '2']))
  await session.next([at('a', 2n)])
  await raw.partition('a').advanceStart(1n)
  const moved = await session.next()
  t.same(told(moved), ['a-0:0:0'], 'D6.4: the log start has moved')
  t.equal(moved.responses[0]?.partitions[0]?.logStartOffset, 1n)
  t.same(told(await session.next([at('c')], [{ topic: 'gone', partitions: [0, 7] }])), ['c-0:0:0'],
    'D6.3: added, forgotten; who was not there is ignored')
  await produce(client, 'gone', batchOf(['1']))
  t.same(told(await session.next()), [])
  t.same(told(await session.next([at('b')], [{ topic: 'b', partitions: [0] }])), [], 'D6.3: listed and forgotten: removed')
  await produce(client, 'c', batchOf(['1']))
  await produce(client, 'a', batchOf(['3']))
  t.same(told(await session.next()), ['a-0:0:1', 'c-0:0:1'])
  t.same(told(await session.next()), ['a-0:0:1', 'c-0:0:1'], 'D6.4: those served go to the end, in their order')
  const last = await session.next([], [{ topic: 'a', partitions: [0] }, { topic: 'c', partitions: [0] }])
  t.match(last, { errorCode: 0, sessionId: 0, responses: [] }, 'D6.3: nothing left ends the session')
  t.match(await session.next(), { errorCode: 70 })
})

t.test('D6.4: what was served goes to the end, so that nobody starves', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a', 3)
  const client = await raw.client()
  for (const index of [0, 1, 2]) await produce(client, 'a', batchOf(['x'.repeat(50)]), { index })
  const session = await open(client, [at('a', 0n, 0), at('a', 0n, 1), at('a', 0n, 2)], { maxBytes: 1 })
  t.same(told(session.first), ['a-0:0:1', 'a-1:0:0', 'a-2:0:0'])
  t.same(told(await session.next()), ['a-1:0:1'])
  t.same(told(await session.next()), ['a-2:0:1'])
  t.same(told(await session.next()), ['a-0:0:1'])
})

t.test('what does not fit the session', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('a')
  const client = await raw.client()
  const session = await open(client, [at('a')])
  const wrong = async (sessionEpoch: number, version = 12) =>
    fetchAll(client, [], { version, sessionId: session.id, sessionEpoch })
  t.match(await wrong(2), { errorCode: code.INVALID_FETCH_SESSION_EPOCH, sessionId: 0, responses: [] }, 'D6.1: epoch ahead')
  t.match(await wrong(-2), { errorCode: 71 }, 'D6.1: no epoch at all')
  t.match(await wrong(1, 13), { errorCode: code.FETCH_SESSION_TOPIC_ID_ERROR, sessionId: 0 }, 'D6.1: ids and names')
  t.match(await wrong(1), { errorCode: 0, sessionId: session.id }, 'D6.1: the session survives')
  t.match(await wrong(1), { errorCode: 71 }, 'D6.2: each epoch counts once')
  const live = raw.broker.fetchSessions.find(session.id)
  if (live === undefined) throw new Error('no session')
  live.epoch = 2 ** 31 - 1
  t.match(await wrong(2 ** 31 - 1), { errorCode: 0 })
  t.match(await wrong(1), { errorCode: 0 }, 'D6.2: after 2^31-1 comes 1')
  const byId =
    await fetchAll(client, [{ topicId, fetchOffset: 0n }], { version: 13, sessionEpoch: 0 })
  t.match(await fetchAll(client, [], { version: 12, sessionId: byId.sessionId, sessionEpoch: 1 }),
    { errorCode: 106 })
})

t.test('D6.5: a duplicate on another connection moves the session on', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await raw.client()
  const other = await raw.client()
  const session = await open(client, [at('a')])
  client.send(Fetch, 12,
    fetchBody([], { sessionId: session.id, sessionEpoch: 1, maxWaitMs: 1000, minBytes: 1 }))
  await produce(other, 'a', Buffer.alloc(0))
  // The session has taken the first request once it expects the next epoch.
  while (raw.broker.fetchSessions.find(session.id)?.epoch !== 2) await produce(other, 'a', Buffer.alloc(0))
  await fetchAll(other, [], { sessionId: session.id, sessionEpoch: 2 })
  await produce(other, 'a', batchOf(['1']))
  const { body } = await client.next(Fetch, 12)
  t.match(body, { errorCode: 71, sessionId: session.id, responses: [] })
})

t.test('D6.6: topics by id', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('a')
  const client = await raw.client()
  const session = await open(client, [{ topicId, fetchOffset: 0n }], { version: 13 })
  t.same(told(session.first), [`${topicId}-0:0:0`])
  await raw.deleteTopic('a')
  t.same(told(await session.next()), [`${topicId}-0:3:0`], 'deleted: the name that it had is not known')
  await raw.topic('a')
  t.same(told(await session.next()), [`${topicId}-0:103:0`], 'made again under the same name')
  const unknown = await fetchAll(client, [{ topicId: 'QQQQQQQQQQQQQQQQQQQQQQ', fetchOffset: 0n }], { version: 13 })
  t.same(told(unknown), ['QQQQQQQQQQQQQQQQQQQQQQ-0:100:0'])
})

t.test('D6.7: sessions outlive their connection, and make room by the rules', async t => {
  const raw = await RawBroker.start(t, { 'max.incremental.fetch.session.cache.slots': 2 })
  await raw.topic('a', 3)
  const first = await raw.client()
  const client = await raw.client()
  const one = [at('a', 0n, 0)]
  const two = [at('a', 0n, 0), at('a', 0n, 1)]
  const { id } = await open(first, two)
  first.end()
  await first.closed
  t.match(await fetchAll(client, [], { sessionId: id, sessionEpoch: 1 }),
    { errorCode: 0, sessionId: id })
  t.not((await open(client, one)).id, 0)
  t.equal((await open(client, one)).id, 0, 'full: served without a session')
  raw.clock.advance(121_000)
  t.not((await open(client, one)).id, 0, 'unused for two minutes: makes room')
})
