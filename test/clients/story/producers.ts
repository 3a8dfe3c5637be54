/** The four kinds of producers of the story. Each record says whose it is and its number. */
import { CompressionTypes } from 'kafkajs'
import type { Kafka, KafkaMessage, Message, ProducerConfig, RecordMetadata } from 'kafkajs'

export const topics = { clicks: 8, facts: 4, changes: 6, rooms: 6 } as const
export type Topic = keyof typeof topics

/** One acknowledged request: what was in it and where the broker says that it is. */
export interface Acknowledged {
  readonly topic: Topic
  readonly ids: ReadonlySet<string>
  readonly rows: readonly RecordMetadata[]
}

export interface Writer {
  readonly topic: Topic
  readonly name: string
  readonly rounds: number
  readonly config?: ProducerConfig
  readonly compression?: CompressionTypes
  /** The records of a round; `next` counts by key. */
  round (round: number, next: (key: string) => number): Message[]
}

/** Web frontends: small JSON, keyed by session, so that a visitor's clicks stay in order. */
const frontend = (name: string): Writer => ({
  topic: 'clicks',
  name,
  rounds: 120,
  round: (round, next) => Array.from({ length: 5 }, (_, n) => {
    const key = `session ${(round * 5 + n * 7) % 31}`
    return { key, value: JSON.stringify({ writer: name, number: next(key), path: `/page/${round % 10}` }) }
  }),
})

/** A Hadoop job: few, large, compressed batches. */
const hadoop = (name: string): Writer => ({
  topic: 'facts',
  name,
  rounds: 16,
  compression: CompressionTypes.GZIP,
  round: (_round, next) => Array.from({ length: 1000 }, (_, n) => {
    const key = `split ${n % 16}`
    return { key, value: JSON.stringify({ writer: name, number: next(key), row: 'a,b,c,'.repeat(10) }) }
  }),
})

/** Changes of a database: ordered by key, with headers; a deleted row is a tombstone. */
const database = (name: string): Writer => ({
  topic: 'changes',
  name,
  rounds: 150,
  config: { idempotent: true, maxInFlightRequests: 1 },
  round: (round, next) => Array.from({ length: 4 }, (_, n) => {
    const key = `row ${(round + n * 3) % 23}`
    return {
      key,
      value: (round + n) % 7 === 0 ? null : JSON.stringify({ balance: round }),
      headers: { writer: name, number: `${next(key)}`, operation: (round + n) % 7 === 0 ? 'delete' : 'update' },
    }
  }),
})

/** Chat servers: all of them write to many rooms, and nothing may be said twice. */
const chat = (name: string): Writer => ({
  topic: 'rooms',
  name,
  rounds: 100,
  config: { idempotent: true },
  round: (round, next) => Array.from({ length: 3 }, (_, n) => {
    const key = `room ${(round * 3 + n) % 40}`
    return { key, value: JSON.stringify({ writer: name, number: next(key), text: 'hello' }) }
  }),
})

export const writers: readonly Writer[] = [
  frontend('web-1'), frontend('web-2'), hadoop('job-1'), database('orders-db'),
  chat('chat-1'), chat('chat-2'), chat('chat-3'),
]

/**
 * Sends round after round, each after the one before is acknowledged; the broker may be away
 * meanwhile.
 */
export async function write (
  kafka: Kafka, writer: Writer, onAcknowledged: (acknowledged: Acknowledged) => void
): Promise<void> {
  const producer = kafka.producer(writer.config ?? {})
  await producer.connect()
  const numbers = new Map<string, number>()
  const next = (key: string): number => {
    const number = numbers.get(key) ?? 0
    numbers.set(key, number + 1)
    return number
  }
  for (let round = 0; round < writer.rounds; round++) {
    const messages = writer.round(round, next)
    const ids = new Set(messages.map(message => identity(message as KafkaMessage).id))
    const { topic, compression = CompressionTypes.None } = writer
    onAcknowledged(
      { topic, ids, rows: await producer.send({ topic, messages, compression, acks: -1 }) }
    )
  }
  await producer.disconnect()
}

/** Whose record this is and its number in its series; ids are unique within a topic. */
export function identity (
  { key, value, headers }: Pick<KafkaMessage, 'key' | 'value' | 'headers'>
): { series: string, number: number, id: string } {
  const told = headers?.writer === undefined ? JSON.parse(`${value}`) : headers
  const series = `${told.writer} ${key}`
  const number = Number(told.number)
  return { series, number, id: `${series} ${number}` }
}
