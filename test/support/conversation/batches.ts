/** Record batches as fields, both ways; what a client may do wrong can be said as well. */
import { codecs, codecOf, timestampTypeOf, NO_PRODUCER_ID } from '../../../protocol/records/attributes.ts'
import type { Codec } from '../../../protocol/records/attributes.ts'
import { completeSize, isIntact } from '../../../protocol/records/batches.ts'
import * as head from '../../../protocol/records/header.ts'
import type { BatchHeader } from '../../../protocol/records/header.ts'
import { isControl, isTransactional, recordsOf } from '../../../protocol/records/read.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch, writeEmptyBatch } from '../../../protocol/records/write.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'
import type { Json } from '../../../protocol/json.ts'
import { bytesFromText, bytesToText } from './text-bytes.ts'

/** Every record that names no time of its own is of this one, and so of November 2023. */
const TIMESTAMP = 1_700_000_000_000n

interface RecordFields {
  key?: string | null
  value?: string | null
  timestamp?: string
  offsetDelta?: number
  headers?: Array<{ key: string, value: string | null }>
}

interface BatchFields {
  /** Bytes as they are. */
  hex?: string
  baseOffset?: string
  leaderEpoch?: number
  codec?: Codec
  timestampType?: 'CreateTime' | 'LogAppendTime'
  producerId?: string
  producerEpoch?: number
  baseSequence?: number
  transactional?: boolean
  control?: boolean
  records?: RecordFields[]
  /** Header fields that are made wrong, the checksum being right again unless it is named. */
  set?: Partial<Record<keyof BatchHeader, number | string>>
  /** The compressed or plain records are replaced by these bytes. */
  payload?: string
  /** That many bytes are missing at the end. */
  cut?: number
}

export function batchesFromJson (json: Json): Buffer {
  return Buffer.concat((json as unknown as BatchFields[]).map(batchFromJson))
}

function batchFromJson (fields: BatchFields): Buffer {
  if (fields.hex !== undefined) return Buffer.from(fields.hex, 'hex')
  let batch = wholeBatch(fields)
  if (fields.payload !== undefined) {
    batch = Buffer.concat([batch.subarray(0, head.HEADER_SIZE), bytesFromText(fields.payload)])
    batch.writeInt32BE(batch.length - head.LOG_OVERHEAD, head.at.batchLength)
    sealBatch(batch)
  }
  for (const [name, value] of Object.entries(fields.set ?? {})) {
    const layout = head.header.layoutFor(name as keyof BatchHeader)
    const isLong = /Offset$|Timestamp$|^producerId$/.test(name) && name !== 'partitionLeaderEpoch'
    layout?.encode((isLong ? BigInt(value) : Number(value)) as never, batch,
      head.at[name as keyof BatchHeader])
  }
  if (fields.set !== undefined && fields.set.crc === undefined) sealBatch(batch)
  return fields.cut === undefined ? batch : batch.subarray(0, batch.length - fields.cut)
}

function wholeBatch (fields: BatchFields): Buffer {
  const {
    codec, timestampType, transactional, control, leaderEpoch, producerEpoch, baseSequence,
  } = fields
  const facts: BatchFacts = {
    ...codec === undefined ? {} : { codec },
    ...timestampType === undefined ? {} : { timestampType },
    ...transactional === undefined ? {} : { transactional },
    ...control === undefined ? {} : { control },
    ...leaderEpoch === undefined ? {} : { leaderEpoch },
    ...producerEpoch === undefined ? {} : { producerEpoch },
    ...baseSequence === undefined ? {} : { baseSequence },
    ...fields.producerId === undefined ? {} : { producerId: BigInt(fields.producerId) },
    ...fields.baseOffset === undefined ? {} : { baseOffset: BigInt(fields.baseOffset) },
  }
  const records = fields.records ?? []
  if (records.length === 0) return writeEmptyBatch(facts, 0, TIMESTAMP)
  return writeBatch(records.map(({ key, value, timestamp, headers, offsetDelta }) => ({
    key: bytesOf(key),
    value: bytesOf(value),
    timestamp: timestamp === undefined ? TIMESTAMP : BigInt(timestamp),
    headers: (headers ?? []).map(({ key, value }) => ({ key, value: bytesOf(value) })),
    ...offsetDelta === undefined ? {} : { offsetDelta },
  })), facts)
}

function bytesOf (text: string | null | undefined): Buffer | null {
  return text === null || text === undefined ? null : bytesFromText(text)
}

/** Whole batches field by field; a part of one at the end is told by its size. */
export function batchesToJson (bytes: Buffer): Json {
  const batches: Json[] = []
  let at = 0
  while (at < bytes.length) {
    const size = completeSize(bytes, at)
    if (size < 0) {
      batches.push({ partialBytes: bytes.length - at })
      break
    }
    batches.push(batchToJson(bytes.subarray(at, at + size)))
    at += size
  }
  return batches
}

function batchToJson (batch: Buffer): Json {
  const records: Json = [...recordsOf(batch)].map(({ offset, timestamp, key, value, headers }) => ({
    offset: String(offset),
    timestamp: String(timestamp),
    ...key === null ? {} : { key: bytesToText(key) },
    value: value === null ? null : bytesToText(value),
    ...headers.length === 0
      ? {}
      : { headers: headers.map(each => ({ key: each.key, value: textOf(each.value) })) },
  }))
  const intact = isIntact(batch) ? {} : { intact: false }
  if (head.magicOf(batch) < 2) return { magic: head.magicOf(batch), ...intact, records }
  const attributes = head.attributesOf(batch)
  return {
    baseOffset: String(head.baseOffset(batch)),
    lastOffset: String(head.lastOffset(batch)),
    leaderEpoch: head.leaderEpoch(batch),
    ...intact,
    ...codecOf(attributes) === codecs[0] ? {} : { codec: codecOf(attributes) },
    ...timestampTypeOf(attributes) === 'CreateTime' ? {} : { timestampType: timestampTypeOf(attributes) },
    ...isTransactional(batch) ? { transactional: true } : {},
    ...isControl(batch) ? { control: true } : {},
    maxTimestamp: String(head.maxTimestamp(batch)),
    ...producerToJson(batch),
    records,
  }
}

function producerToJson (batch: Buffer): { [name: string]: Json } {
  if (head.producerId(batch) === NO_PRODUCER_ID) return {}
  return {
    producerId: String(head.producerId(batch)),
    producerEpoch: head.producerEpoch(batch),
    baseSequence: head.baseSequence(batch),
  }
}

function textOf (bytes: Buffer | null): string | null {
  return bytes === null ? null : bytesToText(bytes)
}
