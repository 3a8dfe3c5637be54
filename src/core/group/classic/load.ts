/** How a classic group comes into memory with the log's records, and how it leaves (groups 3). */
import { code } from '../../../../protocol/errors.ts'
import { decodeKey, decodeVersioned } from '../../../../protocol/stored/framing.ts'
import { GroupMetadata } from '../../../../protocol/stored/groups-classic.ts'
import type { GroupMetadataValue } from '../../../../protocol/stored/groups-classic.ts'
import type { Step, StoredRecord } from '../../decision.ts'
import { classicGroup } from '../group.ts'
import type { ShardState } from '../shard-state.ts'
import { ClassicGroup } from './group.ts'
import { joinError } from './join-response.ts'
import { cancelDeadlines, prepareRebalance } from './rebalance.ts'
import { restartHeartbeat } from './sessions.ts'
import { syncError } from './sync-response.ts'

/** Missing in old records: the session timeout counts. */
const NO_REBALANCE_TIMEOUT = -1

export function replayGroup (shard: ShardState, { key, value }: StoredRecord): void {
  const { group: groupId } = decodeKey(GroupMetadata, key)
  const replaced = classicGroup(shard.groups, groupId)
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

/** Everything is replayed: the sessions of all members begin anew. */
export function groupLoaded (shard: ShardState, step: Step, group: ClassicGroup): void {
  for (const member of group.members.values()) restartHeartbeat(shard, step, group, member)
  // The setting has shrunk: the rebalance lets in as many as have room.
  if (group.members.size > shard.settings.maxSize) prepareRebalance(shard, step, group)
}

/** The group is led elsewhere: whoever is parked is told so. */
export function unloadGroup (shard: ShardState, step: Step, group: ClassicGroup): void {
  cancelDeadlines(shard, group)
  group.transitionTo('Dead', step.nowMs)
  for (const member of group.members.values()) {
    const join = group.takeJoin(member)
    if (join !== undefined) step.answer(join, joinError(member.memberId, code.NOT_COORDINATOR))
    if (member.parkedSync !== undefined) {
      step.answer(member.parkedSync, syncError(code.NOT_COORDINATOR))
      member.parkedSync = undefined
    }
  }
}
