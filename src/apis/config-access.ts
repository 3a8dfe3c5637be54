/**
 * Who may see or alter which configuration (D13.1, D13.12): topics and groups by name, all else by
 * cluster.
 */
import { code } from '../../protocol/errors.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import type { Access, Client } from '../core/access/access.ts'
import { failure } from '../core/controller/failure.ts'
import type { Failure } from '../core/controller/failure.ts'
import { resourceType } from '../core/metadata/configs.ts'

/** What to answer to those who may not; undefined for those who may. */
export function deniedConfigs (
  access: Access, client: Client, operation: 'describeConfigs' | 'alterConfigs', type: number, name: string
): Failure | undefined {
  if (type === resourceType.TOPIC) {
    return access.allows(client, operation, 'topic', name) ? undefined : failure(code.TOPIC_AUTHORIZATION_FAILED)
  }
  if (type === resourceType.GROUP) {
    return access.allows(client, operation, 'group', name) ? undefined : failure(code.GROUP_AUTHORIZATION_FAILED)
  }
  return access.allows(client, operation, 'cluster', CLUSTER_NAME)
    ? undefined
    : failure(code.CLUSTER_AUTHORIZATION_FAILED)
}
