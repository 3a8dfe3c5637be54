/** The records of batches: magic 2 here, older magics in `legacy.ts`. */
import { attribute, codecOf, timestampTypeOf } from './attributes.ts'
import { batchesIn, ensureHeader, ensureIntact } from './batches.ts'
import {
  DECOMPRESSED_BYTES_MAX, decompressedUntilFailure, type Decompressed,
} from './decompress.ts'
import { invalid } from './error.ts'
import * as header from './header.ts'
import { legacyRecords } from './legacy.ts'
import { readRecord, type BatchTimes, type LogRecord } from './record.ts'
import { Cursor } from './varint.ts'
import { everyRecord, premature, RecordWalk, remaining } from './walk.ts'

/**
 * The records of one batch of any magic, one by one, as views of its (decompressed) bytes.
 * The checksum is not looked at: see `ensureIntact`. Throws RecordError where Kafka's reader does.
 */
export function recordsOf (
  batch: Buffer, limitBytes = DECOMPRESSED_BYTES_MAX,
): Generator<LogRecord, void, undefined> {
  ensureHeader(batch)
  return header.magicOf(batch) < 2
    ? legacyRecords(batch, limitBytes)
    : recordsOfV2(batch, limitBytes)
}

function * recordsOfV2 (
  batch: Buffer, limitBytes: number,
): Generator<LogRecord, void, undefined> {
  const count = header.recordsCount(batch)
  if (count === 0) return
  if (count < 0) throw invalid(`Found invalid record count ${count} in magic v2 batch`)
  const attributes = header.attributesOf(batch)
  const codec = codecOf(attributes)
  const payload = { codec, bytes: batch.subarray(header.HEADER_SIZE), magic: 2, limitBytes }
  const decompression = decompressedUntilFailure(payload)
  const times = {
    baseOffset: header.baseOffset(batch),
    // A delete horizon stands in this field too, but the deltas were recomputed for it (D25.15).
    baseTimestamp: batch.readBigInt64BE(header.at.baseTimestamp),
    batchTimestamp: timestampTypeOf(attributes) === 'LogAppendTime'
      ? header.maxTimestamp(batch)
      : undefined,
  }
  // Of a compressed batch nobody sees a record before the last one is known to be right.
  if (codec !== 'none') ensureWhole(decompression, count, times)
  yield * eachRecord(decompression, count, times)
}

function ensureWhole (
  { bytes, failure }: Decompressed, count: number, { baseTimestamp, batchTimestamp }: BatchTimes,
): void {
  const walk = new RecordWalk({ ...everyRecord, count, baseTimestamp, batchTimestamp })
  walk.push(bytes)
  if (failure !== undefined) throw failure
  walk.finish()
}

function * eachRecord (
  { bytes }: Decompressed, count: number, times: BatchTimes,
): Generator<LogRecord, void, undefined> {
  const cursor = new Cursor(bytes)
  for (let left = count; left > 0; left -= 1) {
    if (cursor.position >= cursor.end) throw premature()
    const record = readRecord(cursor, bytes, times)
    if (left === 1 && cursor.position !== cursor.end) throw remaining()
    yield record
  }
}

/** All records of the batches in a buffer, checksums checked; control batches only if asked for. */
export function * recordsIn (
  bytes: Buffer, { control = false } = {},
): Generator<LogRecord, void, undefined> {
  for (const batch of batchesIn(bytes)) {
    ensureIntact(batch)
    if (isControl(batch) && !control) continue
    yield * recordsOf(batch)
  }
}

/** Whether the batch holds control records: markers, leader changes and the like. */
export function isControl (batch: Buffer): boolean {
  return header.magicOf(batch) === 2 && (header.attributesOf(batch) & attribute.control) !== 0
}

/** Whether the batch belongs to a transaction. */
export function isTransactional (batch: Buffer): boolean {
  return header.magicOf(batch) === 2 && (header.attributesOf(batch) & attribute.transactional) !== 0
}
