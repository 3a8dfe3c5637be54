/** DescribeAcls, CreateAcls and DeleteAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { CreateAcls } from '../../protocol/messages/30-create-acls.ts'
import { DeleteAcls } from '../../protocol/messages/31-delete-acls.ts'
import { DescribeAcls } from '../../protocol/messages/29-describe-acls.ts'
import { createAcls } from '../../src/apis/30-create-acls.ts'
import { deleteAcls } from '../../src/apis/31-delete-acls.ts'
import { describeAcls } from '../../src/apis/29-describe-acls.ts'
import { CLOSE } from '../../src/apis/handler.ts'
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
const acl = {
  resourceType: 2,
  resourceName: 'topic',
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3,
}
const noAuthorizer = { errorCode: 54, errorMessage: 'No Authorizer is configured.' }

t.test('each says in its own form that security is disabled', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    t.match(await client.request(DescribeAcls, version, filter),
      { errorCode: 54, errorMessage: 'No Authorizer is configured on the broker', resources: [] })
    t.match(await client.request(CreateAcls, version, { creations: [acl, acl] }),
      { results: [noAuthorizer, noAuthorizer] })
    t.match(await client.request(DeleteAcls, version, { filters: [filter] }),
      { filterResults: [{ ...noAuthorizer, matchingAcls: [] }] })
  }
})

const everybody = { access: { allows: () => true } } as never
const nobody = { access: { allows: () => false } } as never
const call = { version: 3, session: {} } as never

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of ['resourceTypeFilter', 'patternTypeFilter', 'operation', 'permissionType']) {
    const unknown = { ...filter, [place]: 0 }
    t.equal(describeAcls.handle(unknown, call, everybody), CLOSE, place)
    t.equal(deleteAcls.handle({ filters: [filter, unknown] }, call, everybody), CLOSE, place)
  }
  for (const place of ['resourceType', 'resourcePatternType', 'operation', 'permissionType']) {
    t.equal(createAcls.handle({ creations: [acl, { ...acl, [place]: 0 }] }, call, everybody), CLOSE, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => describeAcls.handle(filter, call, nobody), { errorCode: 31 } as never)
  t.throws(() => createAcls.handle({ creations: [acl] }, call, nobody), { errorCode: 31 } as never)
  t.throws(() => deleteAcls.handle({ filters: [filter] }, call, nobody), { errorCode: 31 } as never)
  t.match(describeAcls.failed?.(filter, { errorCode: 31, text: 'no' } as never, call),
    { errorCode: 31, errorMessage: 'no', resources: [] })
})
