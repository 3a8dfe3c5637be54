/**
 * Which volume holds which offsets of a log: a list in offset order without overlaps. Pure.
 * The newest volume keeps the lists, so they change in one transaction with the batches.
 */

export interface Extent {
  readonly volume: number
  /** The number that its keys carry: the log's own, or one that a rewrite was given. */
  readonly keys: number
  /** At or below the first base offset that counts. */
  readonly from: bigint
  /** Behind the last batch that counts. */
  readonly to: bigint
  /** 0: what lay here was replaced by nothing, and no volume is asked. */
  readonly bytes: number
  readonly maxTimestamp: bigint
}

export type Extents = readonly Extent[]

/** Index of the extent that holds `offset`, or of the first one behind it. */
export function extentAt (extents: Extents, offset: bigint): number {
  let low = 0
  let high = extents.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((extents[middle] as Extent).to <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Joins what touches within one volume. */
export function append (extents: Extents, added: Extent): Extents {
  const last = extents[extents.length - 1]
  if (last === undefined || !touches(last, added)) return [...extents, added]
  return [...extents.slice(0, -1), join(last, added)]
}

function touches (left: Extent, right: Extent): boolean {
  return left.volume === right.volume && left.keys === right.keys
}

function join (left: Extent, right: Extent): Extent {
  return {
    volume: left.volume,
    keys: left.keys,
    from: left.from,
    to: right.to,
    bytes: left.bytes + right.bytes,
    maxTimestamp: left.maxTimestamp > right.maxTimestamp ? left.maxTimestamp : right.maxTimestamp,
  }
}

/**
 * The extents after a flush has put `put` in the place of whatever lay between its bounds. What has
 * been cut, or trimmed at `start`, since it was decided stays gone; `bytesBelow` tells what a part
 * of an extent weighs.
 */
export function moved (
  extents: Extents, put: Extent, start: bigint,
  bytesBelow: (extent: Extent, offset: bigint) => number
): Extents {
  const result: Extent[] = []
  let isIn = false
  for (const extent of extents) {
    const from = max(extent.from, put.from)
    const to = min(extent.to, put.to)
    if (from >= to) {
      result.push(extent)
      continue
    }
    if (extent.from < from) {
      result.push({ ...extent, to: from, bytes: bytesBelow(extent, from) })
    }
    if (!isIn) result.push(...clipped(put, { start, end: lastEnd(extents) }, bytesBelow))
    isIn = true
    if (to < extent.to) {
      result.push({ ...extent, from: to, bytes: extent.bytes - bytesBelow(extent, to) })
    }
  }
  return compact(result)
}

function lastEnd (extents: Extents): bigint { return extents[extents.length - 1]?.to ?? 0n }

/** The moved extent, as far as the log still reaches over it. */
function clipped (
  extent: Extent, { start, end }: { start: bigint, end: bigint },
  bytesBelow: (extent: Extent, offset: bigint) => number
): Extent[] {
  const from = max(extent.from, start)
  const to = min(extent.to, end)
  if (from === extent.from && to === extent.to) return [extent]
  if (from >= to) return []
  const below = from > extent.from ? bytesBelow(extent, from) : 0
  return [{ ...extent, from, to, bytes: bytesBelow(extent, to) - below }]
}

function compact (extents: Extents): Extents {
  const joined: Extent[] = []
  for (const extent of extents) {
    const last = joined[joined.length - 1]
    if (last !== undefined && touches(last, extent)) joined[joined.length - 1] = join(last, extent)
    else joined.push(extent)
  }
  return joined
}

export function bytesOf (extents: Extents): number {
  return extents.reduce((sum, extent) => sum + extent.bytes, 0)
}

function max (left: bigint, right: bigint): bigint { return left > right ? left : right }
export function min (left: bigint, right: bigint): bigint { return left < right ? left : right }
