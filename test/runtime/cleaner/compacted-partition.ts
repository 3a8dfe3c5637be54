/** Replicas over a real store on a disk in memory, and a cleaner that runs when a test says so. */
import type { Test } from 'tap'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { baseOffset, lastOffset } from '../../../protocol/records/header.ts'
import { isControl, recordsOf } from '../../../protocol/records/read.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'
import { decodeMetadata, encodeMetadata, entry } from '../../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { ConfigRecord } from '../../../protocol/stored/metadata-settings.ts'
import { PartitionRecord, RemoveTopicRecord, TopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { settingsFrom } from '../../../src/config/config.ts'
import { MetadataImage } from '../../../src/core/metadata/image.ts'
import { processEnvironment } from '../../../src/process-environment.ts'
import { Cleaner } from '../../../src/runtime/cleaner/cleaner.ts'
import type { CleanerSettings } from '../../../src/runtime/cleaner/settings.ts'
import type { Environment } from '../../../src/runtime/environment.ts'
import type { Partition } from '../../../src/runtime/replica/partition.ts'
import { Replicas } from '../../../src/runtime/replica/replicas.ts'
import { topicSettingsSource } from '../../../src/settings.ts'
import { MemoryDisk } from '../../../src/store/disk-memory.ts'
import { openStore } from '../../../src/store/store.ts'
import type { Store } from '../../../src/store/store.ts'
import { realEnvironment } from '../../store/fixtures.ts'
import { idOf } from '../../support/metadata-cluster.ts'

const NODE = 1
const NEVER_MS = 1 << 30
export const START_MS = 1_700_000_000_000

export type Pair = readonly [key: string | null, value: string | null]

/** A topic that is compacted as soon as a segment has closed. */
export const compacted: Readonly<Record<string, string>> = {
  'cleanup.policy': 'compact', 'segment.bytes': String(1024 * 1024), 'min.cleanable.dirty.ratio': '0',
}

export class CompactedTopics {
  readonly disk: MemoryDisk
  readonly lines: string[] = []
  settings: CleanerSettings = {
    backoffMs: 15_000, map: { bufferBytes: 1 << 20, loadFactor: 0.9 }, readBytes: 512 * 1024,
    bytesPerSecond: Infinity,
  }

  nowMs = START_MS
  /** At a start, what nobody has asked for yet. */
  loads = true
  store!: Store
  replicas!: Replicas
  cleaner!: Cleaner
  readonly #entries: MetadataEntry[] = []
  #image = new MetadataImage()
  #life = 0

  private constructor (disk: MemoryDisk) { this.disk = disk }

  static async open (
    t: Test, topics: Readonly<Record<string, Readonly<Record<string, string>>>>
  ): Promise<CompactedTopics> {
    const opened = new CompactedTopics(new MemoryDisk())
    await opened.start()
    for (const [name, configs] of Object.entries(topics)) opened.create(name, configs)
    t.teardown(() => opened.stop())
    return opened
  }

  /** On what the disk has; `changes` of the environment are for tests of time. */
  async start (changes: Partial<Environment> = {}): Promise<void> {
    const log = (_level: string, message: string): void => { this.lines.push(message) }
    const life = ++this.#life
    const process = processEnvironment((level, message) => { if (level !== 'debug') log(level, message) })
    // What is dead does nothing any more.
    const alive = (run: () => void) => () => { if (this.#life === life) run() }
    const timers = {
      setTimer: (delayMs: number, run: () => void) => process.setTimer(delayMs, alive(run)),
      atTurnEnd: (run: () => void) => { process.atTurnEnd(alive(run)) },
    }
    const environment: Environment = { ...process, ...timers, nowMs: () => this.nowMs, ...changes }
    this.store = await openStore('/data', { ...realEnvironment(this.disk.disk(), log), ...timers }, { flushIntervalMs: 2 })
    const image = this.#image = new MetadataImage()
    const source = topicSettingsSource(settingsFrom(new Map()))
    this.replicas = new Replicas({
      nodeId: NODE,
      store: this.store,
      environment,
      settingsOf: topic => source.of(topic, image),
      hasSettings: topic => source.hasOwn(topic, image),
      retentionCheckMs: NEVER_MS,
      initialTaskDelayMs: NEVER_MS,
      producerExpirationMs: () => NEVER_MS,
      producerExpirationCheckMs: NEVER_MS,
    })
    this.cleaner = new Cleaner({
      replicas: this.replicas, store: this.store, environment, settings: () => this.settings,
    })
    for (const each of this.#entries) this.#apply(each)
    if (this.loads) for (const partition of this.replicas.all()) await partition.whenLoaded()
  }

  async stop (): Promise<void> {
    await this.cleaner.stop()
    this.replicas.stop()
    await this.store.close()
  }

  /** The process dies, and another one starts. */
  async kill (): Promise<void> {
    this.#life++
    this.replicas.stop()
    this.disk.kill()
    await this.start()
  }

  create (name: string, configs: Readonly<Record<string, string>>): void {
    const topicId = idOf(this.#entries.length + 1)
    for (const [key, value] of Object.entries(configs)) this.configure(name, key, value)
    this.#add(entry(TopicRecord, 0, { name, topicId }))
    this.#add(entry(PartitionRecord, 2, {
      partitionId: 0,
      topicId,
      replicas: [NODE],
      isr: [NODE],
      removingReplicas: [],
      addingReplicas: [],
      leader: NODE,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [idOf(2000)],
    }))
  }

  delete (topicId: string): void { this.#add(entry(RemoveTopicRecord, 0, { topicId })) }

  configure (resourceName: string, name: string, value: string | null): void {
    this.#add(entry(ConfigRecord, 0, { resourceType: 2, resourceName, name, value }))
  }

  #add (each: MetadataEntry): void {
    this.#entries.push(each)
    this.#apply(each)
  }

  #apply (each: MetadataEntry): void {
    const baseOffset = this.#image.lastAppliedOffset + 1n
    this.replicas.apply(this.#image.apply({
      baseOffset, leaderEpoch: 1, entries: [decodeMetadata(encodeMetadata(each))],
    }))
  }

  of (topic: string): Partition { return this.replicas.find(topic, 0) as Partition }
}

/** Appends as its leader, and waits until it can be read. */
export async function append (
  partition: Partition, pairs: readonly Pair[], timestampMs = START_MS, facts: BatchFacts = {}
): Promise<bigint> {
  return put(partition, writeBatch(pairs.map(([key, value]) => ({
    timestamp: BigInt(timestampMs),
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  })), facts))
}

export async function put (partition: Partition, batch: Buffer): Promise<bigint> {
  const outcome =
    await partition.produce(batch, { version: 12, acks: -1, clientId: null, timeoutMs: 1000 })
  if (outcome.errorCode !== 0) throw new Error(`error ${outcome.errorCode}`)
  return outcome.baseOffset
}

/** The next append begins a new segment. */
export function roll ({ state, endOffset, settings }: Partition): void {
  state.segments.roll(endOffset, settings.segment, START_MS, 0)
}

/** Each pair in a segment of its own, and an active one behind them. */
export async function fill (partition: Partition, pairs: readonly Pair[]): Promise<void> {
  for (const pair of pairs) {
    await append(partition, [pair])
    roll(partition)
  }
  await append(partition, [['active', 'x']])
}

export async function batchesOf ({ log }: Partition, from = 0n): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let offset = from; offset < log.endOffset;) {
    const read = await log.read(offset, log.endOffset, 1 << 20, true)
    const bytes = Buffer.concat(read.chunks)
    read.release()
    if (bytes.length === 0) break
    batches.push(...batchesIn(bytes))
    offset = lastOffset(batches.at(-1) as Buffer) + 1n
  }
  return batches
}

/** `offset:key=value` of every record. */
export async function textOf (partition: Partition, from = 0n): Promise<string> {
  return (await batchesOf(partition, from)).flatMap(batch => isControl(batch)
    ? [`${baseOffset(batch)}:marker`]
    : [...recordsOf(batch)].map(({ offset, key, value }) =>
      `${offset}:${key?.toString() ?? ''}=${value?.toString() ?? '-'}`)).join(' ')
}
