/**
 * Runs a shard as the runtime does, without one: appends, commits and answers at once, or on
 * demand.
 */
import { OffsetCommit } from '../../../protocol/messages/08-offset-commit.ts'
import { JoinGroup } from '../../../protocol/messages/11-join-group.ts'
import { Heartbeat } from '../../../protocol/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../../protocol/messages/13-leave-group.ts'
import { SyncGroup } from '../../../protocol/messages/14-sync-group.ts'
import { ListGroups } from '../../../protocol/messages/16-list-groups.ts'
import { OffsetDelete } from '../../../protocol/messages/47-offset-delete.ts'
import { ConsumerProtocolSubscription } from '../../../protocol/stored/payloads.ts'
import { encodeVersioned } from '../../../protocol/stored/framing.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Api, Message, MessageOf } from '../../../protocol/types.ts'
import type { Answer, Decision, StoredRecord } from '../../../src/core/decision.ts'
import { defaultGroupSettings } from '../../../src/core/group/settings.ts'
import type { GroupSettings } from '../../../src/core/group/settings.ts'
import { GroupShard } from '../../../src/core/group/shard.ts'
import type { JoinGroupResponse } from '../../../protocol/messages/11-join-group.ts'
import type { SyncGroupResponse } from '../../../protocol/messages/14-sync-group.ts'

export class TestTicket<R> {
  response: R | undefined
  count = 0

  get (): R {
    if (this.response === undefined) throw new Error('not answered yet')
    return this.response
  }
}

type RequestOf<A extends Api> = MessageOf<A['request']>
export type Fields<A extends Api> = Partial<RequestOf<A>>

export interface JoinFields extends Fields<typeof JoinGroup> {
  version?: number
  clientId?: string
}

/** What a record of the log looks like to those who replay it. */
interface Logged { record: StoredRecord, producerId: bigint }

export class Driver {
  readonly settings: GroupSettings
  shard: GroupShard
  nowMs = 1_000_000
  /** Everything that was appended. */
  readonly log: Logged[] = []
  /** When set, decisions wait for `commit` or `fail`. */
  hold = false
  readonly #held: Decision<unknown>[] = []
  #uuids = 0

  constructor (settings: Partial<GroupSettings> = {}, log: readonly Logged[] = []) {
    this.settings = { ...defaultGroupSettings, initialRebalanceDelayMs: 0, ...settings }
    this.shard = new GroupShard(this.settings, () => `uuid${++this.#uuids}`)
    for (const logged of log) this.replayed(logged)
  }

  /** Puts a record into the log and replays it, as loading does; false if it means nothing. */
  replayed (logged: Logged): boolean {
    this.log.push(logged)
    const offset = BigInt(this.log.length - 1)
    return this.shard.replay(logged.record, { offset, producerId: logged.producerId })
  }

  loaded (): this {
    this.carryOut(this.shard.loaded(this.nowMs))
    return this
  }

  /** Another broker takes over: all that it has is the log. */
  reloaded (settings: Partial<GroupSettings> = {}): Driver {
    const next = new Driver({ ...this.settings, ...settings }, this.log)
    next.nowMs = this.nowMs
    return next.loaded()
  }

  carryOut<R> (decision: Decision<R>): R {
    this.deliver(decision.answers)
    for (const record of decision.records) {
      this.log.push({ record, producerId: -1n })
      const offset = BigInt(this.log.length - 1)
      if (decision.replay) this.shard.replay(record, { offset, producerId: -1n })
    }
    if (this.hold) this.#held.push(decision)
    else this.#committed(decision)
    return decision.reply
  }

  deliver (answers: readonly Answer[]): void {
    for (const { ticket, response } of answers) {
      const parked = ticket as TestTicket<unknown>
      parked.count += 1
      parked.response ??= response
    }
  }

  commit (): void {
    this.hold = false
    for (const decision of this.#held.splice(0)) this.#committed(decision)
  }

  fail (errorCode: number, kept = false): void {
    this.hold = false
    for (const decision of this.#held.splice(0)) {
      const next = decision.afterFailure?.({ errorCode, kept }, this.nowMs)
      if (next !== undefined) this.carryOut(next)
    }
  }

  #committed (decision: Decision<unknown>): void {
    const next = decision.afterCommit?.(this.nowMs)
    if (next !== undefined) this.carryOut(next)
  }

  /** Lets time pass, deadline by deadline. */
  advance (ms: number): void {
    const until = this.nowMs + ms
    for (let at = this.shard.deadline(); at !== undefined &&
      at <= until; at = this.shard.deadline()) {
      this.nowMs = Math.max(this.nowMs, at)
      for (const decision of this.shard.expire(this.nowMs)) this.carryOut(decision)
    }
    this.nowMs = until
  }

  join ({ version = 9, clientId = 'client', ...fields }: JoinFields = {}): TestTicket<JoinGroupResponse> {
    const ticket = new TestTicket<JoinGroupResponse>()
    const request = {
      ...blank(JoinGroup.request),
      groupId: 'group',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [protocol('range')],
      ...fields,
    }
    const context = { version, clientId, clientHost: '/127.0.0.1' }
    this.carryOut(this.shard.joinGroup(request, context, ticket, this.nowMs))
    return ticket
  }

  /** Joins in two steps, as clients do from v4 on: with the id that the first answer gives. */
  joinDynamic (fields: JoinFields = {}): TestTicket<JoinGroupResponse> & { memberId: string } {
    const { memberId } = this.join(fields).get()
    return Object.assign(this.join({ ...fields, memberId }), { memberId })
  }

  sync (fields: Fields<typeof SyncGroup> = {}): TestTicket<SyncGroupResponse> {
    const ticket = new TestTicket<SyncGroupResponse>()
    const request = { ...blank(SyncGroup.request), groupId: 'group', ...fields }
    this.carryOut(this.shard.syncGroup(request, ticket, this.nowMs))
    return ticket
  }

  heartbeat (
    memberId: string, generationId: number, fields: Fields<typeof Heartbeat> = {}
  ): number {
    const request = { ...blank(Heartbeat.request), groupId: 'group', memberId, generationId, ...fields }
    return this.carryOut(this.shard.heartbeat(request, this.nowMs)).errorCode ?? 0
  }

  leave (
    members: ReadonlyArray<{ memberId?: string, groupInstanceId?: string | null }>,
    fields: Fields<typeof LeaveGroup> & { version?: number } = {},
  ): { errorCode: number, members: number[] } {
    const request = {
      ...blank(LeaveGroup.request),
      groupId: 'group',
      members: members.map(member => ({ memberId: '', groupInstanceId: null, reason: null, ...member })),
      ...fields,
    }
    const version = fields.version ?? 5
    const reply = this.carryOut(this.shard.leaveGroup(request, { version }, this.nowMs))
    return {
      errorCode: reply.errorCode ?? 0,
      members: (reply.members ?? []).map(({ errorCode = 0 }) => errorCode),
    }
  }

  describe (groupId = 'group', version = 6) {
    const [described] = this.carryOut(this.shard.describeGroups([groupId], { version }, this.nowMs))
    if (described === undefined) throw new Error('nothing described')
    return described
  }

  state (groupId = 'group'): string { return this.describe(groupId, 5).groupState }

  memberIds (groupId = 'group'): string[] {
    return this.describe(groupId).members.map(({ memberId }) => memberId)
  }

  list (fields: Fields<typeof ListGroups> = {}) {
    return this.carryOut(
      this.shard.listGroups({ statesFilter: [], typesFilter: [], ...fields }, this.nowMs)
    )
  }

  deleteGroup (groupId = 'group'): number {
    return this.carryOut(this.shard.deleteGroups([groupId], this.nowMs))[0]?.errorCode ?? 0
  }

  /** Commits offsets by `topic-partition`; gives the error of each. */
  commitOffsets (
    offsets: Readonly<Record<string, bigint>>,
    { version = 9, metadata = 'm', topicId = ZERO_UUID, leaderEpoch = 3, ...fields }:
      Fields<typeof OffsetCommit> & {
        version?: number, metadata?: string | null, topicId?: string, leaderEpoch?: number
      } = {},
  ): number[] {
    const topics = Object.entries(offsets).map(([place, committedOffset]) => {
      const [name, partitionIndex] = placeOf(place)
      return {
        name,
        topicId,
        partitions: [{
          partitionIndex, committedOffset, committedLeaderEpoch: leaderEpoch, commitTimestamp: -1n,
          committedMetadata: metadata,
        }],
      }
    })
    const request = { ...blank(OffsetCommit.request), groupId: 'group', topics, ...fields }
    const reply = this.carryOut(this.shard.commitOffsets(request, { version }, this.nowMs))
    return reply.topics.flatMap(
      ({ partitions }) => partitions.map(({ errorCode = 0 }) => errorCode)
    )
  }

  /** Fetches by `topic-partition` or all; the offset of each, or its error as `error N`. */
  fetchOffsets (
    places: readonly string[] | null,
    { groupId = 'group', requireStable = false, topicId = ZERO_UUID } = {},
  ): Record<string, bigint | string> {
    const topics = places === null ? null : places.map(place => {
      const [name, partition] = placeOf(place)
      return { name, topicId, partitionIndexes: [partition] }
    })
    const request = { groupId, memberId: null, memberEpoch: -1, topics }
    const reply = this.carryOut(this.shard.fetchOffsets(request, requireStable, this.nowMs))
    return Object.fromEntries(reply.topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex, committedOffset, errorCode = 0 }) =>
        [`${name}-${partitionIndex}`, errorCode === 0 ? committedOffset : `error ${errorCode}`])))
  }

  deleteOffsets (places: readonly string[], fields: Fields<typeof OffsetDelete> = {}) {
    const topics = places.map(place => {
      const [name, partitionIndex] = placeOf(place)
      return { name, partitions: [{ partitionIndex }] }
    })
    const reply = this.carryOut(this.shard.deleteOffsets({ groupId: 'group', topics, ...fields }, this.nowMs))
    return {
      errorCode: reply.errorCode ?? 0,
      partitions: reply.topics.flatMap(
        ({ partitions }) => partitions.map(({ errorCode = 0 }) => errorCode)
      ),
    }
  }
}

function placeOf (place: string): [string, number] {
  const dash = place.lastIndexOf('-')
  return [place.slice(0, dash), Number(place.slice(dash + 1))]
}

/** A request with every field at its default. */
export function blank<M extends Message> (message: M): MessageOf<M> {
  return Object.fromEntries(Object.entries(message.fields).map(([name, type]) =>
    [name, 'default' in type ? type.default : zeroOf(type.kind)])) as MessageOf<M>
}

function zeroOf (kind: string): unknown {
  switch (kind) {
    case 'string': return ''
    case 'array': return []
    case 'bytes': return Buffer.alloc(0)
    case 'int64': return 0n
    case 'bool': return false
    default: return 0
  }
}

export function protocol (
  name: string, metadata: Buffer | string = name
): { name: string, metadata: Buffer } {
  return { name, metadata: Buffer.from(metadata) }
}

/** A protocol whose metadata subscribes to these topics. */
export function subscribing (
  name: string, ...topics: string[]
): { name: string, metadata: Buffer } {
  const metadata = encodeVersioned(ConsumerProtocolSubscription, 3, { topics, ownedPartitions: [] })
  return { name, metadata }
}

/**
 * A group in state Stable with this many members, each of which owns `aN`; their ids, the leader
 * first.
 */
export function stableGroup (driver: Driver, count: number, fields: JoinFields = {}): string[] {
  const tickets = Array.from({ length: count }, (_, index) => driver.joinDynamic({
    clientId: `client${index}`, ...fields,
  }))
  driver.advance(0)
  const generationId = tickets[0]?.get().generationId ?? -1
  const ids = tickets.map(({ memberId }) => memberId)
  syncAll(driver, ids, generationId, fields.groupId ?? 'group')
  return ids
}

/** SyncGroup of everybody; the first one leads. */
export function syncAll (driver: Driver, ids: readonly string[], generationId: number, groupId = 'group'): void {
  const [leader = '', ...followers] = ids
  for (const memberId of followers) driver.sync({ groupId, memberId, generationId })
  const assignments = ids.map((memberId, index) => ({ memberId, assignment: Buffer.from(`a${index}`) }))
  driver.sync({ groupId, memberId: leader, generationId, assignments })
}
