/** Offsets that nobody needs any more: their time is over (5.4), or their topic is gone. */
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { Step } from '../decision.ts'
import type { Decision } from '../decision.ts'
import type { Group } from './group.ts'
import type { StoredOffset } from './offset-store.ts'
import { groupTombstone, offsetTombstone } from './records.ts'
import type { ShardState } from './shard-state.ts'

/** Checks now, and again an interval later. */
export function scheduleOffsetExpiry (shard: ShardState, nowMs: number): void {
  shard.deadlines.at(nowMs + shard.settings.offsetsRetentionCheckIntervalMs, nowMs => {
    scheduleOffsetExpiry(shard, nowMs)
    return [expireOffsets(shard, nowMs)]
  })
}

function expireOffsets (shard: ShardState, nowMs: number): Decision {
  const step = new Step(nowMs)
  for (const group of shard.groups.values()) {
    const emptied = expireGroup(shard, step, group)
    if (emptied && group.state === 'Empty') step.records.push(groupTombstone(group.groupId))
  }
  return tombstones(step)
}

/** Says whether nothing of the group's offsets is left, a transaction's included. */
function expireGroup (
  shard: ShardState, { nowMs, records }: Step, group: Group,
): boolean {
  const { offsets, settings } = shard
  const { groupId } = group
  const noneOpen = !offsets.hasOpenTransaction(groupId)
  if (!offsets.hasCommitted(groupId)) return noneOpen
  const baseOf = expiryBase(group)
  if (baseOf === undefined) return false
  let allExpired = true
  for (const [topic, partitions] of offsets.topics(groupId)) {
    const needed = group.isSubscribedTo(topic)
    for (const [partition, stored] of partitions) {
      const dueMs = stored.expireTimestampMs >= 0n
        ? stored.expireTimestampMs
        : baseOf(stored) + BigInt(settings.offsetsRetentionMs)
      const expired = !needed && BigInt(nowMs) >= dueMs &&
        !offsets.isPending(groupId, topic, partition)
      if (expired) records.push(offsetTombstone(groupId, topic, partition))
      else allExpired = false
    }
  }
  return allExpired && noneOpen
}

/** From when the retention counts; undefined: nothing expires as long as the group is as it is. */
function expiryBase (group: Group): ((stored: StoredOffset) => bigint) | undefined {
  const byCommit = (stored: StoredOffset): bigint => stored.commitTimestampMs
  if (group.protocolType === undefined) return byCommit
  if (group.state === 'Empty') {
    const since = group.stateTimestampMs
    return since === undefined ? byCommit : () => BigInt(since)
  }
  const knowsTopics = group.isConsumers && group.subscribedTopics !== undefined
  return group.state === 'Stable' && knowsTopics ? byCommit : undefined
}

/** OMM.onTopicsDeleted: a topic made anew under the same name has another id, and is left alone. */
export function forgetTopics (
  shard: ShardState, topics: ReadonlyArray<{ name: string, topicId: string }>, nowMs: number,
): Decision {
  const step = new Step(nowMs)
  for (const { name, topicId } of topics) {
    const partitions = shard.offsets.partitionsOfTopic(name, topicId, ZERO_UUID)
    for (const { groupId, partition } of partitions) {
      step.records.push(offsetTombstone(groupId, name, partition))
    }
  }
  return tombstones(step)
}

function tombstones (step: Step): Decision {
  step.replay = true
  step.isDivisible = true
  return step.decide()
}
