/**
 * The groups and offsets of one partition of `__consumer_offsets`. Pure: requests give decisions,
 * `replay` alone changes what is stored; what classic groups keep in memory only (who is parked,
 * who was heard of when) changes at once, as in Kafka.
 */
import type {
  HeartbeatRequest, HeartbeatResponse,
} from '../../../protocol/messages/12-heartbeat.ts'
import type { JoinGroupRequest } from '../../../protocol/messages/11-join-group.ts'
import type {
  LeaveGroupRequest, LeaveGroupResponse,
} from '../../../protocol/messages/13-leave-group.ts'
import type { ListGroupsRequest } from '../../../protocol/messages/16-list-groups.ts'
import type {
  OffsetCommitRequest, OffsetCommitResponse,
} from '../../../protocol/messages/08-offset-commit.ts'
import type {
  OffsetDeleteRequest, OffsetDeleteResponse,
} from '../../../protocol/messages/47-offset-delete.ts'
import type { SyncGroupRequest } from '../../../protocol/messages/14-sync-group.ts'
import { Step } from '../decision.ts'
import type { Answer, Decision, RecordPosition, StoredRecord, Ticket } from '../decision.ts'
import { Deadlines } from './deadlines.ts'
import { deleteGroups, describeGroups, listGroups } from './describe.ts'
import type { DeletedGroup, DescribedGroup, ListedGroup } from './describe.ts'
import { heartbeat, sessionEnd } from './classic/heartbeat.ts'
import { joinGroup } from './classic/join.ts'
import { leaveGroup } from './classic/leave.ts'
import { groupLoaded, unloadGroup } from './classic/load.ts'
import { forgetTopics, scheduleOffsetExpiry } from './offset-expiry.ts'
import { OffsetStore } from './offset-store.ts'
import { commitOffsets, deleteOffsets, fetchOffsets } from './offsets.ts'
import type { OffsetFetchGroup, OffsetFetchGroupResult } from './offsets.ts'
import { replay } from './replay.ts'
import type { GroupSettings } from './settings.ts'
import type { RequestContext, ShardState } from './shard-state.ts'
import { syncGroup } from './classic/sync.ts'

type Versioned = Pick<RequestContext, 'version'>

export class GroupShard {
  readonly #state: ShardState

  /** `newUuid` gives random UUIDs in their 36-character form. */
  constructor (settings: GroupSettings, newUuid: () => string) {
    this.#state = {
      settings, newUuid, sessionEnd, groups: new Map(), offsets: new OffsetStore(),
      deadlines: new Deadlines(),
    }
  }

  /** Answered by the ticket, now or once the rebalance completes. */
  joinGroup (
    request: JoinGroupRequest, context: RequestContext, ticket: Ticket, nowMs: number,
  ): Decision {
    return joinGroup(this.#state, new Step(nowMs), request, context, ticket)
  }

  /** Answered by the ticket, now or once the leader's assignment is committed. */
  syncGroup (request: SyncGroupRequest, ticket: Ticket, nowMs: number): Decision {
    return syncGroup(this.#state, new Step(nowMs), request, ticket)
  }

  heartbeat (request: HeartbeatRequest, nowMs: number): Decision<HeartbeatResponse> {
    return heartbeat(this.#state, new Step(nowMs), request)
  }

  leaveGroup (
    request: LeaveGroupRequest, context: Versioned, nowMs: number,
  ): Decision<LeaveGroupResponse> {
    return leaveGroup(this.#state, new Step(nowMs), request, context)
  }

  describeGroups (
    groupIds: readonly string[], context: Versioned, nowMs: number,
  ): Decision<DescribedGroup[]> {
    return describeGroups(this.#state, new Step(nowMs), groupIds, context)
  }

  listGroups (request: ListGroupsRequest, nowMs: number): Decision<ListedGroup[]> {
    return listGroups(this.#state, new Step(nowMs), request)
  }

  deleteGroups (groupIds: readonly string[], nowMs: number): Decision<DeletedGroup[]> {
    return deleteGroups(this.#state, new Step(nowMs), groupIds)
  }

  commitOffsets (
    request: OffsetCommitRequest, context: Versioned, nowMs: number,
  ): Decision<OffsetCommitResponse> {
    return commitOffsets(this.#state, new Step(nowMs), request, context)
  }

  fetchOffsets (
    request: OffsetFetchGroup, requireStable: boolean, nowMs: number,
  ): Decision<OffsetFetchGroupResult> {
    return fetchOffsets(this.#state, new Step(nowMs), request, requireStable)
  }

  deleteOffsets (request: OffsetDeleteRequest, nowMs: number): Decision<OffsetDeleteResponse> {
    return deleteOffsets(this.#state, new Step(nowMs), request)
  }

  topicsDeleted (
    topics: ReadonlyArray<{ name: string, topicId: string }>, nowMs: number,
  ): Decision {
    return forgetTopics(this.#state, topics, nowMs)
  }

  /** False: the record is of a type that means nothing here. Throws DecodeError for broken ones. */
  replay (record: StoredRecord, position: RecordPosition): boolean {
    return replay(this.#state, record, position)
  }

  /** A transaction marker in the log: the producer's offsets count, or are dropped. */
  replayEndOfTransaction (producerId: bigint, committed: boolean): void {
    this.#state.offsets.endTransaction(producerId, committed)
  }

  /** Everything is replayed: the sessions of all members begin anew. */
  loaded (nowMs: number): Decision {
    const step = new Step(nowMs)
    for (const group of this.#state.groups.values()) groupLoaded(this.#state, step, group)
    scheduleOffsetExpiry(this.#state, nowMs)
    return step.decide()
  }

  /** The partition is led elsewhere, or has to be loaded again: whoever is parked is told so. */
  unload (nowMs: number): readonly Answer[] {
    const step = new Step(nowMs)
    for (const group of this.#state.groups.values()) unloadGroup(this.#state, step, group)
    return step.answers
  }

  /** When `expire` has something to do, in milliseconds. */
  deadline (): number | undefined { return this.#state.deadlines.next() }

  /** The clock was set: what is due in so many milliseconds is so still. */
  clockSet (byMs: number): void { this.#state.deadlines.shift(byMs) }

  /**
   * Does what is due, one by one: each decision has to be carried out before the next is asked
   * for. What becomes due by doing so waits for the next call.
   */
  * expire (nowMs: number): Generator<Decision, void, undefined> {
    const { deadlines } = this.#state
    const { mark } = deadlines
    for (;;) {
      const run = deadlines.take(nowMs, mark)
      if (run === undefined) return
      yield * run(nowMs)
    }
  }
}
