/** The first records of a new cluster. */
import { FeatureLevelRecord } from '../../../protocol/stored/metadata-settings.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { CLUSTER_DEFAULT, configEntry, resourceType } from '../metadata/configs.ts'
import { ELIGIBLE_LEADER_REPLICAS, supportedFeatures } from '../metadata/features.ts'
import { fullEntry } from '../metadata/full-entry.ts'

/** What formatting writes: metadata.version first, for it says how the rest is to be read. */
export function bootstrapRecords (minInsyncReplicas: number): MetadataEntry[] {
  const records: MetadataEntry[] = []
  for (const { name, bootstrapLevel } of supportedFeatures) {
    if (bootstrapLevel === undefined) continue
    records.push(fullEntry(FeatureLevelRecord, 0, { name, featureLevel: bootstrapLevel }))
    // KIP-966: with the ELR one minimum must hold for all nodes, so it is stored in the log.
    if (name === ELIGIBLE_LEADER_REPLICAS && bootstrapLevel > 0) {
      records.push(configEntry(
        resourceType.BROKER, CLUSTER_DEFAULT, 'min.insync.replicas', String(minInsyncReplicas)))
    }
  }
  return records
}
