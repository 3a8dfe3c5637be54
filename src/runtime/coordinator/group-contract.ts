/**
 * What the API handlers of groups and offsets (keys 8 to 16, 42, 47) program against. No logic
 * lives here: `group-coordinator.ts` keeps these promises.
 *
 * Authorization, and which topics and partitions exist, are the handlers' business. Group ids
 * arrive as the client sent them: empty and null ids are answered here.
 */
import type {
  OffsetCommitRequest, OffsetCommitResponse,
} from '../../../protocol/messages/08-offset-commit.ts'
import type {
  OffsetFetchRequest, OffsetFetchResponse,
} from '../../../protocol/messages/09-offset-fetch.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest, HeartbeatResponse } from '../../../protocol/messages/12-heartbeat.ts'
import type {
  LeaveGroupRequest, LeaveGroupResponse,
} from '../../../protocol/messages/13-leave-group.ts'
import type { SyncGroupRequest, SyncGroupResponse } from '../../../protocol/messages/14-sync-group.ts'
import type { DescribeGroupsResponse } from '../../../protocol/messages/15-describe-groups.ts'
import type {
  ListGroupsRequest, ListGroupsResponse,
} from '../../../protocol/messages/16-list-groups.ts'
import type { DeleteGroupsResponse } from '../../../protocol/messages/42-delete-groups.ts'
import type {
  OffsetDeleteRequest, OffsetDeleteResponse,
} from '../../../protocol/messages/47-offset-delete.ts'

/** Who calls, and in which version of the API: a handler's `call` is one. */
export interface GroupCaller {
  readonly version: number
  readonly clientId: string | null
  readonly session: {
    /** Its address without the slash that Kafka prints before it. */
    readonly remoteAddress: string
    /** Runs when the client has gone; answers how not to. */
    onClose (run: () => void): () => void
  }
}

export type DescribedGroup = DescribeGroupsResponse['groups'][number]
export type DeletedGroup = DeleteGroupsResponse['results'][number]
export type OffsetFetchGroup = OffsetFetchRequest['groups'][number]
export type OffsetFetchGroupResult = NonNullable<OffsetFetchResponse['groups']>[number]

/** A topic that is gone: offsets stored for it go too (OMM.onTopicsDeleted). */
export interface DeletedTopic {
  readonly name: string
  readonly topicId: string
}

export interface GroupOperations {
  /** The partition of `__consumer_offsets` that holds this group. */
  partitionFor (groupId: string): number

  /** Parked until the rebalance completes. Never answered if the same member joins again. */
  join (request: JoinGroupRequest, caller: GroupCaller): Promise<JoinGroupResponse>
  /**
   * Parked until the leader's assignment is committed. 4.3.1 (v5+ without protocol type or
   * name) is answered here; a handler that authorizes should look at it first.
   */
  sync (request: SyncGroupRequest, caller: GroupCaller): Promise<SyncGroupResponse>
  heartbeat (request: HeartbeatRequest, caller: GroupCaller): Promise<HeartbeatResponse>
  leave (request: LeaveGroupRequest, caller: GroupCaller): Promise<LeaveGroupResponse>

  /** One entry per id, in order. The handler sets `authorizedOperations`. */
  describe (groupIds: readonly string[], caller: Pick<GroupCaller, 'version'>):
    Promise<DescribedGroup[]>
  /** The groups led here that pass the filters; the handler drops what may not be seen. */
  list (request: ListGroupsRequest): Promise<ListGroupsResponse>
  /** One entry per id, in order; ids are distinct. */
  deleteGroups (groupIds: readonly string[]): Promise<DeletedGroup[]>

  /**
   * The group's part of OffsetCommit (from 5.1.3 on): topics are those that exist and may be
   * read, with both name and id filled in (the zero id where there is none). The answer's topics
   * have both too. Not to be called when none is left.
   */
  commitOffsets (request: OffsetCommitRequest, caller: Pick<GroupCaller, 'version'>):
    Promise<OffsetCommitResponse>
  /**
   * One group of OffsetFetch (5.2): topics null asks for all. Named topics have name and id filled
   * in (the zero id: not compared); all topics come with the zero id. The error is the group's;
   * where it goes is up to the version.
   */
  fetchOffsets (group: OffsetFetchGroup, requireStable: boolean): Promise<OffsetFetchGroupResult>
  /** The group's part of OffsetDelete (5.3): topics and partitions that exist and may be read. */
  deleteOffsets (request: OffsetDeleteRequest): Promise<OffsetDeleteResponse>

  /** Removes what is stored for these topics, in every shard that is led here. */
  topicsDeleted (topics: readonly DeletedTopic[]): void
}
