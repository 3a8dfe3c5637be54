/** LeaveGroup over the wire (groups 4.3). */
import t from 'tap'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../protocol/messages/13-leave-group.ts'
import { leaveGroup } from '../../src/apis/13-leave-group.ts'
import { GroupBench } from '../support/group-bench.ts'

t.test('LeaveGroup', async t => {
  const bench = await GroupBench.start()
  for (let version = 0; version <= 5; version++) {
    const { memberId } = await bench.joinAlone(`g${version}`)
    const leave = (groupId: string, id: string) => bench.request(LeaveGroup, version, version < 3
      ? { groupId, memberId: id } as never
      : { groupId, members: [{ memberId: id, groupInstanceId: null }, { memberId: 'nobody', groupInstanceId: null }] } as never)
    const missing = await leave('none', memberId)
    if (version < 3) t.equal(missing.errorCode, 25, `v${version}: the member's error stands at the top`)
    else t.match(missing, { errorCode: 0, members: [{ memberId, errorCode: 25 }, { errorCode: 25 }] }, `v${version}: each has its own`)
    const left = await leave(`g${version}`, memberId)
    t.match(left, version < 3 ? { errorCode: 0 } : { errorCode: 0, members: [{ errorCode: 0 }, { memberId: 'nobody', errorCode: 25 }] })
    t.equal((await bench.request(Heartbeat, 0, { groupId: `g${version}`, generationId: 1, memberId })).errorCode, 25, 'gone')
  }
  t.equal((await bench.request(LeaveGroup, 3, { groupId: '', members: [] })).errorCode, 24)
})

t.test('no READ on the group', async t => {
  const needs = { access: { allows: () => false }, groups: {} } as never
  const call = { version: 4, session: {} } as never
  t.match(await leaveGroup.handle({ groupId: 'g' } as never, call, needs), { errorCode: 30, members: [] })
})
