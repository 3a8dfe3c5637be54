/** Completes a magic 2 batch whose other bytes are final. */
import { crc32c } from './checksum.ts'
import { at, CHECKSUM_START } from './header.ts'

/** Computes and writes the batch's checksum. */
export function sealBatch (batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, CHECKSUM_START), at.crc)
}
