/**
 * `npm run fuzz -- [--count 1000000] [--seed 1]`: random, generated and mutated bytes to the
 * decoder alone, for all messages and versions: requests, responses, headers, stored records, and
 * the checks of record batches. Nothing but DecodeError may come out, memory stays within R-X7, and
 * no input takes long. The last line says what was found.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { decode, encode } from '../../protocol/codec.ts'
import { DecodeError, RETAINED_FLOOR, RETAINED_PER_BYTE } from '../../protocol/cursor.ts'
import { headers } from '../../protocol/frame.ts'
import { apis } from '../../protocol/index.ts'
import { checkBatch, theBatch } from '../../protocol/records/check.ts'
import { RecordError } from '../../protocol/records/error.ts'
import { recordsOf } from '../../protocol/records/read.ts'
import { groupRecords } from '../../protocol/stored/groups.ts'
import { metadataRecords } from '../../protocol/stored/metadata.ts'
import { payloads } from '../../protocol/stored/payloads.ts'
import { raftRecords } from '../../protocol/stored/raft.ts'
import { shareRecords } from '../../protocol/stored/share.ts'
import { storageRecords } from '../../protocol/stored/storage.ts'
import { transactionRecords } from '../../protocol/stored/transactions.ts'
import type { Message } from '../../protocol/types.ts'
import { Random } from '../../test/simulation/random.ts'
import { numberOption } from '../options.ts'
import { MessageMaker, mutated } from './fuzz-messages.ts'

export interface DecoderFigures {
  inputs: number
  decoded: number
  refused: number
  shapes: number
  slowestMs: number
  /** The most that a decoded message kept, as a part of what R-X7 allows. */
  retainedShare: number
  failures: string[]
}

/** Retained memory is measured for one input in so many: each takes two garbage collections. */
const MEASURE_EVERY = 997
const SLOW_MS = 1000
const FAILURES_MAX = 20

const RULES = {
  topicPartition: 't-0',
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 9223372036854775807n,
  timestampAfterMaxMs: 3600000n,
  messageBytesMax: 1048588,
  compacted: false,
  compressionType: 'producer',
  nowMs: 1_700_000_000_000,
} as const

function shapes (): Array<readonly [Message, number]> {
  const messages: Message[] = [
    ...apis.flatMap(({ request, response }) => [request, response]), ...headers, ...payloads,
    ...raftRecords,
    ...storageRecords, ...metadataRecords,
    ...[...groupRecords, ...shareRecords, ...transactionRecords].flatMap(
      ({ key, value }) => [key, value]
    ),
  ]
  return [...new Set(messages)].flatMap(message => {
    const [from, to] = message.versions
    return Array.from({ length: to - from + 1 }, (_, index) => [message, from + index] as const)
  })
}

export function fuzzDecoder (count: number, seed: number): DecoderFigures {
  const random = new Random(seed)
  const maker = new MessageMaker(random, { names: ['topic', 'group'], ids: [], numbers: {} })
  const all = shapes()
  const figures: DecoderFigures = {
    inputs: 0, decoded: 0, refused: 0, shapes: all.length, slowestMs: 0, retainedShare: 0,
    failures: [],
  }
  const collect = collector()
  while (figures.inputs < count && figures.failures.length < FAILURES_MAX) {
    const [message, version] = random.pick(all)
    const bytes = inputFor(message, version, random, maker)
    const run = random.chance(0.03)
      ? () => checkRecords(maker.batch(), random)
      : () => decode(message, version, bytes)
    figures.inputs++
    const name = `${message.name} v${version}`
    const began = process.cpuUsage()
    attempt(run, figures, () => `${name} ${bytes.toString('hex').slice(0, 400)}`)
    const { user, system } = process.cpuUsage(began)
    // Processor time: on a busy machine the clock on the wall says little.
    const tookMs = (user + system) / 1000
    if (tookMs > figures.slowestMs) figures.slowestMs = tookMs
    if (tookMs > SLOW_MS) figures.failures.push(`${name} took ${Math.round(tookMs)} ms`)
    if (figures.inputs % MEASURE_EVERY !== 0) continue
    const share = retainedBytes(run, collect) / (bytes.length * RETAINED_PER_BYTE + RETAINED_FLOOR)
    if (share > figures.retainedShare) figures.retainedShare = share
    if (share > 1) figures.failures.push(`${name} keeps ${share.toFixed(1)} times what R-X7 allows`)
  }
  return figures
}

/** The least of three: now and then the engine itself keeps something for later. */
function retainedBytes (run: () => unknown, collect: () => number): number {
  return Math.min(...[1, 2, 3].map(() => {
    const before = collect()
    let value: unknown
    try {
      value = run()
    } catch {
      return 0
    }
    const bytes = collect() - before
    keepUntilHere(value)
    return bytes
  }))
}

/** Half in the shape of the schema, three tenths mutated from that, the rest anything. */
function inputFor (message: Message, version: number, random: Random, maker: MessageMaker): Buffer {
  const kind = random.next()
  if (kind > 0.8) return random.bytes(random.int(200))
  const whole = encode(message, version, maker.value(message, version))
  return kind < 0.3 ? whole : mutated(whole, random)
}

function checkRecords (batch: Buffer, random: Random): unknown {
  const bytes = random.chance(0.5) ? batch : mutated(batch, random)
  const found = theBatch(bytes, 12)
  if (Buffer.isBuffer(found)) checkBatch(found, RULES)
  try {
    return [...recordsOf(bytes, 1 << 20)].length
  } catch (error) {
    if (error instanceof RecordError) throw new DecodeError(error.message)
    throw error
  }
}

function attempt (run: () => unknown, figures: DecoderFigures, describe: () => string): void {
  try {
    run()
    figures.decoded++
  } catch (error) {
    if (error instanceof DecodeError) figures.refused++
    else figures.failures.push(`${describe()}: ${(error as Error).stack}`)
  }
}

/** Without it the value might be collected before it is measured. */
function keepUntilHere (value: unknown): void { if (value === Symbol.iterator) throw new Error('never') }

/** Collects garbage and tells the heap that is left. */
function collector (): () => number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  return () => {
    collect()
    return process.memoryUsage().heapUsed
  }
}

export function main (words: readonly string[]): number {
  const seed = numberOption(words, 'seed', 1)
  const figures = fuzzDecoder(numberOption(words, 'count', 1_000_000), seed)
  for (const failure of figures.failures) console.error(failure)
  console.log(`fuzz-decoder: seed ${seed}, ${figures.inputs} inputs to ${figures.shapes} messages and versions, ` +
    `${figures.decoded} decoded, ${figures.refused} refused, ${figures.failures.length} failures, ` +
    `slowest ${figures.slowestMs.toFixed(1)} ms, at most ${(figures.retainedShare * 100).toFixed(0)} % of R-X7 kept`)
  return figures.failures.length === 0 ? 0 : 1
}
