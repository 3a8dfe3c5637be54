/**
 * The clients of the broker that is killed: they write, commit, create and read until it is gone.
 */
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { FindCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import { InitProducerId } from '../../protocol/messages/22-init-producer-id.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { OffsetFetch } from '../../protocol/messages/09-offset-fetch.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { code } from '../../protocol/errors.ts'
import { recordsIn } from '../../protocol/records/read.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import type { RawClient } from '../../test/support/raw-client.ts'
import { fetchBody } from '../../test/support/producing.ts'
import type { Witness } from './kill-witness.ts'

export type Random = () => number

export const topics: ReadonlyMap<string, number> = new Map([['orders', 2], ['payments', 1], ['events', 2]])
export const groups = ['billing', 'search', 'audit']

export interface Place { readonly topic: string, readonly index: number, readonly name: string }

/** Every partition. */
export const places: readonly Place[] = [...topics].flatMap(([topic, partitions]) =>
  Array.from({ length: partitions }, (_, index) => ({ topic, index, name: `${topic}-${index}` })))

interface Batch { readonly bytes: Buffer, readonly ids: readonly string[] }

/** Small ones mostly; some that do not fit what is small inside the store. */
const sizes = [...Array<number>(30).fill(10), ...Array<number>(30).fill(300), 2_000, 2_000,
  20_000, 200_000]
const codecs = ['none', 'none', 'none', 'none', 'none', 'none', 'gzip', 'lz4', 'snappy'] as const
const IN_FLIGHT_MAX = 4

function pick<T> (from: readonly T[], random: Random): T {
  return from[Math.floor(random() * from.length)] as T
}

/** Writes to one partition with acks=all, several requests under way. */
export class Writer {
  readonly #place: Place
  readonly #name: string
  readonly #producerId: bigint | undefined
  readonly #witness: Witness
  #sequence = 0
  #count = 0
  /**
   * In order. An idempotent writer sends them again to the next broker; another one gives them up.
   */
  readonly #unanswered: Batch[] = []

  constructor (place: Place, producerId: bigint | undefined, witness: Witness) {
    this.#place = place
    this.#producerId = producerId
    this.#witness = witness
    this.#name = producerId === undefined ? 'plain' : 'idempotent'
  }

  async run (client: RawClient, random: Random): Promise<void> {
    if (this.#producerId === undefined) this.#unanswered.length = 0
    for (const batch of this.#unanswered) this.#send(client, batch)
    for (;;) {
      while (this.#unanswered.length < IN_FLIGHT_MAX) this.#send(client, this.#next(random))
      const { body } = await client.next(Produce, 9)
      const row = body.responses[0]?.partitionResponses[0]
      const { ids } = this.#unanswered.shift() as Batch
      if (row?.errorCode ===
        code.NONE) this.#witness.acknowledge(this.#place.name, row.baseOffset, ids)
      else this.#witness.problem(`${this.#place.name}: ${ids[0]} is refused with error ${row?.errorCode}`)
    }
  }

  #next (random: Random): Batch {
    const ids = Array.from({ length: 1 + Math.floor(random() * 5) }, () => `${this.#name} ${this.#count++}`)
    const size = pick(sizes, random)
    const bytes = writeBatch(ids.map(id => ({
      timestamp: BigInt(Date.now()), key: Buffer.from(id), value: Buffer.alloc(size, id),
    })), {
      codec: pick(codecs, random),
      ...(this.#producerId === undefined
        ? {}
        : { producerId: this.#producerId, producerEpoch: 0, baseSequence: this.#sequence }),
    })
    this.#sequence += ids.length
    const batch = { bytes, ids }
    this.#unanswered.push(batch)
    return batch
  }

  /** The bytes go out as a copy: the frame is the broker's to change, these may be needed again. */
  #send (client: RawClient, { bytes }: Batch): void {
    const { topic, index } = this.#place
    client.send(Produce, 9, {
      transactionalId: null,
      acks: -1,
      timeoutMs: 30_000,
      topicData: [{ name: topic, partitionData: [{ index, records: Buffer.from(bytes) }] }],
    })
  }
}

/** Commits ever higher offsets of one partition for one group, one after another. */
export async function commitOffsets (
  client: RawClient, groupId: string, { topic, index, name }: Place, next: () => bigint,
  witness: Witness
): Promise<void> {
  for (;;) {
    const offset = next()
    witness.commitSent(`${groupId} ${name}`, offset)
    const { topics: [row] } = await client.request(OffsetCommit, 8, {
      groupId,
      memberId: '',
      topics: [{ name: topic, partitions: [{ partitionIndex: index, committedOffset: offset, committedMetadata: '' }] }],
    })
    const errorCode = row?.partitions[0]?.errorCode
    if (errorCode === code.NONE) witness.committed(`${groupId} ${name}`, offset)
    else witness.problem(`${groupId} ${name}: a commit is refused with error ${errorCode}`)
  }
}

export async function checkCommits (client: RawClient, witness: Witness): Promise<void> {
  for (const groupId of groups) {
    await client.request(FindCoordinator, 2, { key: groupId })
    const answer =
      await client.request(OffsetFetch, 7, { groupId, topics: null, requireStable: false })
    if (answer.errorCode !== code.NONE) witness.problem(`${groupId}: its offsets are refused with error ${answer.errorCode}`)
    const offsets = new Map(answer.topics.flatMap(({ name, partitions }) =>
      partitions.map(row => [`${name}-${row.partitionIndex}`, row.committedOffset] as [string, bigint])))
    for (const { name } of places) witness.committedIs(`${groupId} ${name}`, offsets.get(name) ?? -1n)
  }
}

/** Reads from these offsets on and tells the witness; stops at the ends, or never. */
export async function read (
  client: RawClient, positions: Map<string, bigint>, witness: Witness, until: 'end' | 'never'
): Promise<void> {
  for (;;) {
    const body = fetchBody(places.map(({ topic, index, name }) =>
      ({ topic, index, fetchOffset: positions.get(name) ?? 0n, partitionMaxBytes: 1 << 20 })),
    { maxWaitMs: until === 'end' ? 0 : 500, minBytes: 1, maxBytes: 8 << 20 })
    const { responses } = await client.request(Fetch, 12, body)
    let behind = 0
    for (const { topic, partitions } of responses) {
      for (const { partitionIndex, errorCode, highWatermark, records } of partitions) {
        const name = `${topic}-${partitionIndex}`
        if (errorCode !== code.NONE) witness.problem(`${name}: reading is refused with error ${errorCode}`)
        if (until === 'end') witness.endsAt(name, highWatermark)
        let next = positions.get(name) ?? 0n
        for (const { offset, key } of records === null ? [] : recordsIn(records)) {
          if (offset < next) continue
          if (offset > next) witness.problem(`${name}: no record at ${next}, the next is ${offset}`)
          witness.saw(name, offset, `${key}`)
          next = offset + 1n
        }
        positions.set(name, next)
        if (errorCode === code.NONE && next < highWatermark) behind++
      }
    }
    if (witness.problems.length > 0 || (until === 'end' && behind === 0)) return
  }
}

/** Makes a topic; acknowledged, it is there for good. */
export async function createTopic (
  client: RawClient, name: string, numPartitions: number, witness: Witness
): Promise<void> {
  const { topics: [row] } = await client.request(CreateTopics, 7, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: 30_000,
    validateOnly: false,
  })
  if (row?.errorCode === code.NONE) witness.topicMade(name, row.topicId)
  else witness.problem(`topic ${name} is refused with error ${row?.errorCode}`)
}

export async function checkTopics (client: RawClient, witness: Witness): Promise<void> {
  const answer = await client.request(Metadata, 12, { topics: null, allowAutoTopicCreation: false })
  witness.topicsAre(new Map(answer.topics.map(({ name, topicId }) => [name ?? '', topicId])))
}

export async function newProducerId (client: RawClient, witness: Witness): Promise<bigint> {
  const answer =
    await client.request(InitProducerId, 4, { transactionalId: null, transactionTimeoutMs: 60_000 })
  if (answer.errorCode === code.NONE) witness.producerIdGiven(answer.producerId)
  else witness.problem(`no producer id: error ${answer.errorCode}`)
  return answer.producerId
}
