/** DescribeGroups over the wire (groups 4.5). */
import t from 'tap'
import { DescribeGroups } from '../../protocol/messages/15-describe-groups.ts'
import { describeGroups } from '../../src/apis/15-describe-groups.ts'
import { GroupBench } from '../support/group-bench.ts'

t.test('DescribeGroups', async t => {
  const bench = await GroupBench.start()
  const { memberId } = await bench.joinAlone('g')
  for (let version = 0; version <= 6; version++) {
    const { groups } = await bench.request(DescribeGroups, version, { groups: ['g', 'none', ''], includeAuthorizedOperations: version > 3 })
    t.match(groups[0], {
      errorCode: 0,
      groupId: 'g',
      groupState: 'Stable',
      protocolType: 'consumer',
      protocolData: 'range',
      members: [{ memberId, clientId: 'raw', clientHost: '/127.0.0.1' }],
    }, `v${version}`)
    t.same(groups[0]?.members.map(each => [each.memberMetadata.toString(), each.memberAssignment.toString()]), [['range', 'all']])
    t.match(groups[1], version >= 6
      ? { errorCode: 69, groupState: 'Dead', errorMessage: 'Group none not found.' }
      : { errorCode: 0, groupState: 'Dead', errorMessage: null }, `clients 6.38, v${version}: a group that is missing`)
    t.equal(groups[2]?.groupState, 'Dead', 'the empty id is allowed')
    t.equal(groups[0]?.authorizedOperations, version > 3 ? 3400 : -2147483648, 'clients 6.37')
  }
  const needs = {
    access: { allows: (_client: unknown, _operation: string, _type: string, name: string) => name !== 'secret' },
    groups: { describe: async (ids: string[]) => ids.map(groupId => ({ groupId, groupState: 'Dead' })) },
  } as never
  const answer = await describeGroups.handle({ groups: ['a', 'secret'], includeAuthorizedOperations: false } as never,
    { version: 5, session: {} } as never, needs) as any
  t.match(answer.groups, [{ groupId: 'secret', errorCode: 30, groupState: '' }, { groupId: 'a' }], 'refused ones first')
})
