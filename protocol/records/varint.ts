/**
 * Zigzag varints as records have them. A cursor over bytes, because the hot walk must not build
 * an object for each number: `position` moves, the value is returned.
 */
import { invalid, RecordError } from './error.ts'

/** Values up to this many bytes are exact as a number: 7 x 7 bits. */
const EXACT_BYTES = 7

/** Reads record fields. Running past `end` throws InvalidRecordException, as Kafka's does. */
export class Cursor {
  bytes: Uint8Array
  position: number
  end: number
  /** The value of the last varlong that a number cannot hold, see `varlong`. */
  wide = 0n

  constructor (bytes: Uint8Array, position = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = position
    this.end = end
  }

  /** A signed 32-bit varint of at most 5 bytes. */
  varint (): number {
    const position = this.position
    if (position >= this.end) throw underflow()
    const byte = this.bytes[position]!
    if (byte < 0x80) {
      this.position = position + 1
      return (byte >>> 1) ^ -(byte & 1)
    }
    return this.#longVarint(position, byte & 0x7f)
  }

  #longVarint (position: number, first: number): number {
    let raw = first
    for (let shift = 7; shift <= 28; shift += 7) {
      position += 1
      if (position >= this.end) throw underflow()
      const byte = this.bytes[position]!
      raw |= (byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = position + 1
        return (raw >>> 1) ^ -(raw & 1)
      }
    }
    throw new OverlongVarint()
  }

  /**
   * A signed 64-bit varint as a number when it has at most 7 bytes; else NaN, and `wide` has it:
   * timestamp deltas are small in practice, and bigints in the walk would cost ten times more.
   */
  varlong (): number {
    const position = this.position
    if (position >= this.end) throw underflow()
    const byte = this.bytes[position]!
    if (byte < 0x80) {
      this.position = position + 1
      return (byte >>> 1) ^ -(byte & 1)
    }
    return this.#longVarlong(position, byte & 0x7f)
  }

  #longVarlong (start: number, first: number): number {
    let raw = first
    let scale = 128
    for (let length = 2; length <= EXACT_BYTES; length += 1) {
      const position = start + length - 1
      if (position >= this.end) throw underflow()
      const byte = this.bytes[position]!
      raw += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.position = position + 1
        return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      }
      scale *= 128
    }
    return this.#wideVarlong(start)
  }

  #wideVarlong (position: number): number {
    let raw = 0n
    for (let shift = 0n; shift <= 63n; shift += 7n) {
      if (position >= this.end) throw underflow()
      const byte = this.bytes[position]!
      position += 1
      raw |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        this.position = position
        const value = BigInt.asUintN(64, raw)
        this.wide = BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n))
        return NaN
      }
    }
    throw new OverlongVarint()
  }

  /** A signed 64-bit varint. */
  int64 (): bigint {
    const value = this.varlong()
    return value === value ? BigInt(value) : this.wide
  }

  /** The next `length` bytes, not copied. */
  slice (length: number): Uint8Array {
    const start = this.position
    if (length > this.end - start) throw underflow()
    this.position = start + length
    return this.bytes.subarray(start, start + length)
  }

  skip (length: number): void {
    if (length > this.end - this.position) throw underflow()
    this.position += length
  }
}

/** More bytes than the number's width allows: Kafka makes it InvalidRecord inside a record only. */
export class OverlongVarint extends RecordError {
  constructor () {
    super('InvalidRecordException', 'Found invalid record structure: varint is too long')
  }
}

function underflow (): RecordError {
  return invalid('Found invalid record structure: a field ends after its record')
}

/** Bytes that `value` takes as a signed varint. */
export function varintSize (value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0
  return raw < 0x80 ? 1 : raw < 0x4000 ? 2 : raw < 0x200000 ? 3 : raw < 0x10000000 ? 4 : 5
}

/** Bytes that `value` takes as a signed 64-bit varint. */
export function varlongSize (value: bigint): number {
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  let size = 1
  for (; raw >= 128n; raw >>= 7n) size += 1
  return size
}

/** Writes `value` at `position`; gives the position after it. */
export function writeVarint (bytes: Uint8Array, position: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0
  for (; raw >= 0x80; raw >>>= 7) bytes[position++] = (raw & 0x7f) | 0x80
  bytes[position] = raw
  return position + 1
}

/** Writes the 64-bit `value` at `position`; gives the position after it. */
export function writeVarlong (bytes: Uint8Array, position: number, value: bigint): number {
  let raw = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; raw >= 128n; raw >>= 7n) bytes[position++] = Number(raw & 0x7fn) | 0x80
  bytes[position] = Number(raw)
  return position + 1
}
