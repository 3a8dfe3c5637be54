/**
 * A member of a classic group: joins, is told what it owns, heartbeats, commits what it has
 * "processed", leaves, or dies without a word and comes back as somebody else.
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { FindCoordinator } from '../../../protocol/messages/10-find-coordinator.ts'
import { Heartbeat } from '../../../protocol/messages/12-heartbeat.ts'
import { JoinGroup } from '../../../protocol/messages/11-join-group.ts'
import { LeaveGroup } from '../../../protocol/messages/13-leave-group.ts'
import { OffsetCommit } from '../../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../../protocol/messages/09-offset-fetch.ts'
import { SyncGroup } from '../../../protocol/messages/14-sync-group.ts'
import type { MessageOf } from '../../../protocol/types.ts'
import type { RareStateName } from '../coverage.ts'
import type { GroupLedger } from '../group-ledger.ts'
import { ConnectionLost } from '../network.ts'
import type { GroupPlan } from '../swarm.ts'
import { ViolationError } from '../world.ts'
import { Client } from './client.ts'
import type { Context, TopicFacts } from './client.ts'

interface Owned { readonly topic: TopicFacts, readonly index: number, readonly key: string }
type JoinResponse = MessageOf<typeof JoinGroup.response>

const PROTOCOL_TYPE = 'simulated'
const PROTOCOL = 'round-robin'
const RETRY_MS = 50
const PAUSE_MS_MAX = 400
/** Of a member that stays: what it does next. */
const DIES = 0.03
const LEAVES = 0.03
const COMMITS = 0.6
const ZOMBIES = 0.1

/** The coordinator is not there yet, or not there any more: ask again. */
const PASSING = new Set<number>([
  code.COORDINATOR_LOAD_IN_PROGRESS, code.COORDINATOR_NOT_AVAILABLE, code.NOT_COORDINATOR,
  code.REBALANCE_IN_PROGRESS, code.KAFKA_STORAGE_ERROR, code.REQUEST_TIMED_OUT,
])
/** The group goes on without this member, or with its next generation. */
const OUTSIDE = new Set<number>([
  code.UNKNOWN_MEMBER_ID, code.ILLEGAL_GENERATION, code.MEMBER_ID_REQUIRED, code.FENCED_INSTANCE_ID,
  code.GROUP_ID_NOT_FOUND,
])

const TOLD_BY_ERROR = new Map<number, RareStateName>([
  [code.UNKNOWN_MEMBER_ID, 'silent member expired'],
  [code.COORDINATOR_LOAD_IN_PROGRESS, 'coordinator asked while it loads'],
])

export class Member extends Client {
  readonly #plan: GroupPlan
  readonly ledger: GroupLedger
  readonly #instanceId: string | null
  readonly #all: Owned[] = []
  #memberId = ''
  /** Who it was before. */
  #formerMemberId = ''
  #generation = -1
  #hasCoordinator = false
  /** What it was assigned; undefined: it is not in the group now. */
  owned: Owned[] | undefined
  /** Where the group's processing stands, as this member knows. */
  readonly #positions = new Map<string, number>()

  constructor (context: Context, plan: GroupPlan, ledger: GroupLedger, number: number) {
    super(context, `${plan.name}-member-${number}`)
    this.#plan = plan
    this.ledger = ledger
    this.#instanceId = plan.staticMembers ? `instance-${number}` : null
  }

  /** It has died for good: others must take over what it had. */
  hasVanished = false

  /** Between JoinGroup and what it is told to own. */
  isJoining = false

  get generation (): number { return this.#generation }
  /** Of all topics that the group reads. */
  get partitions (): number { return this.#all.length }

  async run (): Promise<void> {
    for (const { name } of this.world.swarm.topics) {
      const topic = await this.topicOf(name)
      for (let index = 0; index < topic.partitions; index++) {
        this.#all.push({ topic, index, key: `${topic.id}-${index}` })
      }
    }
    while (!this.world.isOver && !this.hasVanished) {
      try {
        if (!this.#hasCoordinator) await this.#findCoordinator()
        this.isJoining = this.owned === undefined
        if (this.owned === undefined) await this.#join()
        else await this.#stay()
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await this.sleep(this.random.within(1, RETRY_MS))
      }
    }
  }

  /** Its topic may not have been made, and who is asked the next time makes it. */
  async #findCoordinator (): Promise<void> {
    const { coordinators } = await this.ask(FindCoordinator, this.versionOf(FindCoordinator, 4), {
      key: this.#plan.name, keyType: 0, coordinatorKeys: [this.#plan.name],
    })
    this.#hasCoordinator = coordinators[0]?.errorCode === code.NONE
    if (!this.#hasCoordinator) throw new ConnectionLost('no coordinator yet')
  }

  async #join (): Promise<void> {
    const { name, sessionTimeoutMs, rebalanceTimeoutMs } = this.#plan
    const { losses } = this.ledger
    const joined = await this.ask(JoinGroup, this.versionOf(JoinGroup, 5), {
      groupId: name,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: PROTOCOL, metadata: Buffer.from(this.name) }],
    })
    if (joined.errorCode !== code.NONE) {
      if (joined.errorCode === code.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId
      else this.#failed(joined.errorCode, 'JoinGroup')
      return this.sleep(this.random.within(0, RETRY_MS))
    }
    this.#memberId = joined.memberId
    this.#generation = joined.generationId
    await this.#sync(joined, losses)
  }

  async #sync (joined: JoinResponse, losses: number): Promise<void> {
    const { name } = this.#plan
    const leads = joined.leader === joined.memberId && joined.members.length > 0 &&
      !joined.skipAssignment
    const synced = await this.ask(SyncGroup, this.versionOf(SyncGroup, 3), {
      groupId: name,
      generationId: joined.generationId,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
      protocolType: PROTOCOL_TYPE,
      protocolName: PROTOCOL,
      assignments: leads ? this.#assign(joined) : [],
    })
    if (synced.errorCode !== code.NONE) return this.#failed(synced.errorCode, 'SyncGroup')
    const keys = new Set(synced.assignment.toString().split(' '))
    const owned = this.#all.filter(({ key }) => keys.has(key))
    if (losses !== this.ledger.losses) return this.#outside()
    this.ledger.owns(this.#instanceId ?? this.#memberId, joined.generationId,
      owned.map(({ key }) => key))
    await this.#fetchOffsets(owned)
    this.owned = owned
  }

  #assign ({ members }: JoinResponse) {
    return members.map(({ memberId }, at) => ({
      memberId,
      assignment: Buffer.from(this.#all.filter((_each, index) => index % members.length === at)
        .map(({ key }) => key).join(' ')),
    }))
  }

  /** P8: what is committed is what somebody committed last. */
  async #fetchOffsets (owned: readonly Owned[]): Promise<void> {
    if (owned.length === 0) return
    const { losses } = this.ledger
    const mayBe = new Map(owned.map(({ key }) => [key, this.ledger.offsetOf(key).fetched()]))
    const { groups } = await this.ask(OffsetFetch, this.versionOf(OffsetFetch, 8), {
      groupId: this.#plan.name,
      groups: [{
        groupId: this.#plan.name,
        topics: owned.map(({ topic, index }) =>
          ({ name: topic.name, topicId: topic.id, partitionIndexes: [index] })),
      }],
      requireStable: true,
    })
    const [group] = groups
    if (group === undefined || group.errorCode !== code.NONE) {
      this.#failed(group?.errorCode ?? code.NONE, 'OffsetFetch')
      throw new ConnectionLost('no offsets yet')
    }
    if (losses !== this.ledger.losses) throw new ConnectionLost('the power was lost on the way')
    for (const [at, row] of group.topics.entries()) {
      const key = owned[at]?.key ?? ''
      const offset = Number(row.partitions[0]?.committedOffset)
      if (mayBe.get(key)?.(offset) !== true) {
        const { values } = this.ledger.offsetOf(key)
        throw new ViolationError('committed-offset',
          `${this.#plan.name}: ${key} is at ${offset}; it may be ${values.join(' or ')}`)
      }
      this.#positions.set(key, Math.max(offset, 0))
    }
  }

  async #stay (): Promise<void> {
    const { sessionTimeoutMs, name } = this.#plan
    await this.sleep(this.random.within(0, Math.min(sessionTimeoutMs / 3, PAUSE_MS_MAX)))
    if (this.world.isSafetyPhase && this.random.chance(DIES)) return this.#die()
    if (this.world.isSafetyPhase && this.random.chance(LEAVES)) return this.#leave()
    if (this.random.chance(COMMITS)) await this.#commit()
    if (this.owned === undefined) return
    const { errorCode } = await this.ask(Heartbeat, this.versionOf(Heartbeat, 3), {
      groupId: name,
      generationId: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
    })
    if (errorCode === code.REBALANCE_IN_PROGRESS) this.owned = undefined
    else if (errorCode !== code.NONE) this.#failed(errorCode, 'Heartbeat')
  }

  async #commit (): Promise<void> {
    const { owned } = this
    if (owned === undefined || owned.length === 0) return
    if (this.random.chance(ZOMBIES)) return this.#commitAsZombie(owned[0] as Owned)
    const { topic, index, key } = this.random.pick(owned)
    const offset = (this.#positions.get(key) ?? 0) + this.random.int(5)
    const link = await this.link()
    const committed = this.ledger.offsetOf(key)
    const settled = committed.settled()
    const commit = committed.sent(offset, this.nowMs, () => link.isSettled)
    const { losses } = this.ledger
    const { topics } = await link.request(OffsetCommit, this.versionOf(OffsetCommit, 7), {
      groupId: this.#plan.name,
      generationIdOrMemberEpoch: this.#generation,
      memberId: this.#memberId,
      groupInstanceId: this.#instanceId,
      topics: [{
        name: topic.name,
        topicId: topic.id,
        partitions: [{ partitionIndex: index, committedOffset: BigInt(offset), committedMetadata: '' }],
      }],
    })
    if (losses !== this.ledger.losses) return this.#outside()
    const errorCode = topics[0]?.partitions[0]?.errorCode ?? code.UNKNOWN_SERVER_ERROR
    if (errorCode === code.NONE) {
      committed.acknowledged(commit, settled)
      this.#positions.set(key, offset)
      return
    }
    if (OUTSIDE.has(errorCode)) committed.refused(commit)
    this.#failed(errorCode, 'OffsetCommit')
  }

  /**
   * Who is not of this generation may not commit, nor who its own instance has replaced (KIP-345).
   */
  async #commitAsZombie ({ topic, index, key }: Owned): Promise<void> {
    const isReplaced = this.#instanceId !== null && this.ledger.losses === 0 &&
      !['', this.#memberId].includes(this.#formerMemberId)
    const { topics } = await this.ask(OffsetCommit, this.versionOf(OffsetCommit, 7), {
      groupId: this.#plan.name,
      generationIdOrMemberEpoch: isReplaced ? this.#generation : this.#generation + 1000,
      memberId: isReplaced ? this.#formerMemberId : this.#memberId,
      groupInstanceId: this.#instanceId,
      topics: [{
        name: topic.name,
        topicId: topic.id,
        partitions: [{ partitionIndex: index, committedOffset: 0n, committedMetadata: '' }],
      }],
    })
    const errorCode = topics[0]?.partitions[0]?.errorCode
    if (errorCode === code.FENCED_INSTANCE_ID) return this.world.reached('static member fenced')
    if (errorCode !== code.NONE) return this.world.reached('commit of another generation refused')
    if (isReplaced && this.ledger.losses > 0) return
    throw new ViolationError('generation-fenced',
      `${this.#plan.name}: a commit of another generation to ${key} was taken`)
  }

  async #leave (): Promise<void> {
    const memberId = this.#memberId
    this.#outside()
    await this.ask(LeaveGroup, this.versionOf(LeaveGroup, 3), {
      groupId: this.#plan.name,
      members: [{ memberId, groupInstanceId: this.#instanceId }],
    })
    await this.sleep(this.random.within(0, 3_000))
  }

  /** Without a word; who comes back is somebody else, or the same instance (KIP-345). */
  async #die (): Promise<void> {
    this.#outside()
    this.disconnect()
    await this.sleep(this.random.within(0, this.#plan.sessionTimeoutMs * 2))
  }

  vanish (): void {
    this.hasVanished = true
    this.#outside()
    this.disconnect()
  }

  #outside (): void {
    this.owned = undefined
    if (this.#memberId !== '') this.#formerMemberId = this.#memberId
    this.#memberId = ''
    this.#generation = -1
  }

  #failed (errorCode: number, where: string): void {
    this.world.mark(`${where}: ${errorName(errorCode)}`)
    const state = TOLD_BY_ERROR.get(errorCode)
    if (state !== undefined) this.world.reached(state)
    // Only a power loss makes a broker forget a group whose members go on.
    const isForgotten = errorCode === code.GROUP_ID_NOT_FOUND
    if (OUTSIDE.has(errorCode) && !(isForgotten && this.ledger.losses === 0)) {
      const memberId = this.#memberId
      this.#outside()
      if (errorCode === code.ILLEGAL_GENERATION) this.#memberId = memberId
      return
    }
    if (!PASSING.has(errorCode)) {
      throw new ViolationError('group-error', `${where}: ${errorName(errorCode)}`)
    }
    if (errorCode === code.REBALANCE_IN_PROGRESS) this.owned = undefined
    if (errorCode === code.NOT_COORDINATOR) this.#hasCoordinator = false
  }
}
