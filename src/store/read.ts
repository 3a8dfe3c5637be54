/**
 * A read under construction: the chunks at hand, what must be given back when they were sent, and
 * what is only counted, to be read when its turn has come.
 */
import { baseOffset, batchSize, lastOffset } from '../../protocol/records/header.ts'
import type { LogRead } from './contract.ts'
import { DeferredRead, UNIT_BYTES, WHOLE_BYTES_MAX } from './deferred-read.ts'
import type { ReadSource, Unit } from './deferred-read.ts'
import type { PooledBuffer } from './pool.ts'

export interface ReadLimits {
  readonly end: bigint
  readonly maxBytes: number
  readonly firstWhole: boolean
  /** What comes behind so many bytes is deferred. */
  readonly atHandMax: number
}

export class ReadBuilder {
  /** The next offset to look for. */
  offset: bigint
  readonly end: bigint
  readonly maxBytes: number
  readonly firstWhole: boolean
  atHandMax: number
  bytes = 0
  /** A batch did not fit or reached `end`: nothing behind it may follow. */
  full = false
  /** A batch below `end` did not fit. */
  isCut = false
  #nextOffset: bigint
  readonly #source: ReadSource
  readonly #chunks: Buffer[] = []
  readonly #held: PooledBuffer[] = []
  #units: Unit[] | undefined
  #deferredBytes = 0
  readonly #revision: number

  constructor (
    source: ReadSource, offset: bigint, { end, maxBytes, firstWhole, atHandMax }: ReadLimits
  ) {
    this.#source = source
    this.#revision = source.revision
    this.offset = this.#nextOffset = offset
    this.end = end
    this.maxBytes = maxBytes
    this.firstWhole = firstWhole
    this.atHandMax = atHandMax
  }

  get room (): number { return this.maxBytes - this.bytes }

  /** Enough is at hand: what follows is only counted. */
  get isDeferring (): boolean { return this.bytes >= this.atHandMax }

  /** How much may still come to hand, and be sent. */
  get roomAtHand (): number { return Math.min(this.maxBytes, this.atHandMax) - this.bytes }

  /** True when a batch of this size may still follow. */
  fits (size: number): boolean {
    return size <= this.room || (this.bytes === 0 && this.firstWhole)
  }

  /**
   * A batch so large, behind so much that is to be at hand, is read in slices when its turn has
   * come.
   */
  isTooLarge (size: number, before = 0): boolean {
    return this.atHandMax !== Infinity && size > Math.min(WHOLE_BYTES_MAX, this.roomAtHand - before)
  }

  /** The same of the next batch, and everything behind it is deferred as well. */
  mustDefer (size: number): boolean {
    if (this.isTooLarge(size)) this.atHandMax = 0
    return this.isDeferring
  }

  add (chunk: Buffer, owner: PooledBuffer | undefined): void {
    this.#chunks.push(chunk)
    this.bytes += chunk.length
    if (owner !== undefined) this.#held.push(owner.retain())
  }

  /** Counts one batch that lies somewhere else. */
  defer (base: bigint, size: number, next: bigint): void {
    if (base >= this.end || !this.fits(size)) return this.stopAt(base)
    this.#count(base, size, next, true)
    this.#nextOffset = next
    if (next > this.offset) this.offset = next
  }

  #count (offset: bigint, bytes: number, next: bigint, isOne: boolean): void {
    this.#units ??= []
    const last = this.#units.at(-1)
    if (last === undefined ||
      last.bytes + bytes > UNIT_BYTES) this.#units.push({ offset, next, bytes, isOne })
    else {
      last.bytes += bytes
      last.next = next
      last.isOne = false
    }
    this.bytes += bytes
    this.#deferredBytes += bytes
  }

  /** The batch at `base` does not belong to this read any more. */
  stopAt (base: bigint): void {
    this.full = true
    if (base < this.end) this.isCut = true
  }

  /**
   * Takes the batches of `run` (whole batches, ascending) from `offset` on that fit and lie below
   * `end`. What begins at `limit` or above belongs elsewhere: reading goes on there. `next` is the
   * offset behind the run.
   */
  take (run: Buffer, owner: PooledBuffer | undefined, limit: bigint, next: bigint): void {
    let from = 0
    while (from < run.length && batchEnd(run, from) <= this.offset) from += batchSize(run, from)
    let to = from
    let last = from
    let behind = next < limit ? next : limit
    while (to < run.length) {
      const base = baseOffset(run, to)
      if (base >= limit) break
      const size = batchSize(run, to)
      const fits = to === from ? this.fits(size) : to - from + size <= this.room
      if (!fits || base >= this.end) {
        this.stopAt(base)
        behind = base
        break
      }
      last = to
      to += size
    }
    if (to > from) {
      this.#nextOffset = batchEnd(run, last)
      if (this.isDeferring) this.#count(baseOffset(run, from), to - from, this.#nextOffset, false)
      else this.add(run.subarray(from, to), owner)
    }
    if (behind > this.offset) this.offset = behind
  }

  /** Gives back what it has gathered: a read that fails is released by nobody. */
  abandon (): void {
    for (const owner of this.#held.splice(0)) owner.release()
  }

  failed (error: unknown): never {
    this.abandon()
    throw error
  }

  finish (): LogRead {
    const chunks = this.#chunks
    const held = this.#held
    const units = this.#units
    const source = this.#source
    const { bytes } = this
    let open = true
    return {
      chunks,
      bytes,
      rest: units === undefined
        ? undefined
        : new DeferredRead(source, units, this.#deferredBytes, this.#revision),
      nextOffset: this.#nextOffset,
      isCut: this.isCut,
      release: () => {
        if (!open) throw new Error('a read was released twice')
        open = false
        for (const owner of held) owner.release()
      },
    }
  }
}

/** The offset behind the batch that starts at `at`. */
export function batchEnd (run: Buffer, at: number): bigint {
  return lastOffset(run, at) + 1n
}
