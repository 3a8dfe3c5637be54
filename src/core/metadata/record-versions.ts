/**
 * Which version of a record each metadata.version writes (KIP-778): older nodes must still read it.
 */

const DIRECTORY_ASSIGNMENT = 17 // 3.7-IV2, KIP-858
const ELIGIBLE_LEADER_REPLICAS = 23 // 4.0-IV1, KIP-966
const CORDONED_LOG_DIRS = 30 // 4.3-IV0, KIP-1066
const MIGRATION = 8 // 3.4-IV0, KIP-866

export function registerBrokerVersion (metadataVersion: number): number {
  if (metadataVersion >= CORDONED_LOG_DIRS) return 4
  if (metadataVersion >= DIRECTORY_ASSIGNMENT) return 3
  return metadataVersion >= MIGRATION ? 2 : 1
}

export function partitionVersion (metadataVersion: number): number {
  if (metadataVersion >= ELIGIBLE_LEADER_REPLICAS) return 2
  return metadataVersion >= DIRECTORY_ASSIGNMENT ? 1 : 0
}

export function hasDirectoryAssignment (metadataVersion: number): boolean {
  return metadataVersion >= DIRECTORY_ASSIGNMENT
}

export function hasCordonedLogDirs (metadataVersion: number): boolean {
  return metadataVersion >= CORDONED_LOG_DIRS
}
