/**
 * Messages of magic 0 and 1: one record each, or a wrapper whose value is a compressed set of
 * messages. Inner offsets are absolute in magic 0 and relative in magic 1, where the wrapper's
 * offset is that of the last message.
 */
import assert from 'node:assert'
import { s32be, s8, struct, u32be } from 'buffer-layout'
import {
  attribute, codecOf, codecs, NO_TIMESTAMP, type Codec, type TimestampType,
} from './attributes.ts'
import { legacy } from './batches.ts'
import { crc32 } from './checksum.ts'
import { compress } from './compress.ts'
import { DECOMPRESSED_BYTES_MAX, decompressed } from './decompress.ts'
import { corrupt, invalid } from './error.ts'
import { LENGTH_MIN, LOG_OVERHEAD } from './header.ts'
import { s64be } from './int64.ts'
import type { LogRecord } from './record.ts'

interface MessageHeader {
  offset: bigint
  length: number
  crc: number
  magic: number
  attributes: number
}

const messageHeader = struct<MessageHeader>([
  s64be('offset'), s32be('length'), u32be('crc'), s8('magic'), s8('attributes'),
])
const TIMESTAMP_AT = messageHeader.span
const NULL_SIZE = -1

assert.equal(TIMESTAMP_AT, 18)
assert.equal(messageHeader.offsetOf('crc'), legacy.crc)
assert.equal(messageHeader.offsetOf('magic'), legacy.checksumStart)

export type LegacyTimestampType = TimestampType | 'NoTimestampType'

/** One message, uncompressed or a wrapper. */
export interface Message extends MessageHeader {
  codec: Codec
  /** -1 in magic 0. */
  timestamp: bigint
  timestampType: LegacyTimestampType
  key: Buffer | null
  value: Buffer | null
  /** The message as it stands. */
  bytes: Buffer
}

/** Reads the message that the bytes are. Throws InvalidRecordException if sizes do not fit. */
export function readMessage (bytes: Buffer): Message {
  if (bytes.length < LOG_OVERHEAD + LENGTH_MIN) throw corrupt('Record is smaller than its header')
  const fields = messageHeader.decode(bytes)
  const timed = fields.magic === 1
  const keyAt = timed ? TIMESTAMP_AT + 8 : TIMESTAMP_AT
  const key = sizedBytes(bytes, keyAt)
  const valueAt = keyAt + 4 + (key?.length ?? 0)
  const logAppendTime = (fields.attributes & attribute.logAppendTime) !== 0
  return {
    ...fields,
    codec: codecOf(fields.attributes),
    timestamp: timed && bytes.length >= keyAt ? bytes.readBigInt64BE(TIMESTAMP_AT) : NO_TIMESTAMP,
    timestampType: !timed ? 'NoTimestampType' : logAppendTime ? 'LogAppendTime' : 'CreateTime',
    key,
    value: sizedBytes(bytes, valueAt),
    bytes,
  }
}

function sizedBytes (bytes: Buffer, position: number): Buffer | null {
  if (position + 4 > bytes.length) throw invalid('Found invalid record structure: a size is cut')
  const size = bytes.readInt32BE(position)
  if (size < 0) return null
  const start = position + 4
  if (size > bytes.length - start) throw invalid('Found invalid record structure: a field is cut')
  return bytes.subarray(start, start + size)
}

/** What is known of a set of messages: one message, or a wrapper and those inside. */
export interface LegacyFacts {
  magic: 0 | 1
  codec: Codec
  crc: number
  baseOffset: bigint
  lastOffset: bigint
  timestampType: LegacyTimestampType
  maxTimestamp: bigint
}

/** The facts that magic 2 has in its header. The base offset of a wrapper is inside it. */
export function legacyFacts (bytes: Buffer, limitBytes = DECOMPRESSED_BYTES_MAX): LegacyFacts {
  const { magic, codec, crc, offset, timestampType, timestamp } = readMessage(bytes)
  const first = codec === 'none' ? undefined : legacyRecords(bytes, limitBytes).next().value
  return {
    magic: magic === 0 ? 0 : 1, codec, crc, timestampType, maxTimestamp: timestamp,
    baseOffset: first?.offset ?? offset, lastOffset: offset,
  }
}

const NO_HEADERS: LogRecord['headers'] = []

/** The records of one message, which may be a wrapper. */
export function * legacyRecords (
  bytes: Buffer, limitBytes: number,
): Generator<LogRecord, void, undefined> {
  const wrapper = readMessage(bytes)
  if (wrapper.codec === 'none') {
    yield recordOf(wrapper, wrapper.offset)
    return
  }
  const inner = innerMessages(wrapper, limitBytes)
  let lastOffset = 0n
  for (const { offset } of inner) lastOffset = offset
  const baseOffset = wrapper.magic === 1 ? wrapper.offset - lastOffset : 0n
  for (const message of inner) {
    yield recordOf(message, BigInt.asIntN(64, baseOffset + message.offset))
  }
}

/**
 * The messages in a wrapper's value, with the wrapper's time if it is LogAppendTime. They are read
 * anew each time they are gone through: a small wrapper may hold millions.
 */
export function innerMessages (wrapper: Message, limitBytes: number): Iterable<Message> {
  const { codec, magic, value } = wrapper
  if (value === null) {
    throw invalid(`Found invalid compressed record set with null value (magic = ${magic})`)
  }
  const bytes = decompressed({ codec, bytes: value, magic, limitBytes })
  return { [Symbol.iterator]: () => eachInner(bytes, wrapper) }
}

function * eachInner (bytes: Buffer, wrapper: Message): Generator<Message, void, undefined> {
  let position = 0
  while (bytes.length - position >= LOG_OVERHEAD) {
    const length = bytes.readInt32BE(position + 8)
    if (length < LENGTH_MIN) throw corrupt(`Record size ${length} is less than the minimum`)
    const end = position + LOG_OVERHEAD + length
    if (end > bytes.length) break // Kafka's reader ends there without a word
    const message = readMessage(bytes.subarray(position, end))
    if (message.magic !== wrapper.magic) {
      throw invalid('Compressed message magic differs from its wrapper')
    }
    if (message.codec !== 'none') throw invalid('Inner messages must not be compressed')
    if (wrapper.timestampType === 'LogAppendTime') {
      message.timestamp = wrapper.timestamp
      message.timestampType = 'LogAppendTime'
    }
    yield message
    position = end
  }
  if (position === 0) throw invalid('Found invalid compressed record set with no inner records')
}

function recordOf (message: Message, offset: bigint): LogRecord {
  const { timestamp, key, value } = message
  return { offset, timestamp, key, value, headers: NO_HEADERS }
}

/** How a set of messages is written. */
export interface MessageSetFacts {
  magic: 0 | 1
  codec: Codec
  level?: number
  timestampType: TimestampType
  /** The timestamp of all messages with LogAppendTime. */
  logAppendTime: bigint
}

type Plain = Pick<LogRecord, 'offset' | 'timestamp' | 'key' | 'value'>

/** Writes records as messages; compressed ones into one wrapper. Headers have no place there. */
export function writeMessageSet (records: Iterable<Plain>, facts: MessageSetFacts): Buffer {
  const { magic, codec, timestampType, logAppendTime } = facts
  const appendTime = timestampType === 'LogAppendTime'
  const bit = magic === 1 && appendTime ? attribute.logAppendTime : 0
  const messages: Buffer[] = []
  let firstOffset: bigint | undefined
  let lastOffset = 0n
  let latest = NO_TIMESTAMP
  for (const { offset, timestamp, key, value } of records) {
    firstOffset ??= codec !== 'none' && magic === 1 ? offset : 0n
    lastOffset = offset
    if (timestamp > latest) latest = timestamp
    messages.push(writeMessage({
      offset: offset - firstOffset, magic, attributes: bit,
      timestamp: appendTime ? logAppendTime : timestamp, key, value,
    }))
  }
  const set = Buffer.concat(messages)
  if (codec === 'none' || set.length === 0) return set
  return writeMessage({
    offset: lastOffset, magic, attributes: bit | codecs.indexOf(codec),
    timestamp: appendTime ? logAppendTime : latest,
    key: null, value: compress({ codec, bytes: set, magic, level: facts.level }),
  })
}

interface NewMessage {
  offset: bigint
  magic: 0 | 1
  attributes: number
  timestamp: bigint
  key: Uint8Array | null
  value: Uint8Array | null
}

function writeMessage (message: NewMessage): Buffer {
  const { offset, magic, attributes, timestamp, key, value } = message
  const keyAt = magic === 1 ? TIMESTAMP_AT + 8 : TIMESTAMP_AT
  const output = Buffer.alloc(keyAt + 8 + (key?.length ?? 0) + (value?.length ?? 0))
  messageHeader.encode({
    offset, length: output.length - LOG_OVERHEAD, crc: 0, magic, attributes,
  }, output)
  if (magic === 1) output.writeBigInt64BE(timestamp, TIMESTAMP_AT)
  writeSized(output, writeSized(output, keyAt, key), value)
  output.writeUInt32BE(crc32(output, legacy.checksumStart), legacy.crc)
  return output
}

function writeSized (output: Buffer, position: number, bytes: Uint8Array | null): number {
  position = output.writeInt32BE(bytes === null ? NULL_SIZE : bytes.length, position)
  if (bytes === null) return position
  output.set(bytes, position)
  return position + bytes.length
}
