/** Reads one slice of a large batch, for the deferred read that counted it. */
import type { BytesAtHand } from '../../protocol/bytes-to-come.ts'
import { StoreError } from './error.ts'
import { extentAt } from './extents.ts'
import type { Extents } from './extents.ts'
import type { Journal } from './journal.ts'
import type { Pool, PooledBuffer } from './pool.ts'
import type { Tail } from './tail.ts'
import type { Volume } from './volume.ts'

interface Needs {
  readonly journal: Journal
  readonly volumes: { opened (number: number): Volume | undefined }
  readonly readPool: Pool
}

interface Lying { readonly name: string, readonly extents: Extents, readonly tail: Tail }

/** Throws or rejects with GONE, and with CORRUPT where a file is missing or cut short. */
export function readWithin (
  { name, extents, tail }: Lying, { journal, volumes, readPool }: Needs,
  { offset, at, bytes }: { offset: bigint, at: number, bytes: number }
): BytesAtHand | Promise<BytesAtHand> {
  const whole = (buffer: PooledBuffer): BytesAtHand => ({
    chunks: [buffer.bytes.subarray(0, bytes)],
    bytes,
    release: () => { buffer.release() },
  })
  const piece = tail.pieces[tail.indexOf(offset)]
  if (piece !== undefined && piece.base === offset && piece.file !== undefined) {
    return whole(journal.take(piece.file, piece.position + at, bytes, readPool))
  }
  const extent = extents[extentAt(extents, offset)]
  const volume = extent === undefined ? undefined : volumes.opened(extent.volume)
  if (extent === undefined || volume === undefined) {
    throw new StoreError('GONE', `log ${name}: the batch at offset ${offset} lies nowhere any more`)
  }
  const slice = volume.slice({ keys: extent.keys, offset, at, bytes }, journal, readPool)
  return slice instanceof Promise ? slice.then(whole) : whole(slice)
}
