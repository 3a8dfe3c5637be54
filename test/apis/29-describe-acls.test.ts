/** DescribeAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { DescribeAcls } from '../../protocol/messages/29-describe-acls.ts'
import { describeAcls } from '../../src/apis/29-describe-acls.ts'
import { Close } from '../../src/apis/handler.ts'
import { RawBroker } from '../support/raw-broker.ts'

const filter = {
  resourceTypeFilter: 2,
  resourceNameFilter: 'topic',
  patternTypeFilter: 3,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}
const everybody = { access: { allows: () => true } } as never
const nobody = { access: { allows: () => false } } as never
const call = { version: 3, session: {} } as never

t.test('security is disabled', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    t.match(await client.request(DescribeAcls, version, filter),
      { errorCode: 54, errorMessage: 'No Authorizer is configured on the broker', resources: [] })
  }
})

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of ['resourceTypeFilter', 'patternTypeFilter', 'operation', 'permissionType']) {
    t.ok(describeAcls.handle({ ...filter, [place]: 0 }, call, everybody) instanceof Close, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => describeAcls.handle(filter, call, nobody), { errorCode: 31 } as never)
  const error = { errorCode: 31, text: null } as never
  t.same(describeAcls.failed?.(filter as never, error, call),
    { errorCode: 31, errorMessage: null, resources: [] })
})
