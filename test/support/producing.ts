/** One partition's Produce and Fetch in one line: what most tests of the data path need. */
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { batchesIn } from '../../protocol/records/batches.ts'
import { at } from '../../protocol/records/header.ts'
import { recordsOf } from '../../protocol/records/read.ts'
import { sealBatch } from '../../protocol/records/seal.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import type { BatchFacts } from '../../protocol/records/write.ts'
import type { MessageOf } from '../../protocol/types.ts'
import { START_MS } from './raw-broker.ts'
import type { RawClient } from './raw-client.ts'

export type ProduceRow =
  MessageOf<typeof Produce.response>['responses'][number]['partitionResponses'][number]
export type FetchAnswer = MessageOf<typeof Fetch.response>
export type FetchRow = FetchAnswer['responses'][number]['partitions'][number]

export interface Content { key?: string | null, value?: string | null, timestamp?: bigint }

/** A batch of records; a text is a record with this value and no key. */
export function batchOf (
  contents: ReadonlyArray<string | Content>, facts: BatchFacts = {}
): Buffer {
  return writeBatch(contents.map(content => {
    const { key = null, value = null, timestamp = BigInt(START_MS) } =
      typeof content === 'string' ? { value: content } : content
    return {
      timestamp,
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    }
  }), facts)
}

type Field = keyof typeof at

/** Changes header fields, and seals the batch again unless told not to. */
export function changed (
  batch: Buffer, change: (batch: Buffer, at: Record<Field, number>) => void, seal = true
): Buffer {
  const copy = Buffer.from(batch)
  change(copy, at)
  if (seal) sealBatch(copy)
  return copy
}

export interface ProduceOptions {
  version?: number
  acks?: number
  timeoutMs?: number
  transactionalId?: string | null
  index?: number
  topicId?: string
  clientId?: string | null
}

export function produceBody (topic: string, records: Buffer | null, options: ProduceOptions = {}) {
  const { acks = -1, timeoutMs = 1000, transactionalId = null, index = 0, topicId } = options
  const name = topicId === undefined ? { name: topic } : { topicId }
  return {
    transactionalId, acks, timeoutMs, topicData: [{ ...name, partitionData: [{ index, records }] }],
  }
}

/** The one partition's row of the answer. */
export async function produce (
  client: RawClient, topic: string, records: Buffer | null, options: ProduceOptions = {}
): Promise<ProduceRow> {
  const { clientId = 'raw' } = options
  const body = produceBody(topic, records as Buffer, options)
  const { responses } =
    await client.request(Produce, options.version ?? 12, body as never, { clientId })
  return responses[0]?.partitionResponses[0] as ProduceRow
}

export interface FetchOptions {
  version?: number
  index?: number
  topicId?: string
  maxWaitMs?: number
  minBytes?: number
  maxBytes?: number
  partitionMaxBytes?: number
  isolationLevel?: number
  sessionId?: number
  sessionEpoch?: number
  replicaId?: number
  currentLeaderEpoch?: number
  lastFetchedEpoch?: number
  logStartOffset?: bigint
  rackId?: string
}

export interface Position {
  topic?: string
  topicId?: string
  index?: number
  fetchOffset: bigint
  partitionMaxBytes?: number
}

/** Each position is a topic of its own, in the order given. */
export function fetchBody (positions: readonly Position[], options: FetchOptions = {}) {
  const { maxWaitMs = 0, minBytes = 0, maxBytes = 2 ** 31 - 1, isolationLevel = 0 } = options
  const { sessionId = 0, sessionEpoch = -1, replicaId = -1, rackId = '' } = options
  return {
    replicaId,
    maxWaitMs,
    minBytes,
    maxBytes,
    isolationLevel,
    sessionId,
    sessionEpoch,
    rackId,
    topics: positions.map((
      { topic, topicId, index = options.index ?? 0, fetchOffset, partitionMaxBytes }
    ) => ({
      topic,
      topicId,
      partitions: [{
        partition: index,
        currentLeaderEpoch: options.currentLeaderEpoch ?? -1,
        fetchOffset,
        lastFetchedEpoch: options.lastFetchedEpoch ?? -1,
        logStartOffset: options.logStartOffset ?? -1n,
        partitionMaxBytes: partitionMaxBytes ?? options.partitionMaxBytes ?? 2 ** 31 - 1,
      }],
    })),
    forgottenTopicsData: [],
  }
}

export async function fetchAll (
  client: RawClient, positions: readonly Position[], options: FetchOptions = {}
): Promise<FetchAnswer> {
  return client.request(Fetch, options.version ?? 12, fetchBody(positions, options))
}

/** The one partition's row of the answer. */
export async function fetchOne (
  client: RawClient, topic: string, fetchOffset: bigint, options: FetchOptions = {}
): Promise<FetchRow> {
  const position = options.topicId === undefined
    ? { topic, fetchOffset }
    : { topicId: options.topicId, fetchOffset }
  const { responses } = await fetchAll(client, [position], options)
  return responses[0]?.partitions[0] as FetchRow
}

export function batchesOf ({ records }: { records: Buffer | null }): Buffer[] {
  return records === null ? [] : [...batchesIn(records)]
}

/** What a reader sees: offset and value of each record. */
export function recordsIn (row: { records: Buffer | null }): Array<[bigint, string | null]> {
  return batchesOf(row).flatMap(batch => [...recordsOf(batch)]
    .map(({ offset, value }): [bigint, string | null] =>
      [offset, value === null ? null : value.toString()]))
}

/** Each row of a Fetch answer as `topic-index:error:records`. */
export function told ({ responses }: FetchAnswer): string[] {
  return responses.flatMap(({ topic, topicId, partitions }) => partitions.map(row =>
    `${topic === '' ? topicId : topic}-${row.partitionIndex}:${row.errorCode}:${recordsIn(row).length}`))
}
