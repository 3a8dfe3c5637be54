/** D2.11: replicas that nobody can read from on this listener. */
import { ZERO_UUID } from '../../protocol/uuid.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { PartitionRegistration } from '../core/metadata/facts.ts'

/** `alive` are the brokers that this client can reach. */
export function offlineReplicas (
  { replicas, directories }: PartitionRegistration, alive: ReadonlySet<number>,
  { brokers }: MetadataImage
): number[] {
  return replicas.filter(
    (id, at) => !alive.has(id) || !brokers.hasOnlineDirectory(id, directories[at] ?? ZERO_UUID)
  )
}
