/**
 * Between the formats of old clients and magic 2: messages of Produce below v3 become one batch,
 * batches become messages for Fetch below v4. Kafka 4 has neither any more; 3.9's rules hold.
 */
import { codecOf, timestampTypeOf, type Codec } from './attributes.ts'
import { batchesIn, ensureIntact, isIntact } from './batches.ts'
import { refusedBy, type RefusedBatch } from './check.ts'
import { DECOMPRESSED_BYTES_MAX } from './decompress.ts'
import { corrupt, invalid, RecordError } from './error.ts'
import * as header from './header.ts'
import { innerMessages, readMessage, writeMessageSet, type Message } from './legacy.ts'
import { isControl, recordsOf } from './read.ts'
import type { LogRecord } from './record.ts'
import { writeBatch } from './write.ts'

export interface UpConversionRules {
  /** `max.message.bytes`, for each message of the set. */
  messageBytesMax: number
  decompressedBytesMax?: number
}

/**
 * One magic 2 batch with the records of a message set of magic 0 or 1, in its codec, to be checked
 * by `checkBatch` like any other. A set without a whole message is INVALID_RECORD.
 */
export function upConvert (
  bytes: Buffer | null, rules: UpConversionRules,
): Buffer | RefusedBatch {
  try {
    const { messages, codec } = messagesOf(bytes ?? Buffer.alloc(0), rules)
    let logAppendTime: bigint | undefined
    for (const { timestamp, timestampType } of messages) {
      if (timestampType === 'LogAppendTime') logAppendTime ??= timestamp
    }
    return writeBatch(messages, logAppendTime === undefined
      ? { codec }
      : { codec, timestampType: 'LogAppendTime', logAppendTime })
  } catch (error) { return refusedBy(error) }
}

interface Messages { messages: Iterable<Message>, codec: Codec }

function messagesOf (bytes: Buffer, rules: UpConversionRules): Messages {
  const messages: Message[] = []
  for (const batch of batchesIn(bytes)) {
    if (header.magicOf(batch) === 2) throw invalid('Magic 2 is not allowed below Produce version 3')
    if (batch.length > rules.messageBytesMax) {
      throw new RecordError('RecordTooLargeException', `A message of ${batch.length} bytes ` +
        `exceeds the maximum configured value of ${rules.messageBytesMax}`)
    }
    ensureIntact(batch)
    messages.push(readMessage(batch))
  }
  const [first] = messages
  if (first === undefined) throw invalid('Produce request without a whole message')
  if (messages.every(({ codec }) => codec === 'none')) {
    if (messages.some(({ magic }) => magic !== first.magic)) {
      throw invalid('Messages of one set must have the same magic')
    }
    return { messages, codec: 'none' }
  }
  if (messages.length > 1) throw invalid('Compressed outer record has more than one batch')
  return { messages: unwrapped(first, rules), codec: first.codec }
}

function unwrapped (wrapper: Message, rules: UpConversionRules): Iterable<Message> {
  if (wrapper.codec === 'zstd') {
    throw new RecordError('UnsupportedCompressionTypeException',
      `zstd is not allowed in magic ${wrapper.magic}`)
  }
  const messages = innerMessages(wrapper, rules.decompressedBytesMax ?? DECOMPRESSED_BYTES_MAX)
  for (const message of messages) {
    // The wrapper's checksum says nothing about those inside: Kafka 3.9 checks each.
    if (!isIntact(message.bytes)) throw corrupt('An inner message is corrupt')
  }
  return messages
}

/** What an old format spends on a record beside its key and value, about. */
const RECORD_OVERHEAD = 34
/** Small records grow fivefold in the old formats, and nobody who reads them has large batches. */
const DOWN_CONVERTED_BYTES_MAX = 32 * 1024 * 1024

/**
 * The batches of a log as messages of magic 0 or 1: headers and control batches are left out, and
 * so are uncompressed records below `fromOffset`. Throws UnsupportedCompressionTypeException for
 * zstd, which old clients cannot read. `met` is told the bytes of each record, uncompressed.
 */
export function downConvert (
  bytes: Buffer, magic: 0 | 1, fromOffset: bigint, limitBytes = DOWN_CONVERTED_BYTES_MAX,
  met: (recordBytes: number) => void = () => {},
): Buffer {
  const sets: Buffer[] = []
  for (const batch of batchesIn(bytes)) {
    if (header.magicOf(batch) <= magic) {
      sets.push(batch)
      continue
    }
    if (header.magicOf(batch) === 2 && !isControl(batch)) {
      sets.push(downConverted(batch, magic, fromOffset, limitBytes, met))
    }
  }
  return Buffer.concat(sets)
}

function downConverted (
  batch: Buffer, magic: 0 | 1, fromOffset: bigint, limitBytes: number,
  met: (recordBytes: number) => void,
): Buffer {
  const attributes = header.attributesOf(batch)
  const codec = codecOf(attributes)
  if (codec === 'zstd') {
    throw new RecordError('UnsupportedCompressionTypeException',
      'Down-conversion of zstandard-compressed batches is not supported')
  }
  // A compressed set is decompressed as a whole by its reader anyway.
  const from = codec === 'none' ? fromOffset : 0n
  return writeMessageSet(recordsFrom(batch, from, limitBytes, met), {
    magic, codec, timestampType: timestampTypeOf(attributes),
    logAppendTime: header.maxTimestamp(batch),
  })
}

function * recordsFrom (
  batch: Buffer, offset: bigint, limitBytes: number, met: (recordBytes: number) => void,
): Generator<LogRecord, void, undefined> {
  for (const record of recordsOf(batch, limitBytes)) {
    if (record.offset < offset) continue
    met((record.key?.length ?? 0) + (record.value?.length ?? 0) + RECORD_OVERHEAD)
    yield record
  }
}
