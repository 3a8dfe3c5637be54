/** Produce over the wire: the request, the leader, producers, and what is answered when (D5). */
import t from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { code } from '../../protocol/errors.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { batchOf, changed, fetchBody, fetchOne, produce, produceBody, recordsIn } from '../support/producing.ts'
import type { ProduceOptions } from '../support/producing.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import { StoreError } from '../../src/store/store.ts'

t.test('every version that is served appends and answers', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  const client = await raw.client()
  for (let version = 3; version <= 13; version++) {
    const row = await produce(client, 'topic', batchOf(['a', 'b']),
      version >= 13 ? { version, topicId } : { version })
    t.same(row, {
      index: 0,
      errorCode: code.NONE,
      baseOffset: BigInt(2 * (version - 3)),
      logAppendTimeMs: -1n,
      logStartOffset: version >= 5 ? 0n : -1n,
      recordErrors: [],
      errorMessage: null,
      currentLeader: { leaderId: -1, leaderEpoch: -1 },
    }, `v${version}`)
  }
  t.equal(recordsIn(await fetchOne(client, 'topic', 0n)).length, 22)
})

t.test('the whole request', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 2)
  const client = await raw.client()
  const transactional = (producerId: bigint) =>
    batchOf(['x'], { transactional: true, producerId, producerEpoch: 0, baseSequence: 0 })
  const two = async (first: Buffer, second: Buffer, options: ProduceOptions = {}) => {
    const body = produceBody('topic', first, options)
    body.topicData[0]?.partitionData.push({ index: 1, records: second })
    const { responses } = await client.request(Produce, 9, body as never)
    return responses[0]?.partitionResponses.map(({ errorCode }) => errorCode)
  }
  t.same(await two(batchOf(['a']), transactional(5n)), [53, 53],
    'D5.1: a transactional batch without a transactional id fails every partition')
  t.same(await two(transactional(5n), transactional(6n), { transactionalId: 'id' }), [49, 49],
    'D5.2: two producers in one request')
  t.same(await two(batchOf(['a']), batchOf(['b']), { acks: 2 }), [21, 21],
    'D5.3: acks is -1, 0 or 1')
  t.same(await two(batchOf(['a']), Buffer.alloc(0), { acks: 2 }), [21, code.INVALID_RECORD],
    'D5.3: what fails before keeps its own error')
  const broken = changed(batchOf(['a']), (batch, at) => { batch.writeInt32BE(13, at.batchLength) }, false)
  t.same(await two(batchOf(['a']), broken), [2, 2], 'D5.7: a first header that is none fails the whole request')
  t.equal(raw.partition('topic').endOffset, 0n, 'nothing was appended')
  const twice = produceBody('topic', batchOf(['first']))
  twice.topicData.push(...produceBody('topic', batchOf(['last', 'one'])).topicData)
  const { responses } = await client.request(Produce, 9, twice as never)
  t.equal(responses.flatMap(({ partitionResponses }) => partitionResponses).length, 1, 'D5.8: one result')
  t.same(recordsIn(await fetchOne(client, 'topic', 0n)), [[0n, 'last'], [1n, 'one']], 'D5.8: the last is appended')
})

t.test('each partition, before the log', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('topic')
  await raw.topic('__consumer_offsets')
  const client = await raw.client()
  const legacy = Buffer.alloc(80)
  legacy.writeInt32BE(68, 8)
  legacy[16] = 1
  const half = batchOf(['a']).subarray(0, 40)
  const zstd = batchOf(['a'], { codec: 'zstd' })
  const cases: Array<[string, string, Buffer | null, ProduceOptions, number]> = [
    ['D5.4: v13 with an id that nobody has', '', batchOf(['a']), { version: 13, topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' }, 100],
    ['D5.4: v13 with no id', '', batchOf(['a']), { version: 13, topicId: ZERO_UUID }, 100],
    ['D5.6: no such topic', 'nowhere', batchOf(['a']), {}, 3],
    ['D5.6: no such partition', 'topic', batchOf(['a']), { index: 9 }, 3],
    ['D5.6: a negative partition', 'topic', batchOf(['a']), { index: -1 }, 3],
    ['D5.7: null records', 'topic', null, {}, 87],
    ['D5.7: no records', 'topic', Buffer.alloc(0), {}, 87],
    ['D5.7: no whole batch', 'topic', half, {}, 87],
    ['D5.7: magic 1', 'topic', legacy, {}, 87],
    ['D5.7: two batches', 'topic', Buffer.concat([batchOf(['a']), batchOf(['b'])]), {}, 87],
    ['D5.7: zstd below v7', 'topic', zstd, { version: 6 }, 76],
    ['D5.11: an internal topic', '__consumer_offsets', batchOf(['a']), {}, 17],
    ['D5.7 comes before D5.11', '__consumer_offsets', null, {}, 87],
  ]
  for (const [name, topic, records, options, errorCode] of cases) {
    const row = await produce(client, topic, records, options)
    t.match(row,
      {
        errorCode, baseOffset: -1n, logAppendTimeMs: -1n, logStartOffset: -1n, errorMessage: null,
      }, name)
  }
  t.equal((await produce(client, 'topic', zstd, { version: 7 })).errorCode, 0, 'D5.7: zstd from v7')
  const trailing = await produce(client, 'topic', Buffer.concat([batchOf(['a']), half]), { version: 13, topicId })
  t.match(trailing, { errorCode: 0, baseOffset: 1n }, 'D5.7: less than a batch behind it is cut off')
  t.equal((await produce(client, '__consumer_offsets', batchOf([{ key: 'k', value: 'v' }]),
    { clientId: '__admin_client' })).errorCode, 0, 'D5.11: but the admin client may')
})

t.test('at the leader', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const partition = raw.partition('topic')
  const leadership = partition.leadership as NonNullable<typeof partition.leadership>
  const to = (change: Partial<typeof leadership>): void => {
    partition.lead({ ...leadership, ...change })
  }
  await produce(client, 'topic', batchOf(['a']))
  partition.settings = { ...partition.settings, minInsyncReplicas: 2 }
  to({ replicas: [1, 2, 3] })
  t.match(await produce(client, 'topic', batchOf(['b'])), { errorCode: 19, baseOffset: -1n, logStartOffset: 0n },
    'D5.13: fewer in-sync replicas than acks=-1 wants; the log start is real from here on (D5.31)')
  t.match(await produce(client, 'topic', batchOf(['b']), { acks: 1 }), { errorCode: 0, baseOffset: 1n },
    'D5.13: acks=1 goes on')
  to({ leaderId: 2, leaderEpoch: 5 })
  const moved = await produce(client, 'topic', batchOf(['c']), { version: 10 })
  t.match(moved,
    { errorCode: 6, logStartOffset: -1n,
      currentLeader: { leaderId: raw.broker.nodeId, leaderEpoch: 0 } },
    'D5.32: v10 says who leads, by the metadata')
  const v9 = await client.request(Produce, 9, produceBody('topic', batchOf(['c'])) as never)
  t.same(v9.nodeEndpoints, [], 'D5.32: v9 does not')
  const v10 = await client.request(Produce, 10, produceBody('topic', batchOf(['c'])) as never)
  t.same(v10.nodeEndpoints, [{ nodeId: raw.broker.nodeId, host: '127.0.0.1', port: raw.port, rack: null }])
  to({})
  t.equal(partition.endOffset, 2n)
})

t.test('producers', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const send = async (
    first: number, count: number, { epoch = 0, producerId = 7n, acks = -1 } = {}
  ) =>
    produce(client, 'topic', batchOf(Array.from({ length: count }, () => 'x'),
      { producerId, producerEpoch: epoch, baseSequence: first }), { acks })
  t.match(await send(40, 2), { errorCode: 0, baseOffset: 0n }, 'D5.29: an unknown producer may begin anywhere')
  t.match(await send(42, 1), { errorCode: 0, baseOffset: 2n })
  t.match(await send(40, 2), { errorCode: 0, baseOffset: 0n, logAppendTimeMs: BigInt(START_MS) },
    'D5.26: a duplicate answers the first offset, and the batch\'s time')
  t.match(await send(40, 2, { acks: 1 }), { errorCode: 0, baseOffset: 0n }, 'D5.26: with acks=1 too')
  t.match(await send(40, 1), { errorCode: 45, logStartOffset: 0n }, 'D5.26: only with the same first and last sequence')
  t.match(await send(44, 1), { errorCode: 45 }, 'D5.29: a gap')
  for (let sequence = 43; sequence < 48; sequence++) {
    t.match(await send(sequence, 1), { errorCode: 0 })
  }
  t.match(await send(43, 1), { errorCode: 0, baseOffset: 3n }, 'D5.26: the last five are known')
  t.match(await send(42, 1), { errorCode: 45 }, 'D5.26: the sixth is not')
  t.match(await send(5, 1, { epoch: 1 }), { errorCode: 45 }, 'D5.29: a new epoch begins with 0')
  t.match(await send(0, 1, { epoch: 1 }), { errorCode: 0 })
  t.match(await send(48, 1, { epoch: 0 }), { errorCode: 47 }, 'D5.28: an old epoch')
  t.match(await send(2147483647, 2, { producerId: 8n }), { errorCode: 0 })
  t.match(await send(1, 1, { producerId: 8n }), { errorCode: 0 }, 'D5.29: 2^31-1 is followed by 0')
  t.equal(raw.partition('topic').endOffset, 12n)
  t.match(await produce(client, 'topic', batchOf(['x'], { producerId: -1n, producerEpoch: 0, baseSequence: 0 })),
    { errorCode: 0 }, 'clients 6.4: without a producer id, epoch and sequence do not count')
})

t.test('D5.33: acks=0 is silent, and an error closes', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  client.send(Produce, 9, produceBody('topic', batchOf(['a']), { acks: 0 }) as never)
  const after = client.send(Fetch, 12, fetchBody([{ topic: 'topic', fetchOffset: 0n }]))
  const { correlationId, body } = await client.next(Fetch, 12)
  t.equal(correlationId, after, 'the next answer is that to the next request')
  t.same(recordsIn(body.responses[0]?.partitions[0] as never), [[0n, 'a']])
  client.send(Produce, 9, produceBody('topic', batchOf(['b'])) as never)
  client.send(Produce, 9, produceBody('topic', batchOf(['b']), { acks: 0, index: 9 }) as never)
  await client.closed
  t.equal(client.frames.items.length, 2, 'the request before the failed one is still answered')
  t.equal((await client.next(Produce, 9)).body.responses[0]?.partitionResponses[0]?.baseOffset, 1n)
  const reason = 'Produce v9 failed without an answer: UNKNOWN_TOPIC_OR_PARTITION for topic-9'
  t.ok(raw.log.items.some(({ message }) => message.includes(reason)), 'the log says which partition, and why')
  const other = await raw.client()
  const many = produceBody('topic', batchOf(['b']), { acks: 0, index: 9 })
  for (let index = 10; index < 15; index++) many.topicData[0]?.partitionData.push({ index, records: batchOf(['b']) })
  other.send(Produce, 9, many as never)
  await other.closed
  t.ok(raw.log.items.some(({ message }) => message.endsWith('for topic-11 and 3 more')), 'of many it names the first')
})

t.test('D5.33: acks=-1 waits for the high watermark', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const partition = raw.partition('topic')
  const leadership = partition.leadership as NonNullable<typeof partition.leadership>
  t.match(await produce(client, 'topic', batchOf(['a'])), { errorCode: 0, baseOffset: 0n })

  t.test('the time is over: the records stay', async t => {
    const appended = new Promise<void>(resolve => {
      partition.reached = () => { resolve(); return new Promise(() => {}) }
    })
    Object.defineProperty(partition, 'highWatermark', { get: () => 1n, configurable: true })
    const answer = produce(client, 'topic', batchOf(['b']), { timeoutMs: 500 })
    await appended
    raw.clock.advance(499)
    t.equal(client.frames.items.length, 1, 'not yet')
    raw.clock.advance(1)
    t.match(await answer, { errorCode: 7, baseOffset: 1n, logStartOffset: 0n })
    Reflect.deleteProperty(partition, 'reached')
    Reflect.deleteProperty(partition, 'highWatermark')
    t.same(recordsIn(await fetchOne(client, 'topic', 1n)), [[1n, 'b']])
  })

  t.test('leadership ends', async t => {
    const waits = new Promise<void>(resolve => {
      const { reached } = partition
      partition.reached = async offset => {
        Reflect.deleteProperty(partition, 'highWatermark')
        Reflect.deleteProperty(partition, 'reached')
        partition.lead({ ...leadership, leaderId: 2, leaderEpoch: 1 })
        resolve()
        return reached.call(partition, offset + 1n)
      }
    })
    Object.defineProperty(partition, 'highWatermark', { get: () => 2n, configurable: true })
    const answer = produce(client, 'topic', batchOf(['c']))
    await waits
    t.match(await answer, { errorCode: 6, baseOffset: 2n }, 'the place in the log is told')
    partition.lead({ ...leadership, leaderEpoch: 2 })
  })

  t.test('too few in-sync replicas when it is done', async t => {
    let asked = 0
    Object.defineProperty(partition, 'hasEnoughReplicas', { get: () => asked++ === 0, configurable: true })
    t.match(await produce(client, 'topic', batchOf(['d'])), { errorCode: 20, baseOffset: 3n })
    Reflect.deleteProperty(partition, 'hasEnoughReplicas')
  })
})

t.test('D5.26: a duplicate of what the disk refused is refused too', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  const body = (acks: number, producerId: bigint, baseSequence: number) =>
    produceBody('topic', batchOf(['x'], { producerId, producerEpoch: 0, baseSequence }), { acks }) as never
  const errorCode = async () =>
    (await client.next(Produce, 9)).body.responses[0]?.partitionResponses[0]?.errorCode
  t.equal((await produce(client, 'topic', batchOf(['kept']))).errorCode, 0)
  const { log } = raw.partition('topic')
  const { append } = log
  let refuse: () => void = () => {}
  const refused = new Promise<void>((_resolve, reject) => {
    refuse = () => { reject(new StoreError('DISK_FULL', 'no space')) }
  })
  log.append = () => refused
  for (const acks of [-1, -1, 1]) client.send(Produce, 9, body(acks, 5n, 0))
  await new Promise(resolve => { setImmediate(resolve) })
  await produceElsewhere(raw)
  refuse()
  t.same([await errorCode(), await errorCode(), await errorCode()], [56, 56, 56])
  log.append = append
  let again = await produce(client, 'topic', batchOf(['other']))
  while (again.errorCode === 56) again = await produce(client, 'topic', batchOf(['other']))
  t.match(again, { errorCode: 0, baseOffset: 1n }, 'others take its offset')
  client.send(Produce, 9, body(-1, 5n, 0))
  const { body: last } = await client.next(Produce, 9)
  t.equal(last.responses[0]?.partitionResponses[0]?.baseOffset, 2n, 'and the producer\'s next attempt is no duplicate')
})

/** A round trip: what was sent before it on other connections has been read. */
async function produceElsewhere (raw: RawBroker): Promise<void> {
  const client = await raw.client()
  for (let times = 0; times < 20; times++) await produce(client, 'nowhere', batchOf(['x']))
}
