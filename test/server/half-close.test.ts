/**
 * A client that ends its side after its last request: everything that it sent is carried out and
 * answered.
 */
import t from 'tap'
import { CreatePartitions } from '../../protocol/messages/37-create-partitions.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { DescribeGroups } from '../../protocol/messages/15-describe-groups.ts'
import { LeaveGroup } from '../../protocol/messages/13-leave-group.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { requestFrame } from '../../protocol/frame.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { batchOf, fetchBody, fetchOne, produce, produceBody, recordsIn } from '../support/producing.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

/** In one write, and behind it the end. */
function sendAndEnd (client: RawClient, frames: Buffer[][]): void {
  client.write(Buffer.concat(frames.flat()))
  client.socket.end()
}

t.test('requests that wait for one another are all carried out', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const topics = [{ name: 'made', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
  sendAndEnd(client, [
    requestFrame(CreateTopics, 7, 1, null, { topics, timeoutMs: 1000, validateOnly: false }),
    requestFrame(CreatePartitions, 3, 2, null, {
      topics: [{ name: 'made', count: 3, assignments: null }], timeoutMs: 1000, validateOnly: false,
    }),
    requestFrame(CreateTopics, 7, 3, null, { topics: [{ ...topics[0] as typeof topics[0], name: 'stays' }], timeoutMs: 1000, validateOnly: false }),
    requestFrame(DeleteTopics, 6, 4, null, { topics: [{ name: 'stays', topicId: ZERO_UUID }], timeoutMs: 1000 }),
  ])
  await client.closed
  t.equal(client.frames.items.length, 4)
  t.equal(raw.broker.metadata.topics.find('made')?.partitions.length, 3)
  t.equal(raw.broker.metadata.topics.find('stays'), undefined)
})

t.test('commits and a goodbye: the member does not stay until its session is over', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await groupClient(raw)
  const { memberId, generationId } = await joinAlone(raw, client, 'g')
  const commits =
    Array.from({ length: 20 }, (_, index) => requestFrame(OffsetCommit, 8, index, null, {
      groupId: 'g', generationIdOrMemberEpoch: generationId, memberId, groupInstanceId: null,
      topics: [{ name: 'topic', partitions: [{ partitionIndex: 0, committedOffset: BigInt(index), committedMetadata: '' }] }],
    }))
  const before = client.frames.items.length
  sendAndEnd(client, [...commits, requestFrame(LeaveGroup, 4, 20, null, { groupId: 'g', members: [{ memberId }] })])
  await client.closed
  t.equal(client.frames.items.length - before, 21)
  const { groups } = await (await raw.client()).request(DescribeGroups, 5, { groups: ['g'], includeAuthorizedOperations: false })
  t.equal(groups[0]?.groupState, 'Empty')
})

t.test('a fetch that waits, and a Produce that wants no answer behind it', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  sendAndEnd(client, [
    requestFrame(Fetch, 12, 1, null, fetchBody([{ topic: 'topic', fetchOffset: 0n }], { maxWaitMs: 60_000, minBytes: 1 })),
    requestFrame(Produce, 9, 2, null, produceBody('topic', batchOf(['behind']), { acks: 0 }) as never),
  ])
  const other = await raw.client()
  await other.request(Produce, 9, produceBody('topic', batchOf(['first'])) as never)
  await client.closed
  t.equal(client.frames.items.length, 1)
  t.same(recordsIn(await fetchOne(other, 'topic', 0n)), [[0n, 'first'], [1n, 'behind']])
})

t.test('300 Produces: more than may be under way at once', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  const client = await raw.client()
  sendAndEnd(client, Array.from({ length: 300 }, (_, index) =>
    requestFrame(Produce, 9, index, null, produceBody('topic', batchOf([String(index)])) as never)))
  await client.closed
  t.equal(client.frames.items.length, 300)
  t.equal(raw.partition('topic').endOffset, 300n)
})

t.test('half a request and the end: there is nothing to wait for', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  client.write(Buffer.from('000000ff0012', 'hex'))
  client.socket.end()
  await client.closed
  t.equal(client.frames.items.length, 0)
  t.equal(raw.listener.connections.size, 0)
})

t.test('connections.max.idle.ms: who ends its side and reads nothing does not stay for ever', async t => {
  const raw = await RawBroker.start(t, { 'connections.max.idle.ms': 60_000n })
  await raw.topic('topic')
  const client = await raw.client()
  for (let index = 0; index < 20; index++) await produce(client, 'topic', batchOf([''.padEnd(900_000, '.')]))
  const lazy = await raw.client()
  lazy.socket.pause()
  const body = fetchBody([{ topic: 'topic', fetchOffset: 0n, partitionMaxBytes: 20_000_000 }], { maxBytes: 20_000_000 })
  sendAndEnd(lazy, [requestFrame(Fetch, 12, 1, null, body), requestFrame(Fetch, 12, 2, null, body)])
  while (raw.answers.bytes === 0) await new Promise(resolve => { setImmediate(resolve) })
  await produce(client, 'topic', batchOf(['x']))
  const { size } = raw.listener.connections
  raw.clock.advance(50_000)
  await produce(client, 'topic', batchOf(['x']))
  t.equal(raw.listener.connections.size, size, 'its time is not over')
  // Its kernel may still have taken something at first.
  for (let round = 0; raw.listener.connections.size === size && round < 10; round++) {
    raw.clock.advance(50_000)
    await produce(client, 'topic', batchOf(['x']))
  }
  t.equal(raw.listener.connections.size, size - 1)
  t.same([raw.answers.bytes, raw.store.stats().readBytes], [0, 0])
  lazy.socket.destroy()
})
