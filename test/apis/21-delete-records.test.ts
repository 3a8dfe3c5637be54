/** DeleteRecords over the wire (D9). */
import t from 'tap'
import { DeleteRecords } from '../../protocol/messages/21-delete-records.ts'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import { deleteRecords as handler } from '../../src/apis/21-delete-records.ts'
import { groupClient } from '../support/grouping.ts'
import { batchOf, fetchOne, produce, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

type Wanted = [topic: string, index: number, offset: bigint]

/** Each row as `topic-index:error:low watermark`. */
async function ask (client: RawClient, version: number, ...wanted: Wanted[]): Promise<string[]> {
  const { topics } = await client.request(DeleteRecords, version, {
    topics: wanted.map(
      ([name, partitionIndex, offset]) => ({ name, partitions: [{ partitionIndex, offset }] })
    ),
    timeoutMs: 1000,
  })
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(row => `${name}-${row.partitionIndex}:${row.errorCode}:${row.lowWatermark}`))
}

async function startOf (client: RawClient, topic: string): Promise<bigint | undefined> {
  const { topics } = await client.request(ListOffsets, 7, {
    replicaId: -1, isolationLevel: 0,
    topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -2n }] }],
  })
  return topics[0]?.partitions[0]?.offset
}

t.test('the log start moves, at once and also inside a batch', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (let version = 0; version <= 2; version++) {
    const topic = `t${version}`
    await raw.topic(topic)
    await produce(client, topic, batchOf(['a', 'b', 'c', 'd']))
    await produce(client, topic, batchOf(['e']))
    t.same(await ask(client, version, [topic, 0, 2n]), [`${topic}-0:0:2`], `v${version}`)
    t.equal(await startOf(client, topic), 2n)
    const none = { topics: [{ name: topic, partitions: [] }], timeoutMs: 1000 }
    t.same((await client.request(DeleteRecords, version, none)).topics, [], 'a topic without partitions has no row')
    t.equal((await fetchOne(client, topic, 1n)).errorCode, 1, 'OFFSET_OUT_OF_RANGE below it')
    const fetched = await fetchOne(client, topic, 2n)
    t.equal(fetched.logStartOffset, 2n)
    t.same(recordsIn(fetched).slice(-3), [[2n, 'c'], [3n, 'd'], [4n, 'e']], 'D9.3: the batch that straddles it is whole')
    t.same(await ask(client, version, [topic, 0, 1n]), [`${topic}-0:0:2`], 'D9.2: below it nothing changes')
    t.same(await ask(client, version, [topic, 0, 6n]), [`${topic}-0:1:-1`], 'D9.2: above the high watermark')
    t.same(await ask(client, version, [topic, 0, -2n]), [`${topic}-0:1:-1`], 'D9.2: negative')
    t.same(await ask(client, version, [topic, 0, -1n]), [`${topic}-0:0:5`], 'clients 6.20: -1 is the high watermark')
    t.same(recordsIn(await fetchOne(client, topic, 5n)), [])
    t.equal((await produce(client, topic, batchOf(['f']))).baseOffset, 5n, 'offsets go on')
  }
  t.same(await ask(client, 2, ['t0', 0, 99n], ['t0', 0, 6n]), ['t0-0:0:6'], 'D9.2: the last of two counts')
})

t.test('D9.1: each refusal', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  await raw.topic('a', 2)
  await raw.topic('compacted', 1, { 'cleanup.policy': 'compact' })
  await raw.topic('both', 1, { 'cleanup.policy': 'compact,delete' })
  await raw.topic('neither', 1, { 'cleanup.policy': '' })
  const rows: Array<[Wanted, string]> = [
    [['none', 0, -1n], 'none-0:3:-1'], [['a', 2, -1n], 'a-2:3:-1'], [['__consumer_offsets', 0, -1n], '__consumer_offsets-0:17:-1'],
    [['compacted', 0, -1n], 'compacted-0:44:-1'], [['both', 0, -1n], 'both-0:0:0'], [['neither', 0, -1n], 'neither-0:0:0'],
    [['a', 1, 0n], 'a-1:0:0'],
  ]
  for (const [wanted, row] of rows) t.same(await ask(client, 2, wanted), [row])
  const partition = raw.partition('a')
  const led = partition.leadership as NonNullable<typeof partition.leadership>
  partition.lead({ ...led, leaderId: 9, leaderEpoch: 5 })
  t.same(await ask(client, 2, ['a', 0, 0n]), ['a-0:6:-1'], 'not the leader')
  const denied = { access: { allows: (_client: unknown, operation: string) => operation !== 'delete' } } as never
  const body = { topics: [{ name: 'nobody knows', partitions: [{ partitionIndex: 4, offset: 0n }] }], timeoutMs: 1 } as never
  t.match(await handler.handle(body, { session: {} } as never, denied),
    { topics: [{ partitions: [{ partitionIndex: 4, errorCode: 29, lowWatermark: -1n }] }] }, 'D0.5: asked before existence')
  t.match(handler.failed?.(body, { errorCode: 7 } as never, {} as never),
    { topics: [{ partitions: [{ partitionIndex: 4, errorCode: 7, lowWatermark: -1n }] }] }, 'D0.2')
})

t.test('what is derived from the log starts with it', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 1, { 'segment.bytes': '1048576' })
  const partition = raw.partition('a')
  await produce(client, 'a', batchOf(['a']))
  const led = partition.leadership as NonNullable<typeof partition.leadership>
  partition.lead({ ...led, leaderEpoch: 3 })
  await produce(client, 'a', batchOf(['b', 'c']))
  t.same(await ask(client, 2, ['a', 0, 2n]), ['a-0:0:2'])
  t.same(partition.state.epochs.entries, [{ epoch: 3, startOffset: 2n }], 'D9.3: epochs below are cut')
})
