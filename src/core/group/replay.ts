/** What records do to memory: the only way in which what is stored gets there (section 3). */
import { decodeKey, decodeVersioned, recordType } from '../../../protocol/stored/framing.ts'
import {
  GroupMetadata, LegacyOffsetCommit, OffsetCommit,
} from '../../../protocol/stored/groups-classic.ts'
import type { GroupMetadataValue } from '../../../protocol/stored/groups-classic.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { RecordPosition, StoredRecord } from '../decision.ts'
import { ClassicGroup } from './classic/group.ts'
import type { StoredOffset } from './offset-store.ts'
import { cancelDeadlines } from './classic/rebalance.ts'
import type { ShardState } from './shard-state.ts'

/** Missing in old records: the session timeout counts. */
const NO_REBALANCE_TIMEOUT = -1

/**
 * Replays one record; false if its type is none of classic groups and offsets. Throws DecodeError
 * for a key or value that cannot be read: a shard that goes on without it would lose state.
 */
export function replay (
  shard: ShardState, record: StoredRecord, position: RecordPosition,
): boolean {
  switch (recordType(record.key)) {
    case LegacyOffsetCommit.type:
      replayLegacyOffset(shard, record, position)
      return true
    case OffsetCommit.type:
      replayOffset(shard, record, position)
      return true
    case GroupMetadata.type:
      replayGroup(shard, record)
      return true
    default:
      return false
  }
}

function replayLegacyOffset (
  shard: ShardState, record: StoredRecord, position: RecordPosition,
): void {
  const { group, topic, partition } = decodeKey(LegacyOffsetCommit, record.key)
  if (record.value === null) {
    shard.offsets.remove(group, topic, partition)
    return
  }
  const value = decodeVersioned(LegacyOffsetCommit.value, record.value)
  putOffset(shard, group, topic, partition, {
    offset: value.offset,
    leaderEpoch: -1,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: -1n,
    topicId: ZERO_UUID,
  }, position)
}

function replayOffset (shard: ShardState, record: StoredRecord, position: RecordPosition): void {
  const { group, topic, partition } = decodeKey(OffsetCommit, record.key)
  if (record.value === null) {
    shard.offsets.remove(group, topic, partition)
    return
  }
  const value = decodeVersioned(OffsetCommit.value, record.value)
  putOffset(shard, group, topic, partition, {
    offset: value.offset,
    leaderEpoch: value.leaderEpoch,
    metadata: value.metadata,
    commitTimestampMs: value.commitTimestamp,
    expireTimestampMs: value.expireTimestamp,
    topicId: value.topicId,
  }, position)
}

function putOffset (
  shard: ShardState, groupId: string, topic: string, partition: number,
  stored: StoredOffset, position: RecordPosition,
): void {
  // 4.1: a group that offsets alone have made is a simple one.
  if (!shard.groups.has(groupId)) shard.groups.set(groupId, new ClassicGroup(groupId, 'Empty'))
  shard.offsets.put(groupId, topic, partition, stored, position)
}

function replayGroup (shard: ShardState, { key, value }: StoredRecord): void {
  const { group: groupId } = decodeKey(GroupMetadata, key)
  const replaced = shard.groups.get(groupId)
  if (replaced !== undefined) cancelDeadlines(shard, replaced)
  if (value === null) shard.groups.delete(groupId)
  else shard.groups.set(groupId, loadGroup(groupId, decodeVersioned(GroupMetadata.value, value)))
}

function loadGroup (groupId: string, value: GroupMetadataValue): ClassicGroup {
  const since = value.currentStateTimestamp === -1n
    ? undefined
    : Number(value.currentStateTimestamp)
  const group = new ClassicGroup(groupId, value.members.length === 0 ? 'Empty' : 'Stable', since)
  group.generationId = value.generation
  group.protocolType = value.protocolType === '' ? undefined : value.protocolType
  group.protocolName = value.protocol ?? undefined
  group.leaderId = value.leader ?? undefined
  for (const member of value.members) {
    group.add({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      protocolType: value.protocolType,
      rebalanceTimeoutMs: member.rebalanceTimeout === NO_REBALANCE_TIMEOUT
        ? member.sessionTimeout
        : member.rebalanceTimeout,
      sessionTimeoutMs: member.sessionTimeout,
      // The record's bytes belong to its batch.
      protocols: [{ name: value.protocol ?? '', metadata: Buffer.from(member.subscription) }],
      assignment: Buffer.from(member.assignment),
      isNew: false,
      parkedJoin: undefined,
      parkedSync: undefined,
      heartbeat: undefined,
    })
  }
  if (group.leaderId !== undefined && !group.members.has(group.leaderId)) {
    group.leaderId = group.members.keys().next().value
  }
  group.learnSubscriptions()
  return group
}
