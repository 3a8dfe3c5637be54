/** Reader and Writer over bytes: Kafka's primitive encodings, and the decoder's budget. */
import { wholeOf } from './bytes-to-come.ts'
import type { Chunk } from './bytes-to-come.ts'
import { readInt64 } from './records/int64.ts'
import { uuidFromBytes, writeUuid } from './uuid.ts'

/** The only error that reading a message may throw: the bytes are not such a message. */
export class DecodeError extends Error {
  override name = 'DecodeError'
}

/**
 * A string that no message can hold: bytes that are no UTF-8 were read as more bytes than they are,
 * or a message about a name is longer than the name.
 */
export class StringTooLong extends Error {
  override name = 'StringTooLong'
}

/** Elements of arrays in one message; Kafka 4.4's own reader refuses more in one array. */
export const ELEMENTS_MAX = 1_000_000
/** R-X7: what a decoded message may keep, as a multiple of its bytes, plus a floor. */
export const RETAINED_PER_BYTE = 8
export const RETAINED_FLOOR = 64 * 1024

const EMPTY = Buffer.alloc(0)

export class Reader {
  readonly buffer: Buffer
  position: number
  readonly end: number
  #elements = ELEMENTS_MAX
  #retained: number

  constructor (buffer: Buffer, position = 0, end = buffer.length) {
    this.buffer = buffer
    this.position = position
    this.end = end
    this.#retained = (end - position) * RETAINED_PER_BYTE + RETAINED_FLOOR
  }

  get remaining (): number { return this.end - this.position }

  /** Moves over `size` bytes and tells where they start. */
  take (size: number): number {
    const start = this.position
    if (size > this.end - start) throw new DecodeError(`${size} bytes wanted, ${this.end - start} left`)
    this.position = start + size
    return start
  }

  /** R-X7: takes the estimated heap bytes of what is about to be kept from the budget. */
  retain (heapBytes: number): void {
    if ((this.#retained -= heapBytes) < 0) throw new DecodeError('too many small elements for its size')
  }

  /** R-X2: a count may not promise more than the bytes that are left can hold. */
  elements (count: number, bytesMin: number): void {
    if (count * bytesMin > this.remaining) {
      throw new DecodeError(`${count} elements cannot fit into ${this.remaining} bytes`)
    }
    if ((this.#elements -= count) < 0) throw new DecodeError(`more than ${ELEMENTS_MAX} elements`)
  }

  int8 (): number { return this.buffer.readInt8(this.take(1)) }
  uint8 (): number { return this.buffer.readUInt8(this.take(1)) }
  int16 (): number { return this.buffer.readInt16BE(this.take(2)) }
  uint16 (): number { return this.buffer.readUInt16BE(this.take(2)) }
  int32 (): number { return this.buffer.readInt32BE(this.take(4)) }
  uint32 (): number { return this.buffer.readUInt32BE(this.take(4)) }
  int64 (): bigint { return readInt64(this.buffer, this.take(8)) }
  float64 (): number { return this.buffer.readDoubleBE(this.take(8)) }

  /** At most five bytes; the bits above the 32nd must be zero. */
  unsignedVarint (): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.uint8()
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    const last = this.uint8()
    if (last > 0x0f) throw new DecodeError('a varint of more than 32 bits')
    return (value | last << 28) >>> 0
  }

  uuid (): string { return uuidFromBytes(this.buffer, this.take(16)) }

  utf8 (length: number): string {
    if (length === 0) return ''
    const start = this.take(length)
    this.retain(24 + length)
    return this.buffer.toString('utf8', start, start + length)
  }

  /** A view of the frame, not a copy. */
  slice (length: number): Buffer {
    if (length === 0) return EMPTY
    const start = this.take(length)
    this.retain(96)
    return this.buffer.subarray(start, start + length)
  }
}

function unsignedVarintSize (value: number): number {
  let size = 1
  for (; value > 0x7f; value >>>= 7) size++
  return size
}

const FIRST_SIZE = 512
/**
 * Node cuts smaller buffers from one that it has: memory of its own costs a small message most of
 * all.
 */
const SHARED_MAX = 2048
/** Record chunks from this size on are passed by reference; smaller ones are cheaper copied. */
const BY_REFERENCE_MIN = 1024

/** Collects a message as a list of chunks: its own bytes, and record data that it only names. */
export class Writer {
  #buffer: Buffer
  #start = 0
  #position: number
  readonly #done: Chunk[] = []
  #doneSize = 0

  constructor (size = FIRST_SIZE) {
    this.#buffer = size <= SHARED_MAX ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size)
    this.#position = 0
  }

  /** Bytes written so far. */
  get size (): number { return this.#doneSize + this.#position - this.#start }

  #room (size: number): number {
    const at = this.#position
    if (at + size > this.#buffer.length) {
      const used = at - this.#start
      const next = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + size))
      this.#buffer.copy(next, 0, this.#start, at)
      this.#buffer = next
      this.#start = 0
      this.#position = used + size
      return used
    }
    this.#position = at + size
    return at
  }

  int8 (value: number): void { const at = this.#room(1); this.#buffer.writeInt8(value, at) }
  uint8 (value: number): void { const at = this.#room(1); this.#buffer.writeUInt8(value, at) }
  int16 (value: number): void { const at = this.#room(2); this.#buffer.writeInt16BE(value, at) }
  uint16 (value: number): void { const at = this.#room(2); this.#buffer.writeUInt16BE(value, at) }
  int32 (value: number): void { const at = this.#room(4); this.#buffer.writeInt32BE(value, at) }
  uint32 (value: number): void { const at = this.#room(4); this.#buffer.writeUInt32BE(value, at) }
  int64 (value: bigint): void { const at = this.#room(8); this.#buffer.writeBigInt64BE(value, at) }
  float64 (value: number): void { const at = this.#room(8); this.#buffer.writeDoubleBE(value, at) }

  unsignedVarint (value: number): void {
    while (value > 0x7f) {
      this.uint8(value & 0x7f | 0x80)
      value >>>= 7
    }
    this.uint8(value)
  }

  /** What is written until `endSized` has its length before it, as an unsigned varint. */
  beginSized (): number {
    const mark = this.size
    this.uint8(0)
    return mark
  }

  /** Throws a TypeError for record data between the two, which is not copied. */
  endSized (mark: number): void {
    const size = this.size - mark - 1
    const more = size > 0x7f ? unsignedVarintSize(size) - 1 : 0
    if (mark < this.#doneSize) throw new TypeError('record data in a tagged field')
    if (more > 0) this.#room(more)
    const at = this.#start + mark - this.#doneSize
    const end = this.#position
    if (more > 0) this.#buffer.copyWithin(at + 1 + more, at + 1, at + 1 + size)
    this.#position = at
    this.unsignedVarint(size)
    this.#position = end
  }

  uuid (value: string): void { const at = this.#room(16); writeUuid(this.#buffer, value, at) }

  utf8 (value: string, length: number): void {
    const at = this.#room(length)
    this.#buffer.utf8Write(value, at, length)
  }

  raw (value: Uint8Array): void {
    const at = this.#room(value.length)
    this.#buffer.set(value, at)
  }

  /** Appends record data, by reference where it is large: it must not change before it is sent. */
  reference (value: Chunk): void {
    if (Buffer.isBuffer(value) && value.length < BY_REFERENCE_MIN) return this.raw(value)
    this.#seal()
    this.#done.push(value)
    this.#doneSize += value.length
  }

  #seal (): void {
    if (this.#position === this.#start) return
    this.#done.push(this.#buffer.subarray(this.#start, this.#position))
    this.#doneSize += this.#position - this.#start
    this.#start = this.#position
  }

  /** Everything written, in order. The writer must not be used afterwards. */
  chunks (): Chunk[] {
    this.#seal()
    return this.#done
  }

  /** The same as one buffer, where nothing is to come: a copy only if there are several chunks. */
  toBuffer (): Buffer {
    const chunks = this.chunks()
    const [first] = chunks
    return chunks.length === 1 && Buffer.isBuffer(first) ? first : wholeOf(chunks)
  }
}
