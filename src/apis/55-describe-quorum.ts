/**
 * DescribeQuorum v0-2: leader, voters and observers of the metadata log (D21.1, KIP-595).
 *
 * v1: when replicas fetched and were caught up (KIP-836). v2: directories, nodes and texts
 * (KIP-853).
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeQuorum } from '../../protocol/messages/55-describe-quorum.ts'
import type { DescribeQuorumRequest } from '../../protocol/messages/55-describe-quorum.ts'
import { failure } from '../core/controller/failure.ts'
import { METADATA_PARTITION, METADATA_TOPIC } from '../core/quorum/effects.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'quorum'>

export const describeQuorum = handler(DescribeQuorum, { versions: [0, 2], failed },
  ({ topics }, { session }, { access, quorum }: Needs) => {
    ensureCluster(access, session, 'describe')
    if (!isTheMetadataLog(topics)) {
      return {
        errorMessage: NO_TEXT,
        topics: topics.map(({ topicName, partitions }) => ({
          topicName,
          partitions: partitions.map(
            ({ partitionIndex }) => refused(partitionIndex, code.UNKNOWN_TOPIC_OR_PARTITION)
          ),
        })),
        nodes: [],
      }
    }
    const description = quorum.describe()
    return {
      errorMessage: NO_TEXT,
      topics: [{
        topicName: METADATA_TOPIC,
        partitions: [description ?? refused(METADATA_PARTITION, code.NOT_LEADER_OR_FOLLOWER)],
      }],
      nodes: description === undefined
        ? []
        : quorum.voters.map(({ id, endpoints }) => ({ nodeId: id, listeners: [...endpoints] })),
    }
  })

/** Kafka tells no error with an empty text here, where other answers have null. */
const NO_TEXT = ''

function failed (_request: unknown, { errorCode, text }: KafkaError) {
  return { errorCode, errorMessage: text, topics: [], nodes: [] }
}

function isTheMetadataLog (topics: DescribeQuorumRequest['topics']): boolean {
  const [topic, ...others] = topics
  const [partition, ...more] = topic?.partitions ?? []
  return others.length === 0 && more.length === 0 && topic?.topicName === METADATA_TOPIC &&
    partition?.partitionIndex === METADATA_PARTITION
}

function refused (partitionIndex: number, errorCode: number) {
  return {
    partitionIndex,
    ...failure(errorCode),
    leaderId: 0,
    leaderEpoch: 0,
    highWatermark: 0n,
    currentVoters: [],
    observers: [],
  }
}
