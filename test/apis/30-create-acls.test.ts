/** CreateAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { CreateAcls } from '../../protocol/messages/30-create-acls.ts'
import { createAcls } from '../../src/apis/30-create-acls.ts'
import { Close } from '../../src/apis/handler.ts'
import { call, everybody, nobody } from '../support/acls.ts'
import { RawBroker } from '../support/raw-broker.ts'

const acl = {
  resourceType: 2,
  resourceName: 'topic',
  resourcePatternType: 3,
  principal: 'User:a',
  host: '*',
  operation: 3,
  permissionType: 3,
}

t.test('security is disabled, says each row', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    const row = { errorCode: 54, errorMessage: 'No Authorizer is configured.' }
    t.same(
      (await client.request(CreateAcls, version, { creations: [acl, acl] })).results, [row, row]
    )
  }
})

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of ['resourceType', 'resourcePatternType', 'operation', 'permissionType']) {
    t.ok(createAcls.handle({ creations: [acl, { ...acl, [place]: 0 }] }, call, everybody) instanceof
      Close, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => createAcls.handle({ creations: [acl] }, call, nobody), { errorCode: 31 } as never)
  const error = { errorCode: 31, text: null } as never
  t.same(createAcls.failed?.({ creations: [acl] } as never, error, call),
    { results: [{ errorCode: 31, errorMessage: null }] })
})
