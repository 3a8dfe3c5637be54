/** Compares golden vectors of record batches, good and bad, with our reader, checker and writer. */
import { attribute, codecOf, timestampTypeOf } from '../../protocol/records/attributes.ts'
import { batchesIn, ensureIntact } from '../../protocol/records/batches.ts'
import {
  checkBatch, theBatch, type BatchDecision, type BatchRules,
} from '../../protocol/records/check.ts'
import { decompressed } from '../../protocol/records/decompress.ts'
import { RecordError } from '../../protocol/records/error.ts'
import * as header from '../../protocol/records/header.ts'
import { legacyFacts, readMessage, writeMessageSet } from '../../protocol/records/legacy.ts'
import { rebuildBatch } from '../../protocol/records/rebuild.ts'
import { recordsOf } from '../../protocol/records/read.ts'
import type { LogRecord } from '../../protocol/records/record.ts'
import { rewriteHeader } from '../../protocol/records/rewrite.ts'
import { sealBatch } from '../../protocol/records/seal.ts'
import { writeBatch, writeEmptyBatch } from '../../protocol/records/write.ts'

interface RecordVector {
  offset: string
  timestamp: string
  key: string | null
  value: string | null
  headers: Array<[string, string | null]>
}

/** A line of batches.jsonl; header fields that the magic lacks are left out. */
export interface GoodBatchVector {
  name: string
  magic: number
  validBytes: number
  records: RecordVector[]
  batches?: Array<Record<string, unknown>>
  hex: string
}

/** A line of batches-bad.jsonl. */
export interface BadBatchVector {
  name: string
  produceVersion: number
  topicConfig: Record<string, string>
  readException: string | null
  readBatches: number
  readRecords: number
  produceErrorCode: number
  badRecordIndexes: number[] | null
  storedHex: string | null
  hex: string
}

export type BatchVector = GoodBatchVector | BadBatchVector

/** What differs between the vector and us, in words; empty when nothing does. */
export function compareBatchLine (line: BatchVector): string[] {
  const comparison = new Comparison()
  try {
    if ('produceVersion' in line) compareBad(comparison, line)
    else compareGood(comparison, line)
  } catch (error) {
    comparison.differences.push((error as Error).stack ?? String(error))
  }
  return comparison.differences
}

class Comparison {
  readonly differences: string[] = []

  same (what: string, there: unknown, here: unknown): void {
    const [expected, actual] = [JSON.stringify(there), JSON.stringify(here)]
    if (expected !== actual) this.differences.push(`${what}: ${expected} there, ${actual} here`)
  }
}

/** A record in the vector's words. */
function recordVector ({ offset, timestamp, key, value, headers }: LogRecord): RecordVector {
  return {
    offset: String(offset), timestamp: String(timestamp),
    key: hexOf(key), value: hexOf(value),
    headers: headers.map(each => [each.key, hexOf(each.value)]),
  }
}

function hexOf (bytes: Buffer | null): string | null {
  return bytes === null ? null : bytes.toString('hex')
}

function compareGood (comparison: Comparison, line: GoodBatchVector): void {
  const bytes = Buffer.from(line.hex, 'hex')
  const batches = [...batchesIn(bytes)]
  const size = batches.reduce((sum, batch) => sum + batch.length, 0)
  comparison.same('valid bytes', line.validBytes, size)
  const headers: Array<Record<string, unknown>> = line.batches ?? [{ ...line }]
  // A line of several batches says mixed, also where all but the first are cut off.
  for (const each of headers) if (each['codec'] === 'mixed') each['codec'] = 'none'
  comparison.same('batches', headers.length, batches.length)
  const records: RecordVector[] = []
  for (const [index, batch] of batches.entries()) {
    ensureIntact(batch)
    const read = [...recordsOf(batch)]
    const facts: Record<string, unknown> = line.magic === 2 ? factsOfV2(batch) : legacyWords(batch)
    for (const [field, value] of Object.entries(facts)) {
      comparison.same(`batch ${index} ${field}`, headers[index]?.[field], value)
    }
    records.push(...read.map(recordVector))
    if (line.magic === 2) compareWritten(comparison, batch)
    else compareWrittenSet(comparison, batch, read)
  }
  const expected = line.records.map(({ offset, timestamp, key, value, headers }) =>
    ({ offset, timestamp, key, value, headers }))
  comparison.same('records', expected, records)
}

function factsOfV2 (batch: Buffer): Record<string, unknown> {
  const attributes = header.attributesOf(batch)
  const fields = header.header.decode(batch)
  const horizon = (attributes & attribute.deleteHorizon) !== 0
  return {
    baseOffset: String(fields.baseOffset),
    lastOffset: String(header.lastOffset(batch)),
    nextOffset: String(header.lastOffset(batch) + 1n),
    magic: fields.magic,
    codec: codecOf(attributes),
    sizeInBytes: header.batchSize(batch),
    crc: fields.crc,
    timestampType: timestampTypeOf(attributes),
    maxTimestamp: String(fields.maxTimestamp),
    attributes,
    partitionLeaderEpoch: fields.partitionLeaderEpoch,
    baseTimestamp: String(fields.baseTimestamp),
    lastOffsetDelta: fields.lastOffsetDelta,
    producerId: String(fields.producerId),
    producerEpoch: fields.producerEpoch,
    baseSequence: fields.baseSequence,
    lastSequence: header.lastSequence(batch),
    isTransactional: (attributes & attribute.transactional) !== 0,
    isControl: (attributes & attribute.control) !== 0,
    count: fields.recordsCount,
    deleteHorizonMs: horizon ? String(fields.baseTimestamp) : null,
  }
}

function legacyWords (batch: Buffer): Record<string, unknown> {
  const facts = legacyFacts(batch)
  return {
    baseOffset: String(facts.baseOffset), lastOffset: String(facts.lastOffset),
    nextOffset: String(facts.lastOffset + 1n), magic: facts.magic, codec: facts.codec,
    sizeInBytes: batch.length, crc: facts.crc, timestampType: facts.timestampType,
    maxTimestamp: String(facts.maxTimestamp),
  }
}

/** The records with their own timestamps, which LogAppendTime hides from readers. */
function withOwnTimestamps (batch: Buffer): LogRecord[] {
  const copy = Buffer.from(batch)
  copy.writeInt16BE(header.attributesOf(batch) & ~attribute.logAppendTime, header.at.attributes)
  sealBatch(copy)
  return [...recordsOf(copy)]
}

/** Writes the batch again from what was read: the same bytes before compression. */
function compareWritten (comparison: Comparison, batch: Buffer): void {
  const fields = header.header.decode(batch)
  const horizon = (fields.attributes & attribute.deleteHorizon) !== 0
  const facts = {
    baseOffset: fields.baseOffset,
    leaderEpoch: fields.partitionLeaderEpoch,
    codec: codecOf(fields.attributes),
    timestampType: timestampTypeOf(fields.attributes),
    logAppendTime: fields.maxTimestamp,
    producerId: fields.producerId,
    producerEpoch: fields.producerEpoch,
    baseSequence: fields.baseSequence,
    transactional: (fields.attributes & attribute.transactional) !== 0,
    control: (fields.attributes & attribute.control) !== 0,
    deleteHorizonMs: horizon ? fields.baseTimestamp : undefined,
    lastOffsetDelta: fields.lastOffsetDelta,
  }
  const records = withOwnTimestamps(batch).map(record => ({
    ...record, headers: record.headers, offsetDelta: Number(record.offset - fields.baseOffset),
  }))
  const written = records.length === 0
    ? writeEmptyBatch(facts, fields.lastOffsetDelta, fields.maxTimestamp)
    : writeBatch(records, facts)
  if (facts.codec === 'none') {
    comparison.same('written', batch.toString('hex'), written.toString('hex'))
    return
  }
  const plain = (bytes: Buffer): string => decompressed({
    codec: facts.codec, bytes: bytes.subarray(header.HEADER_SIZE), magic: 2, limitBytes: 2 ** 27,
  }).toString('hex')
  comparison.same('written before compression', plain(batch), plain(written))
  const read = [...recordsOf(written)].map(recordVector)
  comparison.same('read again', [...recordsOf(batch)].map(recordVector), read)
}

function compareWrittenSet (comparison: Comparison, batch: Buffer, records: LogRecord[]): void {
  const { codec, magic, maxTimestamp, timestampType } = legacyFacts(batch)
  const written = writeMessageSet(records, {
    magic, codec, logAppendTime: maxTimestamp,
    timestampType: timestampType === 'LogAppendTime' ? timestampType : 'CreateTime',
  })
  if (codec === 'none') comparison.same('written', batch.toString('hex'), written.toString('hex'))
  else comparison.same('wrapper', wrapperWords(batch), wrapperWords(written))
  comparison.same('read again', records.map(recordVector),
    [...recordsOf(written)].map(recordVector))
}

/** A wrapper without what depends on the library: its messages, byte for byte, uncompressed. */
function wrapperWords (batch: Buffer): Record<string, unknown> {
  const { offset, magic, attributes, codec, timestamp, key, value } = readMessage(batch)
  const bytes = decompressed({ codec, bytes: value!, magic, limitBytes: 2 ** 27 })
  return {
    offset: String(offset), magic, attributes, timestamp: String(timestamp), key,
    messages: bytes.toString('hex'),
  }
}

/** Kafka's clock when the vectors were made is not known: only the default bound of an hour is. */
const NOW_MS = 1_790_000_000_000
const LEADER_EPOCH = 5

function rulesOf (config: Record<string, string>): BatchRules {
  return {
    topicPartition: 'golden-0',
    timestampType: config['message.timestamp.type'] === 'LogAppendTime'
      ? 'LogAppendTime'
      : 'CreateTime',
    timestampBeforeMaxMs: BigInt(config['message.timestamp.before.max.ms'] ?? 2n ** 63n - 1n),
    timestampAfterMaxMs: BigInt(config['message.timestamp.after.max.ms'] ?? 3_600_000),
    messageBytesMax: Number(config['max.message.bytes'] ?? 1_048_588),
    compacted: (config['cleanup.policy'] ?? '').includes('compact'),
    compressionType: (config['compression.type'] ?? 'producer') as BatchRules['compressionType'],
    nowMs: NOW_MS,
  }
}

function compareBad (comparison: Comparison, line: BadBatchVector): void {
  const bytes = Buffer.from(line.hex, 'hex')
  const read = readAll(bytes)
  comparison.same('read exception', line.readException, read.exception)
  comparison.same('batches read', line.readBatches, read.batches)
  comparison.same('records read', line.readRecords, read.records)
  const rules = rulesOf(line.topicConfig)
  const batch = theBatch(Buffer.from(bytes), line.produceVersion)
  const decision: BatchDecision = Buffer.isBuffer(batch) ? checkBatch(batch, rules) : batch
  comparison.same('produce error', line.produceErrorCode, decision.ok ? 0 : decision.errorCode)
  const faults = decision.ok ? [] : decision.recordErrors.map(fault => fault.batchIndex)
  comparison.same('bad records', line.badRecordIndexes, faults.length === 0 ? null : faults)
  if (decision.ok && line.storedHex !== null) compareStored(comparison, line.storedHex, decision)
}

function compareStored (
  comparison: Comparison, storedHex: string, decision: BatchDecision & { ok: true },
): void {
  const { batch, rewrite, timestampType, maxTimestamp } = decision
  if (rewrite === 'header') rewriteHeader(batch, timestampType, maxTimestamp)
  const stored = rewrite === 'rebuild' ? rebuildBatch(decision) : batch
  header.stamp(stored, 0n, LEADER_EPOCH)
  if (rewrite !== 'rebuild') {
    comparison.same('stored', storedHex, stored.toString('hex'))
    return
  }
  // Compressed bytes depend on the library: the header but for size and checksum, and the records.
  const theirs = Buffer.from(storedHex, 'hex')
  const facts = (batch: Buffer): unknown => ({ ...factsOfV2(batch), sizeInBytes: 0, crc: 0 })
  comparison.same('stored header', facts(theirs), facts(stored))
  comparison.same('stored records', [...recordsOf(theirs)].map(recordVector),
    [...recordsOf(stored)].map(recordVector))
}

interface ReadResult { exception: string | null, batches: number, records: number }

/** Reads as Kafka's iteration does: a batch counts once its checksum is right. */
function readAll (bytes: Buffer): ReadResult {
  const result: ReadResult = { exception: null, batches: 0, records: 0 }
  try {
    for (const batch of batchesIn(bytes)) {
      ensureIntact(batch)
      result.batches += 1
      const records = recordsOf(batch)
      while (records.next().done !== true) result.records += 1
    }
  } catch (error) {
    if (!(error instanceof RecordError)) throw error
    result.exception = error.exception
  }
  return result
}
