/**
 * Batches and records in readable form: what they say of themselves, and what Kafka's own records
 * mean.
 */
import { codec } from '../../../protocol/codec.ts'
import { DecodeError, Reader } from '../../../protocol/cursor.ts'
import { toJson } from '../../../protocol/json.ts'
import { codecOf, timestampTypeOf } from '../../../protocol/records/attributes.ts'
import { isIntact } from '../../../protocol/records/batches.ts'
import { controlType, controlTypeOf, readEndMarker } from '../../../protocol/records/control.ts'
import * as header from '../../../protocol/records/header.ts'
import { isControl, isTransactional } from '../../../protocol/records/read.ts'
import type { LogRecord } from '../../../protocol/records/record.ts'
import type { CoordinatorRecord } from '../../../protocol/stored/coordinator-record.ts'
import { decodeKey, decodeMetadata, decodeVersioned, recordType } from '../../../protocol/stored/framing.ts'
import { groupRecordOf } from '../../../protocol/stored/groups.ts'
import {
  KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
} from '../../../protocol/stored/raft.ts'
import { shareRecords } from '../../../protocol/stored/share.ts'
import { transactionRecords } from '../../../protocol/stored/transactions.ts'
import type { Message } from '../../../protocol/types.ts'
import { METADATA_TOPIC } from './source.ts'
import type { Row, Value } from '../output.ts'
import { bytesValue } from '../records/format.ts'

export function batchRow (log: string, batch: Buffer): Row {
  const magic = header.magicOf(batch)
  const attributes = magic === 2 ? header.attributesOf(batch) : 0
  const common = {
    log, baseOffset: header.baseOffset(batch), bytes: batch.length, magic, intact: isIntact(batch),
  }
  if (magic < 2) return common
  return {
    ...common,
    lastOffset: header.lastOffset(batch),
    records: header.recordsCount(batch),
    codec: isIntact(batch) ? codecOf(attributes) : null,
    leaderEpoch: header.leaderEpoch(batch),
    maxTimestamp: header.maxTimestamp(batch),
    timestampType: timestampTypeOf(attributes),
    producerId: header.producerId(batch),
    producerEpoch: header.producerEpoch(batch),
    baseSequence: header.baseSequence(batch),
    transactional: isTransactional(batch),
    control: isControl(batch),
  }
}

/** `topic` decides what the record means; a record that does not decode is shown as it is. */
export function recordRow (
  log: string, topic: string | undefined, batch: Buffer, record: LogRecord
): Row {
  const place = { log, offset: record.offset, timestamp: record.timestamp }
  try {
    const decoded = isControl(batch) ? control(record) : decode(topic, record)
    if (decoded !== undefined) return { ...place, ...decoded }
  } catch (error) {
    if (!(error instanceof DecodeError || error instanceof RangeError)) throw error
    return { ...place, ...plain(record), problem: error.message }
  }
  return { ...place, ...plain(record) }
}

function plain ({ key, value, headers }: LogRecord): Row {
  return {
    key: bytesValue(key),
    value: bytesValue(value),
    headers: headers.map(header => ({ key: header.key, value: bytesValue(header.value) })),
  }
}

const controlNames =
  new Map<number, string>(Object.entries(controlType).map(([name, type]) => [type, name]))

/**
 * What the values of control records are (KIP-595, KIP-630, KIP-853); those of markers are no
 * message.
 */
const controlMessages = new Map<number, Message>([
  [controlType.LEADER_CHANGE, LeaderChangeMessage],
  [controlType.SNAPSHOT_HEADER, SnapshotHeaderRecord],
  [controlType.SNAPSHOT_FOOTER, SnapshotFooterRecord],
  [controlType.KRAFT_VERSION, KRaftVersionRecord],
  [controlType.KRAFT_VOTERS, VotersRecord],
])

function control (record: LogRecord): Row | undefined {
  const { key, value } = record
  const number = controlTypeOf(key)
  const type = controlNames.get(number ?? -1)
  if (number === undefined || type === undefined || value === null) return undefined
  const marker = readEndMarker(record)
  if (marker !== undefined) return { type, decoded: { coordinatorEpoch: marker.coordinatorEpoch } }
  const message = controlMessages.get(number)
  if (message === undefined) return undefined
  // The message says its version itself, in its first field.
  const version = value.readInt16BE(0)
  return { type, version,
    decoded: toJson(message, version, codec(message, version).read(new Reader(value))) as Value }
}

function decode (topic: string | undefined, record: LogRecord): Row | undefined {
  const { key, value } = record
  switch (topic) {
    case METADATA_TOPIC: return value === null ? undefined : metadata(value)
    case '__consumer_offsets': return key === null ? undefined : coordinator(groupRecordOf(recordType(key)), key, value)
    case '__transaction_state': return key === null ? undefined : coordinator(among(transactionRecords, key), key, value)
    case '__share_group_state': return key === null ? undefined : coordinator(among(shareRecords, key), key, value)
    default: return undefined
  }
}

function among (records: readonly CoordinatorRecord[], key: Buffer): CoordinatorRecord | undefined {
  const type = recordType(key)
  return records.find(record => record.type === type)
}

function metadata (bytes: Buffer): Row {
  const { record, version, value } = decodeMetadata(bytes)
  return { type: record.name, version, decoded: toJson(record, version, value) as Value }
}

/** Its value null: what the key names is removed. */
function coordinator (
  record: CoordinatorRecord | undefined, key: Buffer, bytes: Buffer | null
): Row | undefined {
  if (record === undefined) return undefined
  const decodedKey = toJson(record.key, 0, decodeKey(record, key)) as Value
  if (bytes === null) return { type: record.name, decodedKey, decoded: null }
  const version = bytes.readInt16BE(0)
  const decoded = toJson(record.value, version, decodeVersioned(record.value, bytes)) as Value
  return { type: record.name, version, decodedKey, decoded }
}
