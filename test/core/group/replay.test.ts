import t from 'tap'
import { DecodeError } from '../../../protocol/cursor.ts'
import { encodeKey, encodeVersioned } from '../../../protocol/stored/framing.ts'
import {
  GroupMetadata, LegacyOffsetCommit, OffsetCommit,
} from '../../../protocol/stored/groups-classic.ts'
import { ConsumerGroupMetadata } from '../../../protocol/stored/groups-consumer.ts'
import { groupTombstone, offsetTombstone } from '../../../src/core/group/records.ts'
import { Driver, stableGroup, subscribing, syncAll } from './driver.ts'

const plain = (record: { key: Buffer, value: Buffer | null }) => ({ record, producerId: -1n })

t.test('3, replay tolerance: what a log may hold', t => {
  const driver = new Driver()
  t.ok(driver.replayed(plain(groupTombstone('nobody'))), 'a tombstone for an unknown group')
  t.ok(driver.replayed(plain(offsetTombstone('nobody', 'a', 0))))
  t.equal(driver.state('nobody'), 'Dead')
  const other = { key: encodeKey(ConsumerGroupMetadata, { groupId: 'x' }), value: null }
  t.notOk(driver.replayed(plain(other)), 'a record of another type is left alone')
  t.notOk(driver.replayed(plain({ key: Buffer.from([0x7f, 0]), value: Buffer.alloc(0) })))
  const key = encodeKey(OffsetCommit, { group: 'g', topic: 'a', partition: 0 })
  t.throws(() => driver.replayed(plain({ key, value: Buffer.from([0, 9]) })), DecodeError, 'an unknown version')
  t.throws(() => driver.replayed(plain({ key, value: Buffer.from([0, 4, 0]) })), DecodeError, 'cut off')
  t.end()
})

t.test('3: old offset records', t => {
  const driver = new Driver()
  const legacy = encodeKey(LegacyOffsetCommit, { group: 'g', topic: 'a', partition: 0 })
  driver.replayed(plain({
    key: legacy,
    value: encodeVersioned(LegacyOffsetCommit.value, 0, { offset: 5n, metadata: 'm', commitTimestamp: 1n }),
  }))
  t.same(driver.fetchOffsets(null, { groupId: 'g' }), { 'a-0': 5n })
  driver.replayed(plain({ key: legacy, value: null }))
  t.same(driver.fetchOffsets(null, { groupId: 'g' }), {})
  const key = encodeKey(OffsetCommit, { group: 'g', topic: 'a', partition: 0 })
  for (const version of [0, 1, 2, 3, 4]) {
    const value = { offset: BigInt(version), metadata: '', commitTimestamp: 1n, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }
    driver.replayed(plain({ key, value: encodeVersioned(OffsetCommit.value, version, value) }))
    t.same(driver.fetchOffsets(null, { groupId: 'g' }), { 'a-0': BigInt(version) })
  }
  t.end()
})

t.test('3: group records of every version; with members Stable, without Empty', t => {
  for (const version of [0, 1, 2, 3, 4]) {
    const driver = new Driver()
    const member = {
      memberId: 'm', groupInstanceId: null, clientId: 'c', clientHost: '/h', rebalanceTimeout: 7_000,
      sessionTimeout: 9_000, subscription: Buffer.from('s'), assignment: Buffer.from('a'),
    }
    const value = {
      protocolType: 'consumer', generation: 4, protocol: 'range', leader: 'm', currentStateTimestamp: 1n,
      members: [member],
    }
    const key = encodeKey(GroupMetadata, { group: 'group' })
    driver.replayed(plain({ key, value: encodeVersioned(GroupMetadata.value, version, value) }))
    driver.loaded()
    t.match(driver.describe(), {
      groupState: 'Stable', protocolData: 'range', members: [{ memberId: 'm', clientHost: '/h' }],
    }, `v${version}`)
    t.equal(driver.heartbeat('m', 4), 0)
    driver.join({ version: 3, rebalanceTimeoutMs: 1, sessionTimeoutMs: 100_000 })
    const rebalanceTimeoutMs = version === 0 ? 9_000 : 7_000
    driver.advance(rebalanceTimeoutMs - 1)
    t.equal(driver.state(), 'PreparingRebalance', 'a missing rebalance timeout is the session timeout')
    driver.advance(1)
    t.equal(driver.state(), 'CompletingRebalance')
  }
  t.end()
})

t.test('reload equals replay: whoever takes over sees the same groups and offsets', t => {
  const driver = new Driver()
  const fields = { protocols: [subscribing('range', 'a', 'b')], sessionTimeoutMs: 30_000 }
  const [leader = '', follower = ''] = stableGroup(driver, 2, fields)
  const box = driver.join({ ...fields, groupInstanceId: 'box' })
  driver.join({ ...fields, memberId: leader })
  driver.join({ ...fields, memberId: follower })
  syncAll(driver, [leader, follower, box.get().memberId], 2)
  driver.commitOffsets({ 'a-0': 1n, 'b-3': 2n }, { memberId: leader, generationIdOrMemberEpoch: 2 })
  driver.commitOffsets({ 'a-0': 3n }, { groupId: 'simple', version: 3, retentionTimeMs: 77n })
  stableGroup(driver, 1, { groupId: 'gone' })
  driver.leave([{ memberId: driver.memberIds('gone')[0] ?? '' }], { groupId: 'gone' })
  driver.deleteGroup('gone')
  stableGroup(driver, 1, { groupId: 'left', protocolType: 'connect' })
  driver.leave([{ memberId: driver.memberIds('left')[0] ?? '' }], { groupId: 'left' })
  driver.join({ groupId: 'fresh' })
  const seen = (each: Driver) => ({
    list: each.list().sort((a, b) => a.groupId < b.groupId ? -1 : 1),
    groups: ['group', 'simple', 'gone', 'left', 'fresh'].map(groupId => each.describe(groupId)),
    offsets: ['group', 'simple', 'gone'].map(groupId => each.fetchOffsets(null, { groupId })),
    subscribed: each.deleteOffsets(['a-9', 'c-9']),
  })
  const before = seen(driver)
  t.equal(before.list.length, 4)
  const next = driver.reloaded()
  t.same(seen(next), before)
  t.same(seen(next.reloaded()), before)
  const back = next.join({ ...fields, memberId: leader })
  t.equal(next.state(), 'PreparingRebalance', 'the leader is known')
  next.join({ ...fields, memberId: follower })
  next.join({ ...fields, groupInstanceId: 'box', memberId: box.get().memberId })
  t.match(back.get(), { generationId: 3, leader })
  t.end()
})

t.test('3: what a group keeps is its own: the memory of the records is used again', t => {
  const driver = new Driver()
  stableGroup(driver, 1, { protocols: [subscribing('range', 'a')] })
  const before = driver.describe()
  const next = new Driver({}, driver.log.map(({ record: { key, value }, producerId }) =>
    ({ record: { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) },
      producerId })))
  for (const { record: { key, value } } of next.log) {
    for (const bytes of [key, value]) bytes?.fill(0xff)
  }
  t.equal(before.members[0]?.memberAssignment?.toString(), 'a0')
  t.same(next.describe().members, before.members)
  t.end()
})

t.test('a group that is replaced by its own record keeps no deadline of the old one', t => {
  const driver = new Driver({ offsetsRetentionCheckIntervalMs: 1_800_000 }).loaded()
  stableGroup(driver, 2)
  driver.replayed(plain(groupTombstone('group')))
  t.equal(driver.shard.deadline(), 1_000_000 + 1_800_000, 'what is left is the offsets\' own')
  t.end()
})
