import t from 'tap'
import { code } from '../../../../protocol/errors.ts'
import { SyncGroup } from '../../../../protocol/messages/14-sync-group.ts'
import { syncRequestError } from '../../../../src/core/group/classic/sync.ts'
import { blank, Driver, stableGroup } from '../driver.ts'

/** Two members in CompletingRebalance, generation 1; the leader first. */
function completing (driver: Driver): [leader: string, follower: string] {
  const tickets = [driver.join({ version: 3 }), driver.join({ version: 3 })]
  driver.advance(0)
  const [leader = '', follower = ''] = tickets.map(ticket => ticket.get().memberId)
  return [leader, follower]
}

t.test('4.3.1 and 4.3.3, SyncGroup', t => {
  const cases = [
    { version: 5, protocolType: null, protocolName: 'range', groupId: '', expected: code.INCONSISTENT_GROUP_PROTOCOL },
    { version: 5, protocolType: 'consumer', protocolName: null, groupId: 'g', expected: code.INCONSISTENT_GROUP_PROTOCOL },
    { version: 5, protocolType: 'consumer', protocolName: 'range', groupId: '', expected: code.INVALID_GROUP_ID },
    { version: 4, protocolType: null, protocolName: null, groupId: 'g', expected: code.NONE },
    { version: 4, protocolType: null, protocolName: null, groupId: '', expected: code.INVALID_GROUP_ID },
  ]
  for (const { version, expected, ...fields } of cases) {
    t.equal(syncRequestError({ ...blank(SyncGroup.request), ...fields }, version), expected)
  }
  t.end()
})

t.test('4.3.4 to 4.3.9, SyncGroup: in this order', t => {
  const driver = new Driver()
  t.equal(driver.sync({ memberId: 'x' }).get().errorCode, code.UNKNOWN_MEMBER_ID, 'group missing')
  driver.join()
  t.equal(driver.sync({ memberId: 'x' }).get().errorCode, code.UNKNOWN_MEMBER_ID, 'Empty')
  const [leader] = completing(driver)
  const box = driver.join({ groupInstanceId: 'box' })
  const cases = [
    [{ memberId: 'x', generationId: 9 }, code.UNKNOWN_MEMBER_ID],
    [{ memberId: leader, groupInstanceId: 'nobody', generationId: 9 }, code.UNKNOWN_MEMBER_ID],
    [{ memberId: leader, groupInstanceId: 'box', generationId: 9 }, code.FENCED_INSTANCE_ID],
    [{ memberId: leader, generationId: 9, protocolName: 'x' }, code.ILLEGAL_GENERATION],
    [{ memberId: leader, generationId: 1, protocolName: 'x' }, code.INCONSISTENT_GROUP_PROTOCOL],
    [{ memberId: leader, generationId: 1, protocolType: 'x' }, code.INCONSISTENT_GROUP_PROTOCOL],
    [{ memberId: leader, generationId: 1, protocolType: 'consumer', protocolName: 'range' }, code.REBALANCE_IN_PROGRESS],
  ] as const
  t.equal(box.count, 0)
  t.equal(driver.state(), 'PreparingRebalance')
  for (const [fields, expected] of cases) {
    const response = driver.sync(fields).get()
    t.match(response, { errorCode: expected, protocolType: null, protocolName: null })
    t.equal(response.assignment.length, 0)
  }
  t.end()
})

t.test('4.3.10: all are answered once the leader\'s assignment is committed', t => {
  const driver = new Driver()
  const [leader, follower] = completing(driver)
  const early = driver.sync({ memberId: follower, generationId: 1 })
  driver.hold = true
  const records = driver.log.length
  const assignment = Buffer.from('mine')
  const leads = driver.sync({
    memberId: leader, generationId: 1, assignments: [
      { memberId: leader, assignment }, { memberId: 'stranger', assignment: Buffer.from('x') },
    ],
  })
  assignment.fill(0)
  t.equal(driver.log.length, records + 1)
  t.equal(driver.state(), 'CompletingRebalance')
  t.same([early.count, leads.count], [0, 0])
  driver.commit()
  t.equal(driver.state(), 'Stable')
  t.match(leads.get(), { errorCode: 0, protocolType: 'consumer', protocolName: 'range' })
  t.equal(leads.get().assignment.toString(), 'mine', 'a copy: the request\'s bytes are not kept')
  t.equal(early.get().assignment.length, 0, 'left out by the leader: empty bytes')
  t.end()
})

t.test('4.3.10: assignments of others than the leader are ignored', t => {
  const driver = new Driver()
  const [leader, follower] = completing(driver)
  const records = driver.log.length
  const assignments = [{ memberId: follower, assignment: Buffer.from('stolen') }]
  const parked = driver.sync({ memberId: follower, generationId: 1, assignments })
  t.equal(driver.log.length, records)
  driver.sync({ memberId: leader, generationId: 1 })
  t.equal(parked.get().assignment.length, 0)
  t.end()
})

t.test('4.3.10: a commit that comes too late changes nothing', t => {
  const driver = new Driver()
  const [leader, follower] = completing(driver)
  driver.hold = true
  const leads = driver.sync({ memberId: leader, generationId: 1 })
  driver.leave([{ memberId: follower }])
  t.equal(leads.get().errorCode, code.REBALANCE_IN_PROGRESS)
  driver.commit()
  t.equal(driver.state(), 'PreparingRebalance')
  t.end()
})

t.test('4.3.10: a failed append is told to all, and starts a rebalance', t => {
  const driver = new Driver()
  const [leader, follower] = completing(driver)
  driver.hold = true
  const tickets = [
    driver.sync({ memberId: follower, generationId: 1 }),
    driver.sync({ memberId: leader, generationId: 1 }),
  ]
  driver.fail(code.NOT_COORDINATOR)
  t.same(tickets.map(ticket => ticket.get().errorCode),
    [code.NOT_COORDINATOR, code.NOT_COORDINATOR])
  t.equal(driver.state(), 'PreparingRebalance')
  t.end()
})

t.test('4.3.11: Stable gives the stored assignment at once', t => {
  const driver = new Driver()
  const [leader = '', follower = ''] = stableGroup(driver, 2)
  t.equal(driver.sync({ memberId: leader, generationId: 1 }).get().assignment.toString(), 'a0')
  t.equal(driver.sync({ memberId: follower, generationId: 1 }).get().assignment.toString(), 'a1')
  t.equal(driver.reloaded().sync({ memberId: follower, generationId: 1 }).get().assignment.toString(), 'a1')
  t.end()
})

t.test('4.3, Heartbeat: the checks in order', t => {
  const driver = new Driver()
  t.equal(driver.heartbeat('x', 1), code.UNKNOWN_MEMBER_ID, 'group missing')
  const [leader, follower] = completing(driver)
  t.equal(driver.heartbeat(leader, 1), code.NONE, 'CompletingRebalance')
  driver.sync({ memberId: leader, generationId: 1 })
  t.equal(driver.heartbeat(leader, 1), code.NONE, 'Stable')
  const cases = [
    [driver.heartbeat('x', 9), code.UNKNOWN_MEMBER_ID],
    [driver.heartbeat(leader, 9, { groupInstanceId: 'box' }), code.UNKNOWN_MEMBER_ID],
    [driver.heartbeat(leader, 2), code.ILLEGAL_GENERATION],
    [driver.heartbeat(leader, 0), code.ILLEGAL_GENERATION],
  ]
  for (const [actual, expected] of cases) t.equal(actual, expected)
  driver.join({ memberId: leader })
  t.equal(driver.heartbeat(leader, 1), code.REBALANCE_IN_PROGRESS, 'PreparingRebalance')
  driver.leave([{ memberId: leader }, { memberId: follower }])
  t.equal(driver.state(), 'Empty')
  t.equal(driver.heartbeat(leader, 1), code.UNKNOWN_MEMBER_ID, 'Empty')
  t.end()
})

t.test('4.3, session expiry', async t => {
  t.test('a member that is silent for its session timeout is removed, and the others rebalance', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    driver.advance(9_000)
    t.equal(driver.heartbeat(leader, 1), code.NONE)
    driver.advance(999)
    t.equal(driver.state(), 'Stable')
    driver.advance(1)
    t.equal(driver.state(), 'PreparingRebalance')
    t.same(driver.memberIds(), [leader])
    t.equal(driver.heartbeat(follower, 1), code.UNKNOWN_MEMBER_ID)
    driver.advance(9_000)
    t.equal(driver.state(), 'Empty', 'the leader is silent too')
    t.end()
  })
  t.test('a heartbeat in PreparingRebalance counts too', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    driver.join({ memberId: leader })
    driver.advance(9_000)
    driver.heartbeat(follower, 1)
    driver.advance(9_000)
    t.ok(driver.memberIds().includes(follower))
    driver.advance(1_000)
    t.notOk(driver.memberIds().includes(follower))
    t.end()
  })
  t.test('who is parked in join or sync is left alone, until it is answered', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2, { rebalanceTimeoutMs: 60_000 })
    const parked = driver.join({ memberId: leader })
    for (let round = 0; round < 5; round++) {
      driver.advance(9_000)
      driver.heartbeat(follower, 1)
    }
    t.equal(parked.count, 0)
    driver.join({ memberId: follower })
    t.equal(parked.count, 1, 'its join is answered after five of its session timeouts')
    const sync = driver.sync({ memberId: follower, generationId: 2 })
    driver.advance(9_999)
    driver.heartbeat(leader, 2)
    driver.advance(9_000)
    t.equal(sync.count, 0, 'parked in sync')
    t.equal(driver.state(), 'CompletingRebalance')
    driver.sync({ memberId: leader, generationId: 2 })
    t.equal(sync.count, 1)
    driver.advance(9_999)
    t.equal(driver.memberIds().length, 2, 'the session begins with the answer')
    driver.advance(1)
    t.equal(driver.state(), 'Empty')
    t.end()
  })
})

t.test('4.3, session: what begins it anew', async t => {
  t.test('reload: everybody has the full session timeout again', t => {
    const driver = new Driver()
    stableGroup(driver, 1)
    driver.advance(9_999)
    const next = driver.reloaded()
    next.advance(9_999)
    t.equal(next.state(), 'Stable')
    next.advance(1)
    t.equal(next.state(), 'Empty')
    t.end()
  })
  t.test('OffsetCommit restarts the session in Stable and in PreparingRebalance', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    driver.advance(6_000)
    const of = (memberId: string) => ({ memberId, generationIdOrMemberEpoch: 1 })
    t.same(driver.commitOffsets({ 'a-0': 1n }, of(leader)), [code.NONE])
    t.same(driver.commitOffsets({ 'a-0': 1n }, of(follower)), [code.NONE])
    driver.advance(6_000)
    t.equal(driver.state(), 'Stable')
    driver.join({ memberId: leader })
    t.same(driver.commitOffsets({ 'a-0': 1n }, of(follower)), [code.NONE])
    driver.advance(9_999)
    t.equal(driver.memberIds().length, 2)
    driver.advance(1)
    t.same(driver.memberIds(), [leader])
    t.end()
  })
})

t.test('2, unload: everybody who is parked is sent away', t => {
  const driver = new Driver()
  const [leader, follower] = completing(driver)
  const sync = driver.sync({ memberId: follower, generationId: 1 })
  const join = driver.join({ groupId: 'other', version: 3 })
  driver.deliver(driver.shard.unload(driver.nowMs))
  t.equal(sync.get().errorCode, code.NOT_COORDINATOR)
  t.equal(join.get().errorCode, code.NOT_COORDINATOR)
  t.match(driver.join().get(), { errorCode: code.COORDINATOR_NOT_AVAILABLE }, '4.1 Dead')
  t.equal(driver.join({ memberId: leader }).get().errorCode, code.COORDINATOR_NOT_AVAILABLE)
  t.equal(driver.sync({ memberId: leader, generationId: 1 }).get().errorCode,
    code.COORDINATOR_NOT_AVAILABLE)
  t.equal(driver.heartbeat(leader, 1), code.COORDINATOR_NOT_AVAILABLE)
  t.equal(driver.leave([{ memberId: leader }]).errorCode, code.COORDINATOR_NOT_AVAILABLE)
  t.same(driver.commitOffsets({ 'a-0': 1n }), [code.COORDINATOR_NOT_AVAILABLE])
  t.same(driver.fetchOffsets(['a-0']), { 'a-0': -1n })
  t.same(driver.fetchOffsets(null), {})
  t.equal(driver.deleteOffsets(['a-0']).errorCode, code.GROUP_ID_NOT_FOUND)
  t.equal(driver.deleteGroup(), code.GROUP_ID_NOT_FOUND)
  t.equal(driver.shard.deadline(), undefined)
  t.end()
})
