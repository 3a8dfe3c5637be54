/**
 * LZ4 frames as Kafka reads them: independent blocks, a header checksum that magic 0 got wrong
 * (and that is not looked at there), a content checksum that must be there and is not looked at.
 */
import { decompressesTooLarge, undecompressable, type RecordError } from './error.ts'
import { copyBack, copyLiteral } from './snappy.ts'
import { xxhash32 } from './xxhash.ts'

const FRAME_MAGIC = 0x184d2204
const DESCRIPTOR_START = 4
const RAW_BLOCK = 0x80000000
/** Bytes that a match has more than its length field says. */
const MATCH_MIN = 4
/** Each byte of a match length adds at most 255: nothing grows by more than this. */
const BYTE_GROWTH_MAX = 256

const flag = {
  version: 0xc0, version1: 0x40, independent: 0x20, blockChecksum: 0x10,
  contentSize: 0x08, contentChecksum: 0x04, reserved: 0x03,
}

const CHECKSUM_BYTES = 4

interface Frame {
  position: number
  blockBytesMax: number
  blockChecksum: boolean
  contentChecksum: boolean
}

function openFrame (bytes: Buffer, ignoreHeaderChecksum: boolean): Frame {
  if (bytes.length < DESCRIPTOR_START + 3) throw broken('the frame header is cut')
  if (bytes.readUInt32LE(0) !== FRAME_MAGIC) throw broken('not an LZ4 frame')
  const flags = bytes[DESCRIPTOR_START]!
  if ((flags & flag.version) !== flag.version1) throw broken('unknown version')
  if ((flags & flag.reserved) !== 0) throw broken('reserved bits are set')
  if ((flags & flag.independent) === 0) throw broken('dependent blocks are not supported')
  const block = bytes[DESCRIPTOR_START + 1]!
  const blockSize = (block >>> 4) & 7
  if ((block & 0x8f) !== 0 || blockSize < 4) throw broken('unknown block size')
  const position = DESCRIPTOR_START + 2 + ((flags & flag.contentSize) !== 0 ? 8 : 0)
  if (position >= bytes.length) throw broken('the frame header is cut')
  const checksum = (xxhash32(bytes, DESCRIPTOR_START, position) >>> 8) & 0xff
  if (!ignoreHeaderChecksum && bytes[position] !== checksum) throw broken('wrong header checksum')
  return {
    position: position + 1,
    blockBytesMax: 1 << (2 * blockSize + 8),
    blockChecksum: (flags & flag.blockChecksum) !== 0,
    contentChecksum: (flags & flag.contentChecksum) !== 0,
  }
}

/** The blocks of an LZ4 frame, decompressed one at a time; each is valid until the next. */
export function * unlz4 (
  bytes: Buffer, limitBytes: number, ignoreHeaderChecksum: boolean,
): Generator<Uint8Array> {
  const frame = openFrame(bytes, ignoreHeaderChecksum)
  let output: Uint8Array | undefined
  let position = frame.position
  let total = 0
  for (;;) {
    if (position + 4 > bytes.length) throw broken('the end mark is missing')
    const field = bytes.readUInt32LE(position)
    position += 4
    const length = field % RAW_BLOCK
    if (length === 0) {
      const bytesLeft = bytes.length - position
      if (frame.contentChecksum && bytesLeft < CHECKSUM_BYTES) throw broken('the content checksum is cut')
      return
    }
    if (length > frame.blockBytesMax) throw broken('a block is too large')
    if (length > bytes.length - position) throw broken('a block is cut')
    const block = bytes.subarray(position, position + length)
    position += length
    if (frame.blockChecksum) {
      if (position + 4 > bytes.length) throw broken('a block checksum is cut')
      if (bytes.readUInt32LE(position) !== xxhash32(block)) throw broken('wrong block checksum')
      position += 4
    }
    let window: Uint8Array = block
    if (field < RAW_BLOCK) {
      output ??= Buffer.allocUnsafe(Math.min(frame.blockBytesMax, bytes.length * BYTE_GROWTH_MAX))
      window = output.subarray(0, decompressBlock(block, output))
    }
    total += window.length
    if (total > limitBytes) throw decompressesTooLarge('lz4')
    if (window.length > 0) yield window
  }
}

/** What the blocks can grow to at most; 0 for bytes that are no frame. */
export function lz4ClaimedBytes (bytes: Buffer, ignoreHeaderChecksum: boolean): number {
  let frame: Frame
  try { frame = openFrame(bytes, ignoreHeaderChecksum) } catch { return 0 }
  let total = 0
  let { position } = frame
  while (position + 4 <= bytes.length) {
    const length = bytes.readUInt32LE(position) % RAW_BLOCK
    if (length === 0) break
    total += Math.min(frame.blockBytesMax, length * BYTE_GROWTH_MAX)
    position += 4 + length + (frame.blockChecksum ? 4 : 0)
  }
  return total
}

/** Decompresses one block into `output`, at most as much as that holds; gives the bytes written. */
function decompressBlock (input: Uint8Array, output: Uint8Array): number {
  const inputEnd = input.length
  const room = output.length
  let position = 0
  let written = 0
  while (position < inputEnd) {
    const token = input[position++]!
    let literal = token >>> 4
    if (literal === 15) {
      let byte: number
      do {
        if (position >= inputEnd) throw broken('a length is cut')
        byte = input[position++]!
        literal += byte
      } while (byte === 255)
    }
    if (literal > inputEnd - position) throw broken('a literal is cut')
    if (literal > room - written) throw broken('more bytes than the block may have')
    copyLiteral(input, position, output, written, literal)
    position += literal
    written += literal
    if (position === inputEnd) return written // the last sequence has no match
    if (position + 2 > inputEnd) throw broken('a match is cut')
    const distance = input[position]! | (input[position + 1]! << 8)
    position += 2
    let length = token & 15
    if (length === 15) {
      let byte: number
      do {
        if (position >= inputEnd) throw broken('a length is cut')
        byte = input[position++]!
        length += byte
      } while (byte === 255)
    }
    length += MATCH_MIN
    if (distance === 0 || distance > written) throw broken('a match from before the start')
    if (length > room - written) throw broken('more bytes than the block may have')
    copyBack(output, written, distance, length)
    written += length
  }
  throw broken('a block without a last literal')
}

function broken (reason: string): RecordError { return undecompressable('lz4', reason) }
