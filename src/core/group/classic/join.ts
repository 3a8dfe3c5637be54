/** JoinGroup (4.1): who may come in, and what that starts. */
import type { JoinGroupRequest } from '../../../../protocol/messages/11-join-group.ts'
import { code } from '../../../../protocol/errors.ts'
import { Step } from '../../decision.ts'
import type { Decision, Ticket, WriteFailure } from '../../decision.ts'
import { classicGroup } from '../group.ts'
import { ClassicGroup, NO_BYTES } from './group.ts'
import type { ClassicMember, ClassicProtocol } from './group.ts'
import { awaitPendingJoin } from './heartbeat.ts'
import { joinError, joined, membersOf } from './join-response.ts'
import { updateMember } from './membership.ts'
import type { Join } from './membership.ts'
import { cancelDeadlines, dropMember, rebalanceOrCompleteJoin } from './rebalance.ts'
import { newGroupRecord } from '../records.ts'
import { restartHeartbeat } from './sessions.ts'
import type { GroupSettings } from '../settings.ts'
import type { RequestContext, ShardState } from '../shard-state.ts'
import { replaceStaticMember } from './static-members.ts'

/** KIP-394: the first version that has to ask for its member id. */
const VERSION_WITH_MEMBER_ID_REQUIRED = 4
/** How long a new member may stay parked: nobody can know whether it is still there. */
const NEW_MEMBER_JOIN_TIMEOUT_MS = 5 * 60 * 1000

/** 4.1.3 and 4.1.4: checked before it matters which shard has the group. */
export function joinRequestError (request: JoinGroupRequest, settings: GroupSettings): number {
  if (request.groupId === '') return code.INVALID_GROUP_ID
  const { sessionTimeoutMs } = request
  const { minSessionTimeoutMs, maxSessionTimeoutMs } = settings
  return sessionTimeoutMs < minSessionTimeoutMs || sessionTimeoutMs > maxSessionTimeoutMs
    ? code.INVALID_SESSION_TIMEOUT
    : code.NONE
}

/** Answers by the ticket: at once, or when the rebalance completes. */
export function joinGroup (
  shard: ShardState, step: Step, request: JoinGroupRequest, context: RequestContext, ticket: Ticket,
): Decision {
  const join: Join = {
    request,
    context,
    ticket,
    protocols: namedOnce(request.protocols),
    rebalanceTimeoutMs: context.version === 0
      ? request.sessionTimeoutMs
      : request.rebalanceTimeoutMs,
  }
  const existing = classicGroup(shard.groups, request.groupId)
  if (existing !== undefined) {
    joinExistingGroup(shard, step, existing, join)
  } else if (request.memberId !== '') {
    step.answer(ticket, joinError(request.memberId, code.UNKNOWN_MEMBER_ID))
  } else {
    const group = new ClassicGroup(request.groupId, 'Empty', step.nowMs)
    shard.groups.set(request.groupId, group)
    const record = newGroupRecord(group)
    joinExistingGroup(shard, step, group, join)
    if (step.records.length === 0) storeNewGroup(shard, step, group, join, record)
  }
  return step.decide()
}

/**
 * 4.2: a protocol that a member names twice is common to no group, as Kafka counts names, not
 * members. Kafka lets such a member in nevertheless, and the group has no protocol and no answer.
 */
function namedOnce (protocols: JoinGroupRequest['protocols']): ClassicProtocol[] {
  const times = new Map<string, number>()
  for (const { name } of protocols) times.set(name, (times.get(name) ?? 0) + 1)
  return protocols.filter(({ name }) => times.get(name) === 1)
    // The request's bytes belong to its frame.
    .map(({ name, metadata }) => ({ name, metadata: Buffer.from(metadata) }))
}

function storeNewGroup (
  shard: ShardState, step: Step, group: ClassicGroup, { ticket }: Join,
  record: Step['records'][number],
): void {
  step.records.push(record)
  step.afterFailure = ({ errorCode, kept }: WriteFailure, nowMs): Decision => {
    const after = new Step(nowMs)
    if (!kept && shard.groups.get(group.groupId) === group) {
      shard.groups.delete(group.groupId)
      cancelDeadlines(shard, group)
    }
    for (const member of group.members.values()) {
      if (kept && member.parkedJoin !== ticket) continue
      const parked = group.takeJoin(member)
      if (parked !== undefined) after.answer(parked, joinError('', errorCode))
    }
    return after.decide()
  }
}

function joinExistingGroup (shard: ShardState, step: Step, group: ClassicGroup, join: Join): void {
  const { memberId } = join.request
  if (!hasRoom(shard, group, memberId)) {
    dropMember(shard, group, memberId)
    step.answer(join.ticket, joinError('', code.GROUP_MAX_SIZE_REACHED))
  } else if (group.state === 'Dead') {
    step.answer(join.ticket, joinError(memberId, code.COORDINATOR_NOT_AVAILABLE))
  } else if (!group.supports(join.request.protocolType, join.protocols)) {
    step.answer(join.ticket, joinError(memberId, code.INCONSISTENT_GROUP_PROTOCOL))
  } else if (memberId === '') {
    joinAsNew(shard, step, group, join)
  } else {
    joinAsKnown(shard, step, group, join)
  }
}

/**
 * 4.1.7. While a rebalance is prepared those that wait are counted, not the members: the
 * group may be larger than a smaller setting allows, and then the last to come are left out.
 */
function hasRoom (shard: ShardState, group: ClassicGroup, memberId: string): boolean {
  const { maxSize } = shard.settings
  const member = group.members.get(memberId)
  switch (group.state) {
    case 'PreparingRebalance':
      return member?.parkedJoin !== undefined || group.parkedJoins < maxSize
    case 'CompletingRebalance':
    case 'Stable':
      return member !== undefined || group.members.size < maxSize
    default:
      return true
  }
}

function joinAsNew (shard: ShardState, step: Step, group: ClassicGroup, join: Join): void {
  const { groupInstanceId, sessionTimeoutMs } = join.request
  const memberId = `${groupInstanceId ?? join.context.clientId}-${shard.newUuid()}`
  if (groupInstanceId === null && join.context.version >= VERSION_WITH_MEMBER_ID_REQUIRED) {
    awaitPendingJoin(shard, step, group, memberId, sessionTimeoutMs)
    step.answer(join.ticket, joinError(memberId, code.MEMBER_ID_REQUIRED))
    return
  }
  const holder = groupInstanceId === null ? undefined : group.staticMembers.get(groupInstanceId)
  const old = holder === undefined ? undefined : group.members.get(holder)
  if (old === undefined) addMember(shard, step, group, join, memberId)
  else replaceStaticMember(shard, step, group, join, old, memberId)
}

function joinAsKnown (shard: ShardState, step: Step, group: ClassicGroup, join: Join): void {
  const { memberId, groupInstanceId } = join.request
  if (group.pendingJoins.has(memberId)) {
    // Ids are handed out to dynamic members only: Kafka takes this for a broken invariant.
    if (groupInstanceId !== null) step.answer(join.ticket, joinError('', code.UNKNOWN_SERVER_ERROR))
    else addMember(shard, step, group, join, memberId)
    return
  }
  const error = group.memberError(memberId, groupInstanceId)
  const member = group.members.get(memberId)
  if (error !== code.NONE || member === undefined) {
    step.answer(join.ticket, joinError(memberId, error))
    return
  }
  const leads = group.leaderId === memberId
  const unchanged = haveSameProtocols(member.protocols, join.protocols)
  if (group.state === 'CompletingRebalance' && unchanged) {
    // It may have missed the answer to its first JoinGroup.
    step.answer(join.ticket, joined(group, memberId, leads ? membersOf(group) : []))
  } else if (group.state === 'Stable' && unchanged && !leads) {
    step.answer(join.ticket, joined(group, memberId))
  } else if (group.state === 'Empty') {
    step.answer(join.ticket, joinError(memberId, code.UNKNOWN_MEMBER_ID))
  } else {
    // The leader joins again when something outside of the group calls for new assignments.
    updateMember(group, member, join)
    rebalanceOrCompleteJoin(shard, step, group)
  }
}

function addMember (
  shard: ShardState, step: Step, group: ClassicGroup, join: Join, memberId: string,
): void {
  const { request, context } = join
  const member: ClassicMember = {
    memberId,
    groupInstanceId: request.groupInstanceId,
    clientId: context.clientId,
    clientHost: context.clientHost,
    protocolType: request.protocolType,
    rebalanceTimeoutMs: join.rebalanceTimeoutMs,
    sessionTimeoutMs: request.sessionTimeoutMs,
    protocols: join.protocols,
    assignment: NO_BYTES,
    isNew: true,
    parkedJoin: join.ticket,
    parkedSync: undefined,
    heartbeat: undefined,
  }
  if (group.isInitialRebalance) group.newMemberAdded = true
  shard.deadlines.cancel(group.pendingJoins.get(memberId))
  group.pendingJoins.delete(memberId)
  group.add(member)
  restartHeartbeat(shard, step, group, member, NEW_MEMBER_JOIN_TIMEOUT_MS)
  rebalanceOrCompleteJoin(shard, step, group)
}

function haveSameProtocols (a: readonly ClassicProtocol[], b: readonly ClassicProtocol[]): boolean {
  return a.length === b.length && a.every(({ name, metadata }, index) => {
    const other = b[index]
    return other !== undefined && name === other.name && metadata.equals(other.metadata)
  })
}
