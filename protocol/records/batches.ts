/** The batches of a buffer, of any magic, from their headers alone. */
import { crc32, crc32c } from './checksum.ts'
import { corrupt } from './error.ts'
import {
  at, CHECKSUM_START, HEADER_SIZE, HEADER_UP_TO_MAGIC, LENGTH_MIN, LOG_OVERHEAD,
} from './header.ts'

/** Magic 0 and 1: where the checksum is, and what it covers starts. */
export const legacy = { crc: LOG_OVERHEAD, checksumStart: at.magic } as const

/**
 * Bytes of the batch at `offset`, or -1 if the buffer ends before its end.
 * Throws CorruptRecordException for a length or a magic that no batch has.
 */
export function completeSize (bytes: Buffer, offset: number): number {
  const left = bytes.length - offset
  if (left < LOG_OVERHEAD) return -1
  const length = bytes.readInt32BE(offset + at.batchLength)
  if (length < LENGTH_MIN) {
    throw corrupt(`Record size ${length} is less than the minimum record overhead (${LENGTH_MIN})`)
  }
  if (left < HEADER_UP_TO_MAGIC) return -1
  const magic = bytes.readInt8(offset + at.magic)
  if (magic < 0 || magic > 2) throw corrupt(`Invalid magic found in record: ${magic}`)
  const size = length + LOG_OVERHEAD
  return size <= left ? size : -1
}

/**
 * The batches of a buffer, each a view of its bytes and with a whole header; an incomplete one at
 * the end is left out. Throws CorruptRecordException when it comes to bytes that are no batch.
 */
export function * batchesIn (bytes: Buffer): Generator<Buffer, void, undefined> {
  let offset = 0
  for (;;) {
    const size = completeSize(bytes, offset)
    if (size === -1) return
    const batch = bytes.subarray(offset, offset + size)
    ensureHeader(batch)
    yield batch
    offset += size
  }
}

/** Throws CorruptRecordException for a batch that ends inside the header of its magic. */
export function ensureHeader (batch: Buffer): void {
  const isLegacy = batch.length >= HEADER_UP_TO_MAGIC && batch.readInt8(at.magic) < 2
  const sizeMin = isLegacy ? LENGTH_MIN + LOG_OVERHEAD : HEADER_SIZE
  if (batch.length >= sizeMin) return
  throw corrupt(`Record batch is corrupt (the size ${batch.length} is smaller than ${sizeMin})`)
}

/** Whether the batch, of any magic, has its header and the checksum that its bytes give. */
export function isIntact (batch: Buffer): boolean {
  if (batch.readInt8(at.magic) < 2) {
    return batch.readUInt32BE(legacy.crc) === crc32(batch, legacy.checksumStart)
  }
  return batch.length >= HEADER_SIZE &&
    batch.readUInt32BE(at.crc) === crc32c(batch, CHECKSUM_START)
}

/** Throws CorruptRecordException when the batch is not intact. */
export function ensureIntact (batch: Buffer): void {
  ensureHeader(batch)
  if (!isIntact(batch)) throw corrupt('Record is corrupt (stored and computed checksum differ)')
}
