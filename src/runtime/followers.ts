/**
 * Who follows the metadata: the rooms that are told of each change of the image, in the order in
 * which they are.
 */
import { resourceType } from '../core/metadata/configs.ts'
import { OFFSETS_TOPIC } from '../core/metadata/internal-topics.ts'
import type { ClientQuotas } from '../core/quota/client-quotas.ts'
import type { ClientInstances } from '../core/telemetry/client-instances.ts'
import type { GroupCoordinator } from './coordinator/group-coordinator.ts'
import { PartitionLog } from './coordinator/partition-log.ts'
import type { CurrentSettings } from './current-settings.ts'
import type { MetadataRuntime } from './metadata.ts'
import type { Replicas } from './replica/replicas.ts'

export interface Followers {
  readonly metadata: MetadataRuntime
  readonly replicas: Replicas
  readonly groups: GroupCoordinator
  readonly currentSettings: CurrentSettings
  readonly quotas: ClientQuotas
  readonly telemetry: ClientInstances
}

/** Answers how to wait until every group shard led here has loaded. */
export function followMetadata (
  { metadata, replicas, groups, currentSettings, quotas, telemetry }: Followers
): () => Promise<void> {
  metadata.onDelta((delta, image) => {
    currentSettings.apply(delta)
    replicas.apply(delta)
    if (delta.quotasChanged.length > 0) quotas.load(image.quotas)
    const { CLIENT_METRICS } = resourceType
    const isAsked = [...delta.configsChanged()].some(({ type }) => type === CLIENT_METRICS)
    if (isAsked) telemetry.load(image.configs.all(CLIENT_METRICS))
    const deleted = [...delta.topicsDeleted.values()].map(({ name, id }) => ({ name, topicId: id }))
    if (deleted.length > 0) groups.topicsDeleted(deleted)
  })
  const loading = new Set<Promise<void>>()
  replicas.onLeadership(partition => {
    const { topic, index } = partition.identity
    if (topic !== OFFSETS_TOPIC) return
    if (!partition.isLeader) return groups.resign(index)
    const epoch = partition.leaderEpoch
    const lead = async (): Promise<void> => {
      // By now it may be led elsewhere, or by this broker in another epoch.
      if (!partition.isLeader || partition.leaderEpoch !== epoch) return
      await groups.becomeLeader(index, new PartitionLog(partition), epoch)
    }
    const loaded = partition.whenLoaded()?.then(lead) ?? lead()
    loading.add(loaded)
    void loaded.finally(() => { loading.delete(loaded) })
  })
  return async () => { await Promise.all(loading) }
}
