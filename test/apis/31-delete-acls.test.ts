/** DeleteAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { DeleteAcls } from '../../protocol/messages/31-delete-acls.ts'
import { deleteAcls } from '../../src/apis/31-delete-acls.ts'
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

t.test('security is disabled, says each row', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    const row = { errorCode: 54, errorMessage: 'No Authorizer is configured.', matchingAcls: [] }
    t.same((await client.request(DeleteAcls, version, { filters: [filter, filter] })).filterResults, [row, row])
  }
})

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of ['resourceTypeFilter', 'patternTypeFilter', 'operation', 'permissionType']) {
    t.ok(deleteAcls.handle({ filters: [filter, { ...filter, [place]: 0 }] }, call, everybody) instanceof Close, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => deleteAcls.handle({ filters: [filter] }, call, nobody), { errorCode: 31 } as never)
  const error = { errorCode: 31, text: null } as never
  t.same(deleteAcls.failed?.({ filters: [filter] } as never, error, call),
    { filterResults: [{ errorCode: 31, errorMessage: null, matchingAcls: [] }] })
})
