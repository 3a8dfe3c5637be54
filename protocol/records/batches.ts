/** The batches of a buffer, of any magic, from their headers alone: a log's or a request's bytes. */
import { crc32, crc32c } from './checksum.ts'
import { corrupt } from './error.ts'
import { at, CHECKSUM_START, HEADER_SIZE, HEADER_UP_TO_MAGIC, LENGTH_MIN, LOG_OVERHEAD } from './header.ts'

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
 * The batches of a buffer, each a view of its bytes; an incomplete one at the end is left out.
 * Throws CorruptRecordException when it comes to bytes that are no batch.
 */
export function * batchesIn (bytes: Buffer): Generator<Buffer, void, undefined> {
  let offset = 0
  for (;;) {
    const size = completeSize(bytes, offset)
    if (size === -1) return
    yield bytes.subarray(offset, offset + size)
    offset += size
  }
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
  if (isIntact(batch)) return
  const smallest = batch.readInt8(at.magic) < 2 ? LENGTH_MIN + LOG_OVERHEAD : HEADER_SIZE
  throw corrupt(batch.length < smallest
    ? `Record batch is corrupt (the size ${batch.length} is smaller than the minimum ${smallest})`
    : 'Record is corrupt (stored and computed checksum differ)')
}
