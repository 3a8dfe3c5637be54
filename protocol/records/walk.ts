/**
 * One walk over the records of a batch: lengths, deltas and sizes are checked, no object is built
 * a record (D5.19). Windows of a compressed batch are pushed as they come; a record that ends in a
 * later window is read field by field and its bytes are not kept (R-X6).
 */
import { NO_TIMESTAMP } from './attributes.ts'
import { invalid, RecordError } from './error.ts'
import { Cursor, OverlongVarint } from './varint.ts'

/** What a walk tells about a record that its owner may refuse. */
export interface OddRecord {
  index: number
  offsetDelta: number
  timestamp: bigint
  /** -1 or less: null. */
  keySize: number
  valueSize: number
}

export interface WalkRules {
  count: number
  /** Whether the records come as they are, not out of a codec; see `recordLength`. */
  isPlain: boolean
  baseTimestamp: bigint
  /** A batch with LogAppendTime gives this one time to all its records. */
  batchTimestamp: bigint | undefined
  /** Records outside [earliest, latest] are given to `odd`. */
  earliest: bigint
  latest: bigint
  /** Records without a key are given to `odd`. */
  keyRequired: boolean
  /** Bytes that one record may have. */
  recordBytesMax: number
  odd: (record: OddRecord) => void
}

/** The rules of a walk that only wants to know whether the records are well formed. */
export const everyRecord = {
  isPlain: false,
  earliest: -(1n << 63n),
  latest: 1n << 63n,
  keyRequired: false,
  recordBytesMax: 0x7fffffff,
  odd: (): void => {},
}

/** Above this, base plus delta may not fit 64 bits: then every record is computed exactly. */
const BASE_TIMESTAMP_MAX = 1n << 62n

const NO_BYTES = new Uint8Array(0)

type Straddling = Generator<undefined, void, Uint8Array | undefined>

export class RecordWalk {
  /** Records seen. */
  count = 0
  /** Whether the offset deltas are 0, 1, 2... */
  consecutive = true
  /** Whether the first record's timestamp is the batch's base. */
  startsAtBase = false
  /** Index of the first record with the highest timestamp, -1 if none is above -1. */
  maxTimestampIndex = -1
  /** The highest of the records' timestamps, at least -1. */
  maxTimestamp: bigint = NO_TIMESTAMP
  readonly #rules: WalkRules
  readonly #expected: number
  readonly #keySizeMin: number
  #low: number
  #high: number
  #maxDelta = -Infinity
  #maxDeltaIndex = -1
  readonly #cursor = new Cursor(NO_BYTES)
  #straddling: Straddling | undefined

  constructor (rules: WalkRules) {
    this.#rules = rules
    this.#expected = rules.count
    this.#keySizeMin = rules.keyRequired ? 0 : -Infinity
    const base = rules.baseTimestamp
    const exact = rules.batchTimestamp !== undefined ||
      base > BASE_TIMESTAMP_MAX || base < -BASE_TIMESTAMP_MAX
    // Deltas inside are fine without a look at the timestamp; all others are computed exactly.
    this.#low = exact ? Infinity : Number(rules.earliest - base)
    this.#high = exact ? -Infinity : Number(rules.latest - base)
  }

  /** Walks over the next bytes. Throws InvalidRecordException for records that are malformed. */
  push (window: Uint8Array): void {
    const cursor = this.#cursor
    cursor.bytes = window
    let position = 0
    if (this.#straddling !== undefined) {
      cursor.position = 0
      cursor.end = window.length
      if (this.#straddling.next(window).done !== true) return
      this.#straddling = undefined
      position = cursor.position
    }
    position = this.#walkWithin(window, position)
    if (position === window.length) return
    if (this.count === this.#expected) throw remaining()
    cursor.position = position
    cursor.end = window.length
    this.#straddling = this.#straddlingRecord()
    this.#straddling.next()
  }

  /** Call after the last push. Throws when records are missing. */
  finish (): void {
    if (this.count < this.#expected) throw premature()
    if (this.#maxDeltaIndex < 0) return
    const timestamp = this.#rules.baseTimestamp + BigInt(this.#maxDelta)
    this.#highest(timestamp, this.#maxDeltaIndex)
  }

  /** Walks over the records that end in this window; gives where the first other one starts. */
  #walkWithin (bytes: Uint8Array, start: number): number {
    const cursor = this.#cursor
    const end = bytes.length
    let position = start
    while (this.count < this.#expected) {
      if (position >= end) return position
      const first = bytes[position]!
      let length: number
      if (first < 0x80) {
        length = (first >>> 1) ^ -(first & 1)
        cursor.position = position + 1
      } else {
        if (end - position < 5 && isCut(bytes, position)) return position
        cursor.position = position
        cursor.end = end
        length = recordLength(cursor, this.#rules.isPlain)
      }
      this.#checkLength(length)
      const recordEnd = cursor.position + length
      if (recordEnd > end) return position
      cursor.end = recordEnd
      this.#walkRecord(cursor)
      position = recordEnd
    }
    return position
  }

  #walkRecord (cursor: Cursor): void {
    cursor.skip(1) // attributes, unused
    const timestampDelta = cursor.varlong()
    const offsetDelta = cursor.varint()
    const keySize = cursor.varint()
    if (keySize > 0) cursor.skip(keySize)
    const valueSize = cursor.varint()
    if (valueSize > 0) cursor.skip(valueSize)
    const headers = cursor.varint()
    if (headers !== 0) skipHeaders(cursor, headers)
    if (cursor.position !== cursor.end) throw invalid('Invalid record size: bytes are left over')
    this.#note(timestampDelta, offsetDelta, keySize, valueSize)
  }

  #note (timestampDelta: number, offsetDelta: number, keySize: number, valueSize: number): void {
    const index = this.count
    this.count = index + 1
    if (offsetDelta !== index) this.consecutive = false
    if (index === 0) this.startsAtBase = timestampDelta === 0
    if (
      timestampDelta >= this.#low && timestampDelta <= this.#high && keySize >= this.#keySizeMin
    ) {
      if (timestampDelta > this.#maxDelta) {
        this.#maxDelta = timestampDelta
        this.#maxDeltaIndex = index
      }
      return
    }
    const { baseTimestamp, batchTimestamp, odd } = this.#rules
    const delta = timestampDelta === timestampDelta ? BigInt(timestampDelta) : this.#cursor.wide
    const timestamp = batchTimestamp ?? BigInt.asIntN(64, baseTimestamp + delta)
    this.#highest(timestamp, index)
    const { earliest, latest, keyRequired } = this.#rules
    if (timestamp < earliest || timestamp > latest || (keyRequired && keySize < 0) ||
      batchTimestamp !== undefined) {
      odd({ index, offsetDelta, timestamp, keySize, valueSize })
    }
  }

  #highest (timestamp: bigint, index: number): void {
    if (timestamp < this.maxTimestamp || timestamp === NO_TIMESTAMP) return
    if (timestamp === this.maxTimestamp && index >= this.maxTimestampIndex) return
    this.maxTimestamp = timestamp
    this.maxTimestampIndex = index
  }

  #checkLength (length: number): void {
    if (length < 0) throw invalid(`Invalid record size: ${length}`)
    if (length > this.#rules.recordBytesMax) {
      throw invalid(`Invalid record size: ${length} > ${this.#rules.recordBytesMax}`)
    }
  }

  /** The same as `#walkWithin` for one record whose bytes come in several windows. */
  * #straddlingRecord (): Straddling {
    const cursor = this.#cursor
    const small = new Cursor(new Uint8Array(10))
    yield * collectVarint(cursor, small)
    const length = recordLength(small, this.#rules.isPlain)
    this.#checkLength(length)
    const left = { bytes: length }
    yield * skipBytes(cursor, left, 1)
    yield * field(cursor, small, left)
    const timestampDelta = small.varlong()
    yield * field(cursor, small, left)
    const offsetDelta = small.varint()
    yield * field(cursor, small, left)
    const keySize = small.varint()
    yield * skipBytes(cursor, left, keySize)
    yield * field(cursor, small, left)
    const valueSize = small.varint()
    yield * skipBytes(cursor, left, valueSize)
    yield * field(cursor, small, left)
    const headers = small.varint()
    if (headers < 0 || headers > left.bytes) throw badHeaders(headers)
    for (let index = 0; index < headers; index += 1) {
      yield * field(cursor, small, left)
      const nameSize = small.varint()
      if (nameSize < 0) throw invalid('Invalid negative header key size')
      yield * skipBytes(cursor, left, nameSize)
      yield * field(cursor, small, left)
      yield * skipBytes(cursor, left, small.varint())
    }
    if (left.bytes !== 0) throw invalid('Invalid record size: bytes are left over')
    cursor.wide = small.wide
    this.#note(timestampDelta, offsetDelta, keySize, valueSize)
  }
}

/** A varint whose last byte is not in these bytes. */
function isCut (bytes: Uint8Array, position: number): boolean {
  for (let index = position; index < bytes.length; index += 1) {
    if (bytes[index]! < 0x80) return false
  }
  return true
}

/**
 * The length before a record. Kafka lets an overlong one escape as IllegalArgumentException where
 * the records come as they are; out of a codec it is a record that is malformed (D5.19).
 */
export function recordLength (cursor: Cursor, isPlain = true): number {
  try {
    return cursor.varint()
  } catch (error) {
    if (!(error instanceof OverlongVarint)) throw premature()
    if (!isPlain) throw error
    throw new RecordError('IllegalArgumentException', 'Varint of a record length is too long')
  }
}

/** Passes over a record's headers. */
export function skipHeaders (cursor: Cursor, count: number): void {
  if (count < 0 || count > cursor.end - cursor.position) throw badHeaders(count)
  for (let index = 0; index < count; index += 1) {
    const nameSize = cursor.varint()
    if (nameSize < 0) throw invalid('Invalid negative header key size')
    cursor.skip(nameSize)
    const valueSize = cursor.varint()
    if (valueSize > 0) cursor.skip(valueSize)
  }
}

/** The bytes that the record which is being read still has. */
interface Left { bytes: number }

function * field (cursor: Cursor, small: Cursor, left: Left): Straddling {
  yield * collectVarint(cursor, small)
  left.bytes -= small.end
  if (left.bytes < 0) throw invalid('Invalid record size: a field ends after its record')
}

/** Puts the bytes of one varint, at most 10, into `small`. */
function * collectVarint (cursor: Cursor, small: Cursor): Straddling {
  let length = 0
  for (let last = false; !last && length < small.bytes.length;) {
    yield * available(cursor)
    const byte = cursor.bytes[cursor.position++]!
    small.bytes[length++] = byte
    last = byte < 0x80
  }
  small.position = 0
  small.end = length
}

function * skipBytes (cursor: Cursor, left: Left, length: number): Straddling {
  if (length > left.bytes) throw invalid('Invalid record size: a field ends after its record')
  let rest = Math.max(length, 0)
  left.bytes -= rest
  while (rest > 0) {
    yield * available(cursor)
    const step = Math.min(rest, cursor.end - cursor.position)
    cursor.position += step
    rest -= step
  }
}

/** Waits until there is a byte to read. */
function * available (cursor: Cursor): Straddling {
  while (cursor.position >= cursor.end) {
    if ((yield) === undefined) throw premature()
  }
}

export function premature (): RecordError {
  return invalid('Incorrect declared batch size, premature EOF reached')
}

export function remaining (): RecordError {
  return invalid('Incorrect declared batch size, records still remaining in file')
}

function badHeaders (count: number): RecordError {
  return invalid(`Found invalid number of record headers ${count}`)
}
