/**
 * What a read has found and counted and not read yet. It holds nothing: each part is looked for by
 * its offset when its turn to be sent has come, wherever its batches are by then.
 */
import type { BytesAtHand, BytesToCome } from '../../protocol/bytes-to-come.ts'
import type { LogRead } from './contract.ts'
import { StoreError } from './error.ts'

/** Batches that are read together at least. */
export const UNIT_BYTES = 64 * 1024
/** A batch of more is never at hand at once: it comes in slices. */
export const WHOLE_BYTES_MAX = 256 * 1024

/** Whole batches: where the first begins, and the bytes of all. */
export interface Unit {
  readonly offset: bigint
  bytes: number
  /** One large batch, which may come in slices. */
  isOne: boolean
}

/** The log as its deferred reads see it. */
export interface ReadSource {
  readonly name: string
  readonly revision: number
  readonly startOffset: bigint
  readonly deleted: boolean
  read (offset: bigint, end: bigint, maxBytes: number, firstWhole: boolean): LogRead | Promise<LogRead>
  /** Of the batch that begins at `offset`, so many bytes from `at` on. */
  readWithin (offset: bigint, at: number, bytes: number): BytesAtHand | Promise<BytesAtHand>
}

export class DeferredRead implements BytesToCome {
  readonly length: number
  readonly #source: ReadSource
  readonly #units: readonly Unit[]
  readonly #end: bigint
  readonly #revision: number
  #index = 0
  /** Bytes of the present unit that have come, where it comes in slices. */
  #sliced = 0

  constructor (source: ReadSource, units: readonly Unit[], length: number, end: bigint) {
    this.#source = source
    this.#units = units
    this.length = length
    this.#end = end
    this.#revision = source.revision
  }

  /** Whole batches, or a slice of a large one that does not fit. Throws or rejects with GONE. */
  next (bytesMax: number): BytesAtHand | Promise<BytesAtHand> {
    const unit = this.#units[this.#index]
    if (unit === undefined) throw new Error('a deferred read was read beyond its end')
    const source = this.#source
    if (source.deleted || source.revision !== this.#revision || source.startOffset > unit.offset) throw this.#gone(unit)
    if (unit.isOne && (unit.bytes > bytesMax || this.#sliced > 0)) return this.#nextSlice(unit, bytesMax)
    let { bytes } = unit
    while (++this.#index < this.#units.length) {
      const more = (this.#units[this.#index] as Unit).bytes
      if (bytes + more > bytesMax) break
      bytes += more
    }
    const read = source.read(unit.offset, this.#end, bytes, true)
    return read instanceof Promise
      ? read.then(read => this.#whole(read, unit, bytes))
      : this.#whole(read, unit, bytes)
  }

  /** Compaction may have put less in the place of what was counted. */
  #whole (read: LogRead, unit: Unit, bytes: number): BytesAtHand {
    if (read.bytes === bytes) return read
    read.release()
    throw this.#gone(unit)
  }

  #nextSlice (unit: Unit, bytesMax: number): BytesAtHand | Promise<BytesAtHand> {
    const at = this.#sliced
    const bytes = Math.min(unit.bytes - at, Math.max(1, bytesMax))
    this.#sliced += bytes
    if (this.#sliced === unit.bytes) {
      this.#sliced = 0
      this.#index++
    }
    return this.#source.readWithin(unit.offset, at, bytes)
  }

  #gone ({ offset }: Unit): StoreError {
    return new StoreError('GONE', `log ${this.#source.name}: what a read had found at offset ${offset} was cut or compacted`)
  }
}
