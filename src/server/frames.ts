/**
 * Bytes to frames: the size prefix, its limit, and buffers that grow with what has arrived, so
 * that four bytes never buy a hundred megabytes (R-X1).
 */
import { REQUEST_MIN } from '../../protocol/frame.ts'
import type { FramePool } from './frame-pool.ts'

/**
 * What one read takes at most. The system reads up to 32 times before others have their turn, and
 * 2 MB still lie in the processor's cache when the journal is written: 256 KB a read cost twice
 * the time of a Produce.
 */
export const READ_BYTES_MAX = 64 * 1024
/** What a frame may take before its bytes are there. */
export const FIRST_CAPACITY_MAX = 1024 * 1024
const PREFIX_SIZE = 4

export class FrameError extends Error {
  override name = 'FrameError'
}

/** A whole request, without its size prefix. */
export interface Frame {
  readonly bytes: Buffer
  /** Of the pool: to be given back when the request is answered and nothing refers to it. */
  readonly pooled: Buffer | undefined
}

/** Takes what the socket reads and calls back with each whole frame. */
export class FrameReader {
  readonly #sizeMax: number
  readonly #pool: FramePool
  readonly #onFrame: (frame: Frame) => void
  readonly #prefix = Buffer.alloc(PREFIX_SIZE)
  #prefixLength = 0
  #frame: Buffer | undefined
  #room: Buffer
  #size = 0
  #filled = 0

  constructor (sizeMax: number, pool: FramePool, onFrame: (frame: Frame) => void) {
    this.#sizeMax = sizeMax
    this.#pool = pool
    this.#onFrame = onFrame
    this.#room = pool.landing
  }

  /** Bytes of memory that the frame takes whose end has not come yet. */
  get pendingBytes (): number { return this.#frame?.length ?? 0 }

  /**
   * Where the next bytes belong: in the frame that is under way, else where all begin. A frame that
   * is full grows only with what has come, so that its memory is told before more of it is taken.
   */
  room (): Buffer {
    const frame = this.#frame
    this.#room = frame === undefined || this.#filled === frame.length
      ? this.#pool.landing
      : frame.subarray(this.#filled,
        Math.min(this.#size, frame.length, this.#filled + READ_BYTES_MAX))
    return this.#room
  }

  /**
   * So many bytes were read into the room. Throws FrameError where the connection must be closed.
   */
  received (count: number): void {
    if (this.#room === this.#pool.landing) this.#take(this.#room.subarray(0, count), true)
    else this.#filledBy(this.#frame as Buffer, count)
  }

  /**
   * Takes bytes that lie in memory of their own. Throws FrameError where the connection must be
   * closed.
   */
  push (chunk: Buffer): void { this.#take(chunk, false) }

  #take (chunk: Buffer, isLent: boolean): void {
    let position = 0
    while (position < chunk.length) {
      if (this.#frame !== undefined) {
        position = this.#fill(chunk, position)
      } else if (this.#prefixLength === 0 && chunk.length - position >= PREFIX_SIZE) {
        const size = this.#checked(chunk.readInt32BE(position))
        position += PREFIX_SIZE
        // A frame that came whole is used where it lies, unless others read to there as well.
        if (chunk.length - position >= size) {
          const bytes = chunk.subarray(position, position + size)
          this.#onFrame({ bytes: isLent ? Buffer.from(bytes) : bytes, pooled: undefined })
          position += size
        } else this.#begin(size)
      } else {
        this.#prefix[this.#prefixLength++] = chunk[position++] as number
        if (this.#prefixLength === PREFIX_SIZE) {
          this.#prefixLength = 0
          this.#begin(this.#checked(this.#prefix.readInt32BE(0)))
        }
      }
    }
  }

  /** Gives back the memory of a frame that will never be whole. */
  abandon (): void {
    if (this.#frame !== undefined) this.#pool.give(this.#frame)
    this.#frame = undefined
  }

  #checked (size: number): number {
    if (size > this.#sizeMax) {
      throw new FrameError(`a request of ${size} bytes; socket.request.max.bytes allows ${this.#sizeMax}`)
    }
    if (size < REQUEST_MIN) throw new FrameError(`a request of ${size} bytes`)
    return size
  }

  #begin (size: number): void {
    this.#size = size
    this.#filled = 0
    this.#frame = this.#pool.take(Math.min(size, FIRST_CAPACITY_MAX))
  }

  #fill (chunk: Buffer, position: number): number {
    let frame = this.#frame as Buffer
    if (this.#filled === frame.length) {
      const larger = this.#pool.take(Math.min(this.#size, frame.length * 2))
      frame.copy(larger)
      this.#pool.give(frame)
      this.#frame = frame = larger
    }
    const room = Math.min(frame.length, this.#size) - this.#filled
    const taken = Math.min(room, chunk.length - position)
    chunk.copy(frame, this.#filled, position, position + taken)
    this.#filledBy(frame, taken)
    return position + taken
  }

  #filledBy (frame: Buffer, count: number): void {
    this.#filled += count
    if (this.#filled < this.#size) return
    this.#frame = undefined
    this.#onFrame({ bytes: frame.subarray(0, this.#size), pooled: frame })
  }
}
