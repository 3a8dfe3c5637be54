/** OffsetDelete over the wire (groups 5.3). */
import t from 'tap'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { OffsetDelete } from '../../protocol/messages/47-offset-delete.ts'
import { offsetDelete as handler } from '../../src/apis/47-offset-delete.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

type Wanted = Record<string, number[]>

/** The error at the top, and each row as `topic-index:error`. */
async function ask (
  client: RawClient, groupId: string, wanted: Wanted
): Promise<[number, string[]]> {
  const { errorCode, topics } = await client.request(OffsetDelete, 0, {
    groupId,
    topics: Object.entries(wanted).map(([name, indexes]) =>
      ({ name, partitions: indexes.map(partitionIndex => ({ partitionIndex })) })),
  })
  return [errorCode, topics.flatMap(({ name, partitions }) =>
    partitions.map(row => `${name}-${row.partitionIndex}:${row.errorCode}`))]
}

t.test('offsets of a group are deleted', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a', 2)
  await raw.topic('b')
  const client = await groupClient(raw)
  const partitions = [0, 1].map(partitionIndex => ({ partitionIndex, committedOffset: 7n, committedMetadata: '' }))
  await client.request(OffsetCommit, 2, {
    groupId: 'g', generationIdOrMemberEpoch: -1, memberId: '', topics: [{ name: 'a', partitions }],
  })
  t.same(await ask(client, 'g', { a: [0, 9], none: [0], b: [0] }), [0, ['a-9:3', 'a-0:0', 'none-0:3', 'b-0:0']],
    'one row a topic, what is unknown first; without an offset there is nothing to delete, and no error')
  const { topics } = await client.request(OffsetFetch, 1, { groupId: 'g', topics: [{ name: 'a', partitionIndexes: [0, 1] }] })
  t.same(topics[0]?.partitions.map(({ committedOffset }) => committedOffset), [-1n, 7n])
  t.same(await ask(client, 'g', {}), [0, []])
  t.same(await ask(client, 'none', { a: [0], none: [1] }), [69, []], 'GROUP_ID_NOT_FOUND, without rows')
  t.same(await ask(client, 'none', { none: [1] }), [69, []], 'asked even if no topic is left')
  t.same(await ask(client, '', { a: [0] }), [24, []], 'INVALID_GROUP_ID')
  await joinAlone(raw, client, 'consumers')
  t.same(await ask(client, 'consumers', { a: [0], none: [0] }), [0, ['none-0:3', 'a-0:86']],
    'subscriptions that cannot be read count as subscribed to everything')
})

t.test('a group of another protocol has to be empty', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await groupClient(raw)
  await joinAlone(raw, client, 'workers', 3, { protocolType: 'connect' })
  t.same(await ask(client, 'workers', { a: [0], none: [0] }), [68, []], 'NON_EMPTY_GROUP, without rows')
})

t.test('no right to', async t => {
  const call = { session: {} } as never
  const body = {
    groupId: 'g', topics: ['a', 'b'].map(name => ({ name, partitions: [{ partitionIndex: 0 }, { partitionIndex: 1 }] })),
  } as never
  t.same(await handler.handle(body, call, { access: { allows: () => false } } as never),
    { errorCode: 30, topics: [] })
  const asked: unknown[] = []
  const needs = {
    access: { allows: (_client: unknown, operation: string, _type: string, name: string) => operation === 'delete' || name === 'b' },
    metadata: { topics: { find: () => ({ partitions: [{}] }) } },
    groups: {
      deleteOffsets: async ({ topics }: { topics: unknown[] }) => {
        asked.push(...topics)
        return { errorCode: 0, topics: [{ name: 'b', partitions: [{ partitionIndex: 0, errorCode: 0 }] }] }
      },
    },
  } as never
  t.same(await handler.handle(body, call, needs), {
    errorCode: 0,
    topics: [
      { name: 'a', partitions: [{ partitionIndex: 0, errorCode: 29 }, { partitionIndex: 1, errorCode: 29 }] },
      { name: 'b', partitions: [{ partitionIndex: 1, errorCode: 3 }, { partitionIndex: 0, errorCode: 0 }] },
    ],
  })
  t.same(asked, [{ name: 'b', partitions: [{ partitionIndex: 0 }] }])
  t.same(handler.failed?.(body, { errorCode: -1 } as never, call), { errorCode: -1, topics: [] }, 'D0.2')
})
