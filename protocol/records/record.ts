/** One record of a magic 2 batch: read as views of the batch's bytes, written into its buffer. */
import { invalid } from './error.ts'
import { Cursor, varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'
import { recordLength, skipHeaders } from './walk.ts'

export interface RecordHeader {
  key: string
  value: Buffer | null
}

/** A record as readers see it. Key, value and header values are views: copy them to keep them. */
export interface LogRecord {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly RecordHeader[]
}

/** What a batch says about all its records. */
export interface BatchTimes {
  baseOffset: bigint
  baseTimestamp: bigint
  /** With LogAppendTime, the timestamp of every record. */
  batchTimestamp: bigint | undefined
}

const NO_HEADERS: readonly RecordHeader[] = []

/** Headers are parsed when they are asked for: few readers do. */
class ReadRecord implements LogRecord {
  readonly offset: bigint
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  #headerBytes: Buffer | undefined
  #headers: readonly RecordHeader[] = NO_HEADERS

  constructor (
    offset: bigint, timestamp: bigint, key: Buffer | null, value: Buffer | null,
    headerBytes: Buffer | undefined,
  ) {
    this.offset = offset
    this.timestamp = timestamp
    this.key = key
    this.value = value
    this.#headerBytes = headerBytes
  }

  get headers (): readonly RecordHeader[] {
    if (this.#headerBytes !== undefined) {
      this.#headers = readHeaders(this.#headerBytes)
      this.#headerBytes = undefined
    }
    return this.#headers
  }
}

/** Reads the record at the cursor. Throws InvalidRecordException for one that is malformed. */
export function readRecord (cursor: Cursor, bytes: Buffer, times: BatchTimes): LogRecord {
  const batchEnd = cursor.end
  const length = recordLength(cursor)
  const end = cursor.position + length
  if (length < 0 || end > batchEnd) throw invalid(`Invalid record size: ${length}`)
  cursor.end = end
  cursor.skip(1)
  const timestampDelta = cursor.int64()
  const offset = times.baseOffset + BigInt(cursor.varint())
  const key = nullableSlice(cursor, bytes)
  const value = nullableSlice(cursor, bytes)
  const headersStart = cursor.position
  const headers = cursor.varint()
  if (headers !== 0) skipHeaders(cursor, headers)
  if (cursor.position !== end) throw invalid('Invalid record size: bytes are left over')
  cursor.end = batchEnd
  const timestamp = times.batchTimestamp ?? BigInt.asIntN(64, times.baseTimestamp + timestampDelta)
  const headerBytes = headers === 0 ? undefined : bytes.subarray(headersStart, end)
  return new ReadRecord(offset, timestamp, key, value, headerBytes)
}

function nullableSlice (cursor: Cursor, bytes: Buffer): Buffer | null {
  const size = cursor.varint()
  if (size < 0) return null
  const start = cursor.position
  cursor.skip(size)
  return bytes.subarray(start, start + size)
}

function readHeaders (bytes: Buffer): RecordHeader[] {
  const cursor = new Cursor(bytes)
  const headers: RecordHeader[] = []
  for (let left = cursor.varint(); left > 0; left -= 1) {
    const size = cursor.varint()
    const key = bytes.toString('utf8', cursor.position, cursor.position + size)
    cursor.skip(size)
    headers.push({ key, value: nullableSlice(cursor, bytes) })
  }
  return headers
}

/** What is written; offsets come from the place in the batch. */
export interface NewRecord {
  timestamp: bigint
  key: Uint8Array | null
  value: Uint8Array | null
  headers?: readonly { key: string, value: Uint8Array | null }[]
}

/** Bytes of the record's body, without the length before it. */
export function bodySize (record: NewRecord, timestampDelta: bigint, offsetDelta: number): number {
  let size = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta) +
    nullableSize(record.key) + nullableSize(record.value)
  const headers = record.headers ?? NO_HEADERS
  size += varintSize(headers.length)
  for (const { key, value } of headers) {
    const keySize = Buffer.byteLength(key)
    size += varintSize(keySize) + keySize + nullableSize(value)
  }
  return size
}

function nullableSize (bytes: Uint8Array | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length
}

/** Writes the record at `position`; gives the position after it. */
export function writeRecord (
  output: Buffer, position: number, record: NewRecord, timestampDelta: bigint, offsetDelta: number,
): number {
  position = writeVarint(output, position, bodySize(record, timestampDelta, offsetDelta))
  output[position++] = 0 // attributes, unused
  position = writeVarlong(output, position, timestampDelta)
  position = writeVarint(output, position, offsetDelta)
  position = writeNullable(output, position, record.key)
  position = writeNullable(output, position, record.value)
  const headers = record.headers ?? NO_HEADERS
  position = writeVarint(output, position, headers.length)
  for (const { key, value } of headers) {
    position = writeVarint(output, position, Buffer.byteLength(key))
    position += output.write(key, position)
    position = writeNullable(output, position, value)
  }
  return position
}

function writeNullable (output: Buffer, position: number, bytes: Uint8Array | null): number {
  if (bytes === null) return writeVarint(output, position, -1)
  position = writeVarint(output, position, bytes.length)
  output.set(bytes, position)
  return position + bytes.length
}
