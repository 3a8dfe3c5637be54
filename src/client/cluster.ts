/** The cluster as one Metadata answer shows it. */
import { code, KafkaError } from '../../protocol/errors.ts'
import type { Metadata } from '../../protocol/messages/03-metadata.ts'
import type { MessageOf } from '../../protocol/types.ts'
import type { Address } from './address.ts'

export interface ClusterPartition {
  readonly partition: number
  /** -1: none. */
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
  readonly offline: readonly number[]
}

export interface ClusterTopic {
  readonly name: string
  readonly topicId: string
  readonly isInternal: boolean
  /** By number. */
  readonly partitions: readonly ClusterPartition[]
}

export interface Cluster {
  readonly clusterId: string | null
  readonly controllerId: number
  readonly brokers: ReadonlyMap<number, Address & { readonly rack: string | null }>
  /** By name, without those that could not be told. */
  readonly topics: ReadonlyMap<string, ClusterTopic>
  /** Error codes of topics that were asked for and could not be told. */
  readonly errors: ReadonlyMap<string, number>
}

export function clusterOf (answer: MessageOf<typeof Metadata['response']>): Cluster {
  if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
  const topics = new Map<string, ClusterTopic>()
  const errors = new Map<string, number>()
  for (const topic of answer.topics) {
    const name = topic.name ?? topic.topicId
    if (topic.errorCode === code.NONE) topics.set(name, topicOf(name, topic))
    else errors.set(name, topic.errorCode)
  }
  return {
    clusterId: answer.clusterId,
    controllerId: answer.controllerId,
    brokers: new Map(
      answer.brokers.map(({ nodeId, host, port, rack }) => [nodeId, { host, port, rack }])
    ),
    topics,
    errors,
  }
}

type AnsweredTopic = MessageOf<typeof Metadata['response']>['topics'][number]

function topicOf (name: string, { topicId, isInternal, partitions }: AnsweredTopic): ClusterTopic {
  return {
    name,
    topicId,
    isInternal,
    partitions: partitions.map(({ partitionIndex, leaderId, leaderEpoch, ...nodes }) => ({
      partition: partitionIndex,
      leaderId,
      leaderEpoch,
      replicas: nodes.replicaNodes,
      isr: nodes.isrNodes,
      offline: nodes.offlineReplicas,
    })).sort((left, right) => left.partition - right.partition),
  }
}

/** Throws KafkaError: what Metadata said of the topic, UNKNOWN_TOPIC_OR_PARTITION if nothing. */
export function topicIn (cluster: Cluster, name: string): ClusterTopic {
  const topic = cluster.topics.get(name)
  if (topic !== undefined) return topic
  throw new KafkaError(cluster.errors.get(name) ?? code.UNKNOWN_TOPIC_OR_PARTITION)
}
