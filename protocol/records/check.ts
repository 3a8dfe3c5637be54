/**
 * What the leader checks of a produced batch, in Kafka's order (D5.7, D5.14 to D5.23), as a
 * decision: what is wrong with it, or what is to be rewritten before it is appended.
 */
import {
  attribute, codecOf, codecs, NO_PRODUCER_ID, NO_TIMESTAMP, timestampTypeOf, type Codec,
  type TimestampType,
} from './attributes.ts'
import { completeSize, isIntact } from './batches.ts'
import {
  DECOMPRESSED_BYTES_MAX, INLINE_BYTES_MAX, INLINE_LIMIT_BYTES, isLargePayload, windowsOf,
  windowsOfAsync, type Payload,
} from './decompress.ts'
import { corrupt, exceptionCode, invalid, RecordError, type RecordException } from './error.ts'
import * as header from './header.ts'
import { RecordWalk, type OddRecord } from './walk.ts'

/** The settings of topic and broker that decide about a batch. */
export interface BatchRules {
  /** As Kafka prints it in messages: `topic-0`. */
  topicPartition: string
  /** `message.timestamp.type` */
  timestampType: TimestampType
  /** `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms` */
  timestampBeforeMaxMs: bigint | number
  timestampAfterMaxMs: bigint | number
  /** `max.message.bytes` */
  messageBytesMax: number
  /** `cleanup.policy` has compact. */
  compacted: boolean
  /** `compression.type` */
  compressionType: 'producer' | 'uncompressed' | Codec
  nowMs: number
  /** R-X6: what one batch may decompress to; 128 MiB by default. */
  decompressedBytesMax?: number
  /** `max.decompressed.message.bytes`: a record of a compressed batch (D25.1). */
  decompressedMessageBytesMax?: number
}

/** One entry of `record_errors` (D5.20). */
export interface RecordFault { batchIndex: number, message: string }

export interface RefusedBatch {
  ok: false
  exception: RecordException
  errorCode: number
  /** What the client is told: null but for record errors (D5.31). */
  message: string | null
  /** What happened, for the log. */
  reason: string
  recordErrors: RecordFault[]
}

export interface AcceptedBatch {
  ok: true
  batch: Buffer
  count: number
  /** What the batch's max timestamp must be, by D5.22. */
  maxTimestamp: bigint
  /** Offset delta of the record that it belongs to; -1 if no record has a timestamp. */
  maxTimestampDelta: number
  timestampType: TimestampType
  codec: Codec
  targetCodec: Codec
  /** `none`: append as it is; `header`: `rewriteHeader`; `rebuild`: `rebuildBatch`. */
  rewrite: 'none' | 'header' | 'rebuild'
  /** Whether a rebuilt batch has the same records, byte for byte before compression. */
  sameRecords: boolean
  isTransactional: boolean
  /** -1: not idempotent. */
  producerId: bigint
  producerEpoch: number
  baseSequence: number
  lastSequence: number
}

export type BatchDecision = AcceptedBatch | RefusedBatch

/** A request lists every record error; a batch of millions of bad records must not fill memory. */
const RECORD_ERRORS_MAX = 10_000
const RECORD_BYTES_MAX = 0x7fffffff
/** The first version of Produce that may carry zstd. */
const ZSTD_VERSION = 7

/**
 * The one batch of a Produce request's records (D5.7), without trailing bytes that are less than
 * a batch. To be called before the partition is looked at; null records are INVALID_RECORD.
 */
export function theBatch (records: Buffer | null, version: number): Buffer | RefusedBatch {
  try {
    const size = records === null ? -1 : completeSize(records, 0)
    if (records === null || size === -1) {
      throw invalid('Produce requests must have exactly one record batch per partition')
    }
    const batch = records.subarray(0, size)
    if (header.magicOf(batch) !== 2) throw invalid('Produce requests must have batches of magic 2')
    const codec = batch.length < header.HEADER_SIZE ? 'none' : batch[header.at.attributes + 1]! & 7
    if (version < ZSTD_VERSION && codec === 4) {
      throw new RecordError('UnsupportedCompressionTypeException',
        `zstd is not allowed in Produce version ${version}`)
    }
    if (completeSize(records, size) !== -1) {
      throw invalid('Produce requests must have exactly one record batch per partition')
    }
    return batch
  } catch (error) { return refusedBy(error) }
}

/** Whether `checkBatchAsync` is the one to call: decompressing it would hold up the loop (R-X6). */
export function isLarge (batch: Buffer): boolean {
  if (batch.length < header.HEADER_SIZE) return false
  const codec = codecs[header.attributesOf(batch) & attribute.codec] ?? 'none'
  if (codec === 'none' && batch.length <= INLINE_BYTES_MAX) return false
  return isLargePayload(codec, batch.subarray(header.HEADER_SIZE))
}

/** Checks the batch that `theBatch` gave. */
export function checkBatch (batch: Buffer, rules: BatchRules): BatchDecision {
  try {
    const check = new Check(batch, rules)
    for (const window of windowsOf(check.payload)) check.walk.push(window)
    return check.decide()
  } catch (error) { return refusedBy(error) }
}

/** The same with decompression off the event loop. */
export async function checkBatchAsync (batch: Buffer, rules: BatchRules): Promise<BatchDecision> {
  try {
    const check = new Check(batch, rules)
    for await (const window of windowsOfAsync(check.payload)) check.walk.push(window)
    return check.decide()
  } catch (error) { return refusedBy(error) }
}

class Check {
  readonly payload: Payload
  readonly walk: RecordWalk
  readonly #batch: Buffer
  readonly #rules: BatchRules
  readonly #attributes: number
  readonly #targetCodec: Codec
  readonly #faults: RecordFault[] = []
  #faultsTotal = 0
  #hasBadTimestamp = false

  constructor (batch: Buffer, rules: BatchRules) {
    checkHeader(batch, rules)
    this.#batch = batch
    this.#rules = rules
    this.#attributes = header.attributesOf(batch)
    const codec = codecOf(this.#attributes)
    checkRange(batch)
    this.#targetCodec = targetCodecOf(codec, rules)
    const limitBytes = rules.decompressedBytesMax ?? DECOMPRESSED_BYTES_MAX
    this.payload = {
      codec,
      bytes: batch.subarray(header.HEADER_SIZE),
      magic: 2,
      limitBytes: codec === 'none' || isLarge(batch)
        ? limitBytes
        : Math.min(limitBytes, INLINE_LIMIT_BYTES),
    }
    const createTime = rules.timestampType === 'CreateTime'
    const nowMs = BigInt(rules.nowMs)
    this.walk = new RecordWalk({
      count: header.recordsCount(batch),
      isPlain: codec === 'none',
      baseTimestamp: batch.readBigInt64BE(header.at.baseTimestamp),
      batchTimestamp: timestampTypeOf(this.#attributes) === 'LogAppendTime'
        ? header.maxTimestamp(batch)
        : undefined,
      earliest: createTime ? nowMs - BigInt(rules.timestampBeforeMaxMs) : -(1n << 63n),
      latest: createTime ? nowMs + BigInt(rules.timestampAfterMaxMs) : 1n << 63n,
      keyRequired: rules.compacted,
      recordBytesMax: codec === 'none'
        ? RECORD_BYTES_MAX
        : rules.decompressedMessageBytesMax ?? RECORD_BYTES_MAX,
      odd: record => { this.#checkRecord(record) },
    })
  }

  /** D5.20: a record with a key error is not checked for its timestamp. */
  #checkRecord (record: OddRecord): void {
    const { topicPartition, compacted } = this.#rules
    if (compacted && record.keySize < 0) {
      this.#fault(record, 'Compacted topic cannot accept message without key in topic partition ' +
        topicPartition)
      return
    }
    const message = this.#timestampFault(record)
    if (message === undefined) return
    this.#hasBadTimestamp = true
    this.#fault(record, message)
  }

  /** D5.21, computed in 64 bits as Java does. */
  #timestampFault (record: OddRecord): string | undefined {
    const { timestamp, offsetDelta } = record
    const { timestampType, nowMs } = this.#rules
    if (timestampType === 'CreateTime' && timestamp !== NO_TIMESTAMP) {
      const before = int64(BigInt(this.#rules.timestampBeforeMaxMs))
      const after = int64(BigInt(this.#rules.timestampAfterMaxMs))
      const difference = BigInt.asIntN(64, BigInt(nowMs) - timestamp)
      if (difference <= before && BigInt.asIntN(64, -difference) <= after) return undefined
      const earliest = BigInt.asIntN(64, BigInt(nowMs) - before)
      const latest = BigInt.asIntN(64, BigInt(nowMs) + after)
      return `Timestamp ${timestamp} of message with offset ${offsetDelta} is out of range. ` +
        `The timestamp should be within [${earliest}, ${latest}]`
    }
    if ((this.#attributes & attribute.logAppendTime) === 0) return undefined
    return `Invalid timestamp type in message ${this.#printed(record)}. ` +
      'Producer should not set timestamp type to LogAppendTime.'
  }

  /** A record as Kafka prints it; where a compressed batch stays as it is, one read in part. */
  #printed ({ offsetDelta, timestamp, keySize, valueSize }: OddRecord): string {
    const partial = this.payload.codec !== 'none' && this.payload.codec === this.#targetCodec
    const key = partial ? keySize : Math.max(keySize, 0)
    const value = partial ? valueSize : Math.max(valueSize, 0)
    return `${partial ? 'Partial' : ''}DefaultRecord(offset=${offsetDelta}, ` +
      `timestamp=${timestamp}, key=${key} bytes, value=${value} bytes)`
  }

  #fault (record: OddRecord, message: string): void {
    this.#faultsTotal += 1
    if (this.#faults.length < RECORD_ERRORS_MAX) {
      this.#faults.push({ batchIndex: record.index, message })
    }
  }

  decide (): BatchDecision {
    this.walk.finish()
    if (this.#faultsTotal > 0) return this.#refuseRecords()
    const codec = this.payload.codec
    const rebuild = codec !== this.#targetCodec
    if (!rebuild && codec !== 'none' && !this.walk.consecutive) {
      // Kafka wants to rebuild it from records that it read without keys and values, and fails.
      throw new RecordError('UnsupportedOperationException',
        'Offsets in a compressed batch are not consecutive')
    }
    return this.#accept(rebuild)
  }

  #accept (rebuild: boolean): AcceptedBatch {
    const batch = this.#batch
    const { timestampType, nowMs } = this.#rules
    const createTime = timestampType === 'CreateTime'
    const maxTimestamp = createTime ? this.walk.maxTimestamp : BigInt(nowMs)
    const same = timestampTypeOf(this.#attributes) === timestampType &&
      header.maxTimestamp(batch) === maxTimestamp
    return {
      ok: true,
      batch,
      count: this.walk.count,
      maxTimestamp,
      maxTimestampDelta: createTime ? this.walk.maxTimestampIndex : this.walk.count - 1,
      timestampType,
      codec: this.payload.codec,
      targetCodec: this.#targetCodec,
      rewrite: rebuild ? 'rebuild' : same ? 'none' : 'header',
      sameRecords: this.walk.consecutive && this.walk.startsAtBase &&
        timestampTypeOf(this.#attributes) === 'CreateTime',
      isTransactional: (this.#attributes & attribute.transactional) !== 0,
      producerId: header.producerId(batch),
      producerEpoch: header.producerEpoch(batch),
      baseSequence: header.baseSequence(batch),
      lastSequence: header.lastSequence(batch),
    }
  }

  #refuseRecords (): RefusedBatch {
    const exception = this.#hasBadTimestamp ? 'InvalidTimestampException' : 'InvalidRecordException'
    const shown = this.#faults.slice(0, 3)
      .map(fault => `RecordError(batchIndex=${fault.batchIndex}, message='${fault.message}')`)
    const message = this.#hasBadTimestamp
      ? 'One or more records have been rejected due to invalid timestamp'
      : `One or more records have been rejected due to ${this.#faultsTotal} record errors in ` +
        `total, and only showing the first three errors at most: [${shown.join(', ')}]`
    return {
      ok: false, exception, errorCode: exceptionCode[exception],
      message, reason: message, recordErrors: this.#faults,
    }
  }
}

/** D5.14 to D5.16: what the log looks at before the records. */
function checkHeader (batch: Buffer, rules: BatchRules): void {
  if (batch.length < header.LOG_OVERHEAD) throw corrupt('Record batch without a header')
  const baseOffset = header.baseOffset(batch)
  if (baseOffset !== 0n) {
    throw invalid(`The baseOffset of the record batch in the append to ${rules.topicPartition} ` +
      `should be 0, but it is ${baseOffset}`)
  }
  if (batch.length > rules.messageBytesMax) throw tooLarge(batch, rules)
  if (batch.length < header.HEADER_SIZE || !isIntact(batch)) {
    throw corrupt(`Record is corrupt in topic partition ${rules.topicPartition}`)
  }
}

function tooLarge (batch: Buffer, { topicPartition, messageBytesMax }: BatchRules): RecordError {
  return new RecordError('RecordTooLargeException', 'The record batch size in the append to ' +
    `${topicPartition} is ${batch.length} bytes which exceeds the maximum configured value of ` +
    `${messageBytesMax}`)
}

/** The answer to a batch that is too large once it was rebuilt (D5.23). */
export function tooLargeBatch (batch: Buffer, rules: BatchRules): RefusedBatch {
  return refusedBy(tooLarge(batch, rules))
}

/** D5.18: what a client may say in a header. */
function checkRange (batch: Buffer): void {
  const lastDelta = batch.readInt32BE(header.at.lastOffsetDelta)
  const count = header.recordsCount(batch)
  if (lastDelta + 1 <= 0) throw invalid(`Batch has an invalid offset range: [0, ${lastDelta}]`)
  if (count <= 0) throw invalid(`Invalid reported count for record batch: ${count}`)
  if (lastDelta + 1 !== count) {
    throw invalid(`Inconsistent batch offset range [0, ${lastDelta}] and count of records ${count}`)
  }
  if ((header.attributesOf(batch) & attribute.control) !== 0) {
    throw invalid('Clients are not allowed to write control records')
  }
  const id = header.producerId(batch)
  if (id > NO_PRODUCER_ID && header.baseSequence(batch) < 0) {
    throw invalid(`Invalid sequence number in record batch with producerId ${id}`)
  }
}

/** D5.23 */
function targetCodecOf (codec: Codec, { compressionType }: BatchRules): Codec {
  if (compressionType === 'producer') return codec
  return compressionType === 'uncompressed' ? 'none' : compressionType
}

/** `Long.MAX_VALUE` may have been rounded up by a number. */
function int64 (value: bigint): bigint {
  const max = (1n << 63n) - 1n
  return value > max ? max : value
}

/** A record error as a decision; every other error is a fault of this program and goes on. */
export function refusedBy (error: unknown): RefusedBatch {
  if (!(error instanceof RecordError)) throw error
  return {
    ok: false, exception: error.exception, errorCode: error.errorCode,
    message: null, reason: error.message, recordErrors: [],
  }
}
