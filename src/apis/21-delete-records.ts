/**
 * DeleteRecords v0-2 (D9, KIP-107): moves log start offsets forward. One replica is all there is,
 * so the low watermark has moved when the leader has, and `timeout_ms` is never waited for.
 *
 * v1 and v2 differ in their encoding only.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { DeleteRecords } from '../../protocol/messages/21-delete-records.ts'
import type { DeleteRecordsRequest } from '../../protocol/messages/21-delete-records.ts'
import { isInternalTopic } from '../core/metadata/internal-topics.ts'
import type { Broker } from './broker.ts'
import { handler } from './handler.ts'
import type { Call } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'metadata' | 'replicas'>
interface Outcome { readonly errorCode: number, readonly lowWatermark: bigint }

const NO_WATERMARK = -1n

export const deleteRecords = handler(DeleteRecords, { versions: [0, 2], failed },
  async (request, call, needs: Needs) => ({
    topics: await Promise.all([...wantedOf(request)].map(async ([name, offsets]) => ({
      name,
      partitions: await Promise.all([...offsets].map(async ([partitionIndex, offset]) =>
        ({ partitionIndex, ...await deleteBelow(name, partitionIndex, offset, call, needs) }))),
    }))),
  }))

function failed (request: DeleteRecordsRequest, { errorCode }: KafkaError) {
  return {
    topics: [...wantedOf(request)].map(([name, offsets]) => ({
      name,
      partitions: [...offsets.keys()].map(
        partitionIndex => ({ partitionIndex, ...refused(errorCode) })
      ),
    })),
  }
}

/** D9.2: of a partition that is named twice the last offset counts. */
function wantedOf ({ topics }: DeleteRecordsRequest): Map<string, Map<number, bigint>> {
  const wanted = new Map<string, Map<number, bigint>>()
  for (const { name, partitions } of topics) {
    const offsets = wanted.get(name) ?? new Map<number, bigint>()
    for (const { partitionIndex, offset } of partitions) offsets.set(partitionIndex, offset)
    if (offsets.size > 0) wanted.set(name, offsets)
  }
  return wanted
}

function refused (errorCode: number): Outcome { return { errorCode, lowWatermark: NO_WATERMARK } }

/** D9.1 */
async function deleteBelow (
  topic: string, index: number, offset: bigint, { session }: Call,
  { access, metadata, replicas }: Needs
): Promise<Outcome> {
  if (!access.allows(session, 'delete', 'topic', topic)) return refused(code.TOPIC_AUTHORIZATION_FAILED)
  if (metadata.topics.partition(topic, index) === undefined) {
    return refused(code.UNKNOWN_TOPIC_OR_PARTITION)
  }
  if (isInternalTopic(topic)) return refused(code.INVALID_TOPIC_EXCEPTION)
  const partition = replicas.find(topic, index)
  return partition === undefined
    ? refused(code.NOT_LEADER_OR_FOLLOWER)
    : partition.deleteRecords(offset)
}
