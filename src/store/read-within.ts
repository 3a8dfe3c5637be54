/** Where the batches of a deferred read lie by now, and one slice of a large one. */
import type { BytesAtHand } from '../../protocol/bytes-to-come.ts'
import type { Unit } from './deferred-read.ts'
import { StoreError } from './error.ts'
import { extentAt } from './extents.ts'
import type { Extent, Extents } from './extents.ts'
import type { Journal } from './journal.ts'
import type { Pool, PooledBuffer } from './pool.ts'
import type { Tail } from './tail.ts'
import type { Volume } from './volume.ts'

interface Needs {
  readonly journal: Journal
  readonly volumes: { opened (number: number): Volume | undefined }
  readonly readPool: Pool
}

interface Lying {
  readonly name: string
  readonly number: number
  readonly extents: Extents
  readonly tail: Tail
}

/** What a read has found, and behind that what was in the tail then: as the log has it now. */
export function extentsSince (found: Extents, now: Extents): Extents {
  const last = found.at(-1)
  if (last === undefined || found === now) return now
  const { to } = last
  const later = now.slice(extentAt(now, to))
  return [...found, ...later.map(extent => extent.from < to ? { ...extent, from: to } : extent)]
}

/** The log has lost a part; what was only found in a volume by somebody may have gone with it. */
export function missingVolume (log: Lying & { damaged: boolean }, extent: Extent): StoreError {
  if (!log.extents.includes(extent)) return new StoreError('GONE', `log ${log.name}: volume ${extent.volume} has gone`)
  log.damaged = true
  return new StoreError('CORRUPT', `log ${log.name}: volume ${extent.volume} is missing, fetch the replica again`)
}

/** Throws or rejects with GONE, and with CORRUPT where a file is missing or cut short. */
export function readWithin (
  { name, number, extents, tail }: Lying, { journal, volumes, readPool }: Needs,
  { offset, bytes: length }: Readonly<Unit>, found: Extents, at: number, bytes: number
): BytesAtHand | Promise<BytesAtHand> {
  const whole = (buffer: PooledBuffer): BytesAtHand => ({
    chunks: [buffer.bytes.subarray(0, bytes)],
    bytes,
    release: () => { buffer.release() },
  })
  const piece = tail.pieces[tail.indexOf(offset)]
  if (piece !== undefined && piece.base === offset && piece.file !== undefined &&
    piece.bytes === length) {
    return whole(journal.take(piece.file, piece.position + at, bytes, readPool))
  }
  const known = found[extentAt(found, offset)]
  // What was in the tail lies under the log's own keys, unless something else was put in its place.
  const extent = known ?? extents[extentAt(extents, offset)]
  const isOther = extent !== known && extent?.keys !== number
  const volume = extent === undefined || isOther ? undefined : volumes.opened(extent.volume)
  if (extent === undefined || volume === undefined) {
    throw new StoreError('GONE', `log ${name}: the batch at offset ${offset} lies nowhere any more`)
  }
  const slice = volume.slice({ keys: extent.keys, offset, length, at, bytes }, journal, readPool)
  return slice instanceof Promise ? slice.then(whole) : whole(slice)
}
