/** `ottla produce`: the lines of the standard input, or of a file, as records. */
import { createReadStream, statSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { murmur2 } from '../../../protocol/records/hashes.ts'
import type { Codec } from '../../../protocol/records/attributes.ts'
import type { NewRecord } from '../../../protocol/records/record.ts'
import type { Client } from '../../client/client.ts'
import { topicIn } from '../../client/cluster.ts'
import { Producer } from '../../client/producer.ts'
import { about, CommandError, UsageError } from '../error.ts'
import { lines } from './lines.ts'
import { showJson } from '../output.ts'
import { settings } from '../parse.ts'
import { progressOf } from '../progress.ts'
import type { Progress } from '../progress.ts'
import type { Terminal } from '../terminal.ts'
import { say } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import type { SharedOptions } from '../with-client.ts'

export interface ProduceOptions extends SharedOptions {
  readonly file?: string
  readonly keySeparator?: string
  readonly header: readonly string[]
  readonly partition?: number
  readonly acks: 'all' | '1' | '0'
  readonly compression: Codec
  readonly nullValue?: string
}

/** Batches of about this size; the broker's default limit is 1 MB. */
const BATCH_BYTES = 256 * 1024

export async function produce (
  topic: string, options: ProduceOptions, terminal: Terminal
): Promise<void> {
  if (options.keySeparator === '') throw new UsageError('--key-separator: give at least one character')
  const headers = settings('--header', options.header).map(({ name, value }) => ({ key: name, value: Buffer.from(value) }))
  const total = options.file === undefined ? undefined : statSync(options.file).size
  if (options.file === undefined && terminal.isTyped) say(terminal, 'each line is a record; end with Ctrl-D')
  await withClient(options, async client => {
    const count = await about(`topic ${topic}`, () => partitionsOf(client, topic))
    if (options.partition !== undefined && options.partition >= count) {
      throw new CommandError(`topic ${topic} has partitions 0 to ${count - 1}, not ${options.partition}: name one of these`)
    }
    const acks = options.acks === 'all' ? -1 : Number(options.acks)
    const sink =
      new Sink(topic, count, options, new Producer(client, { acks, codec: options.compression }))
    const input = options.file === undefined ? terminal.input : createReadStream(options.file)
    const progress = await progressOf(terminal, total === undefined ? 'records' : 'bytes', total)
    try {
      await pump({ topic, input, total }, options, headers, sink, progress, terminal)
    } finally {
      progress.stop()
    }
  })
}

/** Makes the topic where the broker does so for producers (auto.create.topics.enable). */
async function partitionsOf (client: Client, topic: string): Promise<number> {
  return await client.retrying(
    async () => topicIn(await client.describeOrCreate([topic]), topic).partitions.length
  )
}

async function pump (
  { topic, input, total }: { topic: string, input: Readable, total: number | undefined },
  options: ProduceOptions, headers: NewRecord['headers'], sink: Sink, progress: Progress, terminal: Terminal
): Promise<void> {
  for await (const { texts, bytes } of lines(input)) {
    const facts = { timestamp: BigInt(terminal.nowMs()), headers: headers ?? [] }
    for (const text of texts) {
      const record = { ...recordOf(text, options), ...facts }
      if (sink.add(record) >= BATCH_BYTES) await sink.flush()
    }
    // What has come by now is sent before more is waited for: a typed line goes at once.
    await sink.flush()
    progress.advance(total === undefined ? sink.sent : bytes)
  }
  if (options.json === true) return await showJson(terminal, [{ topic, records: sink.sent }])
  if (terminal.isWatched) {
    progress.stop()
    say(terminal, `${sink.sent} records sent`)
  }
}

/** Without the separator the whole line is the value. */
export function recordOf (
  line: Buffer, { keySeparator, nullValue }: Pick<ProduceOptions, 'keySeparator' | 'nullValue'>
): { key: Buffer | null, value: Buffer | null } {
  const at = keySeparator === undefined ? -1 : line.indexOf(keySeparator)
  const value = at < 0 ? line : line.subarray(at + Buffer.byteLength(keySeparator as string))
  return {
    key: at < 0 ? null : line.subarray(0, at),
    value: nullValue !== undefined && value.toString() === nullValue ? null : value,
  }
}

/** The partition of a key, as Kafka's clients compute it. */
export function partitionOfKey (key: Uint8Array, partitions: number): number {
  return (murmur2(key) & 0x7fffffff) % partitions
}

/** Collects records by partition; those without a key go to one partition a batch (KIP-480). */
class Sink {
  sent = 0
  readonly #topic: string
  readonly #count: number
  readonly #partition: number | undefined
  readonly #producer: Producer
  readonly #waiting = new Map<number, NewRecord[]>()
  #bytes = 0
  #sticky = 0

  constructor (topic: string, count: number, { partition }: ProduceOptions, producer: Producer) {
    this.#topic = topic
    this.#count = count
    this.#partition = partition
    this.#producer = producer
  }

  /** Bytes that wait to be sent. */
  add (record: NewRecord): number {
    const partition = this.#partition ??
      (record.key === null ? this.#sticky : partitionOfKey(record.key, this.#count))
    const waiting = this.#waiting.get(partition)
    if (waiting === undefined) this.#waiting.set(partition, [record])
    else waiting.push(record)
    this.#bytes += (record.key?.length ?? 0) + (record.value?.length ?? 0)
    return this.#bytes
  }

  async flush (): Promise<void> {
    for (const [partition, records] of this.#waiting) {
      this.#waiting.delete(partition)
      await about(`topic ${this.#topic} partition ${partition}, after ${this.sent} records`,
        () => this.#producer.send(this.#topic, partition, records))
      this.sent += records.length
    }
    this.#bytes = 0
    this.#sticky = (this.#sticky + 1) % this.#count
  }
}
