/**
 * Memory that is used again while it is needed, and is the system's again when it is not: buffers
 * cut from slabs. Fresh memory costs page faults and garbage collection, and what a process frees
 * in small pieces it mostly keeps; a slab is one mapping of the system's, which goes back whole.
 * Who listens hears of each buffer: tests spoil what was given back (test/support/memory-watch.ts).
 */
import { channel } from 'node:diagnostics_channel'

/**
 * glibc maps what is larger than 32 MB apart, whatever was freed before, and gives it back at once.
 * Pages of a slab that nobody has touched take no memory.
 */
export const SLAB_BYTES = 33 * 1024 * 1024
/** A slab that nobody used between two looks goes; there are none while all are in use. */
export const TRIM_MS = 2000

const taken = channel('ottla:memory:taken')
const released = channel('ottla:memory:released')

/** Somebody else may use this memory from now on. */
export function tellReleased (buffer: Buffer): void {
  if (released.hasSubscribers) released.publish(buffer)
}

export interface SlabClock { setTimer (delayMs: number, run: () => void): { cancel (): void } }

/** One allocation, and how it is in use. */
interface Slab {
  readonly memory: Buffer
  /** What lies behind was never handed out. */
  cutTo: number
  /** Buffers that are with somebody. */
  out: number
  /** At which look it was used last. */
  usedAt: number
  /** Views of it may be with somebody who never gives them back. */
  isReferred: boolean
}

interface SizeClass { readonly bytes: number, free: Buffer[], newest: Slab | undefined }

export class Slabs {
  /** Bytes that are with somebody. */
  heldBytes = 0
  readonly #classes: readonly SizeClass[]
  readonly #slabs = new Map<ArrayBufferLike, Slab>()
  readonly #clock: SlabClock
  #looks = 0
  #timer: { cancel (): void } | undefined

  /** `sizes` ascending; what is larger than the last gets memory of its own. */
  constructor (sizes: readonly number[], clock: SlabClock) {
    this.#classes = sizes.map(bytes => ({ bytes, free: [], newest: undefined }))
    this.#clock = clock
  }

  /** Slabs that are there, in use or not. */
  get count (): number { return this.#slabs.size }

  /** A buffer of the smallest size that holds `bytes`; its content is whatever was there. */
  take (bytes: number): Buffer {
    const buffer = this.#take(bytes)
    if (taken.hasSubscribers) taken.publish(buffer)
    return buffer
  }

  #take (bytes: number): Buffer {
    const size = this.#classes.find(size => size.bytes >= bytes)
    if (size === undefined) {
      this.heldBytes += bytes
      return Buffer.allocUnsafeSlow(bytes)
    }
    const buffer = size.free.pop() ?? this.#cut(size)
    const slab = this.#slabs.get(buffer.buffer) as Slab
    slab.out++
    slab.usedAt = this.#looks
    this.heldBytes += buffer.length
    return buffer
  }

  #cut (size: SizeClass): Buffer {
    let slab = size.newest
    if (slab === undefined || slab.cutTo + size.bytes > slab.memory.length) {
      slab = { memory: Buffer.allocUnsafeSlow(SLAB_BYTES), cutTo: 0, out: 0, usedAt: this.#looks,
        isReferred: false }
      size.newest = slab
      this.#slabs.set(slab.memory.buffer, slab)
    }
    const from = slab.cutTo
    slab.cutTo += size.bytes
    return slab.memory.subarray(from, slab.cutTo)
  }

  /** Takes back what `take` gave, as it was given, when nobody refers to it any more. */
  give (buffer: Buffer): void {
    this.heldBytes -= buffer.length
    const slab = this.#slabs.get(buffer.buffer)
    if (slab === undefined) {
      tellReleased(buffer)
      return giveBack(buffer.buffer)
    }
    this.#letGo(slab)
    tellReleased(buffer)
    this.#classes.find(({ bytes }) => bytes === buffer.length)?.free.push(buffer)
  }

  /**
   * Somebody may refer to it as long as he likes: it is not used again, and goes with its last
   * view.
   */
  forget (buffer: Buffer): void {
    this.heldBytes -= buffer.length
    const slab = this.#slabs.get(buffer.buffer)
    if (slab === undefined) return
    slab.isReferred = true
    this.#letGo(slab)
  }

  #letGo (slab: Slab): void {
    if (--slab.out < 0) throw new Error('memory was given back twice')
    if (slab.out === 0) this.#lookSoon()
  }

  #lookSoon (): void { this.#timer ??= this.#clock.setTimer(TRIM_MS, this.#look) }

  /** Gives the system what nobody has used since the last look. */
  readonly #look = (): void => {
    this.#timer = undefined
    const gone = new Map<ArrayBufferLike, Slab>()
    for (const [memory, slab] of this.#slabs) {
      if (slab.out === 0 && slab.usedAt < this.#looks) gone.set(memory, slab)
    }
    if (gone.size > 0) {
      for (const size of this.#classes) {
        size.free = size.free.filter(({ buffer }) => !gone.has(buffer))
        if (size.newest !== undefined && gone.has(size.newest.memory.buffer)) {
          size.newest = undefined
        }
      }
      for (const [memory, { isReferred }] of gone) {
        this.#slabs.delete(memory)
        if (!isReferred) giveBack(memory)
      }
    }
    this.#looks++
    for (const { out } of this.#slabs.values()) if (out === 0) this.#lookSoon()
  }

  /** Looks no more: the process, or its store, ends. */
  stop (): void { this.#timer?.cancel() }
}

/** Node 22 has this; it frees what it moves nothing of. */
interface Transferable { transfer? (bytes: number): ArrayBufferLike }

/**
 * Without waiting for a garbage collection, which an idle process does not make. Every view of the
 * memory is empty afterwards: whoever still uses one finds nothing, not somebody else's bytes.
 */
function giveBack (memory: ArrayBufferLike): void {
  const { transfer } = memory as Transferable
  if (transfer !== undefined) {
    transfer.call(memory, 0)
    return
  }
  // A message that nobody can receive any more is freed with its port.
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(memory, [memory as ArrayBuffer])
  port1.close()
  port2.close()
}
