/**
 * DescribeAcls v1-3 (D20.1, KIP-140): there is no authorizer, so there are no access control lists.
 *
 * v2: encoding. v3: user resources.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeAcls } from '../../protocol/messages/29-describe-acls.ts'
import type { Broker } from './broker.ts'
import { isUnknownFilter, unknownCode } from './acl-codes.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access'>

export const describeAcls = handler(DescribeAcls, { versions: [1, 3], failed },
  (request, { session }, { access }: Needs) => {
    if (isUnknownFilter(request)) return unknownCode
    ensureCluster(access, session, 'describe')
    return {
      errorCode: code.SECURITY_DISABLED,
      errorMessage: 'No Authorizer is configured on the broker',
      resources: [],
    }
  })

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, resources: [] }
}
