/**
 * OffsetForLeaderEpoch v0-4 (D8, KIP-101): where a leader epoch ends in this broker's log. Kafka 4
 * lists v2 and above; the older ones differ in fields only.
 *
 * v1: the epoch that was found. v2: the reader's current leader epoch (KIP-320). v3: replica id.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { OffsetForLeaderEpoch } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import type { OffsetForLeaderEpochRequest } from '../../protocol/messages/23-offset-for-leader-epoch.ts'
import { CLUSTER_NAME } from '../core/access/access.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'metadata' | 'replicas'>
type Topic = OffsetForLeaderEpochRequest['topics'][number]

export const offsetForLeaderEpoch = handler(OffsetForLeaderEpoch, {
  versions: [0, 4], advertised: [2, 4], failed,
}, async ({ topics }, { session }, { access, metadata, replicas }: Needs) => {
  const isBroker = access.allows(session, 'clusterAction', 'cluster', CLUSTER_NAME)
  const may = ({ topic }: Topic): boolean => isBroker || access.allows(session, 'describe', 'topic', topic)
  const allowed = topics.filter(may)
  const denied = topics.filter(topic => !may(topic))
  const answered = await Promise.all(allowed.map(async ({ topic, partitions }) => ({
    topic,
    partitions: await Promise.all(partitions.map(async (
      { partition: index, currentLeaderEpoch, leaderEpoch }
    ) => {
      const found = replicas.find(topic, index)
      if (found !== undefined) {
        return { partition: index, ...await found.endOfEpoch(leaderEpoch, currentLeaderEpoch) }
      }
      const isKnown = metadata.topics.partition(topic, index) !== undefined
      return {
        partition: index,
        errorCode: isKnown ? code.NOT_LEADER_OR_FOLLOWER : code.UNKNOWN_TOPIC_OR_PARTITION,
      }
    })),
  })))
  return {
    topics: [...answered, ...denied.map(topic => refused(topic, code.TOPIC_AUTHORIZATION_FAILED))],
  }
})

function failed ({ topics }: OffsetForLeaderEpochRequest, { errorCode }: KafkaError) {
  return { topics: topics.map(topic => refused(topic, errorCode)) }
}

function refused ({ topic, partitions }: Topic, errorCode: number) {
  return { topic, partitions: partitions.map(({ partition }) => ({ partition, errorCode })) }
}
