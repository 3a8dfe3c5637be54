/** What requests about the whole cluster ask before anything else (D0.5). */
import { code, KafkaError } from '../../protocol/errors.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import type { Access, Operation } from '../core/access/access.ts'
import type { Session } from './session.ts'

/** Throws CLUSTER_AUTHORIZATION_FAILED, which becomes the request's own error answer (D0.2). */
export function ensureCluster (access: Access, session: Session, operation: Operation): void {
  if (!access.allows(session, operation, 'cluster', CLUSTER_NAME)) {
    throw new KafkaError(code.CLUSTER_AUTHORIZATION_FAILED)
  }
}
