/**
 * What stands in a journal file: a file header, then turns one after the other.
 * A turn: its header, a table of entries, the small batches in order, the large ones in order.
 * The header's checksum covers header and table; each batch carries its own (R-S5).
 */
import assert from 'node:assert'
import { blob, s32be, struct, u16be, u32be, u8 } from 'buffer-layout'
import { s64be, writeInt64 } from '../../protocol/records/int64.ts'
import { crc32c } from '../../protocol/records/checksum.ts'
import { offsetsOf } from './offsets-of.ts'

interface FileHeader { magic: Buffer, version: number, reserved: number, number: number }
interface TurnHeader {
  crc: number
  magic: number
  generation: number
  number: bigint
  count: number
  bodyBytes: number
}
export interface Entry {
  kind: number
  /** Log number. */
  log: number
  /** Base offset of a batch; the argument of the other kinds. */
  offset: bigint
  /** Bytes in the body. */
  length: number
  /** Leader epoch of a batch: not under the batch's own checksum. */
  epoch: number
}

const fileHeader = struct<FileHeader>([
  blob(8, 'magic'), u16be('version'), u16be('reserved'), u32be('number'),
])
const turnHeader = struct<TurnHeader>([
  u32be('crc'), u32be('magic'), u32be('generation'), s64be('number'), u32be('count'),
  u32be('bodyBytes'),
])
const entryLayout = struct<Entry>([
  u8('kind'), u32be('log'), s64be('offset'), u32be('length'), s32be('epoch'),
])

export const FILE_HEADER_SIZE = fileHeader.span
export const TURN_HEADER_SIZE = turnHeader.span
export const ENTRY_SIZE = entryLayout.span
assert.equal(FILE_HEADER_SIZE, 16)
assert.equal(TURN_HEADER_SIZE, 28)
assert.equal(ENTRY_SIZE, 21)

const FILE_MAGIC = Buffer.from('OTTLAJNL', 'latin1')
const FORMAT_VERSION = 1
const TURN_MAGIC = 0x5455524e

/** What an entry does. The numbers are stored. */
export const kinds = {
  small: 1, // a batch that will be gathered into the volume
  large: 2, // a batch that stays in this file
  create: 3, // the body is the log's name; offset 1 for a log that may use the reserve
  remove: 4,
  truncate: 5,
  start: 6,
  reset: 7,
  copy: 8, // a large batch copied forward: bytes only, no part of recovery
} as const

/** Large batches come last in a turn's body, and stay where they are. */
export function isLarge (entry: Entry): boolean {
  return entry.kind === kinds.large || entry.kind === kinds.copy
}

const headerAt = offsetsOf(turnHeader,
  ['crc', 'magic', 'generation', 'number', 'count', 'bodyBytes'])
const entryAt = offsetsOf(entryLayout, ['kind', 'log', 'offset', 'length', 'epoch'])

export function encodeFileHeader (number: number): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_SIZE)
  fileHeader.encode({ magic: FILE_MAGIC, version: FORMAT_VERSION, reserved: 0, number }, bytes)
  return bytes
}

/** True when these bytes open the journal file with this number in a version that we read. */
export function fileHeaderIsGood (bytes: Buffer, number: number): boolean {
  return bytes.length >= FILE_HEADER_SIZE &&
    bytes.subarray(0, FILE_HEADER_SIZE).equals(encodeFileHeader(number))
}

/** Written field by field: this is on the path of every append. */
export function writeEntry (
  into: Buffer, at: number, kind: number, log: number, offset: bigint, length: number, epoch: number
): void {
  into[at] = kind
  into.writeUInt32BE(log, at + entryAt.log)
  writeInt64(into, offset, at + entryAt.offset)
  into.writeUInt32BE(length, at + entryAt.length)
  into.writeInt32BE(epoch, at + entryAt.epoch)
}

export function readEntry (bytes: Buffer, at: number): Entry {
  return entryLayout.decode(bytes, at)
}

/** Completes the header in front of `count` entries at `at`; the checksum comes last. */
export function writeTurnHeader (
  into: Buffer, at: number, generation: number, number: bigint, count: number, bodyBytes: number
): void {
  into.writeUInt32BE(TURN_MAGIC, at + headerAt.magic)
  into.writeUInt32BE(generation, at + headerAt.generation)
  writeInt64(into, number, at + headerAt.number)
  into.writeUInt32BE(count, at + headerAt.count)
  into.writeUInt32BE(bodyBytes, at + headerAt.bodyBytes)
  const end = at + TURN_HEADER_SIZE + count * ENTRY_SIZE
  into.writeUInt32BE(crc32c(into, at + headerAt.magic, end), at + headerAt.crc)
}

export interface TurnStart {
  generation: number
  number: bigint
  count: number
  bodyBytes: number
}

/** The header alone, unchecked but for its magic; undefined when no turn starts here. */
export function readTurnStart (bytes: Buffer, at: number): TurnStart | undefined {
  if (bytes.length - at < TURN_HEADER_SIZE) return undefined
  const { magic, generation, number, count, bodyBytes } = turnHeader.decode(bytes, at)
  return magic === TURN_MAGIC ? { generation, number, count, bodyBytes } : undefined
}

/** True when header and table, both wholly in `bytes`, are as they were written. */
export function tableIsIntact (bytes: Buffer, at: number, count: number): boolean {
  const end = at + TURN_HEADER_SIZE + count * ENTRY_SIZE
  if (end > bytes.length) return false
  return crc32c(bytes, at + headerAt.magic, end) === bytes.readUInt32BE(at + headerAt.crc)
}
