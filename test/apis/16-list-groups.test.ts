/** ListGroups over the wire (groups 4.5). */
import t from 'tap'
import { ListGroups } from '../../protocol/messages/16-list-groups.ts'
import { listGroups } from '../../src/apis/16-list-groups.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('ListGroups', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  await joinAlone(raw, client, 'g')
  for (let version = 0; version <= 5; version++) {
    const { errorCode, groups } = await client.request(ListGroups, version, { statesFilter: [], typesFilter: [] })
    t.equal(errorCode, 0)
    t.same(groups, [{
      groupId: 'g', protocolType: 'consumer', groupState: version >= 4 ? 'Stable' : '', groupType: version >= 5 ? 'classic' : '',
    }], `v${version}`)
  }
  const list = async (statesFilter: string[], typesFilter: string[] = []) =>
    (await client.request(ListGroups, 5, { statesFilter, typesFilter })).groups.length
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
