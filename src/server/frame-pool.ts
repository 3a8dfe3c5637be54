/**
 * Buffers for large frames, used again once their request is answered: fresh memory costs page
 * faults and garbage collection, about as much as everything else that a Produce costs.
 */
import { Slabs, tellReleased } from '../memory/slabs.ts'
import type { SlabClock } from '../memory/slabs.ts'

/** Smaller frames are cheaper to allocate than to keep. */
const POOLED_MIN = 64 * 1024
/** Larger ones are rare, and get memory of their own. */
const POOLED_MAX = 4 * 1024 * 1024
/** What is read before a frame is known: many small ones at once, or the head of a large one. */
const LANDING_BYTES = 64 * 1024

export class FramePool {
  /** Bytes of all connections are read to here first, and taken away before the next are read. */
  readonly landing = Buffer.allocUnsafeSlow(LANDING_BYTES)
  readonly #slabs: Slabs

  constructor (clock: SlabClock) {
    const sizes: number[] = []
    for (let size = POOLED_MIN; size <= POOLED_MAX; size *= 2) sizes.push(size)
    this.#slabs = new Slabs(sizes, clock)
  }

  /** Bytes of large frames that were not given back yet. */
  get heldBytes (): number { return this.#slabs.heldBytes }

  /** A buffer of at least `size` bytes; its content is whatever was there. */
  take (size: number): Buffer {
    return size < POOLED_MIN ? Buffer.allocUnsafeSlow(size) : this.#slabs.take(size)
  }

  /** Gives back what `take` gave, when nobody refers to it any more. */
  give (buffer: Buffer): void {
    if (buffer.length >= POOLED_MIN) this.#slabs.give(buffer)
    else tellReleased(buffer)
  }

  /** Somebody may refer to it as long as he likes. */
  forget (buffer: Buffer): void {
    if (buffer.length >= POOLED_MIN) this.#slabs.forget(buffer)
  }
}
