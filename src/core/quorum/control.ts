/** Control records of the metadata log: those that the quorum reads and writes (KIP-595, 853). */
import { decode, encode } from '../../../protocol/codec.ts'
import { isControl, recordsOf } from '../../../protocol/records/read.ts'
import {
  KRaftVersionRecord, LeaderChangeMessage, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
} from '../../../protocol/stored/raft.ts'

/** Kafka's numbers of control records (ControlRecordType), for the metadata log's ones. */
const controlType = {
  leaderChange: 2, snapshotHeader: 3, snapshotFooter: 4, kraftVersion: 5, voters: 6,
} as const

const KEY_VERSION = 0
const KEY_BYTES = 4

export type ControlRecord =
  | { readonly kind: 'leaderChange', readonly value: LeaderChangeMessage }
  | { readonly kind: 'snapshotHeader', readonly value: SnapshotHeaderRecord }
  | { readonly kind: 'snapshotFooter', readonly value: SnapshotFooterRecord }
  | { readonly kind: 'kraftVersion', readonly value: KRaftVersionRecord }
  | { readonly kind: 'voters', readonly value: VotersRecord }

/** A control record's key and value; the value's first field is its version. */
export function encodeControl (record: ControlRecord): { key: Buffer, value: Buffer } {
  const key = Buffer.alloc(KEY_BYTES)
  key.writeInt16BE(KEY_VERSION, 0)
  key.writeInt16BE(controlType[record.kind], 2)
  return { key, value: encodeValue(record) }
}

function encodeValue ({ kind, value }: ControlRecord): Buffer {
  switch (kind) {
    case 'leaderChange': return encode(LeaderChangeMessage, value.version, value)
    case 'snapshotHeader': return encode(SnapshotHeaderRecord, value.version, value)
    case 'snapshotFooter': return encode(SnapshotFooterRecord, value.version, value)
    case 'kraftVersion': return encode(KRaftVersionRecord, value.version, value)
    case 'voters': return encode(VotersRecord, value.version, value)
  }
}

/** The control records of a batch with their offsets; none for data or types of later versions. */
export function controlRecordsOf (
  batch: Buffer
): Array<ControlRecord & { readonly offset: bigint }> {
  if (!isControl(batch)) return []
  const found: Array<ControlRecord & { readonly offset: bigint }> = []
  for (const { offset, key, value } of recordsOf(batch)) {
    if (key === null || key.length < KEY_BYTES || value === null) continue
    const record = decodeControl(key.readInt16BE(2), value)
    if (record !== undefined) found.push({ ...record, offset })
  }
  return found
}

function decodeControl (type: number, value: Buffer): ControlRecord | undefined {
  const version = value.length >= 2 ? value.readInt16BE(0) : 0
  switch (type) {
    case controlType.leaderChange:
      return { kind: 'leaderChange', value: decode(LeaderChangeMessage, version, value) }
    case controlType.snapshotHeader:
      return { kind: 'snapshotHeader', value: decode(SnapshotHeaderRecord, version, value) }
    case controlType.snapshotFooter:
      return { kind: 'snapshotFooter', value: decode(SnapshotFooterRecord, version, value) }
    case controlType.kraftVersion:
      return { kind: 'kraftVersion', value: decode(KRaftVersionRecord, version, value) }
    case controlType.voters:
      return { kind: 'voters', value: decode(VotersRecord, version, value) }
    default: return undefined
  }
}
