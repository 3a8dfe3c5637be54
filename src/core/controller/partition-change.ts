/**
 * Every change of a partition's replicas, ISR or leader goes through here: reassignment is
 * completed, the ELR kept, a leader elected, and what really changes is written down (2.4, 2.9).
 */
import { PartitionChangeRecord } from '../../../protocol/stored/metadata-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { UNASSIGNED_DIRECTORY, MIGRATING_DIRECTORY } from '../metadata/directory.ts'
import { fullEntry } from '../metadata/full-entry.ts'
import type { MetadataImage } from '../metadata/image.ts'
import {
  NO_LEADER, NO_LEADER_CHANGE, RECOVERING, directoryOf,
} from '../metadata/partition.ts'
import type { PartitionRegistration } from '../metadata/facts.ts'
import { hasDirectoryAssignment, partitionVersion } from '../metadata/record-versions.ts'

/**
 * preferred: the first replica if it is in the ISR. online: whoever keeps the partition online out
 * of the ISR. unclean: any live replica rather than none.
 */
export type Election = 'preferred' | 'online' | 'unclean'

export interface PartitionTargets {
  readonly isr?: readonly number[]
  readonly replicas?: readonly number[]
  readonly removing?: readonly number[]
  readonly adding?: readonly number[]
  readonly leaderRecoveryState?: number
  /** Broker → directory that now holds its replica. */
  readonly directories?: ReadonlyMap<number, string>
  /** R 2.4.4: came back without proof of a clean end, so it belongs to no ELR. */
  readonly uncleanShutdown?: number | undefined
}

export interface PartitionContext {
  readonly image: MetadataImage
  readonly topicId: string
  readonly index: number
  readonly partition: PartitionRegistration
  readonly minIsr: number
  readonly election: Election
  /** On top of being able to hold the partition at all: whether this decision lets it lead. */
  readonly isAcceptableLeader: (brokerId: number) => boolean
}

/** The goal while it is worked out, and the fields of the record as they are decided. */
interface Draft {
  isr: readonly number[]
  replicas: readonly number[]
  removing: readonly number[]
  adding: readonly number[]
  elr: readonly number[]
  readonly record: PartitionChangeRecord
}

/** Undefined if nothing changes. The record is a PartitionChangeRecord. */
export function changePartition (
  context: PartitionContext, targets: PartitionTargets
): { entry: MetadataEntry, record: PartitionChangeRecord } | undefined {
  const { partition, image } = context
  const draft: Draft = {
    isr: targets.isr ?? partition.isr,
    replicas: targets.replicas ?? partition.replicas,
    removing: targets.removing ?? partition.removingReplicas,
    adding: targets.adding ?? partition.addingReplicas,
    elr: partition.elr,
    record: unchanged(context.topicId, context.index),
  }
  completeReassignment(draft)
  keepElr(draft, context, targets)
  elect(draft, context)
  raiseLeaderEpochForLostReplicas(draft, partition)
  writeElr(draft, context)
  writeIsr(draft, context)
  writeLastKnownLeader(draft, context)
  writeAssignment(draft, context, targets)
  const { record } = draft
  const recovery = targets.leaderRecoveryState ?? partition.leaderRecoveryState
  if (recovery !== partition.leaderRecoveryState) record.leaderRecoveryState = recovery
  if (isNoChange(record)) return undefined
  const version = partitionVersion(image.metadataVersion)
  return { entry: fullEntry(PartitionChangeRecord, version, record), record }
}

function unchanged (topicId: string, partitionId: number): PartitionChangeRecord {
  return {
    partitionId,
    topicId,
    isr: null,
    leader: NO_LEADER_CHANGE,
    replicas: null,
    removingReplicas: null,
    addingReplicas: null,
    leaderRecoveryState: -1,
    directories: null,
    eligibleLeaderReplicas: null,
    lastKnownElr: null,
  }
}

function isNoChange (record: PartitionChangeRecord): boolean {
  return record.leader === NO_LEADER_CHANGE && record.leaderRecoveryState === -1 &&
    record.isr === null &&
    record.replicas === null && record.removingReplicas === null &&
      record.addingReplicas === null &&
    record.directories === null && record.eligibleLeaderReplicas === null &&
      record.lastKnownElr === null
}

/**
 * D17.4: all adding replicas are in the ISR, and a target too; if fewer replicas stay, all targets.
 */
function completeReassignment (draft: Draft): void {
  const { adding, removing } = draft
  if (adding.length === 0 && removing.length === 0) return
  const isr = draft.isr.filter(replica => !removing.includes(replica))
  const replicas = draft.replicas.filter(replica => !removing.includes(replica))
  if (isr.length === 0 || replicas.length === 0) return
  if (!adding.every(replica => isr.includes(replica))) return
  if (adding.length < removing.length && !replicas.every(replica => isr.includes(replica))) return
  draft.isr = isr
  draft.replicas = replicas
  draft.adding = []
  draft.removing = []
}

/** R 2.4.3: below its minimum the ISR's leavers stay electable; at it again nobody needs them. */
function keepElr (
  draft: Draft, { image, partition, minIsr }: PartitionContext, targets: PartitionTargets
): void {
  if (!image.features.elrEnabled) return
  if (draft.isr.length >= minIsr) {
    draft.elr = []
    return
  }
  // Whoever is a replica no longer cannot lead, so it must not count either.
  const candidates = draft.replicas.filter(replica =>
    draft.elr.includes(replica) || partition.isr.includes(replica))
  draft.elr = candidates.filter(replica =>
    !draft.isr.includes(replica) && replica !== targets.uncleanShutdown)
}

interface Elected { readonly leader: number, readonly unclean: boolean }

function electedLeader (draft: Draft, context: PartitionContext): Elected {
  const { partition, election } = context
  const first = draft.replicas[0]
  const valid = (replica: number): boolean => isValidLeader(replica, draft, context)
  if (election === 'preferred' && first !== undefined && valid(first)) {
    return { leader: first, unclean: false }
  }
  // The present leader stays if it may: a change costs clients a refresh.
  if (valid(partition.leader)) return { leader: partition.leader, unclean: false }
  const online = draft.replicas.find(valid)
  if (online !== undefined) return { leader: online, unclean: false }
  const lastKnown = electableLastKnownLeader(draft, context)
  if (lastKnown !== undefined) return { leader: lastKnown, unclean: true }
  if (election === 'unclean') {
    const live = draft.replicas.find(replica => isAcceptable(replica, context))
    if (live !== undefined) return { leader: live, unclean: true }
  }
  return { leader: NO_LEADER, unclean: false }
}

/** R 2.4.1: out of the ISR, or out of the ELR when the ISR is empty. */
function isValidLeader (replica: number, draft: Draft, context: PartitionContext): boolean {
  const eligible = draft.isr.includes(replica) ||
    (draft.isr.length === 0 && draft.elr.includes(replica))
  return eligible && isAcceptable(replica, context)
}

function isAcceptable (
  replica: number, { image, partition, isAcceptableLeader }: PartitionContext
): boolean {
  // A replica that is only about to be added has no directory yet, so none that could be offline.
  const directory = directoryOf(partition, replica) ?? UNASSIGNED_DIRECTORY
  return isAcceptableLeader(replica) && image.brokers.hasOnlineDirectory(replica, directory)
}

/** R 2.4.7: only if nobody is left in ISR and ELR, it is the only one known, and it lives. */
function electableLastKnownLeader (draft: Draft, context: PartitionContext): number | undefined {
  const { image, partition: { lastKnownElr } } = context
  if (!image.features.elrEnabled || draft.isr.length > 0 || draft.elr.length > 0) return undefined
  const [leader] = lastKnownElr
  if (leader === undefined || lastKnownElr.length !== 1) return undefined
  return isAcceptable(leader, context) ? leader : undefined
}

function elect (draft: Draft, context: PartitionContext): void {
  const { partition } = context
  const { leader, unclean } = electedLeader(draft, context)
  if (leader === partition.leader) return
  if (draft.elr.includes(leader)) {
    draft.isr = [leader]
    draft.elr = draft.elr.filter(replica => replica !== leader)
  }
  draft.record.leader = leader
  if (!unclean) return
  // Records that only the others had are lost here; the leader says when it has put its log in
  // order.
  draft.isr = [leader]
  draft.record.isr = [leader]
  if (partition.leaderRecoveryState !== RECOVERING) draft.record.leaderRecoveryState = RECOVERING
}

/** R 2.9.2: naming the leader again raises its epoch, so that the removed replicas are fenced. */
function raiseLeaderEpochForLostReplicas (
  { record, replicas }: Draft, partition: PartitionRegistration
): void {
  if (record.leader !== NO_LEADER_CHANGE) return
  if (!partition.replicas.every(replica => replicas.includes(replica))) {
    record.leader = partition.leader
  }
}

function writeElr (draft: Draft, { image, partition }: PartitionContext): void {
  const uncleanElection = draft.record.isr !== null
  if (uncleanElection || !image.features.elrEnabled) draft.elr = []
  if (!sameMembers(draft.elr, partition.elr)) draft.record.eligibleLeaderReplicas = [...draft.elr]
}

/** R 2.4.2: an empty ISR is written with the ELR only; without it the last member stays. */
function writeIsr (draft: Draft, { image, partition }: PartitionContext): void {
  if (draft.record.isr !== null) return
  if (draft.isr.length === 0 && !image.features.elrEnabled) return
  if (!sameOrder(draft.isr, partition.isr)) draft.record.isr = [...draft.isr]
}

/** KIP-966: who led last is noted when nobody leads any more, forgotten with the next leader. */
function writeLastKnownLeader ({ record }: Draft, { image, partition }: PartitionContext): void {
  if (!image.features.elrEnabled) return
  const { lastKnownElr, leader } = partition
  if (record.leader === NO_LEADER && lastKnownElr.length === 0 && leader !== NO_LEADER) {
    record.lastKnownElr = [leader]
  } else if (record.leader >= 0 && lastKnownElr.length > 0) {
    record.lastKnownElr = []
  }
}

function writeAssignment (
  draft: Draft, context: PartitionContext, targets: PartitionTargets
): void {
  const { record, replicas, removing, adding } = draft
  const { partition, image } = context
  if (replicas.length > 0 && hasDirectoryAssignment(image.metadataVersion)) {
    const directories = replicas.map(replica => targets.directories?.get(replica) ??
      directoryOf(partition, replica) ?? defaultDirectory(image, replica))
    if (!sameOrder(directories, partition.directories)) record.directories = directories
  }
  if (replicas.length > 0 && !sameOrder(replicas, partition.replicas)) {
    record.replicas = [...replicas]
  }
  if (!sameOrder(removing, partition.removingReplicas)) record.removingReplicas = [...removing]
  if (!sameOrder(adding, partition.addingReplicas)) record.addingReplicas = [...adding]
}

/** KIP-858: with a single directory there is nothing for the broker to choose. */
export function defaultDirectory (image: MetadataImage, brokerId: number): string {
  const logDirs = image.brokers.get(brokerId)?.logDirs
  if (logDirs === undefined) return UNASSIGNED_DIRECTORY
  return logDirs.length > 1 ? UNASSIGNED_DIRECTORY : logDirs[0] ?? MIGRATING_DIRECTORY
}

function sameOrder<T> (one: readonly T[], other: readonly T[]): boolean {
  return one.length === other.length && one.every((it, index) => it === other[index])
}

function sameMembers (one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every(it => other.includes(it))
}
