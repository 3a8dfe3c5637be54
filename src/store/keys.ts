/**
 * Keys and fixed values of a volume, each layout stated once.
 * Batches: (log number, base offset), so that a log is one key range. The flush index has the same
 * key with the log number's top bit set; what the volume says of itself stands under log number 0.
 */
import assert from 'node:assert'
import { s32be, struct, u32be, u8 } from 'buffer-layout'
import { s64be } from '../../protocol/records/int64.ts'
import { HEADER_SIZE } from '../../protocol/records/header.ts'

interface BatchKey { log: number, offset: bigint }
interface MetaKey { log: number, kind: number, id: number }

const batchKeyLayout = struct<BatchKey>([u32be('log'), s64be('offset')])
const metaKeyLayout = struct<MetaKey>([u32be('log'), u8('kind'), u32be('id')])
assert.equal(batchKeyLayout.span, 12)
assert.equal(metaKeyLayout.span, 9)

const INDEX_BIT = 0x80000000
/** Log numbers stay below the index's bit. */
export const LOG_NUMBER_MAX = INDEX_BIT - 2

export const meta = { covered: 1, log: 2, sealedExtents: 3, volume: 4 } as const

export function batchKey (log: number, offset: bigint): Buffer {
  const key = Buffer.allocUnsafe(batchKeyLayout.span)
  key.writeUInt32BE(log)
  key.writeBigInt64BE(offset, 4)
  return key
}

/** Sorts before every key of the log. */
export function firstKey (log: number): Buffer {
  const key = Buffer.allocUnsafe(4)
  key.writeUInt32BE(log)
  return key
}

export function indexLog (log: number): number { return (log | INDEX_BIT) >>> 0 }
export function offsetOfKey (key: Buffer): bigint { return key.readBigInt64BE(4) }

export function metaKey (kind: number, id = 0): Buffer {
  const key = Buffer.alloc(metaKeyLayout.span)
  metaKeyLayout.encode({ log: 0, kind, id }, key)
  return key
}

export function readMetaKey (key: Buffer): { kind: number, id: number } {
  return metaKeyLayout.decode(key)
}

/** Where a large batch lies: it was written once, by its turn. */
export interface Place {
  file: number
  position: bigint
  length: number
  last: bigint
  maxTimestamp: bigint
  epoch: number
}

const placeLayout = struct<Place>([
  u32be('file'), s64be('position'), u32be('length'), s64be('last'), s64be('maxTimestamp'),
  s32be('epoch'),
])
assert.equal(placeLayout.span, 36)
// A place is told from a run of batches by its length alone.
assert(placeLayout.span < HEADER_SIZE)

export function encodePlace (place: Place): Buffer {
  const bytes = Buffer.alloc(placeLayout.span)
  placeLayout.encode(place, bytes)
  return bytes
}

export function decodePlace (value: Buffer): Place | undefined {
  return value.length === placeLayout.span ? placeLayout.decode(value) : undefined
}

/** What one flush put of one log: lets a search skip what cannot hold its answer. */
export interface FlushIndex { next: bigint, bytes: bigint, maxTimestamp: bigint }

const indexLayout = struct<FlushIndex>([s64be('next'), s64be('bytes'), s64be('maxTimestamp')])
assert.equal(indexLayout.span, 24)

export function encodeIndex (entry: FlushIndex): Buffer {
  const bytes = Buffer.alloc(indexLayout.span)
  indexLayout.encode(entry, bytes)
  return bytes
}

export function decodeIndex (value: Buffer): FlushIndex { return indexLayout.decode(value) }
