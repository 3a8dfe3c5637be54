/** What the requests about access control lists have in common. */
import { code, KafkaError } from '../../protocol/errors.ts'
import type { CreateAclsRequest } from '../../protocol/messages/30-create-acls.ts'
import type { DeleteAclsRequest } from '../../protocol/messages/31-delete-acls.ts'
import { Close } from './handler.ts'

type Filter = DeleteAclsRequest['filters'][number]
type Acl = CreateAclsRequest['creations'][number]

/**
 * Kafka's UNKNOWN, of which it says that no request may have it; other codes that are none may be
 * there.
 */
const UNKNOWN = 0

/** D0.1: the answer to a request that has one. */
export const unknownCode = new Close('0 (UNKNOWN) is no type, operation or permission')

export function noAuthorizer (): KafkaError {
  return new KafkaError(code.SECURITY_DISABLED, 'No Authorizer is configured.')
}

/** Whether the connection of such a request is to be closed. */
export function isUnknownFilter (filter: Filter): boolean {
  const { resourceTypeFilter, patternTypeFilter, operation, permissionType } = filter
  return [resourceTypeFilter, patternTypeFilter, operation, permissionType].includes(UNKNOWN)
}

/** The same of a list that is to be created. */
export function isUnknownAcl (acl: Acl): boolean {
  const { resourceType, resourcePatternType, operation, permissionType } = acl
  return [resourceType, resourcePatternType, operation, permissionType].includes(UNKNOWN)
}
