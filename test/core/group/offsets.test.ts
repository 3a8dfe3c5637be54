import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { decodeVersioned, encodeVersioned } from '../../../protocol/stored/framing.ts'
import { OffsetCommit } from '../../../protocol/stored/groups-classic.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/stored/payloads.ts'
import { uuidFromBytes, ZERO_UUID } from '../../../protocol/uuid.ts'
import { offsetRecord } from '../../../src/core/group/records.ts'
import { Driver, stableGroup, subscribing } from './driver.ts'

const A = uuidFromBytes(Buffer.alloc(16, 1))
const B = uuidFromBytes(Buffer.alloc(16, 2))

function stored (driver: Driver) {
  const value = driver.log.at(-1)?.record.value
  if (value == null) throw new Error('no value was written')
  return { version: value.readInt16BE(0), ...decodeVersioned(OffsetCommit.value, value) }
}

t.test('5.1.4, group missing: a simple group is made, or the commit is refused', t => {
  const driver = new Driver()
  t.same(driver.commitOffsets({ 'a-0': 1n }, { generationIdOrMemberEpoch: 0, version: 9 }), [code.GROUP_ID_NOT_FOUND])
  t.same(driver.commitOffsets({ 'a-0': 1n }, { generationIdOrMemberEpoch: 0, version: 8 }), [code.ILLEGAL_GENERATION])
  t.equal(driver.state(), 'Dead')
  t.same(driver.commitOffsets({ 'a-0': 1n }), [code.NONE])
  t.match(driver.describe(), { groupState: 'Empty', protocolType: '' })
  t.same(driver.commitOffsets({ 'a-0': 2n }, { groupId: '' }), [code.NONE], '"" is a legal group')
  t.same(driver.fetchOffsets(['a-0']), { 'a-0': 1n })
  t.same(driver.fetchOffsets(['a-0'], { groupId: '' }), { 'a-0': 2n })
  t.end()
})

t.test('5.1: the commit makes the group, also one of which nothing is stored', t => {
  const settings = { offsetMetadataMaxBytes: 3, offsetsRetentionCheckIntervalMs: 1_000 }
  const driver = new Driver(settings).loaded()
  t.same(driver.commitOffsets({ 'a-0': 1n }, { metadata: 'long' }), [code.OFFSET_METADATA_TOO_LARGE])
  t.equal(driver.log.length, 0)
  t.match(driver.describe(), { errorCode: code.NONE, groupState: 'Empty', protocolType: '' })
  t.equal(driver.reloaded().state(), 'Dead', 'no record of it')
  t.same(driver.deleteOffsets(['a-0']), { errorCode: code.NONE, partitions: [code.NONE] })
  driver.advance(1_000)
  t.equal(driver.state(), 'Dead', 'nothing keeps it longer than the next look for what has expired')
  t.same(driver.commitOffsets({}, { topics: [] }), [])
  t.equal(driver.state(), 'Empty')
  driver.commitOffsets({ 'a-0': 1n }, { metadata: 'long', groupId: 'other', generationIdOrMemberEpoch: 1 })
  t.equal(driver.state('other'), 'Dead', 'a commit that is refused as a whole makes none')
  t.end()
})

t.test('5.1.4, classic groups', t => {
  const driver = new Driver()
  const [id = ''] = stableGroup(driver, 1)
  const cases = [
    [{}, code.UNKNOWN_MEMBER_ID, 'nothing given and not Empty'],
    [{ generationIdOrMemberEpoch: 1 }, code.UNKNOWN_MEMBER_ID, 'a generation without a member'],
    [{ memberId: 'x' }, code.UNKNOWN_MEMBER_ID, 'an unknown member'],
    [{ memberId: id }, code.ILLEGAL_GENERATION, 'a member without a generation'],
    [{ memberId: id, generationIdOrMemberEpoch: 2 }, code.ILLEGAL_GENERATION, 'another generation'],
    [{ memberId: id, generationIdOrMemberEpoch: 1, groupInstanceId: 'box' }, code.UNKNOWN_MEMBER_ID, 'an unknown instance'],
    [{ memberId: id, generationIdOrMemberEpoch: 1 }, code.NONE, 'the member itself'],
  ] as const
  for (const [fields, expected, why] of cases) {
    t.same(driver.commitOffsets({ 'a-0': 1n, 'b-1': 2n }, fields), [expected, expected], why)
  }
  const box = driver.join({ groupInstanceId: 'box' })
  t.same(driver.commitOffsets({ 'a-0': 1n }, {
    memberId: id, generationIdOrMemberEpoch: 1, groupInstanceId: 'box',
  }), [code.FENCED_INSTANCE_ID])
  t.same(driver.commitOffsets({ 'a-0': 5n }, { memberId: id, generationIdOrMemberEpoch: 1 }), [code.NONE], 'Preparing')
  driver.join({ memberId: id })
  t.equal(driver.state(), 'CompletingRebalance')
  t.same(driver.commitOffsets({ 'a-0': 6n }, { memberId: id, generationIdOrMemberEpoch: 1 }), [code.ILLEGAL_GENERATION])
  t.same(driver.commitOffsets({ 'a-0': 6n }, { memberId: id, generationIdOrMemberEpoch: 2 }), [code.REBALANCE_IN_PROGRESS])
  driver.leave([{ memberId: id }, { groupInstanceId: 'box' }])
  t.equal(box.count, 1)
  t.equal(driver.state(), 'Empty')
  t.same(driver.commitOffsets({ 'a-0': 7n }, { memberId: id, generationIdOrMemberEpoch: 2 }), [code.UNKNOWN_MEMBER_ID])
  t.same(driver.commitOffsets({ 'a-0': 7n }, { memberId: 'whoever' }), [code.NONE], 'no generation, and Empty')
  t.same(driver.fetchOffsets(['a-0']), { 'a-0': 7n })
  t.end()
})

t.test('5.1.5: what is written', t => {
  const driver = new Driver({ offsetMetadataMaxBytes: 4 })
  driver.commitOffsets({ 'a-0': 5n }, { topicId: A, leaderEpoch: 7, metadata: 'mm' })
  t.match(stored(driver), {
    version: 4, offset: 5n, leaderEpoch: 7, metadata: 'mm', topicId: A, commitTimestamp: 1_000_000n,
  })
  driver.commitOffsets({ 'a-0': 6n }, { topicId: A, version: 4, retentionTimeMs: 500n })
  t.match(stored(driver),
    { version: 1, offset: 6n, expireTimestamp: 1_000_500n, topicId: ZERO_UUID })
  const retentions =
    [[2n ** 63n - 1n, 2n ** 63n - 1n], [-5n, 999_995n], [-(2n ** 63n), 0n]] as const
  for (const [retentionTimeMs, expireTimestamp] of retentions) {
    driver.commitOffsets({ 'a-0': 6n }, { version: 4, retentionTimeMs })
    t.match(stored(driver), { version: 1, expireTimestamp })
  }
  driver.commitOffsets({ 'a-0': -1n }, { metadata: null, retentionTimeMs: -1n })
  t.match(stored(driver), { version: 4, offset: -1n, metadata: '' }, '-1 is stored, null is ""')
  const before = driver.log.length
  t.same(driver.commitOffsets({ 'a-0': 8n }, { metadata: 'mmmmm' }), [code.OFFSET_METADATA_TOO_LARGE])
  t.equal(driver.log.length, before)
  t.same(driver.commitOffsets({ 'a-0': 8n }, { metadata: 'ßßßß' }), [code.NONE], 'counted in UTF-16 units')
  t.same(driver.commitOffsets({ 'a-0': 8n }, { metadata: '😀😀😀' }), [code.OFFSET_METADATA_TOO_LARGE])
  t.end()
})

t.test('5.2: what is not there is -1 without an error', t => {
  const driver = new Driver()
  t.same(driver.fetchOffsets(['a-0']), { 'a-0': -1n }, 'group missing')
  t.same(driver.fetchOffsets(null), {})
  driver.commitOffsets({ 'a-0': 5n, 'a-1': 6n, 'b-0': 7n })
  t.same(driver.fetchOffsets(['a-0', 'a-7', 'c-0']), { 'a-0': 5n, 'a-7': -1n, 'c-0': -1n })
  t.same(driver.fetchOffsets(null), { 'a-0': 5n, 'a-1': 6n, 'b-0': 7n })
  t.end()
})

t.test('5.2: an offset of another topic with the same name is none', t => {
  const driver = new Driver()
  driver.commitOffsets({ 'a-0': 5n }, { topicId: A })
  driver.commitOffsets({ 'b-0': 6n }, { topicId: ZERO_UUID })
  const cases = [
    ['a-0', A, 5n], ['a-0', B, -1n], ['a-0', ZERO_UUID, 5n], ['b-0', A, 6n], ['b-0', ZERO_UUID, 6n],
  ] as const
  for (const [place, topicId, expected] of cases) {
    t.same(driver.fetchOffsets([place], { topicId }), { [place]: expected })
  }
  driver.commitOffsets({ 'a-1': 7n }, { topicId: B })
  t.same(driver.fetchOffsets(null), { 'a-0': 5n, 'a-1': 7n, 'b-0': 6n }, 'who asks for all gets all')
  t.end()
})

t.test('5.2 and 5.4: offsets of open transactions', t => {
  const driver = new Driver()
  const put = (partition: number, offset: bigint, producerId: bigint) => driver.replayed({
    record: offsetRecord('group', 'a', partition, {
      offset, leaderEpoch: -1, metadata: '', commitTimestampMs: 0n, expireTimestampMs: -1n, topicId: ZERO_UUID,
    }),
    producerId,
  })
  driver.commitOffsets({ 'a-0': 1n })
  put(0, 10n, 7n)
  put(1, 11n, 7n)
  put(1, 21n, 8n)
  const unstable = `error ${code.UNSTABLE_OFFSET_COMMIT}`
  t.same(driver.fetchOffsets(['a-0', 'a-1', 'a-2'], { requireStable: true }), {
    'a-0': unstable, 'a-1': unstable, 'a-2': -1n,
  })
  t.same(driver.fetchOffsets(null, { requireStable: true }), { 'a-0': unstable })
  t.same(driver.fetchOffsets(['a-0', 'a-1']), { 'a-0': 1n, 'a-1': -1n }, 'who does not ask sees what is committed')
  driver.shard.replayEndOfTransaction(7n, true)
  t.same(driver.fetchOffsets(['a-0', 'a-1'], { requireStable: true }), { 'a-0': 10n, 'a-1': unstable })
  driver.shard.replayEndOfTransaction(8n, false)
  t.same(driver.fetchOffsets(['a-1'], { requireStable: true }), { 'a-1': 11n }, 'ABORT drops them')
  put(0, 30n, 9n)
  driver.commitOffsets({ 'a-0': 2n })
  driver.shard.replayEndOfTransaction(9n, true)
  t.same(driver.fetchOffsets(['a-0']), { 'a-0': 2n }, 'the later record wins')
  driver.shard.replayEndOfTransaction(99n, true)
  put(5, 50n, 9n)
  t.same(driver.deleteOffsets(['a-5']).partitions, [code.NONE])
  driver.shard.replayEndOfTransaction(9n, true)
  t.same(driver.fetchOffsets(['a-5'], { requireStable: true }), { 'a-5': -1n }, 'a tombstone takes pending ones too')
  put(6, 60n, 9n)
  t.equal(driver.deleteGroup(), code.NONE)
  driver.shard.replayEndOfTransaction(9n, true)
  t.same(driver.fetchOffsets(null), {})
  t.end()
})

t.test('5.3, OffsetDelete', async t => {
  t.test('the group has to be there, and idle unless it is one of consumers', t => {
    const driver = new Driver()
    t.equal(driver.deleteOffsets(['a-0']).errorCode, code.GROUP_ID_NOT_FOUND)
    const [id = ''] = stableGroup(driver, 1, { protocolType: 'connect' })
    t.equal(driver.deleteOffsets(['a-0']).errorCode, code.NON_EMPTY_GROUP)
    driver.leave([{ memberId: id }])
    t.same(driver.deleteOffsets(['a-0']), { errorCode: code.NONE, partitions: [code.NONE] })
    t.end()
  })
  t.test('consumers that are at work: topics that they do not read', t => {
    const driver = new Driver()
    const [id = ''] = stableGroup(driver, 1, { protocols: [subscribing('range', 'a')] })
    driver.commitOffsets({ 'a-0': 1n, 'b-0': 2n }, { memberId: id, generationIdOrMemberEpoch: 1 })
    const before = driver.log.length
    t.same(driver.deleteOffsets(['a-0', 'b-0', 'b-1']).partitions, [
      code.GROUP_SUBSCRIBED_TO_TOPIC, code.NONE, code.NONE,
    ])
    t.equal(driver.log.length, before + 1, 'a tombstone for what is there')
    for (const each of [driver, driver.reloaded()]) t.same(each.fetchOffsets(null), { 'a-0': 1n })
    t.end()
  })
  t.test('subscriptions of every version say their topics; those that are none say nothing', t => {
    const cases = [
      [encodeVersioned(ConsumerProtocolSubscription, 0, { topics: ['a'], ownedPartitions: [] }), true],
      [encodeVersioned(ConsumerProtocolSubscription, 3, { topics: ['a'], ownedPartitions: [] }), true],
      [Buffer.concat([Buffer.from([0, 99]), subscribing('range', 'a').metadata.subarray(2)]), true],
      [Buffer.concat([Buffer.from([255, 255]), subscribing('range', 'a').metadata.subarray(2)]), false],
      [Buffer.from([0]), false],
      [Buffer.from([0, 0, 0, 0, 0, 9]), false],
    ] as const
    for (const [metadata, understood] of cases) {
      const driver = new Driver()
      stableGroup(driver, 1, { protocols: [{ name: 'range', metadata }] })
      t.same(driver.deleteOffsets(['a-0', 'b-0']).partitions, [
        code.GROUP_SUBSCRIBED_TO_TOPIC, understood ? code.NONE : code.GROUP_SUBSCRIBED_TO_TOPIC,
      ], metadata.toString('hex'))
    }
    t.end()
  })
  t.test('consumers whose subscriptions do not parse count as subscribed to everything', t => {
    const driver = new Driver()
    stableGroup(driver, 1)
    t.same(driver.deleteOffsets(['a-0']).partitions, [code.GROUP_SUBSCRIBED_TO_TOPIC])
    t.end()
  })
})

t.test('2, topic deletion: offsets of that topic go, in all groups; those of a later one stay', t => {
  const driver = new Driver()
  driver.commitOffsets({ 'a-0': 1n, 'b-0': 1n }, { topicId: A })
  driver.commitOffsets({ 'a-1': 1n }, { groupId: 'old', topicId: ZERO_UUID })
  driver.commitOffsets({ 'a-0': 1n }, { groupId: 'new', topicId: B })
  driver.replayed({
    record: offsetRecord('txn', 'a', 0, {
      offset: 1n, leaderEpoch: -1, metadata: '', commitTimestampMs: 0n, expireTimestampMs: -1n, topicId: A,
    }),
    producerId: 5n,
  })
  driver.carryOut(driver.shard.topicsDeleted([{ name: 'a', topicId: A }], driver.nowMs))
  driver.shard.replayEndOfTransaction(5n, true)
  t.same(driver.fetchOffsets(null), { 'b-0': 1n })
  t.same(driver.fetchOffsets(null, { groupId: 'old' }), {})
  t.same(driver.fetchOffsets(null, { groupId: 'new' }), { 'a-0': 1n })
  t.same(driver.fetchOffsets(null, { groupId: 'txn' }), {})
  t.end()
})
