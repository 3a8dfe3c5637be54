/**
 * Buffers for large frames, used again once their request is answered: fresh memory costs page
 * faults and garbage collection, about as much as everything else that a Produce costs.
 */

/** Smaller frames are cheaper to allocate than to keep. */
const POOLED_MIN = 64 * 1024
/** Larger ones are rare; keeping one would cost more than it saves. */
const POOLED_MAX = 4 * 1024 * 1024
/** What is read before a frame is known: many small ones at once, or the head of a large one. */
const LANDING_BYTES = 64 * 1024
/** What may lie unused. */
const IDLE_BYTES_MAX = 32 * 1024 * 1024

export class FramePool {
  /** Bytes of all connections are read to here first, and taken away before the next are read. */
  readonly landing = Buffer.allocUnsafeSlow(LANDING_BYTES)
  /** By size class, a power of two. */
  readonly #idle = new Map<number, Buffer[]>()
  #idleBytes = 0

  /** A buffer of at least `size` bytes; its content is whatever was there. */
  take (size: number): Buffer {
    if (size < POOLED_MIN || size > POOLED_MAX) return Buffer.allocUnsafeSlow(size)
    const sizeClass = 2 ** Math.ceil(Math.log2(size))
    const buffer = this.#idle.get(sizeClass)?.pop()
    if (buffer === undefined) return Buffer.allocUnsafeSlow(sizeClass)
    this.#idleBytes -= sizeClass
    return buffer
  }

  /** Gives back what `take` gave, when nobody refers to it any more. */
  give (buffer: Buffer): void {
    const size = buffer.length
    if (size < POOLED_MIN || size > POOLED_MAX || (size & (size - 1)) !== 0) return
    if (this.#idleBytes + size > IDLE_BYTES_MAX) return
    const idle = this.#idle.get(size) ?? []
    this.#idle.set(size, idle)
    idle.push(buffer)
    this.#idleBytes += size
  }
}
