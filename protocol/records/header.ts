/**
 * Record batch v2 (magic 2): the 61 bytes before the records, stated once.
 * A leader never rebuilds a batch: it stamps two fields that the checksum does not cover.
 */
import assert from 'node:assert'
import { s16be, s32be, s8, struct, u32be } from 'buffer-layout'
import { s64be } from './int64.ts'

export interface BatchHeader {
  baseOffset: bigint
  /** Bytes after this field: the whole batch has 12 more. */
  batchLength: number
  partitionLeaderEpoch: number
  magic: number
  crc: number
  attributes: number
  lastOffsetDelta: number
  baseTimestamp: bigint
  maxTimestamp: bigint
  producerId: bigint
  producerEpoch: number
  baseSequence: number
  recordsCount: number
}

export const header = struct<BatchHeader>([
  s64be('baseOffset'), s32be('batchLength'), s32be('partitionLeaderEpoch'), s8('magic'),
  u32be('crc'), s16be('attributes'), s32be('lastOffsetDelta'), s64be('baseTimestamp'),
  s64be('maxTimestamp'), s64be('producerId'), s16be('producerEpoch'), s32be('baseSequence'),
  s32be('recordsCount'),
])

function offsetOf (field: keyof BatchHeader): number {
  const offset = header.offsetOf(field)
  assert(offset !== undefined)
  return offset
}

/** Where each header field starts in a batch. */
export const at = {
  baseOffset: offsetOf('baseOffset'),
  batchLength: offsetOf('batchLength'),
  partitionLeaderEpoch: offsetOf('partitionLeaderEpoch'),
  magic: offsetOf('magic'),
  crc: offsetOf('crc'),
  attributes: offsetOf('attributes'),
  lastOffsetDelta: offsetOf('lastOffsetDelta'),
  baseTimestamp: offsetOf('baseTimestamp'),
  maxTimestamp: offsetOf('maxTimestamp'),
  producerId: offsetOf('producerId'),
  producerEpoch: offsetOf('producerEpoch'),
  baseSequence: offsetOf('baseSequence'),
  recordsCount: offsetOf('recordsCount'),
} as const

/** Bytes of the header: the records start here. */
export const HEADER_SIZE = header.span
/** Bytes of base offset and length, which every magic has and the length does not count. */
export const LOG_OVERHEAD = at.partitionLeaderEpoch

assert.equal(HEADER_SIZE, 61)
assert.equal(at.crc, 17)
assert.equal(at.attributes, 21) // the checksum starts here
assert.equal(LOG_OVERHEAD, 12)

/** Stamps what the leader decides. Neither field is under the checksum. */
export function stamp (batch: Buffer, baseOffset: bigint, leaderEpoch: number): void {
  batch.writeBigInt64BE(baseOffset, at.baseOffset)
  batch.writeInt32BE(leaderEpoch, at.partitionLeaderEpoch)
}

/** Bytes of the whole batch that starts at `offset`. */
export function batchSize (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.batchLength) + LOG_OVERHEAD
}

export function baseOffset (bytes: Buffer, offset = 0): bigint {
  return bytes.readBigInt64BE(offset + at.baseOffset)
}

/** Offset of the last record that the batch had when it was written (compaction keeps it). */
export function lastOffset (bytes: Buffer, offset = 0): bigint {
  return bytes.readBigInt64BE(offset + at.baseOffset) +
    BigInt(bytes.readInt32BE(offset + at.lastOffsetDelta))
}

export function maxTimestamp (bytes: Buffer, offset = 0): bigint {
  return bytes.readBigInt64BE(offset + at.maxTimestamp)
}

export function leaderEpoch (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.partitionLeaderEpoch)
}
