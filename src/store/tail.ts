/**
 * The tail of one log: what is in the journal but not yet in a volume, and readable at once.
 * Small batches lie in pooled chunk buffers, which are later put into the volume as they are;
 * large ones lie in the journal file.
 */
import {
  baseOffset, batchSize, HEADER_SIZE, leaderEpoch, maxTimestamp
} from '../../protocol/records/header.ts'
import type { Journal, JournalFile } from './journal.ts'
import type { Pool, PooledBuffer } from './pool.ts'
import { batchEnd } from './read.ts'
import type { ReadBuilder } from './read.ts'

/** A run of small batches, or one large batch. */
export interface Piece {
  base: bigint
  /** The offset behind the last batch. */
  next: bigint
  bytes: number
  maxTimestamp: bigint
  /** Small: where the run lies. */
  buffer: PooledBuffer | undefined
  from: number
  /** Large: where the batch lies; the caller's bytes until its turn is written. */
  file: JournalFile | undefined
  position: number
  source: Buffer | undefined
  epoch: number
  /** A flush has taken it; its bytes no longer change. */
  flushing: boolean
}

export class Tail {
  pieces: Piece[] = []
  bytes = 0
  #open: Piece | undefined
  #buffer: PooledBuffer | undefined
  #used = 0
  /** Bytes that the last flush took: a busy log gets a whole chunk at once, a quiet one little. */
  #expected = 0
  #markPieces = 0
  #markLast: Piece | undefined
  #markNext = 0n
  #markBytes = 0
  #markTimestamp = 0n
  readonly #pool: Pool
  readonly #chunkBytes: number

  constructor (pool: Pool, chunkBytes: number) {
    this.#pool = pool
    this.#chunkBytes = chunkBytes
  }

  get first (): Piece | undefined { return this.pieces[0] }
  get last (): Piece | undefined { return this.pieces[this.pieces.length - 1] }

  /** Copies a small batch to where it stays, and returns that place for the turn. */
  addSmall (bytes: Buffer, at: number, size: number, base: bigint, next: bigint): void {
    let piece = this.#open
    if (piece === undefined || this.#used + size > (this.#buffer?.bytes.length ?? 0)) {
      piece = this.#startRun(size, base)
    }
    const buffer = piece.buffer as PooledBuffer
    bytes.copy(buffer.bytes, this.#used, at, at + size)
    this.#used += size
    piece.bytes += size
    piece.next = next
    const timestamp = maxTimestamp(bytes, at)
    if (timestamp > piece.maxTimestamp) piece.maxTimestamp = timestamp
    this.bytes += size
  }

  #startRun (size: number, base: bigint): Piece {
    if (this.#buffer === undefined || this.#used + size > this.#buffer.bytes.length) {
      const wanted = Math.min(Math.max(size, this.#expected), this.#chunkBytes)
      this.#dropBuffer()
      this.#buffer = this.#pool.take(Math.max(size, wanted))
      this.#used = 0
      this.#expected = Math.min(this.#chunkBytes, this.#buffer.bytes.length * 4)
    }
    const buffer = this.#buffer.retain()
    this.#open = {
      base,
      next: base,
      bytes: 0,
      maxTimestamp: -1n,
      buffer,
      from: this.#used,
      file: undefined,
      position: 0,
      source: undefined,
      epoch: 0,
      flushing: false,
    }
    this.pieces.push(this.#open)
    return this.#open
  }

  /** A large batch ends the run before it, so that the volume's keys stay in offset order. */
  addLarge (source: Buffer, base: bigint, next: bigint): Piece {
    this.#open = undefined
    const piece = largePiece(source, base, next)
    this.pieces.push(piece)
    this.bytes += source.length
    return piece
  }

  #dropBuffer (): void {
    this.#open = undefined
    this.#buffer?.release()
    this.#buffer = undefined
  }

  /** Remembers the present end, for a turn that cannot be written. */
  setMark (): void {
    const { last } = this
    this.#markPieces = this.pieces.length
    this.#markLast = last
    if (last === undefined) return
    this.#markNext = last.next
    this.#markBytes = last.bytes
    this.#markTimestamp = last.maxTimestamp
  }

  /** Takes back everything that came after the mark. */
  undo (): void {
    for (const piece of this.pieces.splice(this.#markPieces)) this.#discard(piece)
    const last = this.#markLast
    if (last !== undefined) {
      this.bytes -= last.bytes - this.#markBytes
      last.next = this.#markNext
      last.bytes = this.#markBytes
      last.maxTimestamp = this.#markTimestamp
    }
    this.#dropBuffer()
  }

  #discard (piece: Piece): void {
    this.bytes -= piece.bytes
    piece.source = undefined
    piece.buffer?.release()
  }

  /** What a flush must put; new batches start new runs. */
  capture (): Piece[] {
    this.#dropBuffer()
    let bytes = 0
    for (const piece of this.pieces) {
      piece.flushing = true
      if (piece.buffer !== undefined) bytes += piece.bytes
    }
    this.#expected = bytes
    return this.pieces.slice()
  }

  /** The captured pieces, as far as they are here still. */
  get captured (): Piece[] {
    let count = 0
    while (this.pieces[count]?.flushing === true) count++
    return this.pieces.slice(0, count)
  }

  /** They are in the volume now: gives their memory back. */
  dropCaptured (): void {
    const { captured } = this
    this.pieces.splice(0, captured.length)
    for (const piece of captured) this.#discard(piece)
  }

  /** Cuts every batch whose last offset is at or above `offset`; returns the first base dropped. */
  truncate (offset: bigint): bigint | undefined {
    let dropped: bigint | undefined
    let last = this.last
    while (last !== undefined && last.next > offset) {
      const keep = bytesOfPieceBelow(last, offset)
      if (keep > 0) {
        dropped = this.#shorten(last, keep) ?? dropped
        break
      }
      dropped = last.base
      this.pieces.pop()
      this.#discard(last)
      last = this.last
    }
    this.#dropBuffer()
    return dropped
  }

  #shorten (piece: Piece, keep: number): bigint {
    const run = runOf(piece)
    const dropped = baseOffset(run, keep)
    let end = piece.base
    let max = -1n
    for (let at = 0; at < keep; at += batchSize(run, at)) {
      end = batchEnd(run, at)
      if (maxTimestamp(run, at) > max) max = maxTimestamp(run, at)
    }
    this.bytes -= piece.bytes - keep
    piece.bytes = keep
    piece.next = end
    piece.maxTimestamp = max
    return dropped
  }

  clear (): void {
    for (const piece of this.pieces.splice(0)) this.#discard(piece)
    this.#dropBuffer()
  }

  /** Bytes of the batches that lie wholly below `offset`: they count no more. */
  bytesBelow (offset: bigint): number {
    let bytes = 0
    for (const piece of this.pieces) {
      if (piece.base >= offset) break
      bytes += bytesOfPieceBelow(piece, offset)
    }
    return bytes
  }

  /** Header of the batch that holds `offset`, or with `orBelow` of the last one below it. */
  headerAt (offset: bigint, orBelow: boolean, journal: Journal): Buffer | undefined {
    for (let index = this.pieces.length - 1; index >= 0; index--) {
      const piece = this.pieces[index] as Piece
      if (piece.base > offset) continue
      if (piece.next <= offset && !orBelow) return undefined
      return piece.buffer === undefined
        ? largeHeader(piece, journal)
        : Buffer.from(headerIn(runOf(piece), offset))
    }
    return undefined
  }

  /** Index of the piece that holds `offset`, or of the first one behind it. */
  indexOf (offset: bigint): number {
    let low = 0
    let high = this.pieces.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.pieces[middle] as Piece).next <= offset) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Adds what is readable below `limit`; large batches through `readLarge`. */
  read (into: ReadBuilder, limit: bigint, readLarge: (piece: Piece) => PooledBuffer): void {
    for (let index = this.indexOf(into.offset); index < this.pieces.length; index++) {
      const piece = this.pieces[index] as Piece
      if (into.full || piece.base >= limit || piece.base >= into.end) return
      if (piece.buffer !== undefined) {
        into.take(runOf(piece), piece.buffer, limit, piece.next)
      } else if (!into.fits(piece.bytes)) {
        into.stopAt(piece.base)
      } else if (into.mustDefer(piece.bytes)) {
        into.defer(piece.base, piece.bytes, piece.next)
      } else {
        const buffer = readLarge(piece)
        into.take(buffer.bytes.subarray(0, piece.bytes), buffer, limit, piece.next)
        buffer.release()
      }
    }
  }
}

/** A large batch that has no place yet. */
export function largePiece (source: Buffer, base: bigint, next: bigint): Piece {
  return {
    base,
    next,
    bytes: source.length,
    maxTimestamp: maxTimestamp(source),
    buffer: undefined,
    from: 0,
    file: undefined,
    position: 0,
    source,
    epoch: leaderEpoch(source),
    flushing: false,
  }
}

/** The bytes of a run of small batches. */
export function runOf (piece: Piece): Buffer {
  const { buffer, from, bytes } = piece
  return buffer === undefined ? Buffer.alloc(0) : buffer.bytes.subarray(from, from + bytes)
}

/** Bytes of the piece's batches that end at or below `offset`. */
export function bytesOfPieceBelow (piece: Piece, offset: bigint): number {
  if (piece.next <= offset) return piece.bytes
  if (piece.base >= offset || piece.buffer === undefined) return 0
  const run = runOf(piece)
  let at = 0
  while (at < run.length && batchEnd(run, at) <= offset) at += batchSize(run, at)
  return at
}

function largeHeader (piece: Piece, journal: Journal): Buffer | undefined {
  if (piece.file === undefined) return undefined
  const header = Buffer.alloc(HEADER_SIZE)
  journal.fill(piece.file, header, piece.position)
  return header
}

/** The last batch of the run that begins at or below `offset`. */
export function headerIn (run: Buffer, offset: bigint): Buffer {
  let found = 0
  for (let at = 0; at < run.length && baseOffset(run, at) <= offset; at += batchSize(run, at)) {
    found = at
  }
  return run.subarray(found, found + HEADER_SIZE)
}
