/**
 * Which volume holds which offsets of a log: a list in offset order without overlaps. Pure.
 * The newest volume keeps the lists, so they change in one transaction with the batches.
 */

export interface Extent {
  readonly volume: number
  /** At or below the first base offset that counts. */
  readonly from: bigint
  /** Behind the last batch that counts. */
  readonly to: bigint
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
  if (last === undefined || last.volume !== added.volume) return [...extents, added]
  return [...extents.slice(0, -1), join(last, added)]
}

function join (left: Extent, right: Extent): Extent {
  return {
    volume: left.volume,
    from: left.from,
    to: right.to,
    bytes: left.bytes + right.bytes,
    maxTimestamp: left.maxTimestamp > right.maxTimestamp ? left.maxTimestamp : right.maxTimestamp,
  }
}

/**
 * Moves [from, to) of one volume to where it was copied. `bytes` is what was copied.
 * What no longer belongs to that volume (cut or trimmed meanwhile) stays as it is.
 */
export function repoint (extents: Extents, source: number, copied: Extent): Extents {
  const moved: Extent[] = []
  for (const extent of extents) {
    const from = max(extent.from, copied.from)
    const to = min(extent.to, copied.to)
    if (extent.volume !== source || from >= to) {
      moved.push(extent)
      continue
    }
    const bytes = Math.min(copied.bytes, extent.bytes)
    let rest = extent.bytes - bytes
    if (extent.from < from) {
      const before = to < extent.to ? 0 : rest
      moved.push({ ...extent, to: from, bytes: before })
      rest -= before
    }
    moved.push({ ...copied, from, to, bytes })
    if (to < extent.to) moved.push({ ...extent, from: to, bytes: rest })
  }
  return compact(moved)
}

function compact (extents: Extents): Extents {
  const joined: Extent[] = []
  for (const extent of extents) {
    const last = joined[joined.length - 1]
    if (last?.volume === extent.volume) joined[joined.length - 1] = join(last, extent)
    else joined.push(extent)
  }
  return joined
}

export function bytesOf (extents: Extents): number {
  return extents.reduce((sum, extent) => sum + extent.bytes, 0)
}

function max (left: bigint, right: bigint): bigint { return left > right ? left : right }
function min (left: bigint, right: bigint): bigint { return left < right ? left : right }
