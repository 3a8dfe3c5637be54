/**
 * CreateAcls v1-3 (D20.1, KIP-140): there is no authorizer to create them for.
 *
 * v2: encoding. v3: user resources.
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { CreateAcls } from '../../protocol/messages/30-create-acls.ts'
import type { CreateAclsRequest } from '../../protocol/messages/30-create-acls.ts'
import type { Broker } from './broker.ts'
import { isUnknownAcl, noAuthorizer, unknownCode } from './acl-codes.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access'>

export const createAcls = handler(CreateAcls, { versions: [1, 3], failed },
  (request, { session }, { access }: Needs) => {
    if (request.creations.some(isUnknownAcl)) return unknownCode
    ensureCluster(access, session, 'alter')
    return failed(request, noAuthorizer())
  })

function failed ({ creations }: CreateAclsRequest, { errorCode, text }: KafkaError) {
  return { results: creations.map(() => ({ errorCode, errorMessage: text })) }
}
