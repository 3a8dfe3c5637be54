/** OffsetFetch over the wire (groups 5.2). */
import t from 'tap'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { offsetFetch as handler } from '../../src/apis/09-offset-fetch.ts'
import { groupClient } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('where offsets and errors stand, by version', async t => {
  const raw = await RawBroker.start(t)
  const topicId = await raw.topic('a', 2)
  const client = await groupClient(raw)
  await client.request(OffsetCommit, 6, {
    groupId: 'g',
    memberId: '',
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset: 7n, committedLeaderEpoch: 3, committedMetadata: 'm' }] }],
  })
  const asked = [{ name: 'a', partitionIndexes: [0, 1, 9] }, { name: 'none', partitionIndexes: [0] }]
  const row = (partitionIndex: number, version: number) => partitionIndex === 0
    ? { partitionIndex, committedOffset: 7n, committedLeaderEpoch: version >= 5 ? 3 : -1, metadata: 'm', errorCode: 0 }
    : { partitionIndex, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }
  for (let version = 1; version <= 7; version++) {
    const { errorCode, topics } = await client.request(OffsetFetch, version, { groupId: 'g', topics: asked })
    t.equal(errorCode, 0)
    t.same(topics.map(({ name, partitions }) => [name, partitions]), [
      ['a', [0, 1, 9].map(index => row(index, version))],
      ['none', [{ partitionIndex: 0, committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: 0 }]],
    ], `clients 6.12, v${version}: unknown is -1 without an error`)
    if (version < 2) continue
    const all = await client.request(OffsetFetch, version, { groupId: 'g', topics: null })
    t.same(all.topics.map(({ partitions }) => partitions), [[row(0, version)]], `v${version}: null asks for all`)
    t.same((await client.request(OffsetFetch, version, { groupId: 'nobody', topics: null })).topics, [], 'a group that is missing')
  }
  for (let version = 8; version <= 10; version++) {
    const topics = version >= 10
      ? [{ topicId, partitionIndexes: [0, 9] }, { topicId: 'QQQQQQQQQQQQQQQQQQQQQQ', partitionIndexes: [4] }]
      : [{ name: 'a', partitionIndexes: [0, 9] }, { name: 'none', partitionIndexes: [4] }]
    const { groups } = await client.request(OffsetFetch, version, {
      groups: [{ groupId: 'g', topics }, { groupId: 'nobody', topics: null }, { groupId: 'g', topics: null }],
    })
    t.same(groups.map(({ groupId, errorCode }) => [groupId, errorCode]), [['g', 0], ['nobody', 0], ['g', 0]], `v${version}`)
    t.same(groups[0]?.topics.map(({ partitions }) => partitions), [
      [0, 9].map(index => row(index, version)),
      [{ ...row(4, version), errorCode: version >= 10 ? 100 : 0 }],
    ], `v${version}: an id that nobody has is an error`)
    t.same(groups[2]?.topics.map(({ partitions }) => partitions), [[row(0, version)]])
  }
  const stale = await client.request(OffsetFetch, 9, { groups: [{ groupId: 'g', memberId: 'm', memberEpoch: 5, topics: null }] })
  t.equal(stale.groups[0]?.errorCode, 0, '5.2: classic groups check nothing')
})

t.test('5.2: no right to', async t => {
  const call = (version: number) => ({ version, session: {} }) as never
  const noGroup = { access: { allows: () => false }, groups: {}, metadata: {} } as never
  const old = { groupId: 'g', topics: [{ name: 'a', partitionIndexes: [2] }], groups: [] } as never
  t.match(await handler.handle(old, call(1), noGroup), { topics: [{ partitions: [{ partitionIndex: 2, errorCode: 30 }] }] }, 'v1: at each partition')
  t.match(await handler.handle(old, call(7), noGroup), { errorCode: 30 }, 'v2-7: at the top')
  const groups = { groups: [{ groupId: 'g', topics: null }], topics: [] } as never
  t.match(await handler.handle(groups, call(8), noGroup), { groups: [{ groupId: 'g', errorCode: 30 }] }, 'v8: at each group')
  const noTopic = {
    access: { allows: (_client: unknown, _operation: string, type: string, name: string) => type === 'group' || name === 'b' },
    metadata: { topics: { find: () => undefined } },
    groups: {
      fetchOffsets: async ({ topics }: { topics: Array<{ name: string }> | null }) =>
        ({ groupId: 'g', topics: (topics ?? [{ name: 'a' }, { name: 'b' }]).map(({ name }) => ({ name, partitions: [] })) }),
    },
  } as never
  const named = { groups: [{ groupId: 'g', topics: [{ name: 'a', partitionIndexes: [1] }, { name: 'b', partitionIndexes: [] }] }] } as never
  t.match(await handler.handle(named, call(8), noTopic),
    { groups: [{ topics: [{ name: 'b' }, { name: 'a', partitions: [{ errorCode: 29, committedOffset: -1n }] }] }] }, 'by name: an error, behind the others')
  t.same(((await handler.handle(groups, call(8), noTopic)) as any).groups[0].topics.map(({ name }: { name: string }) => name), ['b'], 'all: left out')
})
