/**
 * Exact 64-bit integers, big-endian: buffer-layout's own ns64be rounds above 2^53, and Buffer's
 * methods take 70 ns a number, which every batch would pay several times.
 */
import { Layout } from 'buffer-layout'

const words = new Uint32Array(2)
const whole = new BigInt64Array(words.buffer)
/** On a little-endian machine the high word lies behind the low one. */
const HIGH = new Uint8Array(Uint16Array.of(1).buffer)[0] ?? 0
const LOW = 1 - HIGH

/** Throws RangeError unless 8 bytes are there. */
export function readInt64 (bytes: Uint8Array, offset: number): bigint {
  if (offset + 8 > bytes.length) throw new RangeError(`8 bytes at ${offset} of ${bytes.length}`)
  words[HIGH] = wordAt(bytes, offset)
  words[LOW] = wordAt(bytes, offset + 4)
  return whole[0] as bigint
}

function wordAt (bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16 |
    (bytes[at + 2] as number) << 8 | (bytes[at + 3] as number)
}

/** Throws RangeError unless there is room for 8 bytes; the value must have no more. */
export function writeInt64 (into: Uint8Array, value: bigint, offset: number): void {
  if (offset + 8 > into.length) throw new RangeError(`8 bytes at ${offset} of ${into.length}`)
  whole[0] = value
  const high = words[HIGH] as number
  const low = words[LOW] as number
  into[offset] = high >>> 24
  into[offset + 1] = high >>> 16
  into[offset + 2] = high >>> 8
  into[offset + 3] = high
  into[offset + 4] = low >>> 24
  into[offset + 5] = low >>> 16
  into[offset + 6] = low >>> 8
  into[offset + 7] = low
}

class Int64 extends Layout<bigint> {
  constructor (property?: string) { super(8, property) }

  override decode (bytes: Uint8Array, offset = 0): bigint {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readBigInt64BE(offset)
  }

  override encode (value: bigint, bytes: Uint8Array, offset = 0): number {
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).writeBigInt64BE(value, offset)
    return 8
  }
}

/** A signed big-endian 64-bit integer as a bigint. */
export function s64be (property?: string): Layout<bigint> { return new Int64(property) }
