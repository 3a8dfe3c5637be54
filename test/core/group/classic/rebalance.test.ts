import t from 'tap'
import { code } from '../../../../protocol/errors.ts'
import { ClassicGroup } from '../../../../src/core/group/classic/group.ts'
import type { ClassicState } from '../../../../src/core/group/classic/group.ts'
import { Driver, protocol, stableGroup, subscribing, syncAll } from '../driver.ts'

t.test('4: only the legal transitions are made', t => {
  const states: ClassicState[] = ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead']
  const legal = new Set([
    'PreparingRebalance>Empty', 'Stable>PreparingRebalance', 'CompletingRebalance>PreparingRebalance',
    'Empty>PreparingRebalance', 'PreparingRebalance>CompletingRebalance', 'CompletingRebalance>Stable',
    'Empty>Dead', 'PreparingRebalance>Dead', 'CompletingRebalance>Dead', 'Stable>Dead', 'Dead>Dead',
  ])
  for (const from of states) {
    for (const to of states) {
      const group = new ClassicGroup('group', from)
      const allowed = legal.has(`${from}>${to}`)
      if (!allowed) t.throws(() => group.transitionTo(to, 5), `${from} to ${to}`)
      else {
        group.transitionTo(to, 5)
        t.match(group, { state: to, previousState: from, stateTimestampMs: 5 })
      }
    }
  }
  t.end()
})

t.test('4.2, initial rebalance: how long it waits', async t => {
  // Members join at these times; the first one starts the wait.
  const cases = [
    { delay: 3_000, timeout: 60_000, joins: [0], completes: 3_000, why: 'nobody else came' },
    { delay: 3_000, timeout: 60_000, joins: [0, 1_000], completes: 6_000, why: 'one more came: again' },
    { delay: 3_000, timeout: 60_000, joins: [0, 1_000, 4_000], completes: 9_000, why: 'and again' },
    { delay: 3_000, timeout: 60_000, joins: [0, 1_000, 7_000], completes: 6_000, why: 'too late' },
    { delay: 3_000, timeout: 7_000, joins: [0, 1, 3_001, 6_001], completes: 7_000, why: 'no longer than the rebalance timeout' },
    { delay: 3_000, timeout: 3_000, joins: [0, 1], completes: 3_000, why: 'nothing remains' },
    { delay: 3_000, timeout: 1_000, joins: [0, 1], completes: 3_000, why: 'the delay is waited in any case' },
    { delay: 0, timeout: 60_000, joins: [0], completes: 0, why: 'no delay' },
  ]
  for (const { delay, timeout, joins, completes, why } of cases) {
    t.test(why, t => {
      const driver = new Driver({ initialRebalanceDelayMs: delay })
      const start = driver.nowMs
      const fields = { version: 3, rebalanceTimeoutMs: timeout, sessionTimeoutMs: 30_000 }
      let at = 0
      let first
      for (const join of joins.filter(join => join < completes || join === 0)) {
        driver.advance(join - at)
        at = join
        const ticket = driver.join(fields)
        first ??= ticket
      }
      if (completes > 0) {
        driver.advance(completes - at - 1)
        t.equal(first?.count, 0, 'never early, with everybody there')
        driver.advance(1)
      } else driver.advance(0)
      t.equal(driver.nowMs - start, completes)
      t.equal(first?.count, 1)
      t.end()
    })
  }
})

t.test('4.2, initial rebalance: completes early when a member expires and the rest is parked', t => {
  const driver = new Driver({ initialRebalanceDelayMs: 20_000 })
  const { memberId } = driver.join({ sessionTimeoutMs: 6_000 }).get()
  const parked = driver.join({ version: 3 })
  driver.advance(5_999)
  t.equal(parked.count, 0, 'a pending id is waited for')
  driver.advance(1)
  t.equal(parked.count, 1)
  t.equal(driver.join({ memberId }).get().errorCode, code.UNKNOWN_MEMBER_ID)
  t.end()
})

t.test('4.2: completes as soon as all members are parked and no id is pending', t => {
  const driver = new Driver()
  const [leader = '', follower = ''] = stableGroup(driver, 2)
  const { memberId: pending } = driver.join().get()
  t.equal(driver.state(), 'Stable', 'an id that is pending is no member')
  const first = driver.join({ memberId: leader })
  const second = driver.join({ memberId: follower })
  t.equal(first.count + second.count, 0, 'the owner of the id may be on its way')
  const third = driver.join({ memberId: pending })
  t.same([first, second, third].map(({ count }) => count), [1, 1, 1])
  t.equal(third.get().generationId, 2)
  t.equal(first.get().members.length, 3)
  t.end()
})

t.test('4.2: completes at the latest after the largest rebalance timeout; who is missing is out', t => {
  const driver = new Driver()
  const [leader = ''] = stableGroup(driver, 1, { rebalanceTimeoutMs: 40_000, sessionTimeoutMs: 100_000 })
  const fields = { rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 100_000 }
  const joiner = driver.joinDynamic(fields)
  const box = driver.join({ ...fields, groupInstanceId: 'box' })
  driver.advance(39_999)
  t.equal(joiner.count + box.count, 0)
  driver.advance(1)
  t.match(joiner.get(), {
    generationId: 2, leader: joiner.memberId,
  }, 'step 2: the first that is parked leads')
  t.match(box.get(), { generationId: 2, members: [] })
  t.notOk(driver.memberIds().includes(leader), 'step 1: a dynamic member that is not parked')
  t.end()
})

t.test('4.2.1: static members stay, even if they have not joined', t => {
  const driver = new Driver()
  const fields = { rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 100_000 }
  const box = driver.join({ ...fields, groupInstanceId: 'box' })
  driver.advance(0)
  const { memberId } = box.get()
  syncAll(driver, [memberId], 1)
  const joiner = driver.joinDynamic(fields)
  driver.advance(20_000)
  t.match(joiner.get(), { generationId: 2, leader: joiner.memberId })
  t.same(driver.memberIds(), [memberId, joiner.memberId])
  t.end()
})

t.test('4.2.2: nobody is parked but static members exist: another rebalance timeout', t => {
  const driver = new Driver()
  const fields = { rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 100_000, groupInstanceId: 'box' }
  const box = driver.join(fields)
  driver.advance(0)
  const { memberId } = box.get()
  syncAll(driver, [memberId], 1)
  const { memberId: asker } =
    driver.joinDynamic({ rebalanceTimeoutMs: 20_000, sessionTimeoutMs: 100_000 })
  t.equal(driver.state(), 'PreparingRebalance')
  driver.leave([{ memberId: asker }])
  driver.advance(20_000)
  t.equal(driver.state(), 'PreparingRebalance')
  driver.advance(19_000)
  const back = driver.join({ ...fields, memberId })
  t.equal(back.count, 1, 'complete once it comes back')
  t.end()
})

t.test('4.2.4: without members the group is Empty, and that is stored', t => {
  const driver = new Driver()
  const [id = ''] = stableGroup(driver, 1)
  const before = driver.log.length
  driver.leave([{ memberId: id }])
  t.equal(driver.log.length, before + 1)
  t.match(driver.describe(), { groupState: 'Empty', protocolType: 'consumer', protocolData: '' })
  t.match(driver.reloaded().describe(), { groupState: 'Empty', protocolType: 'consumer' })
  const again = driver.joinDynamic()
  driver.advance(0)
  t.equal(again.get().generationId, 3, 'step 3: each completion is a generation')
  t.end()
})

t.test('4.2, vote: the candidate that most members prefer', t => {
  const cases = [
    { members: [['a', 'b'], ['b', 'a'], ['b', 'a']], chosen: 'b' },
    { members: [['a', 'b'], ['a', 'b'], ['b', 'a']], chosen: 'a' },
    { members: [['c', 'a'], ['b', 'a'], ['b', 'a']], chosen: 'a', why: 'only what all have counts' },
    { members: [['a', 'b'], ['b', 'a']], chosen: 'a', why: 'of equals, the first one voted for' },
  ]
  for (const { members, chosen, why } of cases) {
    const driver = new Driver()
    const tickets = members.map(names =>
      driver.join({ version: 3, protocols: names.map(name => protocol(name, name)) }))
    driver.advance(0)
    t.equal(tickets[0]?.get().protocolName, chosen, why ?? chosen)
    t.same(tickets[0]?.get().members.map(({ metadata }) => metadata.toString()),
      members.map(() => chosen))
  }
  t.end()
})

t.test('4.2, sync timer: members that send no SyncGroup are removed', async t => {
  t.test('CompletingRebalance: also when it is the leader', t => {
    const driver = new Driver()
    const fields = { version: 3, rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 100_000 }
    const [leader, follower] = [driver.join(fields), driver.join(fields)]
    driver.advance(0)
    const { memberId } = follower.get()
    const parked = driver.sync({ memberId, generationId: 1 })
    driver.advance(4_999)
    t.equal(parked.count, 0)
    driver.advance(1)
    t.equal(parked.get().errorCode, code.REBALANCE_IN_PROGRESS)
    t.equal(driver.state(), 'PreparingRebalance')
    t.same(driver.memberIds(), [memberId])
    t.equal(driver.join({ ...fields, memberId: leader.get().memberId }).get().errorCode,
      code.UNKNOWN_MEMBER_ID)
    t.match(driver.join({ ...fields, memberId }).get(), { generationId: 2, leader: memberId })
    t.end()
  })
  t.test('Stable: a follower that never fetched its assignment', t => {
    const driver = new Driver()
    const fields = { version: 3, rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 100_000 }
    const [leader, follower] = [driver.join(fields), driver.join(fields)]
    driver.advance(0)
    driver.sync({ memberId: leader.get().memberId, generationId: 1 })
    t.equal(driver.state(), 'Stable')
    driver.advance(5_000)
    t.equal(driver.state(), 'PreparingRebalance')
    t.notOk(driver.memberIds().includes(follower.get().memberId))
    t.end()
  })
  t.test('nothing happens once all have sent it', t => {
    const driver = new Driver()
    stableGroup(driver, 2, { rebalanceTimeoutMs: 5_000, sessionTimeoutMs: 100_000 })
    driver.advance(50_000)
    t.equal(driver.state(), 'Stable')
    t.end()
  })
})

t.test('4.2.5: subscriptions are parsed, for groups of type consumer', t => {
  const driver = new Driver()
  stableGroup(driver, 1, { protocols: [subscribing('range', 'orders', 'bills')] })
  driver.commitOffsets({ 'orders-0': 1n }, { generationIdOrMemberEpoch: 1, memberId: driver.memberIds()[0] ?? '' })
  t.same(driver.deleteOffsets(['orders-0', 'other-0']).partitions, [code.GROUP_SUBSCRIBED_TO_TOPIC, code.NONE])
  t.end()
})
