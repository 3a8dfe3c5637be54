/** The check of a stored batch (R-S5). */
import { at } from '../../protocol/records/header.ts'
import { crc32c } from '../../protocol/records/checksum.ts'

/** True when the batch at `offset` of `size` bytes is what its producer sent. */
export function batchIsIntact (bytes: Buffer, offset: number, size: number): boolean {
  return crc32c(bytes, offset + at.attributes, offset + size) ===
    bytes.readUInt32BE(offset + at.crc)
}
