import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { OffsetCommit } from '../../../protocol/messages/08-offset-commit.ts'
import { JoinGroup } from '../../../protocol/messages/11-join-group.ts'
import { Heartbeat } from '../../../protocol/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../../protocol/messages/13-leave-group.ts'
import { SyncGroup } from '../../../protocol/messages/14-sync-group.ts'
import { encode } from '../../../protocol/codec.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { defaultGroupSettings } from '../../../src/core/group/settings.ts'
import { clientError, stableFetchError } from '../../../src/runtime/coordinator/error.ts'
import { GroupCoordinator } from '../../../src/runtime/coordinator/group-coordinator.ts'
import { javaAddress } from '../../../src/runtime/coordinator/java-address.ts'
import { Timers } from '../../../src/runtime/timers.ts'
import { blank, protocol } from '../../core/group/driver.ts'
import { FakeClock, FakeLog, outcome } from './fake-log.ts'

const caller = (version: number) => ({ version, clientId: 'me', session: { remoteAddress: '127.0.0.1', onClose: () => () => {} } })
const joinRequest = {
  ...blank(JoinGroup.request),
  groupId: 'group', sessionTimeoutMs: 10_000, rebalanceTimeoutMs: 60_000, protocolType: 'consumer',
  protocols: [protocol('range')],
}
const heartbeatRequest = { ...blank(Heartbeat.request), groupId: 'group' }
const commitRequest = (groupId = 'group', committedOffset = 5n) => ({
  ...blank(OffsetCommit.request),
  groupId,
  topics: [{
    name: 'a',
    topicId: ZERO_UUID,
    partitions: [{
      partitionIndex: 0, committedOffset, committedLeaderEpoch: -1, commitTimestamp: -1n, committedMetadata: '',
    }],
  }],
})
const fetchRequest = {
  groupId: 'group', memberId: null, memberEpoch: -1,
  topics: [{ name: 'a', topicId: ZERO_UUID, partitionIndexes: [0] }],
}

function coordinator (clock = new FakeClock()): GroupCoordinator {
  let uuids = 0
  return new GroupCoordinator({
    clock,
    timers: new Timers(clock),
    settings: { ...defaultGroupSettings, initialRebalanceDelayMs: 0, offsetsTopicPartitions: 2 },
    newUuid: () => `uuid${++uuids}`,
    loadBufferBytes: 5 * 1024 * 1024,
    commitTimeoutMs: 5_000,
    log: () => {},
    notices: { warn: () => {} },
  })
}

async function leading () {
  const clock = new FakeClock()
  const groups = coordinator(clock)
  const log = new FakeLog()
  await groups.becomeLeader(groups.partitionFor('group'), log, 1)
  return { clock, groups, log }
}

/** Every API's error code for the group `group`, by name. */
async function errors (groups: GroupCoordinator): Promise<Record<string, unknown>> {
  const committed = await groups.commitOffsets(commitRequest(), { version: 9 })
  return {
    join: (await groups.join(joinRequest, caller(9))).errorCode,
    sync: (await groups.sync({ ...blank(SyncGroup.request), groupId: 'group' }, caller(4))).errorCode,
    heartbeat: (await groups.heartbeat(heartbeatRequest, caller(4))).errorCode,
    leave: (await groups.leave({ ...blank(LeaveGroup.request), groupId: 'group' }, caller(5))).errorCode,
    describe: (await groups.describe(['group'], { version: 6 }))[0]?.errorCode,
    list: (await groups.list({ statesFilter: [], typesFilter: [] })).errorCode,
    delete: (await groups.deleteGroups(['group']))[0]?.errorCode,
    commit: committed.topics[0]?.partitions[0]?.errorCode,
    fetch: (await groups.fetchOffsets(fetchRequest, false)).errorCode,
    stable: (await groups.fetchOffsets(fetchRequest, true)).errorCode,
    offsets: (await groups.deleteOffsets({ groupId: 'group', topics: [] })).errorCode,
  }
}

const everywhere = (errorCode: number, but: Record<string, number> = {}) => ({
  ...Object.fromEntries(['join', 'sync', 'heartbeat', 'leave', 'describe', 'list', 'delete', 'commit', 'fetch',
    'stable', 'offsets'].map(name => [name, errorCode])),
  ...but,
})

t.test('2: NOT_COORDINATOR for what is led elsewhere; ListGroups shows what is here', async t => {
  const groups = coordinator()
  t.same(await errors(groups), everywhere(code.NOT_COORDINATOR, { list: code.NONE }))
  await groups.becomeLeader(1 - groups.partitionFor('group'), new FakeLog(), 1)
  t.same(await errors(groups), everywhere(code.NOT_COORDINATOR, { list: code.NONE }))
})

t.test('2: COORDINATOR_LOAD_IN_PROGRESS while loading, but heartbeats are taken', async t => {
  const groups = coordinator()
  const log = new FakeLog()
  log.write([{ key: Buffer.from([0, 99]), value: null }])
  log.holdReads = true
  const loading = groups.becomeLeader(groups.partitionFor('group'), log, 1)
  t.same(await errors(groups),
    everywhere(code.COORDINATOR_LOAD_IN_PROGRESS, { heartbeat: code.NONE }))
  log.releaseReads()
  log.commit()
  await loading
  t.equal((await groups.describe(['group'], { version: 5 }))[0]?.groupState, 'Dead')
})

t.test('2: COORDINATOR_NOT_AVAILABLE once the broker stops', async t => {
  const { groups } = await leading()
  groups.close()
  t.same(await errors(groups), everywhere(code.COORDINATOR_NOT_AVAILABLE))
  await groups.becomeLeader(0, new FakeLog(), 9)
  t.same(await errors(groups), everywhere(code.COORDINATOR_NOT_AVAILABLE))
})

t.test('2, election and resignation by leader epochs', async t => {
  const { groups, log } = await leading()
  const partition = groups.partitionFor('group')
  const state = async () => (await groups.describe(['group'], { version: 5 }))[0]?.errorCode
  await groups.commitOffsets(commitRequest(), { version: 9 })
  await groups.becomeLeader(partition, new FakeLog(), 1)
  t.same((await groups.fetchOffsets(fetchRequest, true)).topics[0]?.partitions[0]?.committedOffset, 5n, 'a known epoch is ignored')
  groups.resign(partition, 1)
  t.equal(await state(), code.NONE, 'only a newer epoch takes it away')
  groups.resign(partition, 2)
  t.equal(await state(), code.NOT_COORDINATOR)
  groups.resign(partition, 3)
  await groups.becomeLeader(partition, log, 4)
  t.same(
    (await groups.fetchOffsets(fetchRequest, true)).topics[0]?.partitions[0]?.committedOffset, 5n
  )
  await groups.becomeLeader(partition, log, 5)
  t.equal(await state(), code.NONE, 'elected again: loaded again')
  groups.resign(partition)
  t.equal(await state(), code.NOT_COORDINATOR, 'the partition is gone')
})

t.test('a whole life of a group, by way of its shard', async t => {
  const { groups, log, clock } = await leading()
  const required = await groups.join(joinRequest, caller(9))
  t.match(required, { errorCode: code.MEMBER_ID_REQUIRED, memberId: 'me-uuid1' })
  const { memberId } = required
  const joining = groups.join({ ...joinRequest, memberId }, caller(9))
  t.equal(await outcome(joining), 'waiting')
  await clock.advance(1)
  t.match(await joining,
    { errorCode: 0, generationId: 1, leader: memberId, members: [{ memberId }] })
  log.hold = true
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  const syncing = groups.sync({
    ...blank(SyncGroup.request), groupId: 'group', generationId: 1, memberId, assignments,
  }, caller(4))
  t.equal(await outcome(syncing), 'waiting', 'not before the commit')
  log.commit()
  t.equal((await syncing).assignment.toString(), 'all')
  log.hold = false
  t.equal(
    (await groups.heartbeat({ ...heartbeatRequest, memberId, generationId: 1 },
      caller(4))).errorCode, 0
  )
  const [described] = await groups.describe(['group'], { version: 6 })
  t.match(described, { groupState: 'Stable', members: [{ clientId: 'me', clientHost: '/127.0.0.1' }] })
  const commit = { ...commitRequest(), memberId, generationIdOrMemberEpoch: 1 }
  t.match(await groups.commitOffsets(commit, { version: 9 }), { topics: [{ name: 'a', partitions: [{ errorCode: 0 }] }] })
  await clock.advance(10_000)
  t.equal((await groups.describe(['group'], { version: 6 }))[0]?.groupState, 'Empty', 'its session has ended')
  groups.topicsDeleted([{ name: 'a', topicId: ZERO_UUID }])
  t.match(await groups.fetchOffsets(fetchRequest, true), {
    groupId: 'group', errorCode: 0, topics: [{ name: 'a', partitions: [{ committedOffset: -1n }] }],
  })
  t.match(await groups.deleteGroups(['group', 'nobody']), [
    { groupId: 'group', errorCode: 0 }, { groupId: 'nobody' },
  ])
  t.equal((await groups.describe(['group'], { version: 6 }))[0]?.errorCode, code.GROUP_ID_NOT_FOUND)
})

t.test('a clock that is set neither ends a session nor prolongs it', async t => {
  for (const setMs of [3_600_000, -3_600_000]) {
    const { groups, clock } = await leading()
    const { memberId } = await groups.join(joinRequest, caller(9))
    const joining = groups.join({ ...joinRequest, memberId }, caller(9))
    await clock.advance(1)
    t.equal((await joining).errorCode, 0)
    const stateOf = async () => (await groups.describe(['group'], { version: 6 }))[0]?.groupState
    clock.aheadMs = setMs
    await groups.heartbeat({ ...heartbeatRequest, memberId, generationId: 1 }, caller(4))
    await clock.advance(9_000)
    t.not(await stateOf(), 'Empty', `${setMs}: it is a member still`)
    clock.aheadMs = 0
    await clock.advance(1_001)
    t.equal(await stateOf(), 'Empty', `${setMs}: it was silent for too long`)
  }
})

t.test('empty group ids: INVALID_GROUP_ID, but "" has offsets', async t => {
  const groups = coordinator()
  await groups.becomeLeader(groups.partitionFor(''), new FakeLog(), 1)
  t.equal((await groups.join({ ...joinRequest, groupId: '' }, caller(9))).errorCode, code.INVALID_GROUP_ID)
  t.equal((await groups.sync(blank(SyncGroup.request), caller(4))).errorCode, code.INVALID_GROUP_ID)
  t.equal((await groups.sync(blank(SyncGroup.request), caller(5))).errorCode,
    code.INCONSISTENT_GROUP_PROTOCOL)
  t.equal((await groups.heartbeat(blank(Heartbeat.request), caller(4))).errorCode,
    code.INVALID_GROUP_ID)
  t.equal((await groups.leave(blank(LeaveGroup.request), caller(5))).errorCode,
    code.INVALID_GROUP_ID)
  t.equal((await groups.deleteOffsets({ groupId: '', topics: [] })).errorCode, code.INVALID_GROUP_ID)
  t.match(await groups.commitOffsets(commitRequest(''), { version: 9 }), { topics: [{ partitions: [{ errorCode: 0 }] }] })
  t.match(await groups.fetchOffsets({ ...fetchRequest, groupId: '' }, false), {
    errorCode: 0, topics: [{ partitions: [{ committedOffset: 5n }] }],
  })
  t.match(await groups.describe([''], { version: 6 }), [{ errorCode: 0, groupState: 'Empty' }])
})

t.test('every answer of JoinGroup can be written in its version', async t => {
  for (let version = 0; version <= 9; version++) {
    const { groups, clock } = await leading()
    const invalid = await groups.join({ ...joinRequest, sessionTimeoutMs: 1 }, caller(version))
    t.match(invalid, { errorCode: code.INVALID_SESSION_TIMEOUT, protocolName: version < 7 ? '' : null })
    const first = groups.join(joinRequest, caller(version))
    await clock.advance(1)
    const { memberId, errorCode } = await first
    t.equal(errorCode, version < 4 ? code.NONE : code.MEMBER_ID_REQUIRED)
    for (const response of [invalid, await first, await groups.join({ ...joinRequest, memberId: 'x' }, caller(version))]) {
      t.ok(encode(JoinGroup.response, version, response).length > 0)
    }
    t.ok(memberId.startsWith('me-'))
  }
})

t.test('2, error mapping', t => {
  const cases = [
    [code.UNKNOWN_TOPIC_OR_PARTITION, code.COORDINATOR_NOT_AVAILABLE, code.NOT_COORDINATOR],
    [code.NOT_ENOUGH_REPLICAS, code.COORDINATOR_NOT_AVAILABLE, code.NOT_COORDINATOR],
    [code.REQUEST_TIMED_OUT, code.COORDINATOR_NOT_AVAILABLE, code.NOT_COORDINATOR],
    [code.NOT_LEADER_OR_FOLLOWER, code.NOT_COORDINATOR, code.NOT_COORDINATOR],
    [code.KAFKA_STORAGE_ERROR, code.NOT_COORDINATOR, code.NOT_COORDINATOR],
    [code.MESSAGE_TOO_LARGE, code.UNKNOWN_SERVER_ERROR, code.UNKNOWN_SERVER_ERROR],
    [code.RECORD_LIST_TOO_LARGE, code.UNKNOWN_SERVER_ERROR, code.UNKNOWN_SERVER_ERROR],
    [code.INVALID_FETCH_SIZE, code.UNKNOWN_SERVER_ERROR, code.UNKNOWN_SERVER_ERROR],
    [code.NETWORK_EXCEPTION, code.COORDINATOR_LOAD_IN_PROGRESS, code.COORDINATOR_LOAD_IN_PROGRESS],
    [code.COORDINATOR_NOT_AVAILABLE, code.COORDINATOR_NOT_AVAILABLE,
      code.COORDINATOR_NOT_AVAILABLE],
    [code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID, code.UNKNOWN_MEMBER_ID],
  ] as const
  for (const [raw, mapped, stable] of cases) {
    t.equal(clientError(raw), mapped)
    t.equal(stableFetchError(raw), stable)
  }
  t.end()
})

t.test('2, error mapping at the API: a failed append', async t => {
  const { groups, log } = await leading()
  const refused = async () => {
    log.refuseWith = code.NOT_ENOUGH_REPLICAS
    return groups.commitOffsets(commitRequest(), { version: 9 })
  }
  t.match(await refused(),
    { topics: [{ partitions: [{ errorCode: code.COORDINATOR_NOT_AVAILABLE }] }] })
  t.equal((await groups.describe(['group'], { version: 5 }))[0]?.groupState, 'Dead', 'nothing was stored')
  log.hold = true
  const commit = groups.commitOffsets(commitRequest(), { version: 9 })
  const [plain, stable] =
    [groups.fetchOffsets(fetchRequest, false), groups.fetchOffsets(fetchRequest, true)]
  log.fail(code.NOT_ENOUGH_REPLICAS)
  t.match(await commit,
    { topics: [{ partitions: [{ errorCode: code.COORDINATOR_NOT_AVAILABLE }] }] })
  t.equal((await plain).errorCode, code.COORDINATOR_NOT_AVAILABLE)
  t.equal((await stable).errorCode, code.NOT_COORDINATOR)
})

t.test('addresses as Java prints them', t => {
  const cases = [
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['::', '0:0:0:0:0:0:0:0'],
    ['2001:db8::8a2e:370:7334', '2001:db8:0:0:0:8a2e:370:7334'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1%eth0'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
  ] as const
  for (const [address, expected] of cases) t.equal(javaAddress(address), expected)
  t.end()
})
