/** The answers of SyncGroup, and how those that are parked get theirs. */
import type { SyncGroupResponse } from '../../../../protocol/messages/14-sync-group.ts'
import { code } from '../../../../protocol/errors.ts'
import type { Step } from '../../decision.ts'
import type { ShardState } from '../shard-state.ts'
import { NO_BYTES } from './group.ts'
import type { ClassicGroup } from './group.ts'
import { restartHeartbeat } from './sessions.ts'

export function syncError (errorCode: number): SyncGroupResponse {
  return { errorCode, protocolType: null, protocolName: null, assignment: NO_BYTES }
}

export function assigned (group: ClassicGroup, assignment: Buffer): SyncGroupResponse {
  return {
    errorCode: code.NONE,
    protocolType: group.protocolType ?? null,
    protocolName: group.protocolName ?? null,
    assignment,
  }
}

/** Answers everybody whose SyncGroup is parked; their sessions begin anew. */
export function answerSyncs (
  shard: ShardState, step: Step, group: ClassicGroup, errorCode: number,
): void {
  for (const member of group.members.values()) {
    const ticket = member.parkedSync
    if (ticket === undefined) continue
    member.parkedSync = undefined
    step.answer(ticket, errorCode === code.NONE
      ? assigned(group, member.assignment)
      : syncError(errorCode))
    restartHeartbeat(shard, step, group, member)
  }
}
