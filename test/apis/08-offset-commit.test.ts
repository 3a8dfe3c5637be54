/** OffsetCommit over the wire (groups 5.1). */
import t from 'tap'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { offsetCommit as handler } from '../../src/apis/08-offset-commit.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

interface Row {
  name?: string
  topicId?: string
  partitionIndex?: number
  committedOffset?: bigint
  committedMetadata?: string | null
}

function bodyOf (rows: readonly Row[], change: object = {}) {
  return {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    memberId: '',
    groupInstanceId: null,
    topics: rows.map(({ name, topicId, partitionIndex = 0, committedOffset = 5n, committedMetadata = '' }) =>
      ({ name, topicId, partitions: [{ partitionIndex, committedOffset, committedMetadata }] })),
    ...change,
  }
}

/** topic/partition:error, sorted */
async function commit (
  client: RawClient, version: number, rows: readonly Row[], change: object = {}
) {
  const { topics } = await client.request(OffsetCommit, version, bodyOf(rows, change))
  return topics.flatMap(({ name, topicId, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) =>
      `${version >= 10 ? topicId : name}/${partitionIndex}:${errorCode}`)).sort()
}

async function committed (client: RawClient, groupId = 'g'): Promise<Array<[bigint, string | null]>> {
  const { topics } = await client.request(OffsetFetch, 5, { groupId, topics: null })
  return topics.flatMap(({ partitions }) => partitions)
    .map(({ committedOffset, metadata }) => [committedOffset, metadata])
}

t.test('every version commits, and answers what does not exist', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('a', 2)
  const client = await groupClient(raw)
  for (let version = 2; version <= 10; version++) {
    const rows: Row[] = version >= 10
      ? [{ topicId, committedOffset: BigInt(version) }, { topicId, partitionIndex: 7 }, { topicId: 'QQQQQQQQQQQQQQQQQQQQQQ' }]
      : [{ name: 'a', committedOffset: BigInt(version) }, { name: 'a', partitionIndex: 7 }, { name: 'none' }]
    t.same(await commit(client, version, rows), version >= 10
      ? ['QQQQQQQQQQQQQQQQQQQQQQ/0:100', `${topicId}/0:0`, `${topicId}/7:3`].sort()
      : ['a/0:0', 'a/7:3', 'none/0:3'], `5.1.2, v${version}`)
    t.same(await committed(client), [[BigInt(version), '']], `v${version}`)
  }
  t.same(await commit(client, 8, [{ name: 'none' }], { generationIdOrMemberEpoch: 9, memberId: 'x' }), ['none/0:3'],
    '5.1.2: with nothing left nobody asks for the group')
  t.same(await commit(client, 8, [{ name: 'a' }], { groupId: '' }), ['a/0:0'], 'clients 6.31: the empty group')
  t.same(await commit(client, 8, [{ name: 'a', committedOffset: -1n, committedMetadata: null }], { groupId: 'h' }), ['a/0:0'])
  t.same(await committed(client, 'h'), [[-1n, '']], '5.1.5: -1 as it is, and null as nothing')
  t.same(await commit(client, 8, [{ name: 'a', committedMetadata: 'x'.repeat(4097) }, { name: 'a', partitionIndex: 1 }]), ['a/0:12', 'a/1:0'],
    '5.1.5: the others are written')
})

t.test('the group', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await groupClient(raw)
  t.same(await commit(client, 8, [{ name: 'a' }], { groupId: 'new', generationIdOrMemberEpoch: 1 }), ['a/0:22'], '5.1.4: missing')
  const { memberId } = await joinAlone(raw, client, 'g')
  t.same(await commit(client, 8, [{ name: 'a' }], { memberId, generationIdOrMemberEpoch: 1 }), ['a/0:0'])
  t.same(await commit(client, 8, [{ name: 'a' }], { memberId, generationIdOrMemberEpoch: 2 }), ['a/0:22'], '5.1.4: another generation')
  t.same(await commit(client, 8, [{ name: 'a' }], { memberId: 'x', generationIdOrMemberEpoch: 1 }), ['a/0:25'], '5.1.4: another member')
  t.same(await commit(client, 8, [{ name: 'a' }]), ['a/0:25'], '5.1.4: a simple commit beside members')
  const needs = { access: { allows: (_client: unknown, _operation: string, type: string) => type !== 'group' }, groups: {}, metadata: {} }
  const refused = await handler.handle(bodyOf([{ name: 'a' }]) as never, { version: 8, session: {} } as never, needs as never) as any
  t.same(refused.topics[0].partitions, [{ partitionIndex: 0, errorCode: 30 }], '5.1.1')
})

t.test('5.1.2: what is there of a topic is committed, whatever else was named with it', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a', 2)
  const client = await groupClient(raw)
  const partitions = [0, 7, 1].map(partitionIndex => ({ partitionIndex, committedOffset: 9n, committedMetadata: '' }))
  const { topics } = await client.request(OffsetCommit, 8, { ...bodyOf([]), topics: [{ name: 'a', partitions }] })
  t.same(topics.map(({ name }) => name), ['a'])
  t.same(topics[0]?.partitions.map(each => [each.partitionIndex, each.errorCode]),
    [[7, 3], [0, 0], [1, 0]])
  t.same(await committed(client), [[9n, ''], [9n, '']])
})
