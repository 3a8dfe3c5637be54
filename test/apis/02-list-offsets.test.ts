/** ListOffsets over the wire (D7), exact to the record. */
import t from 'tap'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import { listOffsets as handler } from '../../src/apis/02-list-offsets.ts'
import { batchOf, produce } from '../support/producing.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

const NOW = BigInt(START_MS)
const NOTHING = [0, -1n, -1n, -1]

interface Query {
  version?: number
  index?: number
  epoch?: number
  replicaId?: number
  isolationLevel?: number
}

/** [error, offset, timestamp, leader epoch] */
async function lookUp (client: RawClient, name: string, timestamp: bigint, query: Query = {}) {
  const { version = 11, index = 0, epoch = -1, replicaId = -1, isolationLevel = 0 } = query
  const { topics } = await client.request(ListOffsets, version, {
    replicaId,
    isolationLevel,
    topics: [
      { name, partitions: [{ partitionIndex: index, currentLeaderEpoch: epoch, timestamp }] },
    ],
    timeoutMs: 0,
  })
  const row = topics[0]?.partitions[0]
  return [row?.errorCode, row?.offset, row?.timestamp, row?.leaderEpoch]
}

t.test('marks, by version', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  await raw.topic('empty')
  const client = await raw.client()
  await produce(client, 'topic', batchOf([
    { value: 'a', timestamp: NOW - 30n }, { value: 'b', timestamp: NOW - 10n }, { value: 'c', timestamp: NOW - 20n },
  ]))
  for (let version = 1; version <= 11; version++) {
    const epoch = version >= 4 ? 0 : -1
    t.same(await lookUp(client, 'topic', -1n, { version }), [0, 3n, -1n, epoch], `D7.6: latest, v${version}`)
    t.same(await lookUp(client, 'topic', -2n, { version }), [0, 0n, -1n, epoch], `D7.6: earliest, v${version}`)
    const since: Array<[bigint, number, unknown[]]> = [
      [-3n, 7, [0, 1n, NOW - 10n, 0]], [-4n, 8, [0, 0n, -1n, 0]], [-5n, 9, NOTHING],
      [-6n, 11, NOTHING], [-7n, 99, []],
    ]
    for (const [mark, from, result] of since) {
      t.same(await lookUp(client, 'topic', mark, { version }), version >= from ? result : [35, -1n, -1n, -1],
        `D7.3: ${mark}, v${version}`)
    }
  }
  t.same(await lookUp(client, 'empty', -3n), NOTHING, 'D7.6: max timestamp of nothing')
  t.same(await lookUp(client, 'empty', -1n), [0, 0n, -1n, 0])
  t.same(await lookUp(client, 'empty', -2n), [0, 0n, -1n, 0], 'the leader\'s epoch starts there')
  t.same(await lookUp(client, 'empty', 0n), NOTHING)
})

t.test('D7.7: exact to the record, in compressed batches too', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  // Offsets 0 to 11: per batch the timestamps fall and rise again.
  for (const [batch, codec] of (['none', 'gzip', 'snappy', 'lz4', 'zstd', 'none'] as const).entries()) {
    const base = NOW - 1000n + BigInt(batch) * 100n
    await produce(client, 'topic', batchOf([{ value: 'late', timestamp: base + 50n }, { value: 'early', timestamp: base }], { codec }))
  }
  const at = async (ms: bigint) => (await lookUp(client, 'topic', NOW - 1000n + ms)).slice(1, 3)
  t.same(await at(-999999n), [0n, NOW - 950n], 'before all: the first record')
  t.same(await at(0n), [0n, NOW - 950n], 'the first in offset order, not the nearest')
  t.same(await at(51n), [2n, NOW - 850n])
  t.same(await at(150n), [2n, NOW - 850n])
  t.same(await at(151n), [4n, NOW - 750n])
  t.same(await at(450n), [8n, NOW - 550n], 'zstd')
  t.same(await at(550n), [10n, NOW - 450n])
  t.same(await at(551n), [-1n, -1n], 'after all')
  t.same(await lookUp(client, 'topic', -3n), [0, 10n, NOW - 450n, 0])

  await raw.partition('topic').advanceStart(1n)
  t.same(await lookUp(client, 'topic', -2n), [0, 1n, -1n, 0])
  t.same(await at(0n), [1n, NOW - 1000n], 'the log start lies within a batch: its first record does not count')
  t.same(await at(1n), [2n, NOW - 850n], 'only a record below the log start would do: the next batch has it')
})

t.test('LogAppendTime: every record has the batch\'s time', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 1, { 'message.timestamp.type': 'LogAppendTime' })
  const client = await raw.client()
  await produce(client, 'topic', batchOf([{ value: 'a', timestamp: 5n }, { value: 'b', timestamp: 6n }]))
  raw.clock.advance(10)
  await produce(client, 'topic', batchOf([{ value: 'c', timestamp: 7n }], { codec: 'gzip' }))
  t.same(await lookUp(client, 'topic', 0n), [0, 0n, NOW, 0])
  t.same(await lookUp(client, 'topic', NOW + 1n), [0, 2n, NOW + 10n, 0])
  t.same(await lookUp(client, 'topic', -3n), [0, 2n, NOW + 10n, 0])
})

t.test('each partition, in order', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  await produce(client, 'topic', batchOf(['a', 'b', 'c']))
  const partition = raw.partition('topic')
  const { leadership } = partition
  if (leadership === undefined) throw new Error('nobody leads')
  t.same(await lookUp(client, 'nowhere', -1n), [3, -1n, -1n, -1], 'D7.4')
  t.same(await lookUp(client, 'topic', -1n, { index: 3 }), [3, -1n, -1n, -1])
  partition.lead({ ...leadership, leaderEpoch: 5 })
  t.same(await lookUp(client, 'topic', -1n, { epoch: 4 }), [74, -1n, -1n, -1], 'D7.4: an old epoch')
  t.same(await lookUp(client, 'topic', -1n, { epoch: 6 }), [75, -1n, -1n, -1], 'D7.4: a new one')
  t.same(await lookUp(client, 'topic', -1n, { epoch: 5 }), [0, 3n, -1n, 5])
  Object.defineProperty(partition, 'highWatermark', { get: () => 1n, configurable: true })
  t.same(await lookUp(client, 'topic', -1n), [78, -1n, -1n, -1], 'D7.5: below the start of the leader\'s epoch')
  t.same(await lookUp(client, 'topic', -1n, { version: 4 }), [5, -1n, -1n, -1], 'D7.5: to old clients')
  t.same(await lookUp(client, 'topic', NOW), [0, 0n, NOW, 0], 'D7.5: what is found below the bound is told')
  t.same(await lookUp(client, 'topic', NOW + 1n), [78, -1n, -1n, -1], 'D7.5: what is not might be there')
  t.same(await lookUp(client, 'topic', -2n), [0, 0n, -1n, 0], 'D7.5: the earliest is known')
  t.same(await lookUp(client, 'topic', -1n, { replicaId: -2 }), [0, 3n, -1n, 5], 'D7.5: a debugger sees the log end')
  Reflect.deleteProperty(partition, 'highWatermark')
  Object.defineProperty(partition, 'lastStableOffset', { get: () => 2n, configurable: true })
  t.same(await lookUp(client, 'topic', -1n, { isolationLevel: 1 }), [0, 2n, -1n, 5], 'D7.5: read_committed')
  t.same(await lookUp(client, 'topic', -1n, { isolationLevel: 1, version: 1 }), [0, 3n, -1n, -1], 'which v1 does not know')
  Reflect.deleteProperty(partition, 'lastStableOffset')
  partition.lead({ ...leadership, leaderId: 2, leaderEpoch: 6 })
  t.same(await lookUp(client, 'topic', -1n), [6, -1n, -1n, -1], 'D7.4: not the leader')
  t.same(await lookUp(client, 'topic', -2n, { replicaId: -2 }), [0, 0n, -1n, 0], 'D7.4: a debugger asks anybody')
})

t.test('D7.2: a partition twice has one row', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 2)
  const client = await raw.client()
  const asked = { currentLeaderEpoch: -1, timestamp: -1n }
  const { topics } = await client.request(ListOffsets, 5, {
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      { name: 'topic', partitions: [{ partitionIndex: 0, ...asked }, { partitionIndex: 1, ...asked }] },
      { name: 'topic', partitions: [{ partitionIndex: 0, ...asked }] },
    ],
  })
  t.same(topics.map(({ partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) => [partitionIndex, errorCode])),
  [[[0, 42], [1, 0]]])
})

t.test('D7.2: what another broker leads is there, and not here', async t => {
  const needs = {
    access: { allows: () => true },
    replicas: { find: () => undefined },
    metadata: { topics: { partition: (topic: string, index: number) => topic === 'a' && index < 2 ? {} : undefined } },
  }
  const partitions =
    [0, 1, 2].map(partitionIndex => ({ partitionIndex, currentLeaderEpoch: -1, timestamp: -1n }))
  const body = { replicaId: -1, isolationLevel: 0, topics: [{ name: 'a', partitions }], timeoutMs: 0 }
  const answer =
    await handler.handle(body as never, { version: 9, session: {} } as never, needs as never)
  t.match(answer,
    { topics: [{ partitions: [{ errorCode: 6 }, { errorCode: 6 }, { errorCode: 3 }] }] })
})
