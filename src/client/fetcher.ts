/** Reads the batches of partitions from their leaders, each leader's in one request at a time. */
import { code, isRetriable, KafkaError } from '../../protocol/errors.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import type { Client } from './client.ts'
import { topicIn } from './cluster.ts'

export interface FetchOptions {
  /** How long the leader waits for the first byte. */
  readonly maxWaitMs: number
  readonly bytesMax: number
  readonly partitionBytesMax: number
}

export const fetchDefaults: FetchOptions = {
  maxWaitMs: 500, bytesMax: 16 * 1024 * 1024, partitionBytesMax: 1024 * 1024,
}

/** What one partition answered: whole batches, and perhaps a cut one at the end. */
export interface FetchedPartition {
  readonly partition: number
  readonly bytes: Buffer
  readonly highWatermark: bigint
}

const NO_REPLICA = -1
const NO_SESSION = { sessionId: 0, sessionEpoch: -1 }

/**
 * The partitions by their leader. Throws KafkaError for a topic, partition or leader that is not
 * there.
 */
export async function leadersOf (
  client: Client, topic: string, partitions: readonly number[]
): Promise<{ topicId: string, leaders: Map<number, number[]> }> {
  return await client.retrying(async () => {
    const found = topicIn(await client.describe([topic]), topic)
    const leaders = new Map<number, number[]>()
    for (const partition of partitions) {
      const leader = found.partitions.find(each => each.partition === partition)?.leaderId
      if (leader === undefined) throw new KafkaError(code.UNKNOWN_TOPIC_OR_PARTITION)
      if (leader < 0) throw new KafkaError(code.LEADER_NOT_AVAILABLE)
      leaders.set(leader, [...leaders.get(leader) ?? [], partition])
    }
    return { topicId: found.topicId, leaders }
  })
}

/**
 * One round at one leader: what lies at the positions, after at most `maxWaitMs`. A partition whose
 * error may pass is left out of the answer and `isStale` is set; other errors throw KafkaError.
 */
export async function fetchFrom (
  client: Client, leader: number, topic: { readonly name: string, readonly topicId: string },
  positions: ReadonlyMap<number, bigint>, options: FetchOptions
): Promise<{ partitions: FetchedPartition[], isStale: boolean }> {
  const answer = await client.broker(leader, Fetch, {
    replicaId: NO_REPLICA,
    maxWaitMs: options.maxWaitMs,
    minBytes: 1,
    maxBytes: options.bytesMax,
    ...NO_SESSION,
    topics: [{
      topic: topic.name,
      topicId: topic.topicId,
      partitions: [...positions].map(([partition, fetchOffset]) =>
        ({ partition, fetchOffset, partitionMaxBytes: options.partitionBytesMax })),
    }],
    forgottenTopicsData: [],
  }, { waitMs: options.maxWaitMs })
  if (answer.errorCode !== code.NONE) throw new KafkaError(answer.errorCode)
  const partitions: FetchedPartition[] = []
  let isStale = false
  const answered = answer.responses.flatMap(each => each.partitions)
  for (const { partitionIndex, errorCode, records, highWatermark } of answered) {
    if (isRetriable(errorCode)) isStale = true
    else if (errorCode !== code.NONE) throw new KafkaError(errorCode)
    else partitions.push(
      { partition: partitionIndex, bytes: records ?? Buffer.alloc(0), highWatermark }
    )
  }
  return { partitions, isStale }
}
