/** Exact 64-bit layouts: buffer-layout's own ns64be rounds above 2^53, so only these are used. */
import { Layout } from 'buffer-layout'

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
