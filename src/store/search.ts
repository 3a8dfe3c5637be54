/**
 * Batches by timestamp (ListOffsets). What each flush put of a log has its highest timestamp in the
 * volume's index, so only a stretch that may hold the answer is read.
 */
import { baseOffset, batchSize, lastOffset, maxTimestamp } from '../../protocol/records/header.ts'
import { extentAt } from './extents.ts'
import type { Extent } from './extents.ts'
import { decodeIndex, indexLog, offsetOfKey } from './keys.ts'
import type { LogNeeds, StoredLog } from './log.ts'
import type { Volume } from './volume.ts'

const READ_BYTES = 1024 * 1024

/** Looked up in one go, so that a long log does not hold the event loop. */
const KEYS_AT_ONCE = 256

interface Stretch { from: bigint, to: bigint, highest: bigint }

type Needs = Pick<LogNeeds, 'volumes' | 'journal' | 'readPool'>

export class Search {
  readonly #core: Needs

  constructor (core: Needs) { this.#core = core }

  async firstBatchAtOrAfter (
    log: StoredLog, timestamp: bigint, end: bigint, from = 0n
  ): Promise<Buffer | undefined> {
    for await (const stretch of this.#stretches(log, () => timestamp)) {
      if (stretch.from >= end) return undefined
      if (stretch.to <= from) continue
      if (stretch.from < from) stretch.from = from
      const found = await this.#scan(log, stretch, end, batch => maxTimestamp(batch) >= timestamp,
        true)
      if (found !== undefined) return found
    }
    return undefined
  }

  async batchWithMaxTimestamp (
    log: StoredLog, end: bigint, from = 0n
  ): Promise<Buffer | undefined> {
    let highest: bigint | undefined
    let found: Buffer | undefined
    const isHigher = (batch: Buffer): boolean => {
      const timestamp = maxTimestamp(batch)
      if (highest !== undefined && timestamp <= highest) return false
      highest = timestamp
      return true
    }
    const wanted = (): bigint | undefined => highest === undefined ? undefined : highest + 1n
    for await (const stretch of this.#stretches(log, wanted)) {
      if (stretch.from >= end) break
      if (stretch.to <= from) continue
      if (stretch.from < from) stretch.from = from
      found = await this.#scan(log, stretch, end, isHigher, false) ?? found
    }
    return found
  }

  /** In offset order, those with a timestamp at or above what is wanted by then. */
  async * #stretches (
    log: StoredLog, wanted: () => bigint | undefined
  ): AsyncGenerator<Stretch> {
    const mayHold = (highest: bigint): boolean => {
      const least = wanted()
      return least === undefined || highest >= least
    }
    let offset = log.startOffset
    for (;;) {
      // anew after each wait: flushes, copying and compaction move what lies above
      const extent = log.extents[extentAt(log.extents, offset)]
      if (extent === undefined) break
      const volume = mayHold(extent.maxTimestamp)
        ? this.#core.volumes.opened(extent.volume)
        : undefined
      if (volume?.closing !== undefined) {
        await volume.closing
        continue
      }
      const found = volume === undefined ? [] : stretchesOf(volume, extent, offset)
      offset = found.length < KEYS_AT_ONCE ? extent.to : (found.at(-1) as Stretch).to
      for (const stretch of found) {
        if (stretch.from < stretch.to && mayHold(stretch.highest)) yield stretch
      }
    }
    yield { from: offset, to: log.endOffset, highest: 0n }
  }

  /** The first, or else the last, batch of the stretch that `wanted` says yes to, as a copy. */
  async #scan (
    log: StoredLog, stretch: Stretch, end: bigint, wanted: (batch: Buffer) => boolean,
    first: boolean
  ): Promise<Buffer | undefined> {
    let found: Buffer | undefined
    const stop = stretch.to < end ? stretch.to : end
    let offset = stretch.from > log.startOffset ? stretch.from : log.startOffset
    while (offset < stop) {
      const read = await log.read(offset, stop, READ_BYTES, true)
      try {
        if (read.bytes === 0) break
        for (const chunk of read.chunks) {
          for (let at = 0; at < chunk.length; at += batchSize(chunk, at)) {
            const batch = chunk.subarray(at, at + batchSize(chunk, at))
            if (baseOffset(batch) >= stop) return found
            if (wanted(batch)) found = Buffer.from(batch)
            if (first && found !== undefined) return found
            offset = lastOffset(batch) + 1n
          }
        }
      } finally {
        read.release()
      }
    }
    return found
  }
}

/** What the extent says of its first flushes from `offset` on; the first one may end below it. */
function stretchesOf (volume: Volume, extent: Extent, offset: bigint): Stretch[] {
  const from = offset > extent.from ? offset : extent.from
  const found: Stretch[] = []
  for (const key of volume.keysFrom(indexLog(extent.keys), from, extent.to, KEYS_AT_ONCE)) {
    const base = offsetOfKey(key)
    const value = volume.environment.get(key)
    if (value === undefined) continue
    const { next, maxTimestamp } = decodeIndex(value)
    found.push({
      from: base > from ? base : from,
      to: next < extent.to ? next : extent.to,
      highest: maxTimestamp,
    })
  }
  return found
}
