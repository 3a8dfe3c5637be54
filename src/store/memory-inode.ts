/** One file of the memory disk: its content now, its content on the platter, the writes between. */

interface Unsynced { position: number, bytes: Buffer | undefined }

const PAGE_BYTES = 4096

class Content {
  bytes = Buffer.alloc(0)
  length = 0

  write (bytes: Buffer, position: number): void {
    const end = position + bytes.length
    if (end > this.bytes.length) {
      const grown = Buffer.alloc(Math.max(end, this.bytes.length * 2))
      this.bytes.copy(grown, 0, 0, this.length)
      this.bytes = grown
    }
    bytes.copy(this.bytes, position)
    this.length = Math.max(this.length, end)
  }

  cut (length: number): void {
    if (length < this.length) this.bytes.fill(0, length, this.length)
    this.length = length
    if (length === 0) this.bytes = Buffer.alloc(0)
  }
}

export class MemoryInode {
  #now = new Content()
  #durable = new Content()
  #unsynced: Unsynced[] = []
  #syncedCount = 0

  get bytes (): number { return this.#now.length }
  /** All changes so far, synced or not. */
  get changes (): number { return this.#syncedCount + this.#unsynced.length }

  write (bytes: Buffer, position: number): void {
    this.#now.write(bytes, position)
    this.#unsynced.push({ position, bytes: Buffer.from(bytes) })
  }

  truncate (length: number): void {
    this.#now.cut(length)
    this.#unsynced.push({ position: length, bytes: undefined })
  }

  read (into: Buffer, position: number): number {
    if (position >= this.#now.length) return 0
    return this.#now.bytes.copy(into, 0, position,
      Math.min(this.#now.length, position + into.length))
  }

  /** The first `count` changes of all are on the platter now. */
  synced (count: number): void {
    const reached = this.#unsynced.splice(0, Math.max(0, count - this.#syncedCount))
    this.#syncedCount += reached.length
    for (const change of reached) apply(this.#durable, change)
  }

  /** Keeps, tears or loses each change that was not synced. */
  powerLoss (random: () => number): void {
    for (const change of this.#unsynced.splice(0)) {
      const luck = random()
      if (luck < 0.4) apply(this.#durable, change)
      else if (luck < 0.7) this.#tear(change, random)
    }
    this.#now = new Content()
    this.#now.write(this.#durable.bytes.subarray(0, this.#durable.length), 0)
  }

  /** Some pages reach the platter, in no order. */
  #tear ({ bytes, position }: Unsynced, random: () => number): void {
    if (bytes === undefined) return
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + PAGE_BYTES - (position + at) % PAGE_BYTES)
      if (random() < 0.5) this.#durable.write(bytes.subarray(at, end), position + at)
      at = end
    }
  }
}

function apply (content: Content, change: Unsynced): void {
  if (change.bytes === undefined) content.cut(change.position)
  else content.write(change.bytes, change.position)
}
