/** A partition's log as batches in memory, and whole compactions of it in one go. */
import { createHash } from 'node:crypto'
import { baseOffset, lastOffset, stamp } from '../../../protocol/records/header.ts'
import { writeEndMarker } from '../../../protocol/records/control.ts'
import { isControl, isTransactional, recordsOf } from '../../../protocol/records/read.ts'
import { finished, retain } from '../../../protocol/records/retain.ts'
import { plainRecords } from '../../../protocol/records/scan.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'
import { cleanable } from '../../../src/core/compaction/cleanable.ts'
import { CleanedSegments } from '../../../src/core/compaction/cleaned-segments.ts'
import { CleanedTransactions } from '../../../src/core/compaction/cleaned-transactions.ts'
import { Indexing } from '../../../src/core/compaction/indexing.ts'
import { OffsetMap } from '../../../src/core/compaction/offset-map.ts'
import type { MapSize } from '../../../src/core/compaction/offset-map.ts'
import { Sieve } from '../../../src/core/compaction/sieve.ts'
import { Stretches } from '../../../src/core/compaction/stretches.ts'
import type { Stretch } from '../../../src/core/compaction/stretches.ts'
import { LogState } from '../../../src/core/replica/log-state.ts'
import { factsOf } from '../../../src/runtime/replica/partition-load.ts'

export function md5 (key: Uint8Array, into: Uint32Array): void {
  const digest = createHash('md5').update(key).digest()
  for (let word = 0; word < 4; word++) into[word] = digest.readUInt32BE(word * 4)
}

export interface Settings {
  segmentBytes: number
  deleteRetentionMs: number
  lagMsMin: number
  lagMsMax: number
  dirtyRatioMin: number
  map: MapSize
}

export const defaults: Settings = {
  segmentBytes: 1 << 20,
  deleteRetentionMs: 1000,
  lagMsMin: 0,
  lagMsMax: Infinity,
  dirtyRatioMin: 0,
  map: { bufferBytes: 1 << 20, loadFactor: 0.9 },
}

/** Key and value; null is a tombstone. */
export type Pair = readonly [key: string | null, value: string | null]

/** A record that readers see. */
export interface Seen {
  offset: number
  key: string | null
  value: string | null
  timestamp: number
}

const INT64_MAX = (1n << 63n) - 1n

export class LogInMemory {
  batches: Buffer[] = []
  state = new LogState()
  settings: Settings
  nowMs = 1_000_000
  startOffset = 0n
  highWatermark: bigint | undefined
  firstDirtyOffset: bigint | undefined

  constructor (settings: Partial<Settings> = {}) { this.settings = { ...defaults, ...settings } }

  get endOffset (): bigint {
    const last = this.batches.at(-1)
    return last === undefined ? 0n : lastOffset(last) + 1n
  }

  get lastStableOffset (): bigint {
    const bound = this.highWatermark ?? this.endOffset
    const open = this.state.producers.firstOpenOffset
    return open !== undefined && open < bound ? open : bound
  }

  append (pairs: readonly Pair[], facts: BatchFacts = {}): bigint {
    return this.put(writeBatch(pairs.map(([key, value]) => ({
      timestamp: BigInt(this.nowMs),
      key: key === null ? null : Buffer.from(key),
      value: value === null ? null : Buffer.from(value),
    })), facts))
  }

  /** In a transaction of this producer; its sequence is the offset's. */
  appendAs (id: number, pairs: readonly Pair[], transactional = false, epoch = 0): bigint {
    return this.append(pairs, {
      producerId: BigInt(id), producerEpoch: epoch, baseSequence: Number(this.endOffset),
      transactional,
    })
  }

  end (id: number, committed: boolean, epoch = 0): bigint {
    return this.put(writeEndMarker({
      committed, coordinatorEpoch: 1, producerId: BigInt(id), producerEpoch: epoch,
      timestamp: BigInt(this.nowMs),
    }))
  }

  put (batch: Buffer): bigint {
    const base = this.endOffset
    stamp(batch, base, 1)
    this.batches.push(batch)
    this.#replay(this.state, batch)
    return base
  }

  #replay (state: LogState, batch: Buffer): void {
    state.replay(factsOf(batch), {
      limits: { bytesMax: this.settings.segmentBytes, ageMsMax: Infinity, jitterMsMax: 0 },
      nowMs: this.nowMs,
      random: 0,
    })
  }

  /** The active segment ends: what comes next begins another. */
  roll (): void {
    this.state.segments.roll(this.endOffset, {
      bytesMax: this.settings.segmentBytes, ageMsMax: Infinity, jitterMsMax: 0,
    }, this.nowMs, 0)
  }

  get cleanable () {
    const { lagMsMin, lagMsMax, dirtyRatioMin } = this.settings
    return cleanable(this.state.segments.all, this, {
      lagMsMin: BigInt(lagMsMin),
      lagMsMax: lagMsMax === Infinity ? INT64_MAX : BigInt(lagMsMax),
      dirtyRatioMin,
    }, this.nowMs)
  }

  /** One whole pass; what it came to. */
  compact (): Compaction {
    const { firstDirtyOffset: from, firstUncleanableOffset } = this.cleanable
    const map = new OffsetMap(from, firstUncleanableOffset, this.settings.map)
    const end = this.#index(map, firstUncleanableOffset)
    const sieved = this.#sieve(map, end, firstUncleanableOffset)
    this.firstDirtyOffset = end
    return { ...sieved, from, end, firstUncleanableOffset }
  }

  /** A pass that a death ends after its last rewrite, before anything else of it was kept. */
  compactInterrupted (): void {
    const { firstDirtyOffset, state: { aborted: { entries } } } = this
    this.compact()
    this.state.aborted.replaceBelow(this.endOffset, entries)
    this.firstDirtyOffset = firstDirtyOffset
  }

  #index (map: OffsetMap, bound: bigint): bigint {
    const transactions = new CleanedTransactions(this.state.aborted.between(map.from, bound))
    const indexing = new Indexing(map, transactions, md5)
    for (const batch of this.#between(map.from, bound)) {
      if (!indexing.meet(batch)) continue
      finished(indexing.index(batch, plainRecords(batch), {}))
      if (indexing.isFull) break
    }
    indexing.finish(bound)
    return indexing.end
  }

  #sieve (map: OffsetMap, end: bigint, firstUncleanableOffset: bigint) {
    const { segments, aborted, producers } = this.state
    const bound = segments.all.find(({ baseOffset }) => baseOffset >= end)?.baseOffset ??
      this.endOffset
    const transactions = new CleanedTransactions(aborted.between(this.startOffset, end))
    const sieve = new Sieve({
      map,
      end,
      firstUncleanableOffset,
      nowMs: this.nowMs,
      deleteRetentionMs: BigInt(this.settings.deleteRetentionMs),
      transactions,
      lastRecords: producers.lastRecords(),
      hash: md5,
    })
    const stretches: Stretch[] = []
    const pending = new Stretches()
    const untouched = this.batches.filter(batch => baseOffset(batch) >= bound)
    for (const batch of this.#between(this.startOffset, bound)) {
      const fate = sieve.judge(batch)
      const left = fate === 'keep' ? batch : fate === 'drop' ? undefined : retain(batch, fate)
      const stretch = pending.add(batch, left)
      if (stretch !== undefined) stretches.push(stretch)
    }
    stretches.push(...pending.rest())
    const cleaned =
      new CleanedSegments(segments.all, bound, { bytesMax: this.settings.segmentBytes })
    for (const stretch of stretches) cleaned.add(stretch)
    segments.replaceBelow(cleaned.end, cleaned.joined())
    aborted.replaceBelow(end, transactions.kept)
    this.batches = [...stretches.flatMap(({ batches }) => batches), ...untouched]
    return { changed: stretches.filter(({ isChanged }) => isChanged), stretches }
  }

  #between (from: bigint, to: bigint): Buffer[] {
    return this.batches.filter(batch => lastOffset(batch) >= from && baseOffset(batch) < to)
  }

  /** What a reader sees: of committed data, or of everything but markers. */
  seen ({ committed = false, below = this.endOffset } = {}): Seen[] {
    const aborted = this.state.aborted.entries
    return this.batches.filter(batch => !isControl(batch) && baseOffset(batch) < below &&
      !(committed && isTransactional(batch) &&
        aborted.some(({ producerId, firstOffset, lastOffset: last }) =>
          producerId === factsOf(batch).producerId && baseOffset(batch) >= firstOffset &&
          baseOffset(batch) < last)))
      .flatMap(batch => [...recordsOf(batch)].map(({ offset, key, value, timestamp }) => ({
        offset: Number(offset),
        key: key?.toString() ?? null,
        value: value?.toString() ?? null,
        timestamp: Number(timestamp),
      })))
  }

  /** `offset:key=value` of all that readers see. */
  get text (): string {
    return this.seen().map(({ offset, key, value }) => `${offset}:${key}=${value ?? '-'}`).join(' ')
  }

  /** Base and last offset of each batch, and how many records it has; `c` for control batches. */
  get shape (): string {
    return this.batches.map(batch =>
      `${isControl(batch) ? 'c' : ''}${baseOffset(batch)}-${lastOffset(batch)}x${[...recordsOf(batch)].length}`).join(' ')
  }

  /** The state that the batches alone give. */
  derived (): LogState {
    const state = new LogState()
    for (const batch of this.batches) this.#replay(state, batch)
    return state
  }
}

export interface Compaction {
  readonly from: bigint
  readonly end: bigint
  readonly firstUncleanableOffset: bigint
  readonly stretches: readonly Stretch[]
  readonly changed: readonly Stretch[]
}
