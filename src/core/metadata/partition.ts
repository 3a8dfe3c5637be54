/** One partition as the metadata log has it: who holds it, who leads it, since which epoch. */
import { PartitionRecord } from '../../../protocol/stored/metadata-topics.ts'
import type { PartitionChangeRecord } from '../../../protocol/stored/metadata-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { UNASSIGNED_DIRECTORY } from './directory.ts'
import type { PartitionRegistration } from './facts.ts'
import { fullEntry } from './full-entry.ts'
import { partitionVersion } from './record-versions.ts'

export const NO_LEADER = -1
/** In a PartitionChangeRecord: the leader, and with it the leader epoch, stays. */
export const NO_LEADER_CHANGE = -2

export const RECOVERED = 0
/** KIP-704: elected uncleanly, and has not yet said that it put its log in order. */
export const RECOVERING = 1

export function partitionOf (record: PartitionRecord): PartitionRegistration {
  return {
    replicas: record.replicas,
    directories: record.directories.length > 0
      ? record.directories
      : record.replicas.map(() => UNASSIGNED_DIRECTORY),
    isr: record.isr,
    removingReplicas: record.removingReplicas,
    addingReplicas: record.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? [],
    lastKnownElr: record.lastKnownElr ?? [],
    leader: record.leader,
    leaderRecoveryState: record.leaderRecoveryState,
    leaderEpoch: record.leaderEpoch,
    partitionEpoch: record.partitionEpoch,
  }
}

/**
 * R 2.2.4: each change raises the partition epoch; only one that names a leader the leader epoch.
 */
export function changed (
  partition: PartitionRegistration, record: PartitionChangeRecord
): PartitionRegistration {
  const leaderNamed = record.leader !== NO_LEADER_CHANGE
  return {
    replicas: record.replicas ?? partition.replicas,
    directories: directoriesAfter(partition, record),
    isr: record.isr ?? partition.isr,
    removingReplicas: record.removingReplicas ?? partition.removingReplicas,
    addingReplicas: record.addingReplicas ?? partition.addingReplicas,
    elr: record.eligibleLeaderReplicas ?? partition.elr,
    lastKnownElr: record.lastKnownElr ?? partition.lastKnownElr,
    leader: leaderNamed ? record.leader : partition.leader,
    leaderRecoveryState: record.leaderRecoveryState === -1
      ? partition.leaderRecoveryState
      : record.leaderRecoveryState,
    leaderEpoch: leaderNamed ? partition.leaderEpoch + 1 : partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch + 1,
  }
}

function directoriesAfter (
  partition: PartitionRegistration, record: PartitionChangeRecord
): readonly string[] {
  if (record.directories !== null && record.directories.length > 0) return record.directories
  if (record.replicas === null) return partition.directories
  return record.replicas.map(replica => directoryOf(partition, replica) ?? UNASSIGNED_DIRECTORY)
}

/**
 * The directory in which that broker holds the partition; undefined for a broker without replica.
 */
export function directoryOf (
  partition: PartitionRegistration, brokerId: number
): string | undefined {
  return partition.directories[partition.replicas.indexOf(brokerId)]
}

export function isReassigning (partition: PartitionRegistration): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0
}

export function partitionEntry (
  topicId: string, partitionId: number, partition: PartitionRegistration, metadataVersion: number
): MetadataEntry {
  return fullEntry(PartitionRecord, partitionVersion(metadataVersion), {
    partitionId,
    topicId,
    replicas: [...partition.replicas],
    isr: [...partition.isr],
    removingReplicas: [...partition.removingReplicas],
    addingReplicas: [...partition.addingReplicas],
    leader: partition.leader,
    leaderRecoveryState: partition.leaderRecoveryState,
    leaderEpoch: partition.leaderEpoch,
    partitionEpoch: partition.partitionEpoch,
    directories: [...partition.directories],
    eligibleLeaderReplicas: partition.elr.length > 0 ? [...partition.elr] : null,
    lastKnownElr: partition.lastKnownElr.length > 0 ? [...partition.lastKnownElr] : null,
  })
}
