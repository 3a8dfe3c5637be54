/**
 * Memory of the store, counted by its holders: what waits for a flush (storage.md 3.6), and what is
 * read.
 */
import { Slabs } from '../memory/slabs.ts'
import type { SlabClock } from '../memory/slabs.ts'

export class PooledBuffer {
  readonly bytes: Buffer
  #holders = 1
  readonly #slabs: Slabs

  constructor (bytes: Buffer, slabs: Slabs) {
    this.bytes = bytes
    this.#slabs = slabs
  }

  retain (): this {
    if (this.#holders === 0) throw new Error('a pooled buffer was retained after its last release')
    this.#holders++
    return this
  }

  /** Gives the memory back with the last holder. */
  release (): void {
    if (this.#holders === 0) throw new Error('a pooled buffer was released more often than retained')
    if (--this.#holders === 0) this.#slabs.give(this.bytes)
  }
}

export class Pool {
  readonly #slabs: Slabs

  /** `sizes` ascending; what is larger than the last gets memory of its own. */
  constructor (sizes: readonly number[], clock: SlabClock) { this.#slabs = new Slabs(sizes, clock) }

  /** Bytes of all buffers that somebody holds. */
  get heldBytes (): number { return this.#slabs.heldBytes }

  /** A buffer of at least `bytes`, held once. */
  take (bytes: number): PooledBuffer {
    return new PooledBuffer(this.#slabs.take(bytes), this.#slabs)
  }

  stop (): void { this.#slabs.stop() }
}
