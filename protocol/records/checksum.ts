/** The two checksums of record batches: CRC-32C (magic 2) and CRC-32 (magic 0 and 1). */
import crc from '@node-rs/crc32'

/** CRC-32C of the bytes from `start` to `end`. */
export function crc32c (bytes: Uint8Array, start = 0, end = bytes.length): number {
  return crc.crc32c(bytes.subarray(start, end))
}

/** CRC-32 (IEEE) of the bytes from `start` to `end`, after bytes whose checksum is `before`. */
export function crc32 (bytes: Uint8Array, start = 0, end = bytes.length, before = 0): number {
  return crc.crc32(bytes.subarray(start, end), before)
}
