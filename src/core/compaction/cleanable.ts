/** Which stretch of a log may be compacted, and whether it is time for it (D25.11-12). */
import { segmentTime } from '../replica/segments.ts'
import type { Segment } from '../replica/segments.ts'

/** The topic's settings; milliseconds. */
export interface CompactionLimits {
  /** min.compaction.lag.ms */
  readonly lagMsMin: bigint
  /** max.compaction.lag.ms */
  readonly lagMsMax: bigint
  /** min.cleanable.dirty.ratio */
  readonly dirtyRatioMin: number
}

export interface LogBounds {
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly lastStableOffset: bigint
  /** What the last pass has reached; undefined: there was none. */
  readonly firstDirtyOffset: bigint | undefined
}

export interface Cleanable {
  readonly firstDirtyOffset: bigint
  /** The base of a segment: what lies above is left alone. */
  readonly firstUncleanableOffset: bigint
  /** Bytes to compact by all bytes that a pass would go through. */
  readonly dirtyRatio: number
  readonly isDue: boolean
}

export function cleanable (
  segments: readonly Segment[], bounds: LogBounds, limits: CompactionLimits, nowMs: number
): Cleanable {
  const firstDirtyOffset = firstDirty(bounds)
  const dirtyClosed = closedFrom(segments, firstDirtyOffset)
  const uncleanable = firstUncleanable(segments, dirtyClosed, bounds, limits, nowMs)
  const above =
    closedFrom(segments, uncleanable < firstDirtyOffset ? firstDirtyOffset : uncleanable)
  // Whole segments only: one that holds the last stable offset waits until that has passed it.
  const firstUncleanableOffset = (above[0] ?? segments.at(-1))?.baseOffset ?? bounds.startOffset
  const cleanBytes = bytesOf(segments.filter(({ baseOffset }) => baseOffset < firstDirtyOffset))
  const dirtyBytes =
    bytesOf(dirtyClosed.filter(({ baseOffset }) => baseOffset < firstUncleanableOffset))
  const totalBytes = cleanBytes + dirtyBytes
  const dirtyRatio = totalBytes === 0 ? 0 : dirtyBytes / totalBytes
  const isOverdue = dirtyBytes > 0 && mustCompact(dirtyClosed, limits, nowMs)
  return {
    firstDirtyOffset,
    firstUncleanableOffset,
    dirtyRatio,
    isDue: isOverdue || dirtyRatio > limits.dirtyRatioMin,
  }
}

/** A mark that the log no longer reaches says nothing: everything is dirty then (D25.11). */
function firstDirty ({ startOffset, endOffset, firstDirtyOffset }: LogBounds): bigint {
  if (firstDirtyOffset === undefined || firstDirtyOffset > endOffset) return startOffset
  return firstDirtyOffset < startOffset ? startOffset : firstDirtyOffset
}

/** Segments that take no appends, from the one that holds `offset` on. */
function closedFrom (segments: readonly Segment[], offset: bigint): Segment[] {
  return segments.slice(0, -1)
    .filter((_segment, index) => (segments[index + 1] as Segment).baseOffset > offset)
}

function firstUncleanable (
  segments: readonly Segment[], dirtyClosed: readonly Segment[], { lastStableOffset }: LogBounds,
  { lagMsMin }: CompactionLimits, nowMs: number
): bigint {
  let first = lastStableOffset
  const active = segments.at(-1)
  if (active !== undefined && active.baseOffset < first) first = active.baseOffset
  if (lagMsMin <= 0n) return first
  const young = dirtyClosed.find(segment => segmentTime(segment) > BigInt(nowMs) - lagMsMin)
  return young !== undefined && young.baseOffset < first ? young.baseOffset : first
}

/** Whether something dirty has waited for longer than max.compaction.lag.ms (KIP-354). */
function mustCompact (
  dirtyClosed: readonly Segment[], { lagMsMax }: CompactionLimits, nowMs: number
): boolean {
  const before = BigInt(nowMs) - lagMsMax
  return dirtyClosed.some(({ firstTimestamp }) => firstTimestamp > 0n && firstTimestamp < before)
}

function bytesOf (segments: readonly Segment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0)
}
