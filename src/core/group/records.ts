/** The records that classic groups and offsets write, in Kafka's own versions (groups 3). */
import { encodeKey, encodeVersioned } from '../../../protocol/stored/framing.ts'
import { GroupMetadata, OffsetCommit } from '../../../protocol/stored/groups-classic.ts'
import type { StoredRecord } from '../decision.ts'
import type { ClassicGroup } from './classic/group.ts'
import { NO_BYTES } from './classic/group.ts'
import type { StoredOffset } from './offset-store.ts'

const GROUP_VERSION = 3
const OFFSET_VERSION = 4
/** The last version that can say when the offset expires. */
const OFFSET_VERSION_WITH_EXPIRY = 1

/** The group as it is, with these assignments by member id. */
export function groupRecord (
  group: ClassicGroup, assignments: ReadonlyMap<string, Buffer>,
): StoredRecord {
  const members = [...group.members.values()].map(member => ({
    memberId: member.memberId,
    groupInstanceId: member.groupInstanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    rebalanceTimeout: member.rebalanceTimeoutMs,
    sessionTimeout: member.sessionTimeoutMs,
    subscription: group.metadataOf(member),
    assignment: assignments.get(member.memberId) ?? NO_BYTES,
  }))
  return {
    key: encodeKey(GroupMetadata, { group: group.groupId }),
    value: encodeVersioned(GroupMetadata.value, GROUP_VERSION, {
      protocolType: group.protocolType ?? '',
      generation: group.generationId,
      protocol: group.protocolName ?? null,
      leader: group.leaderId ?? null,
      currentStateTimestamp: BigInt(group.stateTimestampMs ?? -1),
      members,
    }),
  }
}

/** 4.1, new group record: of a group that was just made; who has joined since is not in it. */
export function newGroupRecord (group: ClassicGroup): StoredRecord {
  return {
    key: encodeKey(GroupMetadata, { group: group.groupId }),
    value: encodeVersioned(GroupMetadata.value, GROUP_VERSION, {
      protocolType: '',
      generation: 0,
      protocol: null,
      leader: null,
      currentStateTimestamp: BigInt(group.stateTimestampMs ?? -1),
      members: [],
    }),
  }
}

export function groupTombstone (groupId: string): StoredRecord {
  return { key: encodeKey(GroupMetadata, { group: groupId }), value: null }
}

export function offsetRecord (
  groupId: string, topic: string, partition: number, stored: StoredOffset,
): StoredRecord {
  const version = stored.expireTimestampMs < 0n ? OFFSET_VERSION : OFFSET_VERSION_WITH_EXPIRY
  return {
    key: encodeKey(OffsetCommit, { group: groupId, topic, partition }),
    value: encodeVersioned(OffsetCommit.value, version, {
      offset: stored.offset,
      leaderEpoch: stored.leaderEpoch,
      metadata: stored.metadata,
      commitTimestamp: stored.commitTimestampMs,
      expireTimestamp: stored.expireTimestampMs,
      topicId: stored.topicId,
    }),
  }
}

export function offsetTombstone (groupId: string, topic: string, partition: number): StoredRecord {
  return { key: encodeKey(OffsetCommit, { group: groupId, topic, partition }), value: null }
}
