import t from 'tap'
import { code } from '../../../../protocol/errors.ts'
import { Driver, stableGroup } from '../driver.ts'

t.test('4.3, LeaveGroup: a group that is not there has no members', t => {
  const driver = new Driver()
  t.same(driver.leave([{ memberId: 'a' }, { groupInstanceId: 'b' }]), {
    errorCode: code.NONE, members: [code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID],
  })
  t.same(driver.leave([], { version: 2, memberId: 'a' }), {
    errorCode: code.UNKNOWN_MEMBER_ID, members: [],
  }, 'v0-2: at the top level')
  t.end()
})

t.test('4.3, LeaveGroup: each member has its own answer', t => {
  const driver = new Driver()
  const [leader = '', follower = ''] = stableGroup(driver, 2)
  driver.join({ groupInstanceId: 'box' })
  driver.join({ groupInstanceId: 'crate' })
  const { memberId: pending } = driver.join().get()
  t.same(driver.leave([
    { memberId: 'x' },
    { memberId: '', groupInstanceId: 'nobody' },
    { memberId: '', groupInstanceId: null },
    { memberId: leader, groupInstanceId: 'nobody' },
    { memberId: leader, groupInstanceId: 'box' },
    { memberId: pending },
    { memberId: '', groupInstanceId: 'box' },
    { memberId: follower },
    { memberId: follower },
  ]), {
    errorCode: code.NONE,
    members: [
      code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID,
      code.UNKNOWN_MEMBER_ID,
      code.FENCED_INSTANCE_ID, code.NONE, code.NONE, code.NONE, code.UNKNOWN_MEMBER_ID,
    ],
  })
  t.equal(driver.memberIds().length, 2, 'the leader and the crate')
  t.end()
})

t.test('4.3, LeaveGroup v0-2: one member without instance id', t => {
  for (const version of [0, 1, 2]) {
    const driver = new Driver()
    const [id = ''] = stableGroup(driver, 1)
    t.equal(driver.leave([], { version, memberId: 'x' }).errorCode, code.UNKNOWN_MEMBER_ID)
    t.equal(driver.state(), 'Stable')
    t.same(driver.leave([], { version, memberId: id }), { errorCode: code.NONE, members: [] })
    t.equal(driver.state(), 'Empty')
  }
  t.end()
})

t.test('4.3, LeaveGroup: what it starts', async t => {
  t.test('Stable: a rebalance, also when only a pending id goes', t => {
    const driver = new Driver()
    stableGroup(driver, 1)
    const { memberId } = driver.join().get()
    t.same(driver.leave([{ memberId }]).members, [code.NONE])
    t.equal(driver.state(), 'PreparingRebalance')
    t.end()
  })
  t.test('nothing if nobody has gone', t => {
    const driver = new Driver()
    stableGroup(driver, 1)
    driver.leave([{ memberId: 'x' }])
    t.equal(driver.state(), 'Stable')
    t.end()
  })
  t.test('CompletingRebalance: a rebalance; those who are parked in sync learn of it', t => {
    const driver = new Driver()
    const [a, b] = [driver.join({ version: 3 }), driver.join({ version: 3 })]
    driver.advance(0)
    const sync = driver.sync({ memberId: b.get().memberId, generationId: 1 })
    driver.leave([{ memberId: a.get().memberId }])
    t.equal(driver.state(), 'PreparingRebalance')
    t.equal(sync.get().errorCode, code.REBALANCE_IN_PROGRESS)
    t.end()
  })
  t.test('PreparingRebalance: complete if the rest is parked; the one who goes is told', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    const stays = driver.join({ memberId: leader })
    const goes = driver.joinDynamic()
    driver.leave([{ memberId: goes.memberId }])
    t.match(goes.get(), { errorCode: code.UNKNOWN_MEMBER_ID, memberId: '' })
    t.equal(stays.count, 0)
    driver.leave([{ memberId: follower }])
    t.match(stays.get(), { errorCode: 0, generationId: 2 })
    t.end()
  })
  t.test('the initial rebalance does not complete early by it', t => {
    const driver = new Driver({ initialRebalanceDelayMs: 3_000 })
    const stays = driver.join({ version: 3 })
    const goes = driver.joinDynamic()
    driver.leave([{ memberId: goes.memberId }])
    t.equal(stays.count, 0)
    driver.advance(6_000)
    t.equal(stays.count, 1)
    t.end()
  })
  t.test('a pending id that has left does not come back by its timeout', t => {
    const driver = new Driver({ initialRebalanceDelayMs: 20_000 })
    const { memberId } = driver.join({ sessionTimeoutMs: 6_000 }).get()
    const stays = driver.join({ version: 3 })
    t.same(driver.leave([{ memberId }]).members, [code.NONE])
    driver.advance(19_999)
    t.equal(stays.count, 0)
    driver.advance(1)
    t.equal(stays.count, 1)
    t.end()
  })
  t.test('a leader that goes leaves the lead to another', t => {
    const driver = new Driver()
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    driver.leave([{ memberId: leader }])
    t.match(driver.join({ memberId: follower }).get(), { leader: follower, generationId: 2 })
    t.end()
  })
})
