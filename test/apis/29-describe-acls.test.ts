/** DescribeAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { DescribeAcls } from '../../protocol/messages/29-describe-acls.ts'
import { describeAcls } from '../../src/apis/29-describe-acls.ts'
import { Close } from '../../src/apis/handler.ts'
import { call, everybody, filter, FILTER_CODES, nobody } from '../support/acls.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('security is disabled', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    t.match(await client.request(DescribeAcls, version, filter),
      { errorCode: 54, errorMessage: 'No Authorizer is configured on the broker', resources: [] })
  }
})

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of FILTER_CODES) {
    t.ok(describeAcls.handle({ ...filter, [place]: 0 }, call, everybody) instanceof Close, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => describeAcls.handle(filter, call, nobody), { errorCode: 31 } as never)
  const error = { errorCode: 31, text: null } as never
  t.same(describeAcls.failed?.(filter as never, error, call),
    { errorCode: 31, errorMessage: null, resources: [] })
})
