/**
 * Kafka's segments, as far as users can see them: retention and compaction step over whole ones
 * (D25.6-9). The store keeps batches otherwise; here a segment is only a range with its sums.
 */

export interface Segment {
  readonly baseOffset: bigint
  bytes: number
  /** Highest record timestamp, -1 if no record has one. */
  maxTimestamp: bigint
  /** Max timestamp of the first batch, from which segment.ms counts; -1 before there is one. */
  firstTimestamp: bigint
  /** Wall clock of the first append, milliseconds: the measure where records have no time. */
  readonly createdMs: number
  /** Wall clock of the last append, milliseconds. */
  modifiedMs: number
}

export interface SegmentLimits {
  /** segment.bytes */
  bytesMax: number
  /** segment.ms; for compacted topics at most max.compaction.lag.ms (D25.7). */
  ageMsMax: number
  /** segment.jitter.ms */
  jitterMsMax: number
}

export interface BatchFacts {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly bytes: number
  readonly maxTimestamp: bigint
}

export interface RetentionLimits {
  /** retention.bytes, -1 never. */
  bytes: bigint
  /** retention.ms, -1 never. */
  ms: bigint
  /** cleanup.policy contains delete. */
  deletes: boolean
}

export interface RetentionBounds {
  readonly startOffset: bigint
  readonly highWatermark: bigint
  readonly endOffset: bigint
  /** What the log weighs at most, whatever its segments' sums say. */
  readonly bytesMax: number
}

/** Marks of ListOffsets v0 in the place of a timestamp. */
const LATEST = -1n
const EARLIEST = -2n

/** Offsets that one segment's relative offsets can express. */
const OFFSET_SPAN_MAX = 2n ** 31n - 1n

export class Segments {
  readonly #segments: Segment[]
  /** Of the active segment, fixed when it begins. */
  #jitterMs = 0

  constructor (segments: readonly Segment[] = []) {
    this.#segments = segments.map(each => ({ ...each }))
  }

  get all (): readonly Segment[] { return this.#segments }
  get active (): Segment | undefined { return this.#segments.at(-1) }
  get totalBytes (): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Whether a segment begins above `offset` and at or below `bound` (D6.26). */
  hasStartBetween (offset: bigint, bound: bigint): boolean {
    for (let index = this.#segments.length - 1; index >= 0; index--) {
      const { baseOffset } = this.#segments[index] as Segment
      if (baseOffset <= offset) return false
      if (baseOffset <= bound) return true
    }
    return false
  }

  /**
   * What ListOffsets v0 answers (Kafka 3.9): starts of the segments that were last written at or
   * before `timestamp`, and the log's end as of now; -1 all, -2 the first alone. Newest first.
   */
  startsBefore (
    timestamp: bigint, countMax: number,
    { startOffset, endOffset }: { startOffset: bigint, endOffset: bigint },
    nowMs: number
  ): bigint[] {
    const starts = this.#segments.map(({ baseOffset, modifiedMs }) =>
      ({ offset: baseOffset > startOffset ? baseOffset : startOffset, timeMs: modifiedMs }))
    if (starts.length === 0) starts.push({ offset: startOffset, timeMs: nowMs })
    if ((this.active?.bytes ?? 0) > 0) starts.push({ offset: endOffset, timeMs: nowMs })
    const last = timestamp === LATEST
      ? starts.length - 1
      : timestamp === EARLIEST
        ? 0
        : starts.findLastIndex(({ timeMs }) => BigInt(timeMs) <= timestamp)
    return starts.slice(Math.max(0, last + 1 - countMax), last + 1).map(
      ({ offset }) => offset
    ).reverse()
  }

  /** D25.7: whether a new segment begins before this batch. */
  mustRoll (batch: BatchFacts, limits: SegmentLimits, nowMs: number): boolean {
    const active = this.active
    if (active === undefined) return true
    if (active.bytes + batch.bytes > limits.bytesMax) return true
    if (batch.lastOffset - active.baseOffset > OFFSET_SPAN_MAX) return true
    if (active.bytes === 0) return false
    const ageMs = active.firstTimestamp >= 0n && batch.maxTimestamp >= 0n
      ? Number(batch.maxTimestamp - active.firstTimestamp)
      : nowMs - active.createdMs
    return ageMs > limits.ageMsMax - this.#jitterMs
  }

  /** Notes an append; the segment rolls first where it must. `random` is uniform in [0, 1). */
  append (batch: BatchFacts, limits: SegmentLimits, nowMs: number, random: number): void {
    if (this.mustRoll(batch, limits, nowMs)) this.roll(batch.baseOffset, limits, nowMs, random)
    const active = this.active as Segment
    if (active.bytes === 0) active.firstTimestamp = batch.maxTimestamp
    active.bytes += batch.bytes
    active.modifiedMs = nowMs
    if (batch.maxTimestamp > active.maxTimestamp) active.maxTimestamp = batch.maxTimestamp
  }

  roll (baseOffset: bigint, limits: SegmentLimits, nowMs: number, random: number): void {
    if (this.active?.bytes === 0) this.#segments.pop()
    this.#jitterMs = Math.floor(random * limits.jitterMsMax)
    this.#segments.push({
      baseOffset, bytes: 0, maxTimestamp: -1n, firstTimestamp: -1n, createdMs: nowMs,
      modifiedMs: nowMs,
    })
  }

  /**
   * D25.8-9: the log start offset after a retention run. Oldest first, each step stops at the first
   * segment that stays; a segment goes only if its end is not above the high watermark.
   */
  retain (limits: RetentionLimits, bounds: RetentionBounds, nowMs: number): bigint {
    let kept = 0
    const endOf = (index: number): bigint =>
      this.#segments[index + 1]?.baseOffset ?? bounds.endOffset
    const step = (goes: (segment: Segment, end: bigint) => boolean): void => {
      while (kept < this.#segments.length && endOf(kept) <= bounds.highWatermark &&
        goes(this.#segments[kept] as Segment, endOf(kept))) kept++
    }
    step((_segment, end) => end <= bounds.startOffset)
    if (limits.deletes && limits.bytes >= 0n) {
      const sum = this.#segments.slice(kept).reduce((bytes, each) => bytes + each.bytes, 0)
      let spare = BigInt(Math.min(sum, bounds.bytesMax)) - limits.bytes
      step(segment => {
        if (spare - BigInt(segment.bytes) < 0n) return false
        spare -= BigInt(segment.bytes)
        return true
      })
    }
    if (limits.deletes && limits.ms >= 0n) {
      step(segment => BigInt(nowMs) - segmentTime(segment) > limits.ms)
    }
    const start = kept === 0 ? bounds.startOffset : endOf(kept - 1)
    return start > bounds.startOffset ? start : bounds.startOffset
  }

  /** The log starts at `startOffset` now: segments wholly below it are gone. */
  dropBelow (startOffset: bigint, endOffset: bigint): void {
    while (this.#segments.length > 0) {
      const end = this.#segments[1]?.baseOffset ?? endOffset
      if (end > startOffset || (this.#segments[0] as Segment).baseOffset >= startOffset) return
      this.#segments.shift()
    }
  }

  /** Compaction: these take the place of the segments that begin below `end`, a segment's base. */
  replaceBelow (end: bigint, cleaned: readonly Segment[]): void {
    const above = this.#segments.findIndex(({ baseOffset }) => baseOffset >= end)
    this.#segments.splice(0, above < 0 ? this.#segments.length : above, ...cleaned)
  }

  /**
   * The log was cut at `endOffset`: later segments are gone, the sums of the last are bounds only.
   */
  dropFrom (endOffset: bigint): void {
    while (this.#segments.length > 0 &&
      (this.active as Segment).baseOffset >= endOffset) this.#segments.pop()
  }
}

/** D25.6: the largest record timestamp; without one, when the segment was last written. */
export function segmentTime (segment: Segment): bigint {
  return segment.maxTimestamp >= 0n ? segment.maxTimestamp : BigInt(segment.modifiedMs)
}
