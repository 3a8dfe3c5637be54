import t from 'tap'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { offsetRecord } from '../../../src/core/group/records.ts'
import { Driver, protocol, stableGroup, subscribing } from './driver.ts'

const settings = { offsetsRetentionMs: 1_000_000, offsetsRetentionCheckIntervalMs: 1_000 }
const { name, metadata } = subscribing('range', 'a')
const ofNegativeVersion = {
  name, metadata: Buffer.concat([Buffer.from([0xff, 0xff]), metadata.subarray(2)]),
}
const forever = { sessionTimeoutMs: 1_800_000 }

t.test('5.4: a simple group\'s offsets expire by their commits, then the group itself goes', t => {
  const driver = new Driver(settings).loaded()
  driver.commitOffsets({ 'a-0': 1n })
  driver.advance(500_000)
  driver.commitOffsets({ 'b-0': 2n })
  driver.advance(499_999)
  t.same(driver.fetchOffsets(null), { 'a-0': 1n, 'b-0': 2n })
  driver.advance(1)
  t.same(driver.fetchOffsets(null), { 'b-0': 2n })
  t.equal(driver.state(), 'Empty')
  driver.advance(500_000)
  t.equal(driver.state(), 'Dead')
  t.equal(driver.reloaded().state(), 'Dead')
  t.end()
})

t.test('5.4: an explicit expiry counts instead of the retention', t => {
  const driver = new Driver(settings).loaded()
  driver.commitOffsets({ 'a-0': 1n }, { version: 4, retentionTimeMs: 10_000n })
  driver.commitOffsets({ 'b-0': 2n }, { version: 4, retentionTimeMs: 3_000_000n })
  driver.advance(9_999)
  t.same(Object.keys(driver.fetchOffsets(null)), ['a-0', 'b-0'])
  driver.advance(1)
  t.same(Object.keys(driver.fetchOffsets(null)), ['b-0'])
  driver.commitOffsets({ 'c-0': 3n }, { version: 4, retentionTimeMs: -(2n ** 62n) })
  t.same(Object.keys(driver.fetchOffsets(null)), ['b-0', 'c-0'])
  driver.advance(1_000)
  t.same(Object.keys(driver.fetchOffsets(null)), ['b-0'], 'one that was over before the epoch')
  driver.advance(2_988_999)
  t.same(Object.keys(driver.fetchOffsets(null)), ['b-0'])
  driver.advance(1)
  t.same(driver.fetchOffsets(null), {})
  t.end()
})

t.test('5.4: a group that has emptied: from the time since when it is empty', t => {
  const driver = new Driver(settings).loaded()
  const [id = ''] = stableGroup(driver, 1, { ...forever, protocols: [subscribing('range', 'a')] })
  driver.commitOffsets({ 'a-0': 1n }, { memberId: id, generationIdOrMemberEpoch: 1 })
  driver.advance(600_000)
  driver.leave([{ memberId: id }])
  const next = driver.reloaded()
  for (const each of [driver, next]) {
    each.advance(999_999)
    t.same(each.fetchOffsets(null), { 'a-0': 1n })
    each.advance(1_000)
    t.equal(each.state(), 'Dead')
  }
  t.end()
})

t.test('5.4: a group at work', async t => {
  const cases = [
    { type: 'consumer', protocols: [subscribing('range', 'a')], left: ['a-0'], why: 'topics that nobody reads' },
    { type: 'consumer', protocols: [protocol('range', '')], left: ['a-0', 'b-0'], why: 'unknown subscriptions: never' },
    { type: 'consumer', protocols: [ofNegativeVersion], left: ['a-0', 'b-0'], why: 'a version that there is not: never' },
    { type: 'connect', protocols: [subscribing('range', 'a')], left: ['a-0', 'b-0'], why: 'other types: never' },
  ]
  for (const { type, protocols, left, why } of cases) {
    t.test(why, t => {
      const driver = new Driver(settings).loaded()
      const [id = ''] = stableGroup(driver, 1, { ...forever, protocolType: type, protocols })
      driver.commitOffsets({ 'a-0': 1n, 'b-0': 1n }, { memberId: id, generationIdOrMemberEpoch: 1 })
      driver.advance(1_000_000)
      t.same(Object.keys(driver.fetchOffsets(null)), left)
      t.equal(driver.state(), 'Stable')
      t.end()
    })
  }
  t.test('while it rebalances: never', t => {
    const driver = new Driver(settings).loaded()
    const fields = { ...forever, rebalanceTimeoutMs: 1_800_000, protocols: [subscribing('range', 'a')] }
    const [id = ''] = stableGroup(driver, 2, fields)
    driver.commitOffsets({ 'b-0': 1n }, { memberId: id, generationIdOrMemberEpoch: 1 })
    driver.join({ ...fields, memberId: id })
    t.equal(driver.state(), 'PreparingRebalance')
    driver.advance(1_500_000)
    t.same(driver.fetchOffsets(null), { 'b-0': 1n })
    t.end()
  })
})

t.test('5.4: offsets and groups with an open transaction stay', t => {
  const driver = new Driver(settings).loaded()
  driver.commitOffsets({ 'a-0': 1n, 'b-0': 2n })
  driver.replayed({
    record: offsetRecord('group', 'a', 0, {
      offset: 9n, leaderEpoch: -1, metadata: '', commitTimestampMs: 0n, expireTimestampMs: -1n, topicId: ZERO_UUID,
    }),
    producerId: 3n,
  })
  driver.advance(1_000_000)
  t.same(driver.fetchOffsets(null), { 'a-0': 1n })
  driver.shard.replayEndOfTransaction(3n, false)
  driver.advance(1_000)
  t.equal(driver.state(), 'Dead')
  t.end()
})

t.test('5.4: a group whose only offsets are of an open transaction stays', t => {
  const driver = new Driver(settings).loaded()
  driver.commitOffsets({ 'a-0': 1n })
  driver.replayed({
    record: offsetRecord('group', 'b', 0, {
      offset: 9n, leaderEpoch: -1, metadata: '', commitTimestampMs: 0n, expireTimestampMs: -1n, topicId: ZERO_UUID,
    }),
    producerId: 3n,
  })
  driver.advance(1_001_000)
  t.same(driver.fetchOffsets(null), {})
  t.equal(driver.state(), 'Empty')
  driver.shard.replayEndOfTransaction(3n, true)
  t.same(driver.fetchOffsets(null), { 'b-0': 9n })
  t.end()
})

t.test('5.4: a group without offsets goes with the next check once it is empty', t => {
  const driver = new Driver(settings).loaded()
  driver.join()
  stableGroup(driver, 1, { ...forever, groupId: 'busy' })
  driver.advance(1_000)
  t.equal(driver.state(), 'Dead')
  t.equal(driver.state('busy'), 'Stable')
  t.end()
})

t.test('2: tombstones of duties may be divided into batches, those of requests may not', t => {
  const driver = new Driver(settings)
  driver.commitOffsets({ 'a-0': 1n, 'b-0': 1n, 'c-0': 1n })
  driver.loaded()
  t.equal(driver.shard.topicsDeleted([{ name: 'a', topicId: ZERO_UUID }], driver.nowMs).isDivisible, true)
  t.equal(driver.shard.deleteGroups(['group'], driver.nowMs).isDivisible, false)
  driver.nowMs += 1_000_000
  const [expiry] = [...driver.shard.expire(driver.nowMs)]
  t.match(expiry, { isDivisible: true, replay: true })
  t.equal(expiry?.records.length, 4)
  t.end()
})
