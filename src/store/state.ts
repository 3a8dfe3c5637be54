/**
 * What a volume says of the store: how far the journal is covered, every log, every volume.
 * The newest volume carries it all, and it changes with the batches in one transaction, so no two
 * environments ever have to be brought together after a power loss.
 */
import assert from 'node:assert'
import { readInt64, s64be } from '../../protocol/records/int64.ts'
import { struct, u16be, u32be, u8 } from 'buffer-layout'
import type { Extent, Extents } from './extents.ts'
import { offsetsOf } from './offsets-of.ts'

export interface CoveredState {
  version: number
  generation: number
  turn: bigint
  /** Where the turn behind the last covered one begins, or would. */
  file: number
  position: bigint
  nextLogNumber: number
  createdMs: bigint
}

export interface LogState {
  readonly name: string
  readonly number: number
  readonly reserve: boolean
  readonly damaged: boolean
  readonly start: bigint
  readonly end: bigint
  readonly extents: Extents
}

/** The journal files that a volume keeps: number and bytes of large batches in each. */
export interface VolumeState {
  readonly number: number
  readonly bytes: number
  readonly files: ReadonlyMap<number, number>
}

export const STATE_VERSION = 2

const coveredLayout = struct<CoveredState>([
  u16be('version'), u32be('generation'), s64be('turn'), u32be('file'), s64be('position'),
  u32be('nextLogNumber'), s64be('createdMs'),
])
interface LogHead {
  reserve: number
  damaged: number
  start: bigint
  end: bigint
  extents: number
}
const logLayout = struct<LogHead>([
  u8('reserve'), u8('damaged'), s64be('start'), s64be('end'), u32be('extents'),
])
interface StoredExtent {
  volume: number
  keys: number
  from: bigint
  to: bigint
  bytes: bigint
  maxTimestamp: bigint
}
const extentLayout = struct<StoredExtent>([
  u32be('volume'), u32be('keys'), s64be('from'), s64be('to'), s64be('bytes'), s64be('maxTimestamp'),
])
interface VolumeHead { bytes: bigint, files: number }
const volumeLayout = struct<VolumeHead>([s64be('bytes'), u32be('files')])
interface KeptFile { number: number, placeBytes: bigint }
const keptFileLayout = struct<KeptFile>([u32be('number'), s64be('placeBytes')])
/**
 * A start reads thousands of these: field by field at its place, which takes a fifth of the time.
 */
const logAt = offsetsOf(logLayout, ['reserve', 'damaged', 'start', 'end', 'extents'])
const extentAt = offsetsOf(extentLayout,
  ['volume', 'keys', 'from', 'to', 'bytes', 'maxTimestamp'])
assert.equal(coveredLayout.span, 38)
assert.equal(logLayout.span, 22)
assert.equal(extentLayout.span, 40)
assert.equal(volumeLayout.span, 12)
assert.equal(keptFileLayout.span, 12)

export function encodeCovered (state: CoveredState): Buffer {
  const bytes = Buffer.alloc(coveredLayout.span)
  coveredLayout.encode(state, bytes)
  return bytes
}

export function decodeCovered (bytes: Buffer): CoveredState { return coveredLayout.decode(bytes) }

export function encodeExtents (extents: Extents): Buffer {
  const bytes = Buffer.alloc(extents.length * extentLayout.span)
  extents.forEach((extent, index) => {
    const stored = { ...extent, bytes: BigInt(extent.bytes) }
    extentLayout.encode(stored, bytes, index * extentLayout.span)
  })
  return bytes
}

export function decodeExtents (bytes: Buffer, from = 0, count?: number): Extent[] {
  const extents: Extent[] = []
  const end = count === undefined ? bytes.length : from + count * extentLayout.span
  for (let at = from; at < end; at += extentLayout.span) {
    extents.push({
      volume: bytes.readUInt32BE(at + extentAt.volume),
      keys: bytes.readUInt32BE(at + extentAt.keys),
      from: readInt64(bytes, at + extentAt.from),
      to: readInt64(bytes, at + extentAt.to),
      bytes: Number(readInt64(bytes, at + extentAt.bytes)),
      maxTimestamp: readInt64(bytes, at + extentAt.maxTimestamp),
    })
  }
  return extents
}

/** The log without the extents of sealed volumes: those change rarely and have their own record. */
export function encodeLog (state: LogState, active: number): Buffer {
  const extents = encodeExtents(state.extents.filter(extent => extent.volume === active))
  const head = Buffer.alloc(logLayout.span)
  logLayout.encode({
    reserve: Number(state.reserve),
    damaged: Number(state.damaged),
    start: state.start,
    end: state.end,
    extents: extents.length / extentLayout.span,
  }, head)
  return Buffer.concat([head, extents, Buffer.from(state.name)])
}

export function decodeLog (number: number, bytes: Buffer, sealed: Extent[]): LogState {
  const count = bytes.readUInt32BE(logAt.extents)
  const own = decodeExtents(bytes, logLayout.span, count)
  return {
    name: bytes.toString('utf8', logLayout.span + count * extentLayout.span),
    number,
    reserve: bytes[logAt.reserve] === 1,
    damaged: bytes[logAt.damaged] === 1,
    start: readInt64(bytes, logAt.start),
    end: readInt64(bytes, logAt.end),
    extents: sealed.length === 0
      ? own
      : [...sealed, ...own].sort((left, right) => left.from < right.from ? -1 : 1),
  }
}

export function sealedExtents (state: LogState, active: number): Extents {
  return state.extents.filter(extent => extent.volume !== active)
}

export function encodeVolume (state: VolumeState): Buffer {
  const bytes = Buffer.alloc(volumeLayout.span + state.files.size * keptFileLayout.span)
  volumeLayout.encode({ bytes: BigInt(state.bytes), files: state.files.size }, bytes)
  let at = volumeLayout.span
  for (const [number, placeBytes] of state.files) {
    keptFileLayout.encode({ number, placeBytes: BigInt(placeBytes) }, bytes, at)
    at += keptFileLayout.span
  }
  return bytes
}

export function decodeVolume (number: number, bytes: Buffer): VolumeState {
  const head = volumeLayout.decode(bytes)
  const files = new Map<number, number>()
  for (let index = 0; index < head.files; index++) {
    const kept = keptFileLayout.decode(bytes, volumeLayout.span + index * keptFileLayout.span)
    files.set(kept.number, Number(kept.placeBytes))
  }
  return { number, bytes: Number(head.bytes), files }
}
