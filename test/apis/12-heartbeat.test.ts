/** Heartbeat, SyncGroup and LeaveGroup over the wire (behaviour-groups 4.3). */
import t from 'tap'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../protocol/messages/13-leave-group.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { heartbeat } from '../../src/apis/12-heartbeat.ts'
import { leaveGroup } from '../../src/apis/13-leave-group.ts'
import { syncGroup } from '../../src/apis/14-sync-group.ts'
import { groupClient, joinAlone } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('Heartbeat', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  const { memberId } = await joinAlone(raw, client, 'g')
  const beat = async (change: object, version = 3) => (await client.request(Heartbeat, version,
    { groupId: 'g', generationId: 1, memberId, groupInstanceId: null, ...change })).errorCode
  t.equal(await beat({}), 0)
  t.equal(await beat({ groupId: '' }), 24)
  t.equal(await beat({ groupId: 'none' }), 25)
  t.equal(await beat({ memberId: 'other' }), 25)
  t.equal(await beat({ groupInstanceId: 'i' }), 25)
  t.equal(await beat({ generationId: 0 }), 22)
})

t.test('SyncGroup', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  const { memberId } = await joinAlone(raw, client, 'g')
  const sync = (change: object, version = 5) => client.request(SyncGroup, version, {
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

t.test('LeaveGroup', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  for (let version = 0; version <= 5; version++) {
    const { memberId } = await joinAlone(raw, client, `g${version}`)
    const leave = (groupId: string, id: string) => client.request(LeaveGroup, version, version < 3
      ? { groupId, memberId: id } as never
      : { groupId, members: [{ memberId: id, groupInstanceId: null }, { memberId: 'nobody', groupInstanceId: null }] } as never)
    const missing = await leave('none', memberId)
    if (version < 3) t.equal(missing.errorCode, 25, `v${version}: the member's error stands at the top`)
    else t.match(missing, { errorCode: 0, members: [{ memberId, errorCode: 25 }, { errorCode: 25 }] }, `v${version}: each has its own`)
    const left = await leave(`g${version}`, memberId)
    t.match(left, version < 3 ? { errorCode: 0 } : { errorCode: 0, members: [{ errorCode: 0 }, { memberId: 'nobody', errorCode: 25 }] })
    t.equal((await client.request(Heartbeat, 0, { groupId: `g${version}`, generationId: 1, memberId })).errorCode, 25, 'gone')
  }
  t.equal((await client.request(LeaveGroup, 3, { groupId: '', members: [] })).errorCode, 24)
})

t.test('no READ on the group', async t => {
  const needs = { access: { allows: () => false }, groups: {} } as never
  const call = { version: 4, session: {} } as never
  t.match(await heartbeat.handle({ groupId: 'g' } as never, call, needs), { errorCode: 30 })
  t.match(await leaveGroup.handle({ groupId: 'g' } as never, call, needs), { errorCode: 30, members: [] })
  t.match(await syncGroup.handle({ groupId: 'g', protocolType: null, protocolName: null } as never, call, needs), { errorCode: 30 })
  t.match(await syncGroup.handle({ groupId: 'g', protocolType: null, protocolName: null } as never, { version: 5 } as never, needs),
    { errorCode: 23 }, '4.3.1 comes before authorization')
})
