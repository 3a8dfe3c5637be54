import t from 'tap'
import { code } from '../../../../protocol/errors.ts'
import { Driver, protocol, stableGroup, syncAll } from '../driver.ts'
import type { JoinFields } from '../driver.ts'

const box = { groupInstanceId: 'box', sessionTimeoutMs: 20_000 }

/** A static member `box` that leads, and a dynamic follower; Stable in generation 1. */
function boxGroup (driver: Driver, fields: JoinFields = {}): [leader: string, follower: string] {
  const first = driver.join({ ...box, ...fields })
  const second = driver.joinDynamic({ sessionTimeoutMs: 20_000, ...fields })
  driver.advance(0)
  const ids: [string, string] = [first.get().memberId, second.get().memberId]
  syncAll(driver, ids, 1)
  return ids
}

t.test('4.4, Stable and the same protocol: no rebalance; the answer comes after the commit', async t => {
  for (const version of [5, 8, 9]) {
    t.test(`v${version}, the leader comes back`, t => {
      const driver = new Driver()
      const [old, follower] = boxGroup(driver)
      driver.hold = true
      const records = driver.log.length
      const ticket = driver.join({ ...box, version, protocols: [protocol('range', 'changed')] })
      t.equal(ticket.count, 0)
      t.equal(driver.log.length, records + 1)
      t.equal(driver.state(), 'Stable')
      driver.commit()
      const response = ticket.get()
      t.match(response, { errorCode: 0, generationId: 1, protocolName: 'range', protocolType: 'consumer' })
      t.not(response.memberId, old)
      t.ok(response.memberId.startsWith('box-'))
      if (version >= 9) {
        t.match(response, { leader: response.memberId, skipAssignment: true })
        t.same(response.members.map(({ memberId }) => memberId), [response.memberId, follower])
        t.equal(response.members[0]?.metadata.toString(), 'changed')
      } else t.match(response, { leader: old, skipAssignment: false, members: [] })
      t.same(driver.memberIds(), [response.memberId, follower], 'it has the old one\'s place')
      t.equal(driver.sync({ memberId: response.memberId, generationId: 1 }).get().assignment.toString(), 'a0')
      t.equal(driver.heartbeat(old, 1, { groupInstanceId: 'box' }), code.FENCED_INSTANCE_ID)
      t.equal(driver.heartbeat(old, 1), code.UNKNOWN_MEMBER_ID)
      const next = driver.reloaded()
      t.same(next.describe().members, driver.describe().members)
      t.end()
    })
  }
})

t.test('4.4, Stable and the same protocol: who leads, and sessions', async t => {
  t.test('a follower comes back: the leader is who it was', t => {
    const driver = new Driver()
    const [leader = ''] = stableGroup(driver, 1, { sessionTimeoutMs: 20_000 })
    const first = driver.join(box)
    driver.join({ memberId: leader })
    t.equal(first.get().errorCode, 0)
    syncAll(driver, [leader, first.get().memberId], 2)
    const back = driver.join({ ...box, version: 9 })
    t.match(back.get(), { leader, generationId: 2, skipAssignment: false, members: [] })
    t.end()
  })
  t.test('its session begins anew, and it is static still', t => {
    const driver = new Driver()
    boxGroup(driver)
    driver.advance(19_000)
    const { memberId } = driver.join(box).get()
    driver.advance(1_000)
    t.equal(driver.state(), 'PreparingRebalance', 'the follower is out')
    t.same(driver.memberIds(), [memberId])
    driver.advance(18_999)
    t.same(driver.memberIds(), [memberId])
    driver.advance(1)
    t.equal(driver.state(), 'Empty')
    t.end()
  })
  t.test('it is waited for with its SyncGroup, as the one that it replaces was', t => {
    const driver = new Driver()
    const fields = { sessionTimeoutMs: 1_000_000 }
    const [leader = ''] = stableGroup(driver, 1, fields)
    const first = driver.join({ ...box, ...fields })
    driver.join({ ...fields, memberId: leader })
    driver.sync({ memberId: leader, generationId: 2, assignments: [] })
    t.ok(first.get().memberId)
    t.equal(driver.state(), 'Stable')
    const { memberId } = driver.join({ ...box, ...fields }).get()
    driver.advance(59_999)
    t.same(driver.memberIds(), [leader, memberId])
    driver.advance(1)
    t.same(driver.memberIds(), [leader], 'it never came')
    t.equal(driver.state(), 'PreparingRebalance')
    t.end()
  })
  t.test('a session that ends while the commit is awaited ends later', t => {
    const driver = new Driver()
    const fields = { sessionTimeoutMs: 100_000 }
    const [leader = ''] = stableGroup(driver, 1, fields)
    const first = driver.join(box)
    driver.join({ ...fields, memberId: leader })
    syncAll(driver, [leader, first.get().memberId], 2)
    driver.hold = true
    const back = driver.join(box)
    driver.advance(20_000)
    t.equal(driver.state(), 'Stable', 'who is parked is left alone')
    driver.commit()
    const { memberId } = back.get()
    driver.advance(19_999)
    t.ok(driver.memberIds().includes(memberId))
    driver.advance(1)
    t.same(driver.memberIds(), [leader])
    t.end()
  })
})

t.test('4.4, Stable and the same protocol: failures, and what comes before the commit', async t => {
  t.test('a failed append is undone', t => {
    const driver = new Driver()
    const [old, follower] = boxGroup(driver)
    driver.hold = true
    const ticket = driver.join({ ...box, protocols: [protocol('range', 'changed')] })
    driver.fail(code.NOT_COORDINATOR)
    t.match(ticket.get(), { errorCode: code.NOT_COORDINATOR, memberId: '', leader: old, generationId: 1 })
    t.same(driver.memberIds(), [old, follower])
    t.equal(driver.describe().members[0]?.memberMetadata.toString(), 'range')
    t.equal(driver.heartbeat(old, 1, { groupInstanceId: 'box' }), code.NONE)
    driver.advance(20_000)
    t.equal(driver.state(), 'Empty', 'its session runs')
    t.end()
  })
  t.test('a rebalance that is under way at the commit will give the answer', t => {
    const driver = new Driver()
    const [, follower] = boxGroup(driver)
    const { memberId: pending } = driver.join().get()
    driver.hold = true
    const ticket = driver.join(box)
    driver.join({ memberId: follower, protocols: [protocol('range', 'x')] })
    t.equal(driver.state(), 'PreparingRebalance')
    driver.commit()
    t.equal(ticket.count, 0)
    driver.join({ memberId: pending })
    t.match(ticket.get(), { errorCode: 0, generationId: 2 })
    t.end()
  })
  t.test('a rebalance that comes before the commit gives the answer', t => {
    const driver = new Driver()
    const [, follower] = boxGroup(driver)
    driver.hold = true
    const ticket = driver.join(box)
    const change = driver.join({ memberId: follower, protocols: [protocol('range', 'x')] })
    t.equal(ticket.count, 1, 'both are parked')
    t.equal(change.count, 1)
    t.equal(ticket.get().generationId, 2)
    driver.commit()
    t.equal(ticket.count, 1)
    t.equal(driver.state(), 'CompletingRebalance')
    t.end()
  })
})

t.test('4.4, Stable and another protocol would be chosen: a rebalance', t => {
  const driver = new Driver()
  const [range, sticky] = [protocol('range'), protocol('sticky')]
  boxGroup(driver, { protocols: [range, sticky] })
  const ticket = driver.join({ ...box, protocols: [sticky] })
  t.equal(ticket.count, 0)
  t.equal(driver.state(), 'PreparingRebalance')
  t.end()
})

t.test('4.4, CompletingRebalance: a rebalance; the old id\'s parked sync is fenced', t => {
  const driver = new Driver()
  const first = driver.join(box)
  driver.advance(0)
  const other = driver.join({ version: 3 })
  const old = first.get().memberId
  driver.join({ ...box, memberId: old })
  t.equal(driver.state(), 'CompletingRebalance')
  driver.sync({ memberId: other.get().memberId, generationId: 2 })
  driver.hold = true
  const sync = driver.sync({ memberId: old, generationId: 2 })
  const back = driver.join(box)
  t.match(sync.get(), { errorCode: code.FENCED_INSTANCE_ID })
  t.equal(driver.state(), 'PreparingRebalance')
  t.equal(back.count, 0)
  driver.commit()
  t.equal(driver.state(), 'PreparingRebalance', 'the old assignment does not count any more')
  t.end()
})

t.test('4.4, PreparingRebalance: parked in the old one\'s place, whose join is fenced', t => {
  const driver = new Driver()
  const [old, follower] = boxGroup(driver)
  const parked = driver.join({ ...box, memberId: old })
  const back = driver.join(box)
  t.match(parked.get(), { errorCode: code.FENCED_INSTANCE_ID, memberId: old, leader: '' })
  t.equal(back.count, 0)
  driver.join({ memberId: follower })
  t.match(back.get(), { errorCode: 0, generationId: 2, leader: back.get().memberId })
  t.equal(back.get().members.length, 2)
  t.end()
})

t.test('4.4: static members go by session expiry, LeaveGroup and sync timeout', async t => {
  t.test('LeaveGroup by instance id alone', t => {
    const driver = new Driver()
    const [, follower] = boxGroup(driver)
    t.same(driver.leave([{ groupInstanceId: 'box' }]).members, [code.NONE])
    t.same(driver.memberIds(), [follower])
    t.same(driver.leave([{ groupInstanceId: 'box' }]).members, [code.UNKNOWN_MEMBER_ID])
    t.equal(driver.heartbeat('x', 1, { groupInstanceId: 'box' }), code.UNKNOWN_MEMBER_ID)
    const again = driver.join(box)
    driver.join({ memberId: follower })
    t.equal(again.get().errorCode, 0, 'the name is free again')
    t.end()
  })
  t.test('sync timeout', t => {
    const driver = new Driver()
    const first = driver.join({ ...box, rebalanceTimeoutMs: 5_000 })
    driver.advance(5_000)
    t.equal(driver.state(), 'Empty')
    t.equal(driver.join({ ...box, memberId: first.get().memberId }).get().errorCode,
      code.UNKNOWN_MEMBER_ID)
    t.end()
  })
  t.test('a rejoin under its own id is that of any member', t => {
    const driver = new Driver()
    const [leader, follower] = boxGroup(driver)
    const back = driver.join({ ...box, memberId: leader })
    t.equal(driver.state(), 'PreparingRebalance')
    driver.join({ memberId: follower })
    t.match(back.get(), { memberId: leader, generationId: 2 })
    t.end()
  })
})
