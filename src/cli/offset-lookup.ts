/** Offsets of partitions by a moment or a mark, asked of their leaders. */
import { code, isRetriable, KafkaError } from '../../protocol/errors.ts'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import type { Client } from '../client/client.ts'
import { topicIn } from '../client/cluster.ts'
import type { Cluster } from '../client/cluster.ts'

/** Timestamps that are marks (KIP-79, KIP-734). */
export const mark = { latest: -1n, earliest: -2n, maxTimestamp: -3n } as const

export interface TopicPartition { readonly topic: string, readonly partition: number }

export interface FoundOffset extends TopicPartition {
  /** -1: no record is that late. */
  readonly offset: bigint
  readonly timestamp: bigint
  readonly leaderEpoch: number
  readonly errorCode: number
}

export function partitionKey ({ topic, partition }: TopicPartition): string { return `${topic}:${partition}` }

const REPLICA_OF_NONE = -1
const TIMEOUT_MS = 30_000

/**
 * In the order asked for; what cannot be told has an error code. Retriable ones are tried again.
 */
export async function findOffsets (
  client: Client, partitions: readonly TopicPartition[], timestamp: bigint
): Promise<FoundOffset[]> {
  const found = new Map<string, FoundOffset>()
  await client.retrying(async () => {
    const missing = partitions.filter(partition => !isSettled(found.get(partitionKey(partition))))
    for (const each of await askLeaders(client, missing, timestamp)) {
      found.set(partitionKey(each), each)
    }
    const retriable = [...found.values()].find(each => !isSettled(each))
    if (retriable !== undefined) throw new KafkaError(retriable.errorCode)
  }).catch((error: unknown) => {
    if (!(error instanceof KafkaError) || found.size < partitions.length) throw error
  })
  return partitions.map(
    partition => found.get(partitionKey(partition)) ?? failed(partition, code.UNKNOWN_SERVER_ERROR)
  )
}

function isSettled (found: FoundOffset | undefined): boolean {
  return found !== undefined && (found.errorCode === code.NONE || !isRetriable(found.errorCode) ||
    found.errorCode === code.UNKNOWN_TOPIC_OR_PARTITION)
}

function failed (partition: TopicPartition, errorCode: number): FoundOffset {
  return { ...partition, offset: -1n, timestamp: -1n, leaderEpoch: -1, errorCode }
}

/** -1 without a leader; throws KafkaError for a topic that cannot be told. */
function leaderOf (cluster: Cluster, { topic, partition }: TopicPartition): number {
  return topicIn(cluster, topic).partitions.find(each => each.partition === partition)?.leaderId ??
    UNKNOWN_PARTITION
}

const UNKNOWN_PARTITION = -2

async function askLeaders (
  client: Client, partitions: readonly TopicPartition[], timestamp: bigint
): Promise<FoundOffset[]> {
  const cluster = await client.describe([...new Set(partitions.map(({ topic }) => topic))])
  const byLeader = new Map<number, TopicPartition[]>()
  const found: FoundOffset[] = []
  for (const partition of partitions) {
    const errorCode = cluster.errors.get(partition.topic)
    const leader = errorCode === undefined ? leaderOf(cluster, partition) : UNKNOWN_PARTITION
    if (errorCode !== undefined) found.push(failed(partition, errorCode))
    else if (leader ===
      UNKNOWN_PARTITION) found.push(failed(partition, code.UNKNOWN_TOPIC_OR_PARTITION))
    else if (leader < 0) found.push(failed(partition, code.LEADER_NOT_AVAILABLE))
    else byLeader.set(leader, [...byLeader.get(leader) ?? [], partition])
  }
  for (const [leader, asked] of byLeader) {
    found.push(...await askLeader(client, leader, asked, timestamp))
  }
  return found
}

async function askLeader (
  client: Client, leader: number, partitions: readonly TopicPartition[], timestamp: bigint
): Promise<FoundOffset[]> {
  const { topics } = await client.broker(leader, ListOffsets, {
    replicaId: REPLICA_OF_NONE,
    isolationLevel: 0,
    topics: byTopic(partitions).map(({ topic, partitions }) => ({
      name: topic,
      partitions: partitions.map(partition => ({ partitionIndex: partition, timestamp })),
    })),
    timeoutMs: TIMEOUT_MS,
  })
  return topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, ...found }) => ({
      topic: name,
      partition: partitionIndex,
      offset: found.offset,
      timestamp: found.timestamp,
      leaderEpoch: found.leaderEpoch,
      errorCode: found.errorCode,
    })))
}

/** Partitions gathered by their topic, in the order of the first of each. */
export function byTopic (
  partitions: readonly TopicPartition[]
): Array<{ topic: string, partitions: number[] }> {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    topics.set(topic, [...topics.get(topic) ?? [], partition])
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }))
}
