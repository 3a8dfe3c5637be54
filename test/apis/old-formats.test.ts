/** The versions of before Kafka 0.11, with messages of magic 0 and 1, as Kafka 3.9 served them. */
import t from 'tap'
import type { Test } from 'tap'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { code } from '../../protocol/errors.ts'
import { batchesIn } from '../../protocol/records/batches.ts'
import { magicOf } from '../../protocol/records/header.ts'
import { writeMessageSet } from '../../protocol/records/legacy.ts'
import { recordsOf } from '../../protocol/records/read.ts'
import type { Codec } from '../../protocol/records/attributes.ts'
import { batchOf, fetchOne, produce, recordsIn } from '../support/producing.ts'
import { groupClient } from '../support/grouping.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

const TIME = BigInt(START_MS)

function messages (values: string[], magic: 0 | 1, codec: Codec = 'none'): Buffer {
  return writeMessageSet(values.map((value, index) =>
    ({ offset: BigInt(index), timestamp: TIME, key: Buffer.from('key'), value: Buffer.from(value) })),
  { magic, codec, timestampType: 'CreateTime', logAppendTime: -1n })
}

async function produceOld (client: RawClient, version: number, records: Buffer, topic = 'topic') {
  const body = {
    acks: 1, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }],
  }
  const { responses } = await client.request(Produce, version, body as never)
  return responses[0]?.partitionResponses[0]
}

async function fetchOld (client: RawClient, version: number, fetchOffset: bigint, topic = 'topic') {
  const { responses } = await client.request(Fetch, version, {
    replicaId: -1,
    maxWaitMs: 0,
    minBytes: 1,
    topics: [{ topic, partitions: [{ partition: 0, fetchOffset, partitionMaxBytes: 1e6 }] }],
  } as never)
  const row = responses[0]?.partitions[0]
  const bytes = row?.records as Buffer | null ?? Buffer.alloc(0)
  const found = [...batchesIn(bytes)].flatMap(batch =>
    [...recordsOf(batch)].map(({ offset, timestamp, value }) =>
      [magicOf(batch), offset, timestamp, String(value)]))
  return { errorCode: row?.errorCode, highWatermark: row?.highWatermark, found }
}

async function start (t: Test) {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  return { raw, client: await raw.client() }
}

t.test('Produce v0-2: messages of either magic become batches', async t => {
  const { client } = await start(t)
  const cases: Array<[number, 0 | 1, Codec]> = [
    [0, 0, 'none'], [1, 0, 'gzip'], [2, 1, 'none'], [2, 1, 'snappy'], [2, 1, 'gzip'], [2, 1, 'lz4'], [2, 0, 'none'],
  ]
  for (const [index, [version, magic, codec]] of cases.entries()) {
    const row = await produceOld(client, version, messages([`a${index}`, `b${index}`], magic, codec))
    t.match(row, { errorCode: code.NONE, baseOffset: BigInt(index * 2) }, `v${version}, magic ${magic}, ${codec}`)
  }
  t.same(recordsIn(await fetchOne(client, 'topic', 0n)), cases.flatMap((_, index) =>
    [[BigInt(index * 2), `a${index}`], [BigInt(index * 2 + 1), `b${index}`]]), 'whoever reads batches reads them all')
})

t.test('Produce v0-2: what cannot be taken', async t => {
  const { raw, client } = await start(t)
  const bad = messages(['a'], 1)
  bad[bad.length - 1] = 0
  t.match(await produceOld(client, 2, bad), { errorCode: code.CORRUPT_MESSAGE }, 'a wrong checksum')
  t.match(await produceOld(client, 2, batchOf(['a'])), { errorCode: code.INVALID_RECORD }, 'a batch of magic 2')
  t.match(await produceOld(client, 2, Buffer.alloc(0)), { errorCode: code.INVALID_RECORD }, 'nothing')
  t.match(await produceOld(client, 2, messages(['a'], 1), 'missing'), { errorCode: code.UNKNOWN_TOPIC_OR_PARTITION })
  t.match(await produceOld(client, 2, messages(['x'.repeat(1_100_000)], 1)), { errorCode: code.MESSAGE_TOO_LARGE })
  t.equal(raw.partition('topic').endOffset, 0n, 'nothing was appended')
})

t.test('Fetch v0-3: batches become messages that the version knows', async t => {
  const { client } = await start(t)
  await produce(client, 'topic', batchOf(['a', 'b']))
  await produce(client, 'topic', batchOf(['c', 'd'], { codec: 'gzip' }))
  for (const [version, magic, timestamp] of [[0, 0, -1n], [1, 0, -1n], [2, 1, TIME],
    [3, 1, TIME]] as const) {
    t.same(await fetchOld(client, version, 1n), {
      errorCode: code.NONE,
      highWatermark: 4n,
      found: [[magic, 1n, timestamp, 'b'], [magic, 2n, timestamp, 'c'], [magic, 3n, timestamp, 'd']],
    }, `v${version}`)
  }
  t.same((await fetchOld(client, 3, 4n)).found, [], 'nothing at the end')
  t.equal((await fetchOld(client, 3, 5n)).errorCode, code.OFFSET_OUT_OF_RANGE)
  await produce(client, 'topic', batchOf(['z'], { codec: 'zstd' }))
  t.equal((await fetchOld(client, 3, 4n)).errorCode, code.UNSUPPORTED_COMPRESSION_TYPE, 'zstd, which they cannot read')
})

t.test('R-X6: what small bytes become is bounded, and the rest comes with the next request', async t => {
  const { raw, client } = await start(t)
  const zeros = '0'.repeat(5 * 1024 * 1024)
  for (let count = 0; count < 3; count++) {
    t.match(await produce(client, 'topic', batchOf([zeros], { codec: 'gzip' })), { errorCode: code.NONE })
  }
  t.same((await fetchOld(client, 3, 0n)).found.map(([, offset]) => offset), [0n, 1n])
  t.same((await fetchOld(client, 3, 2n)).found.map(([, offset]) => offset), [2n])
  const bomb = messages([zeros, zeros], 1, 'gzip')
  t.ok((await produceOld(client, 2, bomb))?.errorCode !== code.NONE, `${bomb.length} bytes that become ten million`)
  t.equal(raw.partition('topic').endOffset, 3n)
})

t.test('KIP-110: a topic compressed with zstd cannot be read below Fetch v10', async t => {
  const { raw, client } = await start(t)
  await raw.topic('zstd', 1, { 'compression.type': 'zstd' })
  await produce(client, 'zstd', batchOf(['a']))
  t.equal((await fetchOld(client, 9, 0n, 'zstd')).errorCode, code.UNSUPPORTED_COMPRESSION_TYPE)
  t.same((await fetchOld(client, 10, 0n, 'zstd')).found.length, 1)
})

t.test('ListOffsets v0: starts of segments, newest first', async t => {
  const { client } = await start(t)
  const ask = async (timestamp: bigint, maxNumOffsets = 10) => {
    const { topics } = await client.request(ListOffsets, 0, {
      replicaId: -1, topics: [{ name: 'topic', partitions: [{ partitionIndex: 0, timestamp, maxNumOffsets }] }],
    } as never)
    return topics[0]?.partitions[0]?.oldStyleOffsets
  }
  t.same(await ask(-1n), [0n], 'an empty log')
  await produce(client, 'topic', batchOf(['a', 'b']))
  t.same(await ask(-1n), [2n, 0n], 'latest')
  t.same(await ask(-1n, 1), [2n], 'as many as were asked for')
  t.same(await ask(-2n), [0n], 'earliest')
  t.same(await ask(5n), [], 'nothing was written by then')
})

t.test('OffsetCommit v0-1 and OffsetFetch v0 keep the offsets of a client without members', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await groupClient(raw)
  for (const version of [0, 1, 2]) {
    const committed = await client.request(OffsetCommit, version, {
      groupId: `group-${version}`,
      topics: [{ name: 'topic', partitions: [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: 'm' }] }],
    } as never)
    t.equal(committed.topics[0]?.partitions[0]?.errorCode, code.NONE, `OffsetCommit v${version}`)
    const { topics } = await client.request(OffsetFetch, 0,
      { groupId: `group-${version}`, topics: [{ name: 'topic', partitionIndexes: [0] }] } as never)
    t.match(topics[0]?.partitions[0], { committedOffset: 7n, metadata: 'm', errorCode: code.NONE })
  }
})

t.test('CreateTopics v0-1 and DeleteTopics v0', async t => {
  const { raw, client } = await start(t)
  for (const version of [0, 1]) {
    const name = `created-${version}`
    const { topics } = await client.request(CreateTopics, version, {
      topics: [{ name, numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }],
      timeoutMs: 1000,
    } as never)
    t.equal(topics[0]?.errorCode, code.NONE, `CreateTopics v${version}`)
    t.equal(raw.partition(name).endOffset, 0n)
    const { responses } =
      await client.request(DeleteTopics, 0, { topicNames: [name], timeoutMs: 1000 } as never)
    t.match(responses, [{ name, errorCode: code.NONE }])
  }
})
