/** SyncGroup over the wire (groups 4.3). */
import t from 'tap'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { syncGroup } from '../../src/apis/14-sync-group.ts'
import { GroupBench } from '../support/group-bench.ts'

t.test('SyncGroup', async t => {
  const bench = await GroupBench.start()
  const { memberId } = await bench.joinAlone('g')
  const sync = (change: object, version = 5) => bench.request(SyncGroup, version, {
    groupId: 'g', generationId: 1, memberId, groupInstanceId: null, protocolType: 'consumer', protocolName: 'range', assignments: [], ...change,
  })
  for (let version = 0; version <= 5; version++) {
    const answer = await sync({}, version)
    t.match(answer, { errorCode: 0, protocolName: version >= 5 ? 'range' : null }, `v${version}: stable: the assignment at once`)
    t.equal(answer.assignment.toString(), 'all')
  }
  t.equal((await sync({ protocolType: null })).errorCode, 23, '4.3.1: v5 must name type and protocol')
  t.equal((await sync({ protocolName: null })).errorCode, 23)
  t.equal((await sync({ protocolType: 'connect' })).errorCode, 23, '4.3.8')
  t.equal((await sync({ generationId: 5 })).errorCode, 22, '4.3.7')
  t.equal((await sync({ memberId: 'other' })).errorCode, 25, '4.3.6')
  t.equal((await sync({ groupId: 'none' })).errorCode, 25, '4.3.4')
  t.equal((await sync({ groupId: '' })).errorCode, 24, '4.3.3')
})

t.test('no READ on the group', async t => {
  const needs = { access: { allows: () => false }, groups: {} } as never
  const call = { version: 4, session: {} } as never
  const request = { groupId: 'g', protocolType: null, protocolName: null } as never
  t.match(await syncGroup.handle(request, call, needs), { errorCode: 30 })
  t.match(await syncGroup.handle(request, { version: 5, session: {} } as never, needs),
    { errorCode: 23 },
    '4.3.1 comes before authorization')
})
