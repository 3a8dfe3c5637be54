/**
 * What a read has found and counted and not read yet. It holds nothing: each part is read by its
 * offset when its turn to be sent has come, where it was found, or where a flush has put it since.
 * Batches that were trimmed or compacted stay in their volume until that goes, so a slow reader
 * still gets them.
 */
import type { BytesAtHand, BytesToCome } from '../../protocol/bytes-to-come.ts'
import type { LogRead } from './contract.ts'
import { StoreError } from './error.ts'
import type { Extents } from './extents.ts'

/** Batches that are read together at least. */
export const UNIT_BYTES = 64 * 1024
/** A batch of more is never at hand at once: it comes in slices. */
export const WHOLE_BYTES_MAX = 256 * 1024

/** Whole batches: where the first begins, the bytes of all, and the offset behind the last. */
export interface Unit {
  readonly offset: bigint
  next: bigint
  bytes: number
  /** One large batch, which may come in slices. */
  isOne: boolean
}

/** The log as its deferred reads see it. */
export interface ReadSource {
  readonly name: string
  readonly revision: number
  readonly deleted: boolean
  readonly extents: Extents
  /** The batches of a unit, where they lay when `found` were the log's extents. */
  readFound (unit: Readonly<Unit>, found: Extents): LogRead | Promise<LogRead>
  /** The same of the one batch of a unit: so many bytes from `at` on. */
  readWithin (
    unit: Readonly<Unit>, found: Extents, at: number, bytes: number
  ): BytesAtHand | Promise<BytesAtHand>
}

export class DeferredRead implements BytesToCome {
  readonly length: number
  readonly #source: ReadSource
  readonly #units: readonly Unit[]
  readonly #found: Extents
  readonly #revision: number
  #index = 0
  /** Bytes of the present unit that have come, where it comes in slices. */
  #sliced = 0

  /** `revision` is that of the log when the read began. */
  constructor (source: ReadSource, units: readonly Unit[], length: number, revision: number) {
    this.#source = source
    this.#units = units
    this.length = length
    this.#found = source.extents
    this.#revision = revision
  }

  /** Whole batches, or a slice of a large one that does not fit. Throws or rejects with GONE. */
  next (bytesMax: number): BytesAtHand | Promise<BytesAtHand> {
    const unit = this.#units[this.#index]
    if (unit === undefined) throw new Error('a deferred read was read beyond its end')
    const source = this.#source
    if (source.deleted || source.revision !== this.#revision) throw this.#gone(unit)
    if (unit.isOne && (unit.bytes > bytesMax || this.#sliced > 0)) {
      return this.#nextSlice(unit, bytesMax)
    }
    const { offset } = unit
    let { bytes, next } = unit
    while (++this.#index < this.#units.length) {
      const more = this.#units[this.#index] as Unit
      if (bytes + more.bytes > bytesMax) break
      bytes += more.bytes
      next = more.next
    }
    const wanted = { offset, next, bytes, isOne: false }
    const read = source.readFound(wanted, this.#found)
    return read instanceof Promise
      ? read.then(read => this.#whole(read, wanted))
      : this.#whole(read, wanted)
  }

  /**
   * Where the volume of what was found has gone, there is something else in its place: less, up to
   * the same offset, or as many bytes that reach further, over what the answer has to say of them.
   */
  #whole (read: LogRead, unit: Unit): BytesAtHand {
    if (read.bytes === unit.bytes && read.nextOffset === unit.next) return read
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
    return this.#source.readWithin(unit, this.#found, at, bytes)
  }

  #gone ({ offset }: Unit): StoreError {
    return new StoreError('GONE', `log ${this.#source.name}: what a read had found at offset ${offset} was cut or compacted`)
  }
}
