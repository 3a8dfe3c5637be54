/** What records do to memory: the only way in which what is stored gets there (groups 3). */
import { decodeKey, decodeVersioned, recordType } from '../../../protocol/stored/framing.ts'
import {
  GroupMetadata, LegacyOffsetCommit, OffsetCommit,
} from '../../../protocol/stored/groups-classic.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { RecordPosition, StoredRecord } from '../decision.ts'
import { ClassicGroup } from './classic/group.ts'
import type { StoredOffset } from './offset-store.ts'
import { replayGroup } from './classic/load.ts'
import type { ShardState } from './shard-state.ts'

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
