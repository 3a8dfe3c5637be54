/**
 * What one seed is: its sizes, its clients and its faults. Each seed draws its own set, so that
 * rare mixes come up; some have no faults at all.
 */
import type { StoreOptions } from '../../src/store/options.ts'
import { Random } from './random.ts'

export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** flush.messages=1: nothing acknowledged may be lost, whatever happens. */
  readonly flushes: boolean
  /** retention.bytes, -1 never: the log start moves. */
  readonly retentionBytes: number
  readonly segmentBytes: number
}

/** What is compacted, and how eagerly. */
export interface CompactionPlan {
  /** Its producers own their keys, so that each key's values come in an order. */
  readonly topic: TopicPlan
  readonly producers: readonly ProducerPlan[]
  readonly readers: number
  readonly deleteRetentionMs: number
  readonly lagMsMin: number
  readonly dirtyRatioMin: number
  readonly backoffMs: number
  /** Keys that the cleaner's map takes. */
  readonly keysMax: number
  readonly readBytes: number
  /** Of `__consumer_offsets`. */
  readonly offsetsSegmentBytes: number
}

/** Mean milliseconds between two faults of a kind; Infinity: none. */
export interface FaultPlan {
  readonly killMs: number
  readonly powerLossMs: number
  /** Chance that the broker dies at the moment it answers a write. */
  readonly deathAtAnswer: number
  readonly diskFullMs: number
  readonly slowDiskMs: number
  readonly syncErrorMs: number
  readonly writeErrorMs: number
  readonly commitErrorMs: number
  readonly clockJumpMs: number
  readonly stopMs: number
  readonly cutMs: number
  readonly stallMs: number
}

/** Each sync, commit and read takes up to so long: a disk that is busy with something else. */
export interface Crawl {
  readonly atMs: number
  readonly forMs: number
  readonly syncMs: number
}

export interface ProducerPlan {
  readonly name: string
  readonly idempotent: boolean
  readonly acks: number
  readonly everyMs: number
  readonly recordsMax: number
  readonly bytesMax: number
  readonly compresses: boolean
  /** It writes to the compacted topic, with so many keys. */
  readonly keys?: number
}

export interface ConsumerPlan {
  readonly name: string
  readonly session: boolean
  readonly readCommitted: boolean
  readonly maxWaitMs: number
  readonly minBytes: number
  readonly maxBytes: number
  readonly version: number
}

export interface GroupPlan {
  readonly name: string
  readonly members: number
  readonly staticMembers: boolean
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

export interface Swarm {
  readonly seed: number
  /** Frames through the real connection, or decoded requests to the handlers. */
  readonly throughBytes: boolean
  readonly safetyMs: number
  readonly latencyMs: number
  readonly diskMs: number
  readonly store: Partial<StoreOptions>
  readonly topics: readonly TopicPlan[]
  /** Whether `__consumer_offsets` is in flush mode. */
  readonly offsetsFlush: boolean
  readonly offsetsPartitions: number
  readonly snapshotRecords: number
  readonly initialRebalanceDelayMs: number
  readonly strict: boolean
  readonly faults: FaultPlan
  readonly crawls: readonly Crawl[]
  readonly producers: readonly ProducerPlan[]
  readonly consumers: readonly ConsumerPlan[]
  readonly groups: readonly GroupPlan[]
  readonly admins: number
  readonly compaction: CompactionPlan | undefined
}

const KB = 1024

export function drawSwarm (seed: number): Swarm {
  const random = new Random(seed)
  const throughBytes = random.chance(0.3)
  const topics = drawTopics(random)
  const drawn = {
    seed,
    throughBytes,
    safetyMs: random.pick([1_500, 3_000, 6_000, 15_000]),
    latencyMs: random.pick([0.1, 0.5, 3, 20]),
    diskMs: random.pick([0.05, 0.5, 4]),
    store: drawStore(random),
    topics,
    offsetsFlush: random.chance(0.5),
    offsetsPartitions: random.between(1, 3),
    snapshotRecords: random.pick([8, 30, 100]),
    initialRebalanceDelayMs: random.pick([0, 0, 300, 3000]),
    strict: random.chance(0.2),
    faults: drawFaults(random),
    producers: drawProducers(random),
    consumers: drawConsumers(random),
    groups: drawGroups(random),
    admins: random.between(0, 2),
    compaction: drawCompaction(random.fork()),
  }
  const crawls = random.chance(drawn.faults === NEVER ? 0.3 : 0.05) ? [drawCrawl(random)] : []
  const endsMs = crawls.map(({ atMs, forMs }) => atMs + forMs)
  return { ...drawn, safetyMs: Math.max(drawn.safetyMs, ...endsMs), crawls }
}

function drawTopics (random: Random): TopicPlan[] {
  const topics: TopicPlan[] = []
  for (let count = random.between(1, 3); count > 0; count--) {
    const retained = random.chance(0.2)
    topics.push({
      name: `topic-${topics.length}`,
      partitions: random.between(1, 3),
      flushes: random.chance(0.5),
      retentionBytes: retained ? random.between(1, 150) * KB : -1,
      segmentBytes: random.pick([48 * KB, 200 * KB, 1024 * KB]),
    })
  }
  return topics
}

function drawStore (random: Random): Partial<StoreOptions> {
  const largeBatchBytes = random.pick([512, 2 * KB, 8 * KB])
  return {
    journalFileBytes: random.pick([8, 32, 128]) * KB,
    flushIntervalMs: random.pick([5, 50, 250]),
    flushBytes: random.pick([8, 32, 256]) * KB,
    largeBatchBytes,
    chunkBytes: Math.max(8 * KB, largeBatchBytes * 2),
    volumeBytes: random.pick([16, 64, 512]) * KB,
    pendingBytesMax: 1024 * KB,
    checkpointBytes: random.pick([2, 16, 128]) * KB,
    aliveRatioMin: random.pick([0.25, 0.5]),
    copySliceBytes: random.pick([4, 64]) * KB,
    openVolumesMax: random.pick([1, 2, 8]),
    openFilesMax: random.pick([1, 2, 8]),
    reserveBytes: 0,
    scrubBytesPerSecond: random.pick([0, 16 * KB]),
  }
}

export const NEVER: FaultPlan = {
  killMs: Infinity,
  powerLossMs: Infinity,
  deathAtAnswer: 0,
  diskFullMs: Infinity,
  slowDiskMs: Infinity,
  syncErrorMs: Infinity,
  writeErrorMs: Infinity,
  commitErrorMs: Infinity,
  clockJumpMs: Infinity,
  stopMs: Infinity,
  cutMs: Infinity,
  stallMs: Infinity,
}

function drawFaults (random: Random): FaultPlan {
  if (random.chance(0.15)) return NEVER
  const every = (probability: number, from: number, to: number): number =>
    random.chance(probability) ? random.within(from, to) : Infinity
  return {
    killMs: every(0.5, 400, 6_000),
    powerLossMs: every(0.45, 400, 6_000),
    deathAtAnswer: random.chance(0.4) ? random.pick([0.001, 0.01, 0.05]) : 0,
    diskFullMs: every(0.3, 1_000, 6_000),
    slowDiskMs: every(0.3, 1_000, 6_000),
    syncErrorMs: every(0.2, 2_000, 8_000),
    writeErrorMs: every(0.1, 2_000, 8_000),
    commitErrorMs: every(0.1, 2_000, 8_000),
    clockJumpMs: every(0.3, 1_000, 6_000),
    stopMs: every(0.2, 1_500, 8_000),
    cutMs: every(0.5, 100, 3_000),
    stallMs: every(0.3, 300, 4_000),
  }
}

/** Longer than a session of the broker lasts, and shorter than a sync that has failed (R-S2). */
function drawCrawl (random: Random): Crawl {
  return {
    atMs: random.within(0, 5_000),
    forMs: random.within(10_000, 40_000),
    syncMs: random.pick([2_000, 12_000, 20_000]),
  }
}

function drawProducers (random: Random): ProducerPlan[] {
  const producers: ProducerPlan[] = []
  for (let count = random.between(1, 4); count > 0; count--) {
    const idempotent = random.chance(0.6)
    producers.push({
      name: `producer-${producers.length}`,
      idempotent,
      acks: idempotent ? -1 : random.pick([-1, -1, 1, 1, 0]),
      everyMs: random.pick([10, 40, 150]),
      recordsMax: random.pick([1, 3, 10]),
      bytesMax: random.pick([10, 100, 1000, 4000]),
      compresses: random.chance(0.2),
    })
  }
  return producers
}

function drawCompaction (random: Random): CompactionPlan | undefined {
  if (!random.chance(0.6)) return undefined
  const producers = Array.from({ length: random.between(1, 2) }, (_each, index): ProducerPlan => ({
    name: `keyed-${index}`,
    idempotent: true,
    acks: -1,
    everyMs: random.pick([10, 40]),
    recordsMax: random.pick([1, 3, 10]),
    bytesMax: random.pick([10, 60, 200]),
    compresses: random.chance(0.3),
    keys: random.pick([2, 7, 30]),
  }))
  return {
    topic: {
      name: 'compacted',
      partitions: random.between(1, 2),
      flushes: random.chance(0.5),
      retentionBytes: -1,
      segmentBytes: random.pick([3, 6, 12]) * KB,
    },
    producers,
    readers: random.between(1, 2),
    deleteRetentionMs: random.pick([0, 300, 2_000, 1_000_000]),
    lagMsMin: random.pick([0, 0, 300]),
    dirtyRatioMin: random.pick([0, 0.3, 0.5]),
    backoffMs: random.pick([20, 200, 1_000]),
    keysMax: random.pick([12, 40, 1_000]),
    readBytes: random.pick([1, 2 * KB, 512 * KB]),
    // No batch of a coordinator may be larger (D5.24).
    offsetsSegmentBytes: random.pick([3 * KB, 8 * KB, 1024 * KB]),
  }
}

function drawConsumers (random: Random): ConsumerPlan[] {
  const consumers: ConsumerPlan[] = []
  for (let count = random.between(1, 3); count > 0; count--) {
    consumers.push({
      name: `consumer-${consumers.length}`,
      session: random.chance(0.5),
      readCommitted: random.chance(0.5),
      maxWaitMs: random.pick([0, 20, 500]),
      minBytes: random.pick([1, 1, 500, 100_000]),
      maxBytes: random.pick([300, 5_000, 1_000_000]),
      version: random.pick([7, 11, 12, 13, 16, 18]),
    })
  }
  return consumers
}

function drawGroups (random: Random): GroupPlan[] {
  const groups: GroupPlan[] = []
  for (let count = random.between(0, 2); count > 0; count--) {
    groups.push({
      name: `group-${groups.length}`,
      members: random.between(1, 4),
      staticMembers: random.chance(0.3),
      sessionTimeoutMs: random.pick([800, 2_500, 6_000]),
      rebalanceTimeoutMs: random.pick([600, 2_500, 6_000]),
    })
  }
  return groups
}
