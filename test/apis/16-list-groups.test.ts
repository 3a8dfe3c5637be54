/** ListGroups over the wire (groups 4.5). */
import t from 'tap'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { listGroups } from '../../src/apis/16-list-groups.ts'
import { GroupBench } from '../support/group-bench.ts'

t.test('ListGroups', async t => {
  const bench = await GroupBench.start()
  await bench.joinAlone('g')
  for (let version = 0; version <= 5; version++) {
    const { errorCode, groups } =
      await bench.request(ListGroups, version, { statesFilter: [], typesFilter: [] })
    t.equal(errorCode, 0)
    t.same(groups, [{
      groupId: 'g', protocolType: 'consumer', groupState: version >= 4 ? 'Stable' : '', groupType: version >= 5 ? 'classic' : '',
    }], `v${version}`)
  }
  const list = async (statesFilter: string[], typesFilter: string[] = []) =>
    (await bench.request(ListGroups, 5, { statesFilter, typesFilter })).groups.length
  t.equal(await list([' sTABLE ']), 1, 'states are trimmed, and their case does not count')
  t.equal(await list(['Empty']), 0)
  t.equal(await list([], ['CLASSIC']), 1)
  t.equal(await list([], ['nonsense']), 0)
  const needs = (mayCluster: boolean) => ({
    access: { allows: (_client: unknown, _operation: string, type: string, name: string) => type === 'cluster' ? mayCluster : name === 'mine' },
    groups: { list: async () => ({ groups: [{ groupId: 'mine' }, { groupId: 'theirs' }] }) },
  }) as never
  const listed = async (mayCluster: boolean) => {
    const call = { version: 5, session: {} } as never
    const answer = await listGroups.handle({} as never, call, needs(mayCluster)) as any
    return answer.groups.map(({ groupId }: { groupId: string }) => groupId)
  }
  t.same(await listed(true), ['mine', 'theirs'])
  t.same(await listed(false), ['mine'], 'what may not be seen is left out')
})
