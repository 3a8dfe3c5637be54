/**
 * Memory that stays: buffers carved from slabs, counted by their holders and used again.
 * Fresh memory kept alive costs page faults (storage.md 3.6), so what waits for a flush sits here.
 */

const SLAB_BYTES = 8 * 1024 * 1024

export class PooledBuffer {
  readonly bytes: Buffer
  private holders = 0
  private readonly home: PooledBuffer[] | undefined
  private readonly pool: Pool

  constructor (bytes: Buffer, pool: Pool, home: PooledBuffer[] | undefined) {
    this.bytes = bytes
    this.pool = pool
    this.home = home
  }

  retain (): this {
    if (this.holders++ === 0) this.pool.heldBytes += this.bytes.length
    return this
  }

  /** Gives the memory back with the last holder. */
  release (): void {
    if (this.holders <= 0) throw new Error('a pooled buffer was released more often than retained')
    if (--this.holders > 0) return
    this.pool.heldBytes -= this.bytes.length
    this.home?.push(this)
  }
}

export class Pool {
  /** Bytes of all buffers that somebody holds. */
  heldBytes = 0
  private readonly classes: Array<{ bytes: number, free: PooledBuffer[] }>

  /** `sizes` ascending; what is larger than the last gets memory of its own. */
  constructor (sizes: readonly number[]) {
    this.classes = sizes.map(bytes => ({ bytes, free: [] }))
  }

  /** A buffer of at least `bytes`, held once. */
  take (bytes: number): PooledBuffer {
    for (const size of this.classes) {
      if (size.bytes < bytes) continue
      if (size.free.length === 0) this.carve(size.bytes, size.free)
      const buffer = size.free.pop()
      if (buffer !== undefined) return buffer.retain()
    }
    return new PooledBuffer(Buffer.allocUnsafeSlow(bytes), this, undefined).retain()
  }

  private carve (bytes: number, free: PooledBuffer[]): void {
    const count = Math.max(1, Math.floor(SLAB_BYTES / bytes))
    const slab = Buffer.allocUnsafeSlow(count * bytes)
    for (let index = count - 1; index >= 0; index--) {
      const part = slab.subarray(index * bytes, (index + 1) * bytes)
      free.push(new PooledBuffer(part, this, free))
    }
  }
}
