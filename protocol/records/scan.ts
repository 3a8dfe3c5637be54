/**
 * The records of one magic 2 batch as places in its (decompressed) bytes: for those who look at
 * each record's key and keep its bytes as they are. No object is built a record.
 */
import { codecOf } from './attributes.ts'
import { isLarge } from './check.ts'
import {
  DECOMPRESSED_BYTES_MAX, decompressed, decompressedAsync, INLINE_LIMIT_BYTES, type Payload,
} from './decompress.ts'
import { invalid } from './error.ts'
import * as header from './header.ts'
import { Cursor } from './varint.ts'
import { premature, recordLength, remaining, skipHeaders } from './walk.ts'

/** The record that a scan stands at. */
export interface ScannedRecord {
  readonly bytes: Buffer
  /** The record from its length on. */
  readonly start: number
  readonly end: number
  readonly offsetDelta: number
  readonly keyStart: number
  /** -1 or less: null. */
  readonly keySize: number
  readonly valueSize: number
}

const RECORD_BYTES_MAX = 0x7fffffff

/** What a compressed batch may decompress to. */
export interface ScanLimits {
  /** `max.decompressed.message.bytes`: a record of a compressed batch (D25.1). */
  recordBytesMax?: number
  /** R-X6: the whole batch. */
  decompressedBytesMax?: number
}

export class RecordScan implements ScannedRecord {
  readonly bytes: Buffer
  start = 0
  end = 0
  offsetDelta = 0
  /** NaN: a number cannot hold it, and `wideTimestampDelta` has it. */
  timestampDelta = 0
  wideTimestampDelta = 0n
  /** What follows the timestamp delta: it stays when the batch gets another base. */
  afterTimestamp = 0
  keyStart = 0
  keySize = -1
  valueSize = -1
  readonly #cursor: Cursor
  readonly #limit: number
  readonly #recordBytesMax: number

  constructor (bytes: Buffer, start = 0, limit = bytes.length, recordBytesMax = RECORD_BYTES_MAX) {
    this.bytes = bytes
    this.#cursor = new Cursor(bytes, start, limit)
    this.#limit = limit
    this.#recordBytesMax = recordBytesMax
  }

  /** Goes to the next record; false at the end. Throws RecordError for one that is malformed. */
  next (): boolean {
    const cursor = this.#cursor
    if (cursor.position >= this.#limit) return false
    this.start = cursor.position
    cursor.end = this.#limit
    const length = recordLength(cursor)
    if (length > this.#recordBytesMax) {
      throw invalid(`Invalid record size: ${length} > ${this.#recordBytesMax}`)
    }
    const end = cursor.position + length
    if (length < 0 || end > this.#limit) throw invalid(`Invalid record size: ${length}`)
    this.end = cursor.end = end
    cursor.skip(1) // attributes, unused
    this.timestampDelta = cursor.varlong()
    this.wideTimestampDelta = cursor.wide
    this.afterTimestamp = cursor.position
    this.offsetDelta = cursor.varint()
    this.keySize = cursor.varint()
    this.keyStart = cursor.position
    if (this.keySize > 0) cursor.skip(this.keySize)
    this.valueSize = cursor.varint()
    if (this.valueSize > 0) cursor.skip(this.valueSize)
    const headers = cursor.varint()
    if (headers !== 0) skipHeaders(cursor, headers)
    if (cursor.position !== end) throw invalid('Invalid record size: bytes are left over')
    return true
  }

  /** Of the record's timestamp, exactly. */
  get exactTimestampDelta (): bigint {
    const delta = this.timestampDelta
    return delta === delta ? BigInt(delta) : this.wideTimestampDelta
  }
}

/** A scan of the batch's records, which `plainRecords` gave. */
export function scanOf (batch: Buffer, plain: Buffer, { recordBytesMax }: ScanLimits): RecordScan {
  const isPlain = codecOf(header.attributesOf(batch)) === 'none'
  return new RecordScan(plain, 0, plain.length, isPlain ? RECORD_BYTES_MAX : recordBytesMax)
}

/** Throws InvalidRecordException when the batch had not as many records as it declares. */
export function ensureAllScanned (batch: Buffer, scanned: number): void {
  const count = header.recordsCount(batch)
  if (count < 0) throw invalid(`Found invalid record count ${count} in magic v2 batch`)
  if (scanned < count) throw premature()
  if (scanned > count) throw remaining()
}

/** The batch's records, decompressed; views of the batch where it is not compressed. */
export function plainRecords (batch: Buffer, limits: ScanLimits = {}): Buffer {
  return decompressed(payloadOf(batch, limits))
}

/** The same off the event loop, for batches that `isLarge`. */
export function plainRecordsAsync (batch: Buffer, limits: ScanLimits = {}): Promise<Buffer> {
  return decompressedAsync(payloadOf(batch, limits))
}

function payloadOf (batch: Buffer, { decompressedBytesMax }: ScanLimits): Payload {
  const limitBytes = decompressedBytesMax ?? DECOMPRESSED_BYTES_MAX
  return {
    codec: codecOf(header.attributesOf(batch)),
    bytes: batch.subarray(header.HEADER_SIZE),
    magic: 2,
    limitBytes: isLarge(batch) ? limitBytes : Math.min(limitBytes, INLINE_LIMIT_BYTES),
  }
}
