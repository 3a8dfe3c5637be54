/** OffsetCommit in a classic group: whether it may, and what it says of the member (5.1). */
import type { OffsetCommitRequest } from '../../../../protocol/messages/08-offset-commit.ts'
import { code } from '../../../../protocol/errors.ts'
import type { Step } from '../../decision.ts'
import type { ShardState } from '../shard-state.ts'
import type { ClassicGroup } from './group.ts'
import { restartHeartbeat } from './sessions.ts'

export function commitError (group: ClassicGroup, request: OffsetCommitRequest): number {
  const { generationIdOrMemberEpoch: generationId, memberId, groupInstanceId } = request
  if (group.state === 'Dead') return code.COORDINATOR_NOT_AVAILABLE
  if (generationId < 0 && group.state === 'Empty') return code.NONE
  if (generationId >= 0 || memberId !== '' || groupInstanceId !== null) {
    const error = group.memberError(memberId, groupInstanceId)
    if (error !== code.NONE) return error
    if (generationId !== group.generationId) return code.ILLEGAL_GENERATION
  } else if (group.state !== 'Empty') return code.UNKNOWN_MEMBER_ID
  // Its generation is the current one, but its assignment is not out yet.
  return group.state === 'CompletingRebalance' ? code.REBALANCE_IN_PROGRESS : code.NONE
}

/** 4.3: a commit shows that the member is alive. */
export function keepSession (
  shard: ShardState, step: Step, group: ClassicGroup, { memberId }: OffsetCommitRequest,
): void {
  const member = group.members.get(memberId)
  if (member === undefined) return
  if (group.state === 'Stable' || group.state === 'PreparingRebalance') {
    restartHeartbeat(shard, step, group, member)
  }
}
