/**
 * The group coordinator of this broker: one shard for each partition of `__consumer_offsets` that
 * it leads. Routes by group id and turns failures into each API's own answer (groups 2).
 */
import type {
  OffsetCommitRequest, OffsetCommitResponse,
} from '../../../protocol/messages/08-offset-commit.ts'
import type { JoinGroupRequest, JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import type { HeartbeatRequest, HeartbeatResponse } from '../../../protocol/messages/12-heartbeat.ts'
import type {
  LeaveGroupRequest, LeaveGroupResponse,
} from '../../../protocol/messages/13-leave-group.ts'
import type { SyncGroupRequest, SyncGroupResponse } from '../../../protocol/messages/14-sync-group.ts'
import type {
  ListGroupsRequest, ListGroupsResponse,
} from '../../../protocol/messages/16-list-groups.ts'
import type {
  OffsetDeleteRequest, OffsetDeleteResponse,
} from '../../../protocol/messages/47-offset-delete.ts'
import { code } from '../../../protocol/errors.ts'
import { coordinatorPartition } from '../../../protocol/records/hashes.ts'
import type { Decision } from '../../core/decision.ts'
import { describeError } from '../../core/group/describe.ts'
import { joinError } from '../../core/group/classic/join-response.ts'
import { joinRequestError } from '../../core/group/classic/join.ts'
import { leaveError } from '../../core/group/classic/leave.ts'
import { commitFailed, deleteOffsetsFailed, fetchFailed } from '../../core/group/offsets.ts'
import type { GroupSettings } from '../../core/group/settings.ts'
import type { RequestContext } from '../../core/group/shard-state.ts'
import { GroupShard } from '../../core/group/shard.ts'
import { syncRequestError } from '../../core/group/classic/sync.ts'
import { syncError } from '../../core/group/classic/sync-response.ts'
import { Coordinator } from './coordinator.ts'
import type { CoordinatorLog, CoordinatorOptions } from './contract.ts'
import {
  clientError, CoordinatorError, errorCodeOf, stableFetchError,
} from './error.ts'
import type {
  DeletedGroup, DeletedTopic, DescribedGroup, GroupCaller, GroupOperations, OffsetFetchGroup,
  OffsetFetchGroupResult,
} from './group-contract.ts'
import { javaAddress } from './java-address.ts'
import { Parked } from './parked.ts'

export interface GroupCoordinatorOptions extends CoordinatorOptions {
  readonly settings: GroupSettings
  /** A random UUID in its 36-character form. */
  newUuid (): string
}

/** JoinGroup answers have no null for the protocol's name below this version. */
const VERSION_WITH_NULL_PROTOCOL = 7

type Operation<R> = (shard: GroupShard, nowMs: number) => Decision<R>

export class GroupCoordinator implements GroupOperations {
  readonly #options: GroupCoordinatorOptions
  readonly #shards = new Map<number, Coordinator<GroupShard>>()
  #running = true

  constructor (options: GroupCoordinatorOptions) {
    this.#options = options
  }

  /** By partition: what it coordinates here. */
  get shards (): ReadonlyMap<number, Coordinator<GroupShard>> { return this.#shards }

  partitionFor (groupId: string): number {
    return coordinatorPartition(groupId, this.#options.settings.offsetsTopicPartitions)
  }

  /**
   * This broker leads the partition from this leader epoch on. Epochs that are not newer than the
   * known one are ignored. Resolves when its shard is loaded, or has failed to.
   */
  async becomeLeader (partition: number, log: CoordinatorLog, epoch: number): Promise<void> {
    const known = this.#shards.get(partition)
    if (!this.#running || (known !== undefined && known.epoch >= epoch)) return
    known?.close()
    const { settings, newUuid } = this.#options
    const shard = new Coordinator(`__consumer_offsets-${partition}`, log, epoch,
      () => new GroupShard(settings, newUuid), this.#options)
    this.#shards.set(partition, shard)
    await shard.load()
  }

  /** Another broker leads the partition as of this epoch; without one, the partition is gone. */
  resign (partition: number, epoch?: number): void {
    const known = this.#shards.get(partition)
    if (known === undefined || (epoch !== undefined && known.epoch >= epoch)) return
    known.close()
    this.#shards.delete(partition)
  }

  /** The broker stops: from now on everybody is told that there is no coordinator here. */
  close (): void {
    this.#running = false
    for (const partition of [...this.#shards.keys()]) this.resign(partition)
  }

  async join (request: JoinGroupRequest, caller: GroupCaller): Promise<JoinGroupResponse> {
    const response = await this.#join(request, caller)
    const named = caller.version >= VERSION_WITH_NULL_PROTOCOL || response.protocolName !== null
    return named ? response : { ...response, protocolName: '' }
  }

  async #join (request: JoinGroupRequest, caller: GroupCaller): Promise<JoinGroupResponse> {
    if (!this.#running) return joinError(request.memberId, code.COORDINATOR_NOT_AVAILABLE)
    const error = joinRequestError(request, this.#options.settings)
    if (error !== code.NONE) return joinError(request.memberId, error)
    const context = contextOf(caller)
    return this.#park(request.groupId, caller, errorCode => joinError('', errorCode),
      (shard, ticket, nowMs) => shard.joinGroup(request, context, ticket, nowMs))
  }

  async sync (request: SyncGroupRequest, caller: GroupCaller): Promise<SyncGroupResponse> {
    const error = syncRequestError(request, caller.version)
    if (error !== code.NONE) return syncError(error)
    return this.#park(request.groupId, caller, syncError,
      (shard, ticket, nowMs) => shard.syncGroup(request, ticket, nowMs))
  }

  async heartbeat (request: HeartbeatRequest, _caller: GroupCaller): Promise<HeartbeatResponse> {
    if (this.#running && request.groupId === '') return { errorCode: code.INVALID_GROUP_ID }
    return this.#write(request.groupId,
      (shard, nowMs) => shard.heartbeat(request, nowMs),
      // The member is given the time that loading takes: it has done nothing wrong.
      errorCode =>
        ({ errorCode: errorCode === code.COORDINATOR_LOAD_IN_PROGRESS ? code.NONE : errorCode }))
  }

  async leave (request: LeaveGroupRequest, caller: GroupCaller): Promise<LeaveGroupResponse> {
    if (this.#running && request.groupId === '') return leaveError(code.INVALID_GROUP_ID)
    return this.#write(request.groupId,
      (shard, nowMs) => shard.leaveGroup(request, caller, nowMs), leaveError)
  }

  async describe (
    groupIds: readonly string[], { version }: Pick<GroupCaller, 'version'>,
  ): Promise<DescribedGroup[]> {
    const described = await Promise.all(groupIds.map(groupId => this.#write(groupId,
      (shard, nowMs) => shard.describeGroups([groupId], { version }, nowMs),
      errorCode => [describeError(groupId, errorCode)])))
    return described.flat()
  }

  /** One shard that is loading spoils the whole answer: a list that lacks groups would mislead. */
  async list (request: ListGroupsRequest): Promise<ListGroupsResponse> {
    if (!this.#running) return { errorCode: code.COORDINATOR_NOT_AVAILABLE, groups: [] }
    try {
      const listed = await Promise.all([...this.#shards.values()].map(async shard => {
        try {
          return await shard.write((machine, nowMs) => machine.listGroups(request, nowMs))
        } catch (error) {
          if (clientError(errorCodeOf(error)) === code.NOT_COORDINATOR) return []
          throw error
        }
      }))
      return { errorCode: code.NONE, groups: listed.flat() }
    } catch (error) {
      return { errorCode: clientError(errorCodeOf(error)), groups: [] }
    }
  }

  /** All groups of a partition go in one batch, or none of them. */
  async deleteGroups (groupIds: readonly string[]): Promise<DeletedGroup[]> {
    const together = new Map<number, string[]>()
    for (const groupId of groupIds) {
      const partition = this.partitionFor(groupId)
      const others = together.get(partition)
      if (others === undefined) together.set(partition, [groupId])
      else others.push(groupId)
    }
    const deleted =
      await Promise.all([...together.values()].map(ids => this.#write(ids[0] as string,
        (shard, nowMs) => shard.deleteGroups(ids, nowMs),
        errorCode => ids.map(groupId => ({ groupId, errorCode })))))
    const results = new Map(deleted.flat().map(result => [result.groupId, result]))
    return groupIds.map(groupId => results.get(groupId) as DeletedGroup)
  }

  async commitOffsets (
    request: OffsetCommitRequest, caller: Pick<GroupCaller, 'version'>,
  ): Promise<OffsetCommitResponse> {
    return this.#write(request.groupId,
      (shard, nowMs) => shard.commitOffsets(request, caller, nowMs),
      errorCode => commitFailed(request, errorCode))
  }

  async fetchOffsets (
    group: OffsetFetchGroup, requireStable: boolean,
  ): Promise<OffsetFetchGroupResult> {
    return this.#write(group.groupId,
      (shard, nowMs) => shard.fetchOffsets(group, requireStable, nowMs),
      errorCode => fetchFailed(group, errorCode),
      requireStable ? stableFetchError : clientError)
  }

  async deleteOffsets (request: OffsetDeleteRequest): Promise<OffsetDeleteResponse> {
    if (this.#running && request.groupId === '') return deleteOffsetsFailed(code.INVALID_GROUP_ID)
    return this.#write(request.groupId,
      (shard, nowMs) => shard.deleteOffsets(request, nowMs), deleteOffsetsFailed)
  }

  topicsDeleted (topics: readonly DeletedTopic[]): void {
    for (const shard of this.#shards.values()) {
      if (shard.state !== 'ACTIVE') continue
      shard.run((machine, nowMs) => machine.topicsDeleted(topics, nowMs))
    }
  }

  #shardOf (groupId: string): Coordinator<GroupShard> {
    if (!this.#running) throw new CoordinatorError(code.COORDINATOR_NOT_AVAILABLE)
    const shard = this.#shards.get(this.partitionFor(groupId))
    if (shard === undefined) throw new CoordinatorError(code.NOT_COORDINATOR)
    return shard
  }

  async #write<R> (
    groupId: string, operation: Operation<R>, failed: (errorCode: number) => R,
    toClient = clientError,
  ): Promise<R> {
    try {
      return await this.#shardOf(groupId).write(operation)
    } catch (error) {
      return failed(toClient(errorCodeOf(error)))
    }
  }

  /**
   * A ticket that the machine forgets, for another request of the same member, ends with its
   * client.
   */
  #park<R> (
    groupId: string, { session }: GroupCaller, failed: (errorCode: number) => R,
    operation: (shard: GroupShard, ticket: Parked<R>, nowMs: number) => Decision,
  ): Promise<R> {
    const ticket = new Parked<R>()
    try {
      this.#shardOf(groupId).run((shard, nowMs) => operation(shard, ticket, nowMs))
    } catch (error) {
      ticket.answer(failed(clientError(errorCodeOf(error))))
    }
    const stop = session.onClose(() => { ticket.answer(failed(code.NETWORK_EXCEPTION)) })
    return ticket.answered.finally(stop)
  }
}

function contextOf ({ version, clientId, session }: GroupCaller): RequestContext {
  // Kafka's header reader makes a null client id an empty one.
  return { version, clientId: clientId ?? '', clientHost: `/${javaAddress(session.remoteAddress)}` }
}
