import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import { Driver, stableGroup } from './driver.ts'

t.test('4.5, DescribeGroups: a group that is not there is Dead; from v6 on that is an error', t => {
  const driver = new Driver()
  const dead = { groupState: 'Dead', protocolType: '', protocolData: '', members: [] }
  t.match(driver.describe('nobody', 5), { ...dead, errorCode: code.NONE })
  t.match(driver.describe('nobody', 6), {
    ...dead, errorCode: code.GROUP_ID_NOT_FOUND, errorMessage: 'Group nobody not found.',
  })
  t.match(driver.describe('', 0), dead, 'the empty id is allowed')
  t.end()
})

t.test('4.5, DescribeGroups: what each state shows', t => {
  const driver = new Driver({ initialRebalanceDelayMs: 1_000 })
  const { memberId } = driver.join({ clientId: 'me', groupInstanceId: null }).get()
  t.match(driver.describe(), { groupState: 'Empty', protocolType: '', protocolData: '', members: [] })
  driver.join({ clientId: 'me', memberId })
  const member = { memberId, groupInstanceId: null, clientId: 'me', clientHost: '/127.0.0.1' }
  const shows = (
    groupState: string, protocolData: string, metadata: string, assignment: string
  ) => {
    const { members, ...group } = driver.describe()
    t.match(group, { errorCode: 0, groupState, protocolType: 'consumer', protocolData })
    t.match(members, [member])
    t.equal(members[0]?.memberMetadata.toString(), metadata, `${groupState}: metadata`)
    t.equal(members[0]?.memberAssignment.toString(), assignment, `${groupState}: assignment`)
  }
  shows('PreparingRebalance', '', '', '')
  driver.advance(1_000)
  shows('CompletingRebalance', '', '', '')
  driver.sync({ memberId, generationId: 1, assignments: [{ memberId, assignment: Buffer.from('all') }] })
  shows('Stable', 'range', 'range', 'all')
  driver.commitOffsets({ 'a-0': 1n }, { groupId: 'simple' })
  t.match(driver.describe('simple'), { groupState: 'Empty', protocolType: '', members: [] })
  t.end()
})

t.test('4.5, ListGroups: filters', t => {
  const driver = new Driver()
  stableGroup(driver, 1, { groupId: 'stable' })
  driver.join({ groupId: 'joining', version: 3 })
  driver.commitOffsets({ 'a-0': 1n }, { groupId: 'simple' })
  const all = ['stable', 'joining', 'simple']
  const cases = [
    [[], [], all],
    [['stable'], [], ['stable']],
    [[' STABLE '], [], ['stable']],
    [['Empty', 'preparingrebalance'], [], ['joining', 'simple']],
    [['nonsense'], [], []],
    [[], ['Classic'], all],
    [[], ['consumer'], []],
    [[], ['consumer', 'CLASSIC'], all],
    [[], ['nonsense'], []],
    [['stable'], ['classic'], ['stable']],
  ] as const
  for (const [statesFilter, typesFilter, expected] of cases) {
    const listed = driver.list({ statesFilter: [...statesFilter], typesFilter: [...typesFilter] })
    t.same(listed.map(({ groupId }) => groupId), expected, `${statesFilter}/${typesFilter}`)
  }
  t.match(driver.list(), [
    { groupId: 'stable', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
    { groupId: 'joining', protocolType: 'consumer', groupState: 'PreparingRebalance', groupType: 'classic' },
    { groupId: 'simple', protocolType: '', groupState: 'Empty', groupType: 'classic' },
  ])
  t.end()
})

t.test('4.5, DeleteGroups: only empty groups, with all their offsets', t => {
  const driver = new Driver()
  t.equal(driver.deleteGroup('nobody'), code.GROUP_ID_NOT_FOUND)
  const [id = ''] = stableGroup(driver, 1)
  driver.commitOffsets({ 'a-0': 1n, 'a-1': 2n, 'b-0': 3n }, { memberId: id, generationIdOrMemberEpoch: 1 })
  t.equal(driver.deleteGroup(), code.NON_EMPTY_GROUP, 'Stable')
  driver.join({ memberId: id })
  t.equal(driver.state(), 'CompletingRebalance')
  t.equal(driver.deleteGroup(), code.NON_EMPTY_GROUP, 'CompletingRebalance')
  const joiner = driver.joinDynamic()
  t.equal(driver.deleteGroup(), code.NON_EMPTY_GROUP, 'PreparingRebalance')
  driver.leave([{ memberId: id }, { memberId: joiner.memberId }])
  const before = driver.log.length
  t.equal(driver.deleteGroup(), code.NONE)
  const tombstones = driver.log.slice(before).map(({ record }) => record.value)
  t.same(tombstones, [null, null, null, null], 'three offsets, one group')
  for (const each of [driver, driver.reloaded()]) {
    t.equal(each.state(), 'Dead')
    t.same(each.fetchOffsets(null), {})
    t.same(each.list(), [])
  }
  t.end()
})
