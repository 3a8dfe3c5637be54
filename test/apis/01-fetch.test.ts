/**
 * Fetch over the wire: each partition's checks, what is read, and when it is answered (D6.9-26).
 */
import t from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { code } from '../../protocol/errors.ts'
import { batchesOf, batchOf, fetchAll, fetchBody, fetchOne, produce, recordsIn, told } from '../support/producing.ts'
import type { FetchOptions, Position } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'

const at = (topic: string, fetchOffset = 0n, index = 0): Position => ({ topic, fetchOffset, index })

function force (partition: Partition, facts: Record<string, unknown>): () => void {
  for (const [name, value] of Object.entries(facts)) {
    Object.defineProperty(partition, name, { get: () => value, configurable: true })
  }
  return () => { for (const name of Object.keys(facts)) Reflect.deleteProperty(partition, name) }
}

function leadBy (partition: Partition, change: object): () => void {
  const { leadership } = partition
  if (leadership === undefined) throw new Error('nobody leads')
  partition.lead({ ...leadership, ...change })
  return () => { partition.lead(leadership) }
}

t.test('every version that is served reads', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  const client = await raw.client()
  await produce(client, 'topic', batchOf(['a', 'b']))
  for (let version = 4; version <= 18; version++) {
    const row = await fetchOne(client, 'topic', 0n, version >= 13 ? { version, topicId } : { version })
    t.match(row, {
      partitionIndex: 0,
      errorCode: 0,
      highWatermark: 2n,
      lastStableOffset: 2n,
      logStartOffset: version >= 5 ? 0n : -1n,
      divergingEpoch: { epoch: -1, endOffset: -1n },
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
      abortedTransactions: null,
      preferredReadReplica: -1,
    }, `v${version}`)
    t.same(recordsIn(row), [[0n, 'a'], [1n, 'b']])
  }
})

t.test('each partition, in order', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  const client = await raw.client()
  await produce(client, 'topic', batchOf(['a', 'b', 'c']))
  const partition = raw.partition('topic')
  const one = async (fetchOffset: bigint, options: FetchOptions = {}) => fetchOne(client, 'topic', fetchOffset, options)
  const failure = async (
    name: string, errorCode: number, aborted: [] | null, fetchOffset: bigint,
    options: FetchOptions = {}
  ) =>
    t.match(await one(fetchOffset, options), {
      errorCode, highWatermark: -1n, lastStableOffset: -1n, logStartOffset: -1n,
      abortedTransactions: aborted,
      records: Buffer.alloc(0),
    }, name)
  await failure('D6.9: an id that nobody has', 100, [], 0n, { version: 13, topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' })
  await failure('D6.11: no such partition', 3, [], 0n, { index: 4 })
  let restore = force(partition, { available: false })
  await failure('D6.12: offline', 56, null, 0n, { version: 6 })
  await failure('D6.12: offline, to old clients', 6, null, 0n, { version: 5 })
  restore()
  await failure('D6.14: an old leader epoch', 75, null, 0n, { currentLeaderEpoch: 1 })
  restore = leadBy(partition, { leaderEpoch: 4 })
  await failure('D6.14: a new one', 74, null, 0n, { currentLeaderEpoch: 3 })
  t.match(await one(0n, { currentLeaderEpoch: 4 }), { errorCode: 0 })
  t.match(await one(0n, { version: 16, topicId, currentLeaderEpoch: 3 }), {
    errorCode: 74, currentLeader: { leaderId: raw.broker.nodeId, leaderEpoch: 0 },
  }, 'D6.17: v16 says who leads, by the metadata')
  restore()
  restore = leadBy(partition, { leaderId: 2, leaderEpoch: 5 })
  await failure('D6.14: v10 needs the leader', 6, null, 0n, { version: 10 })
  t.match(await one(0n, { version: 11 }), { errorCode: 0 }, 'D6.14: v11 reads from any replica (KIP-392)')
  restore()
  await failure('D6.15: a follower that is none', 6, null, 0n, { replicaId: 9 })
  await failure('D6.15: the same with an epoch', 75, null, 0n, { replicaId: 9, currentLeaderEpoch: partition.leaderEpoch })
  await failure('D6.15: above the log end', 1, null, 4n)
  await failure('D6.15: negative', 1, null, -1n)
  await partition.advanceStart(1n)
  await failure('D6.15: below the log start', 1, null, 0n)
  t.same(recordsIn(await one(1n)), [[0n, 'a'], [1n, 'b'], [2n, 'c']],
    'D6.20: the batch that contains the offset, whole')
  t.match(await one(3n), { errorCode: 0, highWatermark: 3n, records: Buffer.alloc(0) }, 'D6.19: at the end: nothing')
})

t.test('D6.15: where the reader\'s log parts from this one', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const partition = raw.partition('topic')
  await produce(client, 'topic', batchOf(['a', 'b']))
  leadBy(partition, { leaderEpoch: 5 })
  await produce(client, 'topic', batchOf(['c']))
  const one = async (fetchOffset: bigint, lastFetchedEpoch: number) => {
    const row = await fetchOne(client, 'topic', fetchOffset, { lastFetchedEpoch, maxWaitMs: 1000, minBytes: 1000 })
    return [row.errorCode, row.divergingEpoch.epoch, row.divergingEpoch.endOffset,
      recordsIn(row).length]
  }
  t.same(await one(3n, 0), [0, 0, 2n, 0], 'epoch 0 ended at 2')
  t.same(await one(3n, 4), [0, 0, 2n, 0], 'epoch 4 is not known: the one below it')
  t.same(await one(0n, 9), [1, -1, -1n, 0], 'an epoch above all')
  raw.clock.advance(1)
  t.match(await fetchOne(client, 'topic', 2n, { lastFetchedEpoch: 5 }), { errorCode: 0, divergingEpoch: { epoch: -1 } })
})

t.test('limits', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 3)
  const client = await raw.client()
  const batch = batchOf(['x'.repeat(100)])
  for (const index of [0, 1, 2]) for (let i = 0; i < 3; i++) await produce(client, 'topic', batch, { index })
  const all = [at('topic', 0n, 0), at('topic', 0n, 1), at('topic', 0n, 2)]
  const counts = async (options: FetchOptions) => (await fetchAll(client, all, options)).responses
    .flatMap(({ partitions }) => partitions)
    .map(row => row.errorCode === 0 ? batchesOf(row).length : -row.errorCode - 100)
  const size = batch.length
  t.same(await counts({}), [3, 3, 3])
  t.same(await counts({ partitionMaxBytes: 2 * size }), [2, 2, 2], 'D6.21: each partition\'s limit')
  t.same(await counts({ maxBytes: 4 * size }), [3, 1, 0], 'D6.21: what is left')
  t.same(await counts({ partitionMaxBytes: 1 }), [1, 0, 0], 'D6.22: the first batch is whole, others must fit')
  t.same(await counts({ maxBytes: 0 }), [1, 0, 0], 'D6.22: even with no room at all')
  t.same(await counts({ maxBytes: -1 }), [-99, 1, 0], 'D6.22: a negative limit fails who meets it; nothing is left then')
  const next = [{ ...at('topic', 3n, 0), partitionMaxBytes: -5 }, at('topic', 0n, 1)]
  t.same(told(await fetchAll(client, next)), ['topic-0:0:0', 'topic-1:0:3'], 'D6.22: which does not matter without data')
  const answer = await fetchAll(client, [at('topic', 0n, 9), ...all, at('nowhere')])
  t.same(told(answer), ['topic-0:0:3', 'topic-1:0:3', 'topic-2:0:3', 'topic-9:3:0', 'nowhere-0:3:0'],
    'D6.8: what failed before the log comes last')
})

t.test('D6.23: readers of committed data', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const partition = raw.partition('topic')
  for (let i = 0; i < 5; i++) await produce(client, 'topic', batchOf(['x']))
  const { aborted } = partition.state
  aborted.add({ producerId: 5n, firstOffset: 0n, lastOffset: 1n, lastStableOffset: 2n })
  aborted.add({ producerId: 6n, firstOffset: 1n, lastOffset: 3n, lastStableOffset: 4n })
  const read = async (fetchOffset: bigint, options: FetchOptions = {}) => {
    const { abortedTransactions, lastStableOffset } = await fetchOne(client, 'topic', fetchOffset, options)
    return [abortedTransactions?.map(({ producerId }) => producerId) ?? null, lastStableOffset]
  }
  t.same(await read(0n), [null, 5n], 'a reader of everything gets no list')
  t.same(await read(0n, { isolationLevel: 1 }), [[5n, 6n], 5n], 'in the order of the markers')
  t.same(await read(2n, { isolationLevel: 1 }), [[6n], 5n], 'those whose marker is not below the offset')
  t.same(await read(0n, { isolationLevel: 1, partitionMaxBytes: 1 }), [[5n], 5n], 'and that begin within what was read')
  t.same(await read(5n, { isolationLevel: 1 }), [[], 5n], 'an empty list, not none')
  const restore = force(partition, { lastStableOffset: 3n })
  t.same(recordsIn(await fetchOne(client, 'topic', 0n, { isolationLevel: 1 })).length, 3, 'D6.19: up to the last stable offset')
  t.same(recordsIn(await fetchOne(client, 'topic', 0n)).length, 5)
  t.same(recordsIn(await fetchOne(client, 'topic', 4n, { isolationLevel: 1, maxWaitMs: 1000, minBytes: 1 })), [],
    'D6.26: above the bound: at once, and nothing')
  restore()
})

t.test('when it answers', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  await raw.topic('b')
  const client = await raw.client()
  const other = await raw.client()
  /** Answers come only from what the test does: the clock stands still. */
  async function waits (
    positions: Position[], options: FetchOptions, client: RawClient
  ): Promise<() => Promise<string[]>> {
    const before = client.frames.items.length
    const watched = watchersOf(raw, 'a')
    client.send(Fetch, options.version ?? 12,
      fetchBody(positions, { maxWaitMs: 500, minBytes: 1, ...options }))
    await watched.more()
    t.equal(client.frames.items.length, before, 'it waits')
    return async () => told((await client.next(Fetch, options.version ?? 12)).body)
  }
  t.same(told(await fetchAll(client, [at('a')], { maxWaitMs: 0, minBytes: 1 })), ['a-0:0:0'], 'D6.25: no wait')
  t.same(told(await fetchAll(client, [at('a')], { maxWaitMs: 500, minBytes: 0 })), ['a-0:0:0'], 'D6.25: nothing wanted')
  t.same(told(await fetchAll(client, [], { maxWaitMs: 500, minBytes: 1 })), [], 'D6.25: nothing to read')
  t.same(told(await fetchAll(client, [at('none')], { maxWaitMs: 500, minBytes: 1 })), ['none-0:3:0'], 'D6.25: all have failed')
  t.same(told(await fetchAll(client, [at('a'), at('b', 5n)], { maxWaitMs: 500, minBytes: 1 })), ['a-0:0:0', 'b-0:1:0'],
    'D6.25: one has failed at the log')

  let answer = await waits([at('a'), at('none')], {}, client)
  raw.clock.advance(499)
  await produce(other, 'b', batchOf(['elsewhere']))
  t.equal(client.partialBytes, 0)
  raw.clock.advance(1)
  t.same(await answer(), ['a-0:0:0', 'none-0:3:0'], 'the time is over; D6.25: an unknown topic beside does not end it')

  answer = await waits([at('a')], {}, client)
  await produce(other, 'a', batchOf(['1']))
  t.same(await answer(), ['a-0:0:1'], 'D6.26: records have come')

  const size = batchOf(['2']).length
  answer = await waits([at('a', 1n)], { minBytes: 2 * size }, client)
  await produce(other, 'a', batchOf(['2']))
  const count = client.frames.items.length
  await fetchAll(other, [at('a')])
  t.equal(client.frames.items.length, count, 'not enough yet')
  await produce(other, 'a', batchOf(['3']))
  t.same(await answer(), ['a-0:0:2'], 'D6.26: min_bytes have come')
  t.same(told(await fetchAll(client, [at('a')], { maxWaitMs: 500, maxBytes: size + 1, minBytes: size + 1 })),
    ['a-0:0:1'], 'D6.20: what does not fit was there to be read, and nothing more is waited for')
  t.same(told(await fetchAll(client, [at('a', 2n), at('b')], { maxWaitMs: 500, maxBytes: size + 1, minBytes: size + 1 })),
    ['a-0:0:1', 'b-0:0:0'], 'D6.26: nor where it is the first of another partition')

  answer = await waits([at('a', 3n)], {}, client)
  leadBy(raw.partition('a'), { leaderId: 2, leaderEpoch: 7 })()
  raw.clock.advance(500)
  await answer()
  answer = await waits([at('a', 3n)], { version: 10 }, client)
  leadBy(raw.partition('a'), { leaderId: 2, leaderEpoch: 9 })
  t.same(await answer(), ['a-0:6:0'], 'D6.26: leadership ends')
  leadBy(raw.partition('a'), { leaderId: raw.broker.nodeId, leaderEpoch: 10 })

  answer = await waits([at('a', 3n)], {}, client)
  await raw.deleteTopic('a')
  t.same(await answer(), ['a-0:3:0'], 'D12.6: the topic is deleted')
})

/** How many wait for a partition, and when there are more. */
function watchersOf (raw: RawBroker, topic: string): { more (): Promise<void> } {
  const partition = raw.partition(topic)
  const { watch } = partition
  let told: () => void = () => {}
  const more = new Promise<void>(resolve => { told = resolve })
  partition.watch = watcher => {
    Reflect.deleteProperty(partition, 'watch')
    told()
    return watch.call(partition, watcher)
  }
  return { more: () => more }
}

t.test('D6.26: a newer segment ends the wait of who reads an older one', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 1, { 'segment.bytes': '1048576' })
  const client = await raw.client()
  const large = batchOf(['x'.repeat(700_000)])
  for (let i = 0; i < 2; i++) await produce(client, 'topic', large)
  const row = await fetchOne(client, 'topic', 0n, { maxWaitMs: 500, minBytes: 50_000_000 })
  t.equal(recordsIn(row).length, 2, 'at once, though less than min_bytes')
})

t.test('D0.2: the error answer', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  const client = await raw.client()
  const { replicas } = raw.broker
  replicas.find = () => { throw new Error('a bug') }
  const old = await fetchAll(client, [at('topic')], { sessionId: 0 })
  t.match(old, { errorCode: -1, sessionId: 0 })
  t.same(told(old), ['topic-0:-1:0'], 'each partition has the error')
  t.match(await fetchAll(client, [{ topicId, fetchOffset: 0n }], { version: 13 }),
    { errorCode: -1, responses: [] })
  t.equal(raw.log.items.filter(({ message }) => message === 'a request failed').length, 2, 'and the log tells of the bug')
  Reflect.deleteProperty(replicas, 'find')
  t.equal((await fetchOne(client, 'topic', 0n)).errorCode, code.NONE, 'the connection lives')
})
