/** Control records: the key names the type, the value depends on it. */
import assert from 'node:assert'
import { s16be, s32be, struct } from 'buffer-layout'
import type { LogRecord } from './record.ts'
import { writeBatch, type BatchFacts } from './write.ts'

/** Kafka's types of control records. */
export const controlType = {
  ABORT: 0,
  COMMIT: 1,
  LEADER_CHANGE: 2,
  SNAPSHOT_HEADER: 3,
  SNAPSHOT_FOOTER: 4,
  KRAFT_VERSION: 5,
  KRAFT_VOTERS: 6,
} as const

export type ControlType = typeof controlType[keyof typeof controlType]

const CURRENT_VERSION = 0

interface ControlKey { version: number, type: number }
const controlKey = struct<ControlKey>([s16be('version'), s16be('type')])

interface MarkerValue { version: number, coordinatorEpoch: number }
const markerValue = struct<MarkerValue>([s16be('version'), s32be('coordinatorEpoch')])

assert.equal(controlKey.span, 4)
assert.equal(markerValue.span, 6)

/** The type of a control record; undefined for a key that is too short or of a negative version. */
export function controlTypeOf (key: Buffer | null): number | undefined {
  if (key === null || key.length < controlKey.span) return undefined
  const { version, type } = controlKey.decode(key)
  return version < CURRENT_VERSION ? undefined : type
}

export function writeControlKey (type: ControlType): Buffer {
  const key = Buffer.alloc(controlKey.span)
  controlKey.encode({ version: CURRENT_VERSION, type }, key)
  return key
}

export interface EndMarker {
  committed: boolean
  /** Epoch of the coordinator that wrote the marker. */
  coordinatorEpoch: number
}

/** What a marker says; undefined for every other control record, and for one that is cut. */
export function readEndMarker ({ key, value }: Pick<LogRecord, 'key' | 'value'>):
EndMarker | undefined {
  const type = controlTypeOf(key)
  if (type !== controlType.ABORT && type !== controlType.COMMIT) return undefined
  if (value === null || value.length < markerValue.span) return undefined
  const { version, coordinatorEpoch } = markerValue.decode(value)
  if (version < CURRENT_VERSION) return undefined
  return { committed: type === controlType.COMMIT, coordinatorEpoch }
}

/** What a batch with the marker of a transaction's end says. */
export interface NewEndMarker extends EndMarker {
  producerId: bigint
  producerEpoch: number
  timestamp: bigint
  leaderEpoch?: number
}

/** The batch that ends a producer's transaction in a partition, base offset 0 (KIP-98). */
export function writeEndMarker (marker: NewEndMarker): Buffer {
  const value = Buffer.alloc(markerValue.span)
  markerValue.encode({ version: CURRENT_VERSION, coordinatorEpoch: marker.coordinatorEpoch }, value)
  const key = writeControlKey(marker.committed ? controlType.COMMIT : controlType.ABORT)
  return writeControlBatch([{ timestamp: marker.timestamp, key, value }], {
    leaderEpoch: marker.leaderEpoch ?? -1,
    producerId: marker.producerId,
    producerEpoch: marker.producerEpoch,
    transactional: true,
  })
}

/** A batch of control records, as the metadata log and snapshots have them (KIP-595, KIP-630). */
export function writeControlBatch (
  records: ReadonlyArray<{ timestamp: bigint, key: Buffer, value: Buffer }>, facts: BatchFacts,
): Buffer {
  return writeBatch(records, { ...facts, control: true })
}
