/** How records of internal topics say what they are: the bytes around key and value. */
import { codec } from '../codec.ts'
import { DecodeError, Reader, Writer } from '../cursor.ts'
import type { Message, MessageOf, MessageToWrite } from '../types.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'
import { metadataRecordOf } from './metadata.ts'
import type { MetadataRecord } from './metadata-record.ts'

/** KIP-631: the only version of the frame around metadata records. */
const METADATA_FRAME_VERSION = 1

/** Most keys and values of records are smaller. */
const RECORD_SIZE = 128

/** One record of `__cluster_metadata` as it is replayed. */
export interface MetadataEntry<R extends MetadataRecord = MetadataRecord> {
  record: R
  version: number
  value: MessageOf<R>
}

/** Pairs a record with its value, typed by the record. */
export function entry<R extends MetadataRecord> (
  record: R, version: number, value: MessageToWrite<R>
): MetadataEntry<R> {
  return { record, version, value: value as MessageOf<R> }
}

export function encodeMetadata ({ record, version, value }: MetadataEntry): Buffer {
  const writer = new Writer(RECORD_SIZE)
  writer.unsignedVarint(METADATA_FRAME_VERSION)
  writer.unsignedVarint(record.key)
  writer.unsignedVarint(version)
  codec(record, version).write(writer, value as never)
  return writer.toBuffer()
}

/** An unknown type or version is an error: metadata that is not understood must stop the node. */
export function decodeMetadata (bytes: Buffer): MetadataEntry {
  const reader = new Reader(bytes)
  const frame = reader.unsignedVarint()
  if (frame !== METADATA_FRAME_VERSION) throw new DecodeError(`metadata frame of version ${frame}`)
  const key = reader.unsignedVarint()
  const version = reader.unsignedVarint()
  const record = metadataRecordOf(key)
  if (record === undefined) throw new DecodeError(`metadata record of unknown type ${key}`)
  if (version > record.versions[1]) throw new DecodeError(`${record.name} of unknown version ${version}`)
  const value = codec(record, version).read(reader)
  if (reader.remaining > 0) throw new DecodeError(`${reader.remaining} bytes behind ${record.name}`)
  return { record, version, value }
}

export function encodeKey<R extends CoordinatorRecord> (
  record: R, key: MessageToWrite<R['key']>
): Buffer {
  return prefixed(record.key, record.type, 0, key)
}

export function encodeVersioned<M extends Message> (
  message: M, version: number, value: MessageToWrite<M>
): Buffer {
  return prefixed(message, version, version, value)
}

function prefixed (message: Message, prefix: number, version: number, value: any): Buffer {
  const writer = new Writer(RECORD_SIZE)
  writer.int16(prefix)
  codec(message, version).write(writer, value)
  return writer.toBuffer()
}

/** The type that a coordinator record's key starts with. */
export function recordType (key: Buffer): number {
  return new Reader(key).int16()
}

export function decodeKey<R extends CoordinatorRecord> (record: R, key: Buffer): MessageOf<R['key']> {
  const reader = new Reader(key)
  reader.int16()
  return codec(record.key, 0).read(reader) as MessageOf<R['key']>
}

/** Reads a message behind its int16 version; throws DecodeError for a version outside its range. */
export function decodeVersioned<M extends Message> (message: M, bytes: Buffer): MessageOf<M> {
  const reader = new Reader(bytes)
  const version = reader.int16()
  const [from, to] = message.versions
  if (version < from || version > to) throw new DecodeError(`${message.name} of version ${version}`)
  return codec(message, version).read(reader)
}
