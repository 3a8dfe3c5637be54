/** DeleteGroups over the wire (groups 4.5). */
import t from 'tap'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { DeleteGroups } from '../../protocol/messages/42-delete-groups.ts'
import { deleteGroups as handler } from '../../src/apis/42-delete-groups.ts'
import { GroupBench } from '../support/group-bench.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'
import type { RawClient } from '../support/raw-client.ts'

async function commit (client: RawClient, groupId: string): Promise<void> {
  await client.request(OffsetCommit, 2, {
    groupId,
    generationIdOrMemberEpoch: -1,
    memberId: '',
    topics: [{ name: 'a', partitions: [{ partitionIndex: 0, committedOffset: 7n, committedMetadata: '' }] }],
  })
}

t.test('a group without members goes with its offsets', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('a')
  const client = await groupClient(raw)
  await joinAlone(raw, client, 'busy')
  for (let version = 0; version <= 3; version++) {
    await commit(client, 'g')
    await commit(client, '')
    const { results } = await client.request(DeleteGroups, version, { groupsNames: ['none', 'g', 'busy', 'g', ''] })
    t.same(results.map(
      ({ groupId, errorCode, errorMessage }) => [groupId, errorCode, errorMessage]
    ),
    [['none', 69, null], ['g', 0, null], ['busy', 68, null], ['', 0, null]], `v${version}: each once`)
    const { topics } = await client.request(OffsetFetch, 1, { groupId: 'g', topics: [{ name: 'a', partitionIndexes: [0] }] })
    t.equal(topics[0]?.partitions[0]?.committedOffset, -1n)
    t.same((await client.request(ListGroups, 0, {})).groups.map(({ groupId }) => groupId), ['busy'])
  }
  t.same((await client.request(DeleteGroups, 3, { groupsNames: [] })).results, [])
})

t.test('no right to, and no coordinator', async t => {
  const needs = {
    access: { allows: (_client: unknown, operation: string, type: string, name: string) => operation === 'delete' && type === 'group' && name === 'b' },
    groups: {
      deleteGroups: async (names: string[]) => names.map(groupId => ({ groupId, errorCode: 0 })),
    },
  } as never
  const body = { groupsNames: ['a', 'b'] } as never
  t.same(await handler.handle(body, { session: {} } as never, needs),
    { results: [{ groupId: 'b', errorCode: 0 }, { groupId: 'a', errorCode: 30 }] }, 'the forbidden stand last')
  t.match(handler.failed?.(body, { errorCode: 15 } as never, {} as never), { results: [{ errorCode: 15 }, { errorCode: 15 }] }, 'D0.2')
  const bench = await GroupBench.start([])
  t.match(await bench.request(DeleteGroups, 2, { groupsNames: ['g'] }), { results: [{ groupId: 'g', errorCode: 16 }] },
    'before the first group there is no coordinator')
})
