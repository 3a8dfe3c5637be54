/**
 * Record batch v2 (magic 2): the 61 bytes before the records, stated once.
 * A leader never rebuilds a batch: it stamps two fields that the checksum does not cover.
 */
import assert from 'node:assert'
import { s16be, s32be, s8, struct, u32be } from 'buffer-layout'
import { readInt64, s64be, writeInt64 } from './int64.ts'

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
  writeInt64(batch, baseOffset, at.baseOffset)
  batch.writeInt32BE(leaderEpoch, at.partitionLeaderEpoch)
}

/** Bytes of the whole batch that starts at `offset`. */
export function batchSize (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.batchLength) + LOG_OVERHEAD
}

export function baseOffset (bytes: Buffer, offset = 0): bigint {
  return readInt64(bytes, offset + at.baseOffset)
}

/** Offset of the last record that the batch had when it was written (compaction keeps it). */
export function lastOffset (bytes: Buffer, offset = 0): bigint {
  return readInt64(bytes, offset + at.baseOffset) +
    BigInt(bytes.readInt32BE(offset + at.lastOffsetDelta))
}

export function maxTimestamp (bytes: Buffer, offset = 0): bigint {
  return readInt64(bytes, offset + at.maxTimestamp)
}

export function leaderEpoch (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.partitionLeaderEpoch)
}

export function attributesOf (bytes: Buffer, offset = 0): number {
  return bytes.readInt16BE(offset + at.attributes)
}

export function magicOf (bytes: Buffer, offset = 0): number {
  return bytes.readInt8(offset + at.magic)
}

export function producerId (bytes: Buffer, offset = 0): bigint {
  return readInt64(bytes, offset + at.producerId)
}

export function producerEpoch (bytes: Buffer, offset = 0): number {
  return bytes.readInt16BE(offset + at.producerEpoch)
}

export function baseSequence (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.baseSequence)
}

export function recordsCount (bytes: Buffer, offset = 0): number {
  return bytes.readInt32BE(offset + at.recordsCount)
}

/** The sequence `delta` after `sequence`: 2^31-1 is followed by 0 (D5.29). */
export function sequenceAfter (sequence: number, delta: number): number {
  return sequence > 0x7fffffff - delta ? delta - (0x7fffffff - sequence) - 1 : sequence + delta
}

/** Sequence of the batch's last record; -1 without sequences. */
export function lastSequence (bytes: Buffer, offset = 0): number {
  const first = baseSequence(bytes, offset)
  return first < 0 ? -1 : sequenceAfter(first, bytes.readInt32BE(offset + at.lastOffsetDelta))
}

/** What the header's checksum covers starts here: the attributes and all that follows. */
export const CHECKSUM_START = at.attributes
/** The smallest length field that Kafka takes for a batch of any magic. */
export const LENGTH_MIN = 14
/** Bytes from which the magic can be read. */
export const HEADER_UP_TO_MAGIC = at.magic + 1
