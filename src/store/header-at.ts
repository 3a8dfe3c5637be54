/** Finds the header of one batch, wherever it lies, without reading the batch. */
import type { Extent, Extents } from './extents.ts'
import type { Journal } from './journal.ts'
import type { Tail } from './tail.ts'
import type { Volume } from './volume.ts'

interface Needs {
  readonly journal: Journal
  readonly volumes: { opened (number: number): Volume | undefined }
}

interface Lying { readonly extents: Extents, readonly tail: Tail }

/**
 * Of the batch that holds `offset`, with `orBelow` else of the last one below it. Throws CORRUPT.
 */
export function headerAt (
  { extents, tail }: Lying, { journal, volumes }: Needs, offset: bigint, orBelow: boolean
): Buffer | undefined {
  const inTail = tail.headerAt(offset, orBelow, journal)
  if (inTail !== undefined) return inTail
  for (let index = extents.length - 1; index >= 0; index--) {
    const extent = extents[index] as Extent
    if (extent.from > offset || extent.bytes === 0) continue
    if (extent.to <= offset && !orBelow) return undefined
    const at = extent.to <= offset ? extent.to - 1n : offset
    return volumes.opened(extent.volume)?.headerAt(extent.keys, at, journal)
  }
  return undefined
}
