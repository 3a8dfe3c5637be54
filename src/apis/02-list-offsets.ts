/**
 * ListOffsets v0-11: offsets by timestamp or by special mark (D7).
 *
 * v0: segment starts by the time of their files, for old clients; Kafka 4 no longer serves it.
 * v2: isolation level. v4: leader epochs. v7: -3 max timestamp (KIP-734). v8: -4 earliest local.
 * v9: -5 latest tiered. v11: -6 earliest pending upload (no tiering here, so -5 and -6 find
 * nothing).
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { ListOffsets } from '../../protocol/messages/02-list-offsets.ts'
import type { ListOffsetsRequest } from '../../protocol/messages/02-list-offsets.ts'
import type { Broker, OffsetLookup } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'metadata' | 'replicas' | 'access'>
type PartitionRequest = ListOffsetsRequest['topics'][number]['partitions'][number]

/** D7.3: the first version that knows each mark. */
const SINCE = new Map([[-1n, 0], [-2n, 0], [-3n, 7], [-4n, 8], [-5n, 9], [-6n, 11]])
const READ_UNCOMMITTED = 0
const READ_COMMITTED = 1

export const listOffsets = handler(ListOffsets, {
  versions: [0, 11], advertised: [1, 11], failed,
}, async (request, call, needs: Needs) => {
  const { isolationLevel } = request
  // Kafka fails over a level that does not exist.
  if (isolationLevel !== READ_UNCOMMITTED && isolationLevel !== READ_COMMITTED) {
    throw new KafkaError(code.UNKNOWN_SERVER_ERROR, null)
  }
  const topics = await Promise.all([...rowsOf(request)].map(async ([name, rows]) => ({
    name,
    partitions: await Promise.all([...rows.values()].map(async ({ asked, isTwice }) => ({
      partitionIndex: asked.partitionIndex,
      ...await lookUp(name, asked, isTwice, request, call, needs),
    }))),
  })))
  return { topics }
})

function failed ({ topics }: ListOffsetsRequest, { errorCode }: KafkaError) {
  return {
    topics: topics.map(({ name, partitions }) =>
      ({
        name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
      })),
  }
}

interface Row { asked: PartitionRequest, isTwice: boolean }

/**
 * D7.2: a partition named twice, even in two rows of its topic, has one row; a topic without any
 * has none.
 */
function rowsOf ({ topics }: ListOffsetsRequest): Map<string, Map<number, Row>> {
  const rows = new Map<string, Map<number, Row>>()
  for (const { name, partitions } of topics) {
    const ofTopic = rows.get(name) ?? new Map<number, Row>()
    for (const asked of partitions) {
      ofTopic.set(asked.partitionIndex, { asked, isTwice: ofTopic.has(asked.partitionIndex) })
    }
    if (ofTopic.size > 0) rows.set(name, ofTopic)
  }
  return rows
}

async function lookUp (
  topic: string, asked: PartitionRequest, isDuplicate: boolean,
  { replicaId, isolationLevel }: ListOffsetsRequest, { version, session }: Call,
  { metadata, replicas, access }: Needs
): Promise<{ errorCode: number, oldStyleOffsets?: bigint[] } & Partial<OffsetLookup>> {
  const { partitionIndex, currentLeaderEpoch, timestamp, maxNumOffsets } = asked
  if (!access.allows(session, 'describe', 'topic', topic)) return { errorCode: code.TOPIC_AUTHORIZATION_FAILED }
  if (isDuplicate) return { errorCode: code.INVALID_REQUEST }
  if (timestamp < 0n && version < (SINCE.get(timestamp) ?? Infinity)) {
    return { errorCode: code.UNSUPPORTED_VERSION }
  }
  const partition = replicas.find(topic, partitionIndex)
  if (partition === undefined) {
    const known = metadata.topics.partition(topic, partitionIndex) !== undefined
    return { errorCode: known ? code.NOT_LEADER_OR_FOLLOWER : code.UNKNOWN_TOPIC_OR_PARTITION }
  }
  if (version === 0) return partition.segmentStarts(timestamp, { maxNumOffsets, replicaId })
  return partition.offsetFor(timestamp, {
    currentLeaderEpoch,
    replicaId,
    readCommitted: isolationLevel === READ_COMMITTED,
    version,
  })
}
