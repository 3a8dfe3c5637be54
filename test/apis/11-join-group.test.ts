/** JoinGroup over the wire (groups 4.1), with the rest of a membership. */
import t from 'tap'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { joinGroup as handler } from '../../src/apis/11-join-group.ts'
import { GroupBench } from '../support/group-bench.ts'
import { groupClient, joinBody, parked } from '../support/grouping.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('checks, by version', async t => {
  const bench = await GroupBench.start()
  const join = async (version: number, body: object) => {
    const { errorCode, memberId, protocolName, generationId, leader, members } =
      await bench.request(JoinGroup, version, { ...joinBody('g'), ...body })
    return { errorCode, memberId, protocolName, rest: [generationId, leader, members.length] }
  }
  for (let version = 0; version <= 9; version++) {
    const name = version >= 7 ? null : ''
    t.same(await join(version, { groupId: '' }), { errorCode: 24, memberId: '', protocolName: name, rest: [-1, '', 0] }, `4.1.3, v${version}`)
    t.match(await join(version, { sessionTimeoutMs: 1 }), { errorCode: 26 }, `4.1.4, v${version}`)
    t.match(await join(version, { memberId: 'unknown' }), { errorCode: 25 }, `4.1.6, v${version}`)
    t.match(await join(version, { protocolType: '' }), { errorCode: 23 }, `v${version}: no protocol type`)
    t.match(await join(version, { protocols: [] }), { errorCode: 23 }, `v${version}: no protocols`)
    if (version < 4) continue
    const { errorCode, memberId } = await join(version, { groupId: `new-${version}` })
    t.equal(errorCode, 79, `clients 6.8: v${version} hands out the id first`)
    t.match(memberId, /^raw-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
  }
  const refused = await handler.handle(joinBody('g', { memberId: 'm' }) as never, { version: 3, session: {} } as never,
    { access: { allows: () => false }, groups: {} } as never)
  t.match(refused, { errorCode: 30, memberId: 'm' }, '4.1.1: the id is echoed')
})

t.test('clients 6.10: one membership, in several versions', async t => {
  const bench = await GroupBench.start()
  const joined = await bench.joinAlone('g', 2)
  t.match(joined, { errorCode: 0, generationId: 1, protocolName: 'range', leader: joined.memberId })
  t.same(joined.members.map(({ memberId, metadata }) => [memberId, metadata.toString()]), [[joined.memberId, 'range']])
  const beat = async (version: number, change: object = {}) =>
    (await bench.request(Heartbeat, version,
      { groupId: 'g', generationId: 1, memberId: joined.memberId, ...change })).errorCode
  for (let version = 0; version <= 4; version++) t.equal(await beat(version), 0)
  t.equal(await beat(0, { generationId: 2 }), 22)
  await bench.clock.advance(10_001)
  t.equal(await beat(0), 25, 'the session has expired')
})

t.test('a member that joins again from another connection leaves nothing of the first behind', async t => {
  const raw = await RawBroker.start(t)
  const client = await groupClient(raw)
  const { memberId } = (await client.request(JoinGroup, 9, joinBody('g')))
  const body = joinBody('g', { memberId })
  const clients = [await raw.client(), await raw.client()]
  for (const each of clients) {
    const isParked = parked(raw, 'join')
    each.send(JoinGroup, 9, body)
    await isParked
  }
  // Kafka's coordinator answers the newer of them alone.
  raw.clock.advance(3000)
  t.match((await clients[1]?.next(JoinGroup, 9))?.body, { errorCode: 0, memberId })
  // What the first one holds of the memory of requests is counted when the broker has stopped.
})
