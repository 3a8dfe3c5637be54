/** Heartbeat over the wire (groups 4.3). */
import t from 'tap'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { heartbeat } from '../../src/apis/12-heartbeat.ts'
import { GroupBench } from '../support/group-bench.ts'

t.test('Heartbeat', async t => {
  const bench = await GroupBench.start()
  const { memberId } = await bench.joinAlone('g')
  const beat = async (change: object, version = 3) => (await bench.request(Heartbeat, version,
    { groupId: 'g', generationId: 1, memberId, groupInstanceId: null, ...change })).errorCode
  t.equal(await beat({}), 0)
  t.equal(await beat({ groupId: '' }), 24)
  t.equal(await beat({ groupId: 'none' }), 25)
  t.equal(await beat({ memberId: 'other' }), 25)
  t.equal(await beat({ groupInstanceId: 'i' }), 25)
  t.equal(await beat({ generationId: 0 }), 22)
})

t.test('no READ on the group', async t => {
  const needs = { access: { allows: () => false }, groups: {} } as never
  const call = { version: 4, session: {} } as never
  t.match(await heartbeat.handle({ groupId: 'g' } as never, call, needs), { errorCode: 30 })
})
