/** What groups are and have read, asked of their coordinators. */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { OffsetFetch } from '../../../protocol/messages/09-offset-fetch.ts'
import { DescribeGroups } from '../../../protocol/messages/15-describe-groups.ts'
import { ListGroups } from '../../../protocol/messages/16-list-groups.ts'
import { ConsumerGroupDescribe } from '../../../protocol/messages/69-consumer-group-describe.ts'
import { ConsumerProtocolAssignment } from '../../../protocol/stored/payloads.ts'
import type { Client } from '../../client/client.ts'
import { readVersioned } from '../../client/group-member.ts'
import { partitionKey } from '../offset-lookup.ts'
import type { TopicPartition } from '../offset-lookup.ts'

export interface ListedGroup {
  readonly group: string
  /** Empty from brokers of before KIP-518, and so is the type before KIP-848. */
  readonly state: string
  readonly type: string
  readonly protocol: string
}

/** Of every broker, by name. */
export async function findGroups (
  client: Client, states: readonly string[] = []
): Promise<ListedGroup[]> {
  const { brokers } = await client.cluster()
  const groups: ListedGroup[] = []
  for (const id of brokers.keys()) {
    const answer = await client.retrying(async () => {
      const answer = await client.broker(id, ListGroups, { statesFilter: states, typesFilter: [] })
      if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
      return answer
    })
    groups.push(...answer.groups.map(({ groupId, groupState, groupType, protocolType }) =>
      ({ group: groupId, state: groupState, type: groupType, protocol: protocolType })))
  }
  return groups.sort((left, right) => left.group < right.group ? -1 : 1)
}

export interface GroupMember {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly host: string
  readonly partitions: ReadonlyArray<
    { readonly topic: string, readonly partitions: readonly number[] }
  >
}

export interface DescribedGroup {
  readonly group: string
  readonly state: string
  readonly type: string
  /** The assignor. */
  readonly protocol: string
  readonly coordinator: number
  readonly members: readonly GroupMember[]
}

/** Throws KafkaError GROUP_ID_NOT_FOUND for a group that does not exist (KIP-1043). */
export async function describeGroup (client: Client, group: string): Promise<DescribedGroup> {
  return await client.retrying(async () => {
    const coordinator = await client.coordinatorId(group)
    return await describeConsumerGroup(client, group, coordinator) ??
      await describeClassicGroup(client, group, coordinator)
  })
}

/** Undefined when it is none of KIP-848, or the broker does not know such groups. */
async function describeConsumerGroup (
  client: Client, group: string, coordinator: number
): Promise<DescribedGroup | undefined> {
  const { versions } = await client.peer(coordinator)
  if (versions.find(ConsumerGroupDescribe) < 0) return undefined
  const { groups } = await client.broker(coordinator, ConsumerGroupDescribe,
    { groupIds: [group], includeAuthorizedOperations: false })
  const [found] = groups
  if (found === undefined || found.errorCode === code.GROUP_ID_NOT_FOUND ||
    found.errorCode === code.UNSUPPORTED_VERSION) return undefined
  if (found.errorCode !== code.NONE) {
    throw new KafkaError(found.errorCode, found.errorMessage ?? undefined)
  }
  return {
    group,
    state: found.groupState,
    type: 'consumer',
    protocol: found.assignorName,
    coordinator,
    members: found.members.map(({ memberId, instanceId, clientId, clientHost, assignment }) => ({
      memberId,
      instanceId,
      clientId,
      host: clientHost,
      partitions: assignment.topicPartitions.map(
        ({ topicName, partitions }) => ({ topic: topicName, partitions })
      ),
    })),
  }
}

const DEAD = 'Dead'

async function describeClassicGroup (
  client: Client, group: string, coordinator: number
): Promise<DescribedGroup> {
  const { groups } = await client.broker(coordinator, DescribeGroups,
    { groups: [group], includeAuthorizedOperations: false })
  const [found] = groups
  if (found === undefined) throw new KafkaError(code.GROUP_ID_NOT_FOUND)
  if (found.errorCode !== code.NONE) {
    throw new KafkaError(found.errorCode, found.errorMessage ?? undefined)
  }
  // Before KIP-1043 a group that does not exist was one that is dead.
  if (found.groupState === DEAD) throw new KafkaError(code.GROUP_ID_NOT_FOUND, `Group ${group} not found.`)
  return {
    group,
    state: found.groupState,
    type: 'classic',
    protocol: found.protocolData,
    coordinator,
    members: found.members.map((
      { memberId, groupInstanceId, clientId, clientHost, memberAssignment }
    ) => ({
      memberId,
      instanceId: groupInstanceId,
      clientId,
      host: clientHost,
      partitions: found.protocolType === 'consumer' ? readAssignment(memberAssignment) : [],
    })),
  }
}

/** An empty assignment has no bytes. */
function readAssignment (bytes: Buffer): Array<{ topic: string, partitions: number[] }> {
  return bytes.length === 0
    ? []
    : readVersioned(ConsumerProtocolAssignment, bytes).assignedPartitions
}

export interface CommittedOffset extends TopicPartition {
  readonly offset: bigint
  readonly leaderEpoch: number
  readonly metadata: string | null
}

/** The newest version that goes by names (topic ids: KIP-848). */
const BY_NAME_MAX = 9
const NO_OFFSET = -1n

/** All that the group has committed, by topic and partition. Throws KafkaError. */
export async function committedOffsets (client: Client, group: string): Promise<CommittedOffset[]> {
  const answer = await client.retrying(async () => {
    const answer = await client.coordinator(group, OffsetFetch,
      { groupId: group, topics: null, groups: [{ groupId: group, topics: null }] },
      { versionMax: BY_NAME_MAX })
    const found = answer.groups[0] ?? answer
    if (found.errorCode !== code.NONE) throw new KafkaError(found.errorCode)
    return found
  })
  const offsets = answer.topics.flatMap(({ name, partitions }) => partitions
    .filter(({ committedOffset }) => committedOffset !== NO_OFFSET)
    .map(({ partitionIndex, committedOffset, committedLeaderEpoch, metadata }) => ({
      topic: name, partition: partitionIndex, offset: committedOffset,
      leaderEpoch: committedLeaderEpoch, metadata,
    })))
  return offsets.sort(byPartition)
}

export function byPartition (left: TopicPartition, right: TopicPartition): number {
  if (left.topic !== right.topic) return left.topic < right.topic ? -1 : 1
  return left.partition - right.partition
}

/** Who reads each partition. */
export function readersOf (
  { members }: DescribedGroup
): Map<string, TopicPartition & { member: GroupMember }> {
  return new Map(members.flatMap(member => member.partitions.flatMap(({ topic, partitions }) =>
    partitions.map(
      partition => [partitionKey({ topic, partition }), { topic, partition, member }] as const
    ))))
}
