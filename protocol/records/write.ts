/** Writing magic 2 batches, byte for byte as Kafka writes them. */
import {
  attribute, codecs, NO_PRODUCER_ID, NO_TIMESTAMP, type Codec, type TimestampType,
} from './attributes.ts'
import { compress } from './compress.ts'
import { at, HEADER_SIZE, LOG_OVERHEAD } from './header.ts'
import { bodySize, writeRecord, type NewRecord } from './record.ts'
import { sealBatch } from './seal.ts'
import { varintSize } from './varint.ts'

/** What a batch says besides its records; all have Kafka's defaults. */
export interface BatchFacts {
  baseOffset?: bigint
  /** -1: not known. */
  leaderEpoch?: number
  codec?: Codec
  /** `compression.<codec>.level` */
  level?: number | undefined
  timestampType?: TimestampType
  /** With LogAppendTime: the timestamp of all records. */
  logAppendTime?: bigint
  /** -1: not idempotent. */
  producerId?: bigint
  producerEpoch?: number
  baseSequence?: number
  transactional?: boolean
  control?: boolean
  /** If offsets are missing after the last record; else that record's. */
  lastOffsetDelta?: number
  /** When tombstones may go; stands in the base timestamp field (D25.15). */
  deleteHorizonMs?: bigint | undefined
}

/** A record with its place in the batch, if the offsets have gaps. */
export interface PlacedRecord extends NewRecord {
  /** Offset minus the batch's base offset; its index if left out. */
  offsetDelta?: number
}

/**
 * Records that are gone through more than once, first for their size: an array, or an object whose
 * iterator starts anew, so that millions of them need not be held.
 */
export type Records = Iterable<PlacedRecord>

/** One batch of at least one record. */
export function writeBatch (records: Records, facts: BatchFacts = {}): Buffer {
  const summary = summaryOf(records, facts.deleteHorizonMs)
  const { baseTimestamp, latest } = summary
  return assemble(writeRecords(records, baseTimestamp), facts, {
    baseTimestamp,
    maxTimestamp: facts.timestampType === 'LogAppendTime' ? facts.logAppendTime ?? latest : latest,
    lastOffsetDelta: facts.lastOffsetDelta ?? summary.lastOffsetDelta,
    count: summary.count,
  })
}

interface Summary {
  count: number
  baseTimestamp: bigint
  latest: bigint
  lastOffsetDelta: number
}

function summaryOf (records: Records, horizon: bigint | undefined): Summary {
  let count = 0
  let baseTimestamp = horizon
  let latest = NO_TIMESTAMP
  let lastOffsetDelta = -1
  for (const { timestamp, offsetDelta } of records) {
    baseTimestamp ??= timestamp
    if (timestamp > latest) latest = timestamp
    lastOffsetDelta = offsetDelta ?? count
    count += 1
  }
  return { count, baseTimestamp: baseTimestamp ?? NO_TIMESTAMP, latest, lastOffsetDelta }
}

/** The records one after another, uncompressed: what stands after a batch's header. */
export function writeRecords (records: Records, baseTimestamp: bigint): Buffer {
  let size = 0
  let index = 0
  for (const record of records) {
    const delta = BigInt.asIntN(64, record.timestamp - baseTimestamp)
    const body = bodySize(record, delta, record.offsetDelta ?? index)
    size += varintSize(body) + body
    index += 1
  }
  const output = Buffer.allocUnsafe(size)
  let position = 0
  index = 0
  for (const record of records) {
    const delta = BigInt.asIntN(64, record.timestamp - baseTimestamp)
    position = writeRecord(output, position, record, delta, record.offsetDelta ?? index)
    index += 1
  }
  return output
}

/** What `assemble` needs besides the facts. */
export interface Computed {
  baseTimestamp: bigint
  maxTimestamp: bigint
  lastOffsetDelta: number
  count: number
}

const CHUNK_BYTES = 64 * 1024

/** The same in chunks of about 64 KiB, for those who cannot do it all at once. */
export function * writeRecordChunks (
  records: Records, baseTimestamp: bigint,
): Generator<Buffer, void, undefined> {
  let output = Buffer.allocUnsafe(CHUNK_BYTES)
  let position = 0
  let index = 0
  for (const record of records) {
    const delta = BigInt.asIntN(64, record.timestamp - baseTimestamp)
    const offsetDelta = record.offsetDelta ?? index
    const body = bodySize(record, delta, offsetDelta)
    const size = varintSize(body) + body
    if (size > output.length - position) {
      yield output.subarray(0, position)
      output = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, size))
      position = 0
    }
    position = writeRecord(output, position, record, delta, offsetDelta)
    index += 1
  }
  yield output.subarray(0, position)
}

/** Puts a header before uncompressed records, which it compresses as the facts say. */
export function assemble (payload: Buffer, facts: BatchFacts, computed: Computed): Buffer {
  const codec = facts.codec ?? 'none'
  return frame(compress({ codec, bytes: payload, magic: 2, level: facts.level }), facts, computed)
}

/** Puts a header before records that are compressed already. */
export function frame (packed: Buffer, facts: BatchFacts, computed: Computed): Buffer {
  const batch = Buffer.allocUnsafe(HEADER_SIZE + packed.length)
  batch.set(packed, HEADER_SIZE)
  writeHeader(batch, facts, computed)
  return batch
}

/** A batch without records, as compaction leaves one (D25.17). */
export function writeEmptyBatch (
  facts: BatchFacts, lastOffsetDelta: number, maxTimestamp: bigint,
): Buffer {
  const batch = Buffer.allocUnsafe(HEADER_SIZE)
  const baseTimestamp = NO_TIMESTAMP
  writeHeader(batch, facts, { baseTimestamp, maxTimestamp, lastOffsetDelta, count: 0 })
  return batch
}

function writeHeader (batch: Buffer, facts: BatchFacts, computed: Computed): void {
  batch.writeBigInt64BE(facts.baseOffset ?? 0n, at.baseOffset)
  batch.writeInt32BE(batch.length - LOG_OVERHEAD, at.batchLength)
  batch.writeInt32BE(facts.leaderEpoch ?? -1, at.partitionLeaderEpoch)
  batch.writeInt8(2, at.magic)
  batch.writeInt16BE(attributesFor(facts), at.attributes)
  batch.writeInt32BE(computed.lastOffsetDelta, at.lastOffsetDelta)
  batch.writeBigInt64BE(computed.baseTimestamp, at.baseTimestamp)
  batch.writeBigInt64BE(computed.maxTimestamp, at.maxTimestamp)
  batch.writeBigInt64BE(facts.producerId ?? NO_PRODUCER_ID, at.producerId)
  batch.writeInt16BE(facts.producerEpoch ?? -1, at.producerEpoch)
  batch.writeInt32BE(facts.baseSequence ?? -1, at.baseSequence)
  batch.writeInt32BE(computed.count, at.recordsCount)
  sealBatch(batch)
}

function attributesFor (facts: BatchFacts): number {
  return codecs.indexOf(facts.codec ?? 'none') |
    (facts.timestampType === 'LogAppendTime' ? attribute.logAppendTime : 0) |
    (facts.transactional === true ? attribute.transactional : 0) |
    (facts.control === true ? attribute.control : 0) |
    (facts.deleteHorizonMs === undefined ? 0 : attribute.deleteHorizon)
}
