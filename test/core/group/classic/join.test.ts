import t from 'tap'
import { code } from '../../../../protocol/errors.ts'
import { joinRequestError } from '../../../../src/core/group/classic/join.ts'
import { JoinGroup } from '../../../../protocol/messages/11-join-group.ts'
import { blank, Driver, protocol, stableGroup, syncAll } from '../driver.ts'

t.test('4.1.3 and 4.1.4: group id and session timeout are checked before anything else', t => {
  const { settings } = new Driver()
  const cases = [
    ['', 10_000, code.INVALID_GROUP_ID],
    ['', 1, code.INVALID_GROUP_ID],
    ['g', 5_999, code.INVALID_SESSION_TIMEOUT],
    ['g', 6_000, code.NONE],
    ['g', 1_800_000, code.NONE],
    ['g', 1_800_001, code.INVALID_SESSION_TIMEOUT],
  ] as const
  for (const [groupId, sessionTimeoutMs, expected] of cases) {
    const request = { ...blank(JoinGroup.request), groupId, sessionTimeoutMs }
    t.equal(joinRequestError(request, settings), expected, `'${groupId}' with ${sessionTimeoutMs} ms`)
  }
  t.end()
})

t.test('4.1.6: a group that is not there is made for a member without an id only', t => {
  const driver = new Driver()
  t.match(driver.join({ memberId: 'somebody' }).get(), {
    errorCode: code.UNKNOWN_MEMBER_ID, memberId: 'somebody', generationId: -1, leader: '', protocolName: null,
    protocolType: null, skipAssignment: false, members: [],
  })
  t.equal(driver.log.length, 0)
  t.equal(driver.state(), 'Dead')
  const first = driver.join().get()
  t.match(first, { errorCode: code.MEMBER_ID_REQUIRED, memberId: 'client-uuid1', generationId: -1 })
  t.equal(driver.state(), 'Empty')
  t.equal(driver.log.length, 1, 'new group record')
  t.equal(driver.reloaded().describe().protocolType, '')
  t.equal(driver.reloaded().state(), 'Empty', 'the group is there for whoever replays the record')
  t.end()
})

t.test('4.1, member id empty: who has to ask for an id, and how ids look', t => {
  const cases = [
    { version: 4, groupInstanceId: null, parked: false, id: 'client-uuid1' },
    { version: 3, groupInstanceId: null, parked: true, id: 'client-uuid1' },
    { version: 0, groupInstanceId: null, parked: true, id: 'client-uuid1' },
    { version: 5, groupInstanceId: 'box', parked: true, id: 'box-uuid1' },
  ]
  for (const { version, groupInstanceId, parked, id } of cases) {
    const driver = new Driver()
    const ticket = driver.join({ version, groupInstanceId })
    t.equal(ticket.count, parked ? 0 : 1, `v${version}, ${groupInstanceId}`)
    t.equal(driver.state(), parked ? 'PreparingRebalance' : 'Empty')
    driver.advance(0)
    t.equal(ticket.get().memberId, id)
    t.equal(ticket.get().errorCode, parked ? code.NONE : code.MEMBER_ID_REQUIRED)
  }
  t.end()
})

t.test('4.1: the protocols have to suit the group', t => {
  const empty = new Driver()
  t.equal(empty.join({ protocolType: '' }).get().errorCode, code.INCONSISTENT_GROUP_PROTOCOL, 'no type')
  t.equal(empty.join({ protocols: [] }).get().errorCode, code.INCONSISTENT_GROUP_PROTOCOL, 'no protocol')
  const driver = new Driver()
  const [id = ''] = stableGroup(driver, 1, { protocols: [protocol('range'), protocol('sticky')] })
  const cases = [
    { protocolType: 'connect', protocols: [protocol('range')], expected: code.INCONSISTENT_GROUP_PROTOCOL },
    { protocolType: 'consumer', protocols: [protocol('other')], expected: code.INCONSISTENT_GROUP_PROTOCOL },
    { protocolType: 'consumer', protocols: [protocol('x'), protocol('sticky')], expected: code.MEMBER_ID_REQUIRED },
  ]
  for (const { expected, ...fields } of cases) {
    t.equal(driver.join(fields).get().errorCode, expected)
    const known = driver.join({ ...fields, memberId: id, protocolType: 'connect' }).get()
    t.match(known, { errorCode: code.INCONSISTENT_GROUP_PROTOCOL, memberId: id }, 'known members too')
  }
  t.end()
})

t.test('4.1, member id given, step 3: a pending id joins, but not as a static member', t => {
  const driver = new Driver()
  const { memberId } = driver.join().get()
  t.match(driver.join({ memberId, groupInstanceId: 'box' }).get(), {
    errorCode: code.UNKNOWN_SERVER_ERROR, memberId: '',
  })
  const ticket = driver.join({ memberId })
  t.equal(ticket.count, 0)
  driver.advance(0)
  t.match(ticket.get(), {
    errorCode: code.NONE, memberId, leader: memberId, generationId: 1, protocolType: 'consumer',
    protocolName: 'range', skipAssignment: false,
    members: [{ memberId, groupInstanceId: null, metadata: Buffer.from('range') }],
  })
  t.end()
})

t.test('4.1: a pending id is forgotten after the session timeout that it asked for', t => {
  const driver = new Driver()
  const { memberId } = driver.join({ sessionTimeoutMs: 7_000 }).get()
  driver.advance(6_999)
  const other = driver.join().get().memberId
  driver.advance(1)
  t.equal(driver.join({ memberId }).get().errorCode, code.UNKNOWN_MEMBER_ID)
  t.equal(driver.join({ memberId: other }).count, 0)
  t.end()
})

t.test('4.1, member id given, step 4: validateMember', t => {
  const driver = new Driver()
  const [id = ''] = stableGroup(driver, 1)
  driver.join({ groupInstanceId: 'box' })
  const cases = [
    { memberId: id, groupInstanceId: 'nobody', expected: code.UNKNOWN_MEMBER_ID },
    { memberId: id, groupInstanceId: 'box', expected: code.FENCED_INSTANCE_ID },
    { memberId: 'nobody', groupInstanceId: null, expected: code.UNKNOWN_MEMBER_ID },
  ]
  for (const { expected, ...fields } of cases) {
    t.match(driver.join(fields).get(), { errorCode: expected, memberId: fields.memberId, leader: '' })
  }
  t.end()
})

t.test('4.1, PreparingRebalance: the later of two requests of a member is the one that is answered', t => {
  const driver = new Driver()
  const [leader = '', follower = ''] = stableGroup(driver, 2)
  const older = driver.join({ memberId: leader })
  t.equal(driver.state(), 'PreparingRebalance')
  const newer = driver.join({ memberId: leader, protocols: [protocol('range', 'changed')] })
  const last = driver.join({ memberId: follower })
  t.same([older.count, newer.count, last.count], [0, 1, 1], 'complete when everybody is there')
  t.equal(newer.get().members.find(({ memberId }) => memberId === leader)?.metadata.toString(), 'changed')
  t.same(last.get().members, [], 'only the leader sees the members')
  t.end()
})

t.test('4.1, CompletingRebalance: the same protocols get the current generation, others a rebalance', t => {
  const driver = new Driver()
  const { memberId: leader } = driver.joinDynamic()
  const { memberId: follower } = driver.joinDynamic()
  driver.advance(0)
  t.equal(driver.state(), 'CompletingRebalance')
  t.match(driver.join({ memberId: leader }).get(), { generationId: 1, leader })
  t.equal(driver.join({ memberId: leader }).get().members.length, 2, 'the leader gets the members again')
  t.match(driver.join({ memberId: follower }).get(), { generationId: 1, members: [] })
  t.equal(driver.state(), 'CompletingRebalance')
  const parked = driver.sync({ memberId: follower, generationId: 1 })
  const changed = driver.join({ memberId: follower, protocols: [protocol('range', 'x')] })
  t.equal(changed.count, 0)
  t.equal(driver.state(), 'PreparingRebalance')
  t.equal(parked.get().errorCode, code.REBALANCE_IN_PROGRESS)
  t.end()
})

t.test('4.1, Stable: the leader always rebalances, followers only with changed protocols', t => {
  const range = protocol('range')
  const sticky = protocol('sticky')
  const cases = [
    { who: 0, protocols: [range, sticky], rebalances: true },
    { who: 1, protocols: [range, sticky], rebalances: false },
    { who: 1, protocols: [sticky, range], rebalances: true },
    { who: 1, protocols: [range], rebalances: true },
    { who: 1, protocols: [protocol('range', 'x'), sticky], rebalances: true },
  ]
  for (const { who, protocols, rebalances } of cases) {
    const driver = new Driver()
    const ids = stableGroup(driver, 2, { protocols: [range, sticky] })
    const ticket = driver.join({ memberId: ids[who] ?? '', protocols })
    t.equal(driver.state(), rebalances ? 'PreparingRebalance' : 'Stable')
    t.equal(ticket.count, rebalances ? 0 : 1)
    if (!rebalances) {
      t.match(ticket.get(), {
        errorCode: 0, generationId: 1, leader: ids[0], members: [], protocolName: 'range',
      })
    }
  }
  t.end()
})

t.test('4.1, Empty: a member id that the group does not know', t => {
  const driver = new Driver()
  const [id = ''] = stableGroup(driver, 1)
  driver.leave([{ memberId: id }])
  t.equal(driver.state(), 'Empty')
  t.match(driver.join({ memberId: id }).get(), { errorCode: code.UNKNOWN_MEMBER_ID, memberId: id })
  t.end()
})

t.test('4.1 v0: the session timeout is the rebalance timeout', t => {
  const driver = new Driver()
  const first = driver.join({ version: 0, sessionTimeoutMs: 8_000, rebalanceTimeoutMs: -1 })
  driver.advance(0)
  const { memberId } = first.get()
  syncAll(driver, [memberId], 1)
  driver.join({ version: 0, sessionTimeoutMs: 8_000, rebalanceTimeoutMs: -1 })
  t.equal(driver.state(), 'PreparingRebalance')
  driver.advance(7_999)
  t.equal(driver.state(), 'PreparingRebalance')
  driver.advance(1)
  t.equal(driver.state(), 'CompletingRebalance')
  t.end()
})

t.test('4.1, add: a joiner that is parked as new goes away after five minutes', t => {
  const driver = new Driver()
  const ids = stableGroup(driver, 1, { rebalanceTimeoutMs: 1_000_000, sessionTimeoutMs: 1_000_000 })
  const vanished = driver.joinDynamic({ rebalanceTimeoutMs: 1_000_000 })
  driver.advance(299_999)
  t.equal(vanished.count, 0)
  t.equal(driver.memberIds().length, 2)
  driver.advance(1)
  t.match(vanished.get(), { errorCode: code.UNKNOWN_MEMBER_ID, memberId: '' })
  t.same(driver.memberIds(), ids)
  t.end()
})

t.test('4.1.7: a group that is full', async t => {
  t.test('Stable and CompletingRebalance: members may come back, others may not', t => {
    const driver = new Driver({ maxSize: 2 })
    const ids = stableGroup(driver, 2)
    t.match(driver.join().get(), { errorCode: code.GROUP_MAX_SIZE_REACHED, memberId: '' })
    t.equal(driver.join({ memberId: ids[1] ?? '' }).get().errorCode, code.NONE)
    t.end()
  })
  t.test('PreparingRebalance: as many as are parked are in; the last to come is removed', t => {
    const driver = new Driver({ maxSize: 2 })
    const [leader = '', follower = ''] = stableGroup(driver, 2)
    const parked = driver.join({ memberId: leader })
    const asker = driver.join().get()
    t.equal(asker.errorCode, code.MEMBER_ID_REQUIRED, 'only one is parked')
    t.equal(driver.join({ memberId: asker.memberId }).count, 0)
    t.match(driver.join({ memberId: follower }).get(), {
      errorCode: code.GROUP_MAX_SIZE_REACHED, memberId: '',
    })
    t.notOk(driver.memberIds().includes(follower))
    const again = driver.join({ memberId: leader })
    t.equal(again.get().errorCode, code.NONE, 'who is parked may ask again')
    t.equal(parked.count, 0)
    t.end()
  })
  t.test('Empty: anybody may come', t => {
    const driver = new Driver({ maxSize: 1 })
    t.equal(driver.join().get().errorCode, code.MEMBER_ID_REQUIRED)
    t.end()
  })
  t.test('onLoaded: a group larger than the setting rebalances', t => {
    const driver = new Driver()
    stableGroup(driver, 3)
    t.equal(driver.reloaded({ maxSize: 3 }).state(), 'Stable')
    const smaller = driver.reloaded({ maxSize: 2 })
    t.equal(smaller.state(), 'PreparingRebalance')
    const ids = smaller.memberIds()
    t.equal(smaller.join({ memberId: ids[0] ?? '' }).count, 0)
    t.equal(smaller.join({ memberId: ids[1] ?? '' }).count, 0)
    t.equal(smaller.join({ memberId: ids[2] ?? '' }).get().errorCode, code.GROUP_MAX_SIZE_REACHED)
    t.end()
  })
})

t.test('4.1, new group record: if it cannot be written, the group is gone again', async t => {
  t.test('whoever is parked gets the error', t => {
    const driver = new Driver({ initialRebalanceDelayMs: 3_000 })
    driver.hold = true
    const ticket = driver.join({ version: 3 })
    driver.fail(code.COORDINATOR_NOT_AVAILABLE)
    t.match(ticket.get(), { errorCode: code.COORDINATOR_NOT_AVAILABLE, memberId: '' })
    t.equal(driver.state(), 'Dead')
    t.equal(driver.shard.deadline(), undefined, 'nothing of it is left')
    t.end()
  })
  t.test('when only the wait for the commit ends, the group stays', t => {
    const driver = new Driver({ initialRebalanceDelayMs: 3_000 })
    driver.hold = true
    const ticket = driver.join({ version: 3 })
    driver.fail(code.COORDINATOR_NOT_AVAILABLE, true)
    t.equal(ticket.get().errorCode, code.COORDINATOR_NOT_AVAILABLE)
    t.equal(driver.state(), 'PreparingRebalance')
    t.end()
  })
})

t.test('1: bytes of the request are not kept', t => {
  const driver = new Driver()
  const metadata = Buffer.from('before')
  const ticket = driver.join({ version: 3, protocols: [{ name: 'range', metadata }] })
  metadata.fill(0)
  driver.advance(0)
  t.equal(ticket.get().members[0]?.metadata.toString(), 'before')
  t.end()
})

t.test('4.2: a protocol that a member names twice is common to no group', t => {
  const twice = (name: string) => [protocol(name, '1'), protocol(name, '2')]
  const driver = new Driver()
  const refused = driver.join({ version: 3, protocols: twice('range') })
  t.match(refused.get(), { errorCode: code.INCONSISTENT_GROUP_PROTOCOL, protocolName: null })
  t.equal(driver.describe().members.length, 0)
  const alone = driver.join({ version: 3, groupId: 'other', protocols: [...twice('range'), protocol('sticky', '3')] })
  driver.advance(0)
  t.match(alone.get(), { errorCode: code.NONE, protocolName: 'sticky', members: [{ metadata: Buffer.from('3') }] })

  const [first = ''] = stableGroup(driver, 1, { groupId: 'two', protocols: [protocol('range', 'r')] })
  const second = driver.join({ version: 3, groupId: 'two', protocols: [...twice('sticky'), protocol('range', 's')] })
  driver.join({ version: 3, groupId: 'two', memberId: first, protocols: [protocol('range', 'r')] })
  t.match(second.get(), { errorCode: code.NONE, generationId: 2, protocolName: 'range' })
  const third = driver.join({ version: 3, groupId: 'two', protocols: twice('range') })
  t.equal(third.get().errorCode, code.INCONSISTENT_GROUP_PROTOCOL)
  t.equal(driver.state('two'), 'CompletingRebalance', 'the others go on')
  t.end()
})
