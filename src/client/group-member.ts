/**
 * A member of a classic consumer group that reads one topic (KIP-62): joins, gets partitions, says
 * that it lives, commits and leaves. The leader of a generation assigns by range, as Kafka's
 * consumers do by default.
 */
import { codec } from '../../protocol/codec.ts'
import { Reader, Writer } from '../../protocol/cursor.ts'
import { code, KafkaError } from '../../protocol/errors.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { JoinGroup } from '../../protocol/messages/11-join-group.ts'
import { Heartbeat } from '../../protocol/messages/12-heartbeat.ts'
import { LeaveGroup } from '../../protocol/messages/13-leave-group.ts'
import { SyncGroup } from '../../protocol/messages/14-sync-group.ts'
import { ConsumerProtocolAssignment, ConsumerProtocolSubscription } from '../../protocol/stored/payloads.ts'
import type { Message, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import type { Client } from './client.ts'

export interface MemberOptions {
  readonly groupId: string
  readonly topic: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

export const memberDefaults = { sessionTimeoutMs: 45_000, rebalanceTimeoutMs: 60_000 }

const PROTOCOL_TYPE = 'consumer'
const ASSIGNOR = 'range'
/** The newest version that goes by names (topic ids: KIP-848). */
const BY_NAME_MAX = 9
/** Answers after which a member joins again. */
const REJOIN: ReadonlySet<number> = new Set([
  code.REBALANCE_IN_PROGRESS, code.ILLEGAL_GENERATION, code.UNKNOWN_MEMBER_ID,
])

export class GroupMember {
  memberId = ''
  readonly #client: Client
  readonly #options: MemberOptions
  #generation = -1

  constructor (client: Client, options: MemberOptions) {
    this.#client = client
    this.#options = options
  }

  /** The partitions of this member, after a rebalance if need be. `count`: those of the topic. */
  async join (count: number): Promise<number[]> {
    for (;;) {
      const assignment = await this.#client.retrying(() => this.#joinOnce(count))
      if (assignment !== undefined) return assignment
    }
  }

  async #joinOnce (count: number): Promise<number[] | undefined> {
    const { groupId, topic, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const subscription =
      versioned(ConsumerProtocolSubscription, 1, { topics: [topic], ownedPartitions: [] })
    const joined = await this.#client.coordinator(groupId, JoinGroup, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.memberId,
      protocolType: PROTOCOL_TYPE,
      protocols: [{ name: ASSIGNOR, metadata: subscription }],
    }, { waitMs: rebalanceTimeoutMs })
    // KIP-394: the id comes first, the member joins with it.
    if (joined.errorCode === code.MEMBER_ID_REQUIRED) {
      this.memberId = joined.memberId
      return undefined
    }
    if (this.#mustRejoin(joined.errorCode)) return undefined
    this.memberId = joined.memberId
    this.#generation = joined.generationId
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment
    const members = isLeader
      ? joined.members.filter(({ metadata }) => subscribes(metadata, topic))
      : []
    const synced = await this.#client.coordinator(groupId, SyncGroup, {
      groupId,
      generationId: this.#generation,
      memberId: this.memberId,
      protocolType: PROTOCOL_TYPE,
      protocolName: joined.protocolName,
      assignments: rangeOf(members.map(({ memberId }) => memberId),
        count).map(({ memberId, partitions }) => ({
        memberId,
        assignment: versioned(ConsumerProtocolAssignment, 1,
          { assignedPartitions: [{ topic, partitions }] }),
      })),
    }, { waitMs: rebalanceTimeoutMs })
    if (this.#mustRejoin(synced.errorCode)) return undefined
    return partitionsIn(synced.assignment, topic)
  }

  /** Throws KafkaError for what joining again does not cure. */
  #mustRejoin (errorCode: number): boolean {
    if (errorCode === code.NONE) return false
    if (errorCode === code.UNKNOWN_MEMBER_ID) this.memberId = ''
    if (REJOIN.has(errorCode)) return true
    throw new KafkaError(errorCode)
  }

  /** False: a rebalance is under way, join again. */
  async heartbeat (): Promise<boolean> {
    const { groupId } = this.#options
    const { errorCode } =
      await this.#client.retrying(() => this.#client.coordinator(groupId, Heartbeat, {
        groupId, generationId: this.#generation, memberId: this.memberId,
      }))
    return !this.#mustRejoin(errorCode)
  }

  /** The offset behind the last record that was read, by partition. */
  async commit (positions: ReadonlyMap<number, bigint>): Promise<void> {
    const { groupId, topic } = this.#options
    if (positions.size === 0) return
    await this.#client.retrying(async () => {
      const { topics } = await this.#client.coordinator(groupId, OffsetCommit, {
        groupId,
        generationIdOrMemberEpoch: this.#generation,
        memberId: this.memberId,
        topics: [{
          name: topic,
          partitions: [...positions].map(([partitionIndex, committedOffset]) =>
            ({ partitionIndex, committedOffset, committedMetadata: '' })),
        }],
      }, { versionMax: BY_NAME_MAX })
      for (const { errorCode } of topics.flatMap(({ partitions }) => partitions)) {
        // A rebalance has begun: the next generation reads these again.
        if (errorCode !== code.NONE && !REJOIN.has(errorCode)) throw new KafkaError(errorCode)
      }
    })
  }

  async leave (): Promise<void> {
    if (this.memberId === '') return
    const { groupId } = this.#options
    const { memberId } = this
    await this.#client.coordinator(groupId, LeaveGroup,
      { groupId, memberId, members: [{ memberId }] })
    this.memberId = ''
  }
}

/** Members in the order of their ids get one range each, the first ones one more. */
export function rangeOf (
  members: readonly string[], count: number
): Array<{ memberId: string, partitions: number[] }> {
  const each = Math.floor(count / members.length)
  const more = count % members.length
  return [...members].sort().map((memberId, index) => {
    const from = index * each + Math.min(index, more)
    const length = each + (index < more ? 1 : 0)
    return { memberId, partitions: Array.from({ length }, (_, at) => from + at) }
  })
}

function subscribes (metadata: Buffer, topic: string): boolean {
  return readVersioned(ConsumerProtocolSubscription, metadata).topics.includes(topic)
}

function partitionsIn (assignment: Buffer, topic: string): number[] {
  if (assignment.length === 0) return []
  return readVersioned(ConsumerProtocolAssignment, assignment).assignedPartitions
    .filter(each => each.topic === topic).flatMap(({ partitions }) => partitions)
}

/** What groups exchange begins with its version; a later one than we know begins like ours. */
export function readVersioned<M extends Message> (message: M, bytes: Buffer): MessageOf<M> {
  const reader = new Reader(bytes)
  return codec(message, Math.min(Math.max(0, reader.int16()), message.versions[1])).read(reader)
}

function versioned<M extends Message> (
  message: M, version: number, value: MessageToWrite<M>
): Buffer {
  const writer = new Writer()
  writer.int16(version)
  codec(message, version).write(writer, value)
  return writer.toBuffer()
}
