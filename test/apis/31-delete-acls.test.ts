/** DeleteAcls over the wire, where there is no authorizer (D20.1). */
import t from 'tap'
import { DeleteAcls } from '../../protocol/messages/31-delete-acls.ts'
import { deleteAcls } from '../../src/apis/31-delete-acls.ts'
import { Close } from '../../src/apis/handler.ts'
import { call, everybody, filter, FILTER_CODES, nobody } from '../support/acls.ts'
import { RawBroker } from '../support/raw-broker.ts'

t.test('security is disabled, says each row', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  for (const version of [1, 2, 3]) {
    const row = { errorCode: 54, errorMessage: 'No Authorizer is configured.', matchingAcls: [] }
    t.same((await client.request(DeleteAcls, version, { filters: [filter, filter] })).filterResults,
      [row, row])
  }
})

t.test('D0.1: code 0 in any place closes the connection', async t => {
  for (const place of FILTER_CODES) {
    t.ok(deleteAcls.handle({ filters: [filter, { ...filter, [place]: 0 }] }, call,
      everybody) instanceof Close, place)
  }
})

t.test('D0.5: without the right to', async t => {
  t.throws(() => deleteAcls.handle({ filters: [filter] }, call, nobody), { errorCode: 31 } as never)
  const error = { errorCode: 31, text: null } as never
  t.same(deleteAcls.failed?.({ filters: [filter] } as never, error, call),
    { filterResults: [{ errorCode: 31, errorMessage: null, matchingAcls: [] }] })
})
