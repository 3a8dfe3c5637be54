/**
 * DeleteAcls v1-3 (D20.1, KIP-140): there is no authorizer to delete them from.
 *
 * v2: encoding. v3: user resources.
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { DeleteAcls } from '../../protocol/messages/31-delete-acls.ts'
import type { DeleteAclsRequest } from '../../protocol/messages/31-delete-acls.ts'
import type { Broker } from './broker.ts'
import { isUnknownFilter, noAuthorizer, unknownCode } from './acl-codes.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access'>

export const deleteAcls = handler(DeleteAcls, { versions: [1, 3], failed },
  (request, { session }, { access }: Needs) => {
    if (request.filters.some(isUnknownFilter)) return unknownCode
    ensureCluster(access, session, 'alter')
    return failed(request, noAuthorizer())
  })

function failed ({ filters }: DeleteAclsRequest, { errorCode, text }: KafkaError) {
  return { filterResults: filters.map(() => ({ errorCode, errorMessage: text, matchingAcls: [] })) }
}
