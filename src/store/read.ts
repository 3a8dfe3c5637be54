/** A read under construction: the chunks, and what must be given back when they were sent. */
import { baseOffset, batchSize, lastOffset } from '../../protocol/records/header.ts'
import type { LogRead } from './contract.ts'
import type { PooledBuffer } from './pool.ts'

export class ReadBuilder {
  /** The next offset to look for. */
  offset: bigint
  readonly end: bigint
  readonly maxBytes: number
  readonly firstWhole: boolean
  bytes = 0
  /** A batch did not fit or reached `end`: nothing behind it may follow. */
  full = false
  private readonly chunks: Buffer[] = []
  private readonly held: PooledBuffer[] = []

  constructor (offset: bigint, end: bigint, maxBytes: number, firstWhole: boolean) {
    this.offset = offset
    this.end = end
    this.maxBytes = maxBytes
    this.firstWhole = firstWhole
  }

  get room (): number { return this.maxBytes - this.bytes }

  /** True when a batch of this size may still follow. */
  fits (size: number): boolean {
    return size <= this.room || (this.bytes === 0 && this.firstWhole)
  }

  add (chunk: Buffer, owner: PooledBuffer | undefined): void {
    this.chunks.push(chunk)
    this.bytes += chunk.length
    if (owner !== undefined) this.held.push(owner.retain())
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
    let behind = next < limit ? next : limit
    while (to < run.length) {
      const base = baseOffset(run, to)
      if (base >= limit) break
      const size = batchSize(run, to)
      const fits = to === from ? this.fits(size) : to - from + size <= this.room
      if (!fits || base >= this.end) {
        this.full = true
        behind = base
        break
      }
      to += size
    }
    if (to > from) this.add(run.subarray(from, to), owner)
    if (behind > this.offset) this.offset = behind
  }

  finish (): LogRead {
    const { chunks, bytes, held } = this
    let open = true
    return {
      chunks,
      bytes,
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
