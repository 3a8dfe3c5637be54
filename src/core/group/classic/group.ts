/**
 * A classic group: its members, its leader, its generation (groups 4).
 *
 *   Empty               <- PreparingRebalance          everybody has left
 *   PreparingRebalance  <- Empty                       the first member joins
 *                       <- Stable                      a member joins anew, leaves or expires
 *                       <- CompletingRebalance         the same, or a SyncGroup is missing
 *   CompletingRebalance <- PreparingRebalance          all have joined, or the wait is over
 *   Stable              <- CompletingRebalance         the leader's assignment is committed
 *   Dead                <- any                         unloaded
 */
import { code } from '../../../../protocol/errors.ts'
import { javaStringHash } from '../../../../protocol/records/hashes.ts'
import type { Ticket } from '../../decision.ts'
import { CONSUMER, subscribedTopics } from './subscription.ts'
import type { GroupDeadline } from '../deadlines.ts'

export type ClassicState =
  'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

const before: { readonly [S in ClassicState]: readonly ClassicState[] } = {
  Empty: ['PreparingRebalance'],
  PreparingRebalance: ['Stable', 'CompletingRebalance', 'Empty'],
  CompletingRebalance: ['PreparingRebalance'],
  Stable: ['CompletingRebalance'],
  Dead: ['Empty', 'PreparingRebalance', 'CompletingRebalance', 'Stable', 'Dead'],
}

export interface ClassicProtocol {
  readonly name: string
  readonly metadata: Buffer
}

export interface ClassicMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly protocolType: string
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  /** In the member's own order of preference. */
  protocols: readonly ClassicProtocol[]
  assignment: Buffer
  /** It has never had an answer to its JoinGroup: nobody knows whether it is still there. */
  isNew: boolean
  parkedJoin: Ticket | undefined
  parkedSync: Ticket | undefined
  heartbeat: GroupDeadline | undefined
}

export const NO_BYTES = Buffer.alloc(0)

export class ClassicGroup {
  readonly kind = 'classic'
  readonly groupId: string
  readonly members = new Map<string, ClassicMember>()
  /** Member ids by instance id. */
  readonly staticMembers = new Map<string, string>()
  /** Ids handed out with MEMBER_ID_REQUIRED whose owners may still come back, and until when. */
  readonly pendingJoins = new Map<string, GroupDeadline>()
  /** Members of this generation that have not sent SyncGroup. */
  readonly pendingSyncs = new Set<string>()
  state: ClassicState
  previousState: ClassicState
  /** When the state was entered; undefined: unknown (old records, groups made from offsets). */
  stateTimestampMs: number | undefined
  generationId = 0
  /** Undefined: no member ever set it. */
  protocolType: string | undefined
  protocolName: string | undefined
  leaderId: string | undefined
  /** Undefined: unknown, or not a group of consumers. */
  subscribedTopics: Set<string> | undefined
  /** A member was added since the initial rebalance last waited. */
  newMemberAdded = false
  joinDeadline: GroupDeadline | undefined
  syncDeadline: GroupDeadline | undefined
  #supporters = new Map<string, number>()
  #parkedJoins = 0

  constructor (groupId: string, state: ClassicState, stateTimestampMs?: number) {
    this.groupId = groupId
    this.state = this.previousState = state
    this.stateTimestampMs = stateTimestampMs
  }

  get parkedJoins (): number { return this.#parkedJoins }
  get hasAllJoined (): boolean {
    return this.members.size === this.#parkedJoins && this.pendingJoins.size === 0
  }
  get canRebalance (): boolean { return before.PreparingRebalance.includes(this.state) }
  get isInitialRebalance (): boolean {
    return this.state === 'PreparingRebalance' && this.previousState === 'Empty'
  }
  get isConsumers (): boolean { return this.protocolType === CONSUMER }

  /** The largest of its members'. */
  get rebalanceTimeoutMs (): number {
    let largestMs = 0
    for (const member of this.members.values()) {
      largestMs = Math.max(largestMs, member.rebalanceTimeoutMs)
    }
    return largestMs
  }

  transitionTo (state: ClassicState, nowMs: number): void {
    if (!before[state].includes(this.state)) {
      throw new Error(`group ${this.groupId} cannot go from ${this.state} to ${state}`)
    }
    this.previousState = this.state
    this.state = state
    this.stateTimestampMs = nowMs
  }

  /** validateMember: the error of a request that says it comes from this member. */
  memberError (memberId: string, groupInstanceId: string | null): number {
    if (groupInstanceId !== null) {
      const holder = this.staticMembers.get(groupInstanceId)
      if (holder === undefined) return code.UNKNOWN_MEMBER_ID
      if (holder !== memberId) return code.FENCED_INSTANCE_ID
    }
    return this.members.has(memberId) ? code.NONE : code.UNKNOWN_MEMBER_ID
  }

  /** 4.1: whether a member with these protocols can be of this group. */
  supports (protocolType: string, protocols: readonly ClassicProtocol[]): boolean {
    if (this.state === 'Empty') return protocolType !== '' && protocols.length > 0
    return this.protocolType === protocolType &&
      protocols.some(({ name }) => this.#isCommon(name))
  }

  add (member: ClassicMember): void {
    if (this.members.size === 0) this.protocolType = member.protocolType
    this.leaderId ??= member.memberId
    this.members.set(member.memberId, member)
    if (member.groupInstanceId !== null) {
      this.staticMembers.set(member.groupInstanceId, member.memberId)
    }
    this.#count(member.protocols, 1)
    if (member.parkedJoin !== undefined) this.#parkedJoins += 1
  }

  /** Takes a member out of everything; the next one leads if it was the leader. */
  remove (memberId: string): ClassicMember | undefined {
    const member = this.members.get(memberId)
    if (member !== undefined) {
      this.takeJoin(member)
      this.members.delete(memberId)
      this.#count(member.protocols, -1)
      if (member.groupInstanceId !== null) this.staticMembers.delete(member.groupInstanceId)
    }
    if (this.leaderId === memberId) this.leaderId = this.members.keys().next().value
    this.pendingJoins.delete(memberId)
    this.pendingSyncs.delete(memberId)
    return member
  }

  /** 4.4: the new id takes over the old one's place, leadership and pending SyncGroup. */
  replaceStatic (old: ClassicMember, memberId: string): ClassicMember {
    const member: ClassicMember = { ...old, memberId, isNew: false, heartbeat: undefined }
    const members = [...this.members.values()]
    this.members.clear()
    for (const each of members) {
      const kept = each === old ? member : each
      this.members.set(kept.memberId, kept)
    }
    if (member.groupInstanceId !== null) this.staticMembers.set(member.groupInstanceId, memberId)
    if (this.leaderId === old.memberId) this.leaderId = memberId
    if (this.pendingSyncs.delete(old.memberId)) this.pendingSyncs.add(memberId)
    return member
  }

  update (
    member: ClassicMember,
    changes: Pick<ClassicMember, 'protocols' | 'rebalanceTimeoutMs' | 'sessionTimeoutMs'>,
  ): void {
    this.#count(member.protocols, -1)
    member.protocols = changes.protocols
    this.#count(member.protocols, 1)
    member.rebalanceTimeoutMs = changes.rebalanceTimeoutMs
    member.sessionTimeoutMs = changes.sessionTimeoutMs
  }

  parkJoin (member: ClassicMember, ticket: Ticket): void {
    if (member.parkedJoin === undefined) this.#parkedJoins += 1
    member.parkedJoin = ticket
  }

  takeJoin (member: ClassicMember): Ticket | undefined {
    const ticket = member.parkedJoin
    if (ticket !== undefined) this.#parkedJoins -= 1
    member.parkedJoin = undefined
    return ticket
  }

  /** 4.2.2: makes sure that the leader is a member that is parked; false if none is. */
  electJoinedLeader (): boolean {
    const leader = this.leaderId === undefined ? undefined : this.members.get(this.leaderId)
    if (leader?.parkedJoin !== undefined) return true
    for (const member of this.members.values()) {
      if (member.parkedJoin === undefined) continue
      this.leaderId = member.memberId
      return true
    }
    return false
  }

  /**
   * 4.2, vote: each member votes for the first of its protocols that all have. Of equals, the first
   * in the order of Java's hash table, as groups of Kafka's own do.
   */
  selectProtocol (): string {
    const votes = new Map<string, number>()
    for (const { protocols } of this.members.values()) {
      const choice = protocols.find(({ name }) => this.#isCommon(name))
      if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    let winner = ''
    let most = 0
    for (const [name, count] of [...votes].sort(([a], [b]) => javaBucket(a) - javaBucket(b))) {
      if (count > most) [winner, most] = [name, count]
    }
    return winner
  }

  metadataOf (member: ClassicMember): Buffer {
    return member.protocols.find(({ name }) => name === this.protocolName)?.metadata ?? NO_BYTES
  }

  learnSubscriptions (): void {
    this.subscribedTopics = this.#currentTopics()
  }

  isSubscribedTo (topic: string): boolean {
    return this.subscribedTopics?.has(topic) ?? this.isConsumers
  }

  #currentTopics (): Set<string> | undefined {
    if (!this.isConsumers) return undefined
    if (this.members.size === 0) return new Set()
    if (this.protocolName === undefined) return undefined
    return subscribedTopics([...this.members.values()].map(member => this.metadataOf(member)))
  }

  #isCommon (protocol: string): boolean {
    return (this.#supporters.get(protocol) ?? 0) === this.members.size
  }

  #count (protocols: readonly ClassicProtocol[], by: 1 | -1): void {
    for (const { name } of protocols) {
      this.#supporters.set(name, (this.#supporters.get(name) ?? 0) + by)
    }
  }
}

/** The place of a key in Java's hash table of the smallest size. */
function javaBucket (key: string): number {
  const hash = javaStringHash(key)
  return (hash ^ (hash >>> 16)) & 15
}
