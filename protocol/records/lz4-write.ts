/** Writes LZ4 frames like Kafka's: independent blocks of 64 KiB, no checksum but the header's. */
import { copyLiteral } from './snappy.ts'
import { xxhash32 } from './xxhash.ts'

const FRAME_MAGIC = 0x184d2204
/** Version 1, independent blocks; blocks of 64 KiB. */
const DESCRIPTOR = [0x60, 0x40] as const
const HEADER_BYTES = 7
const BLOCK_BYTES = 64 * 1024
const RAW_BLOCK = 0x80000000
const END_MARK = Buffer.alloc(4)
const HASH_BITS = 14
/** The format: no match starts in the last 12 bytes, and the last 5 are literals. */
const TAIL_BYTES = 12
const LAST_LITERALS = 5
const MATCH_MIN = 4
const MISSES_PER_STEP_LOG2 = 5

/**
 * One frame in pieces, each valid until the next. Magic 0 takes the magic number into the header's
 * checksum, as its readers expect.
 */
export function * lz4 (
  bytes: Uint8Array, brokenHeaderChecksum: boolean,
): Generator<Uint8Array, void, undefined> {
  const head = Buffer.allocUnsafe(HEADER_BYTES)
  head.writeUInt32LE(FRAME_MAGIC)
  head.set(DESCRIPTOR, 4)
  head[6] = (xxhash32(head, brokenHeaderChecksum ? 0 : 4, 6) >>> 8) & 0xff
  yield head
  const output = Buffer.allocUnsafe(4 + BLOCK_BYTES)
  const table = new Int32Array(1 << HASH_BITS)
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = bytes.subarray(start, start + BLOCK_BYTES)
    const room = output.subarray(4, 4 + block.length)
    const length = compressBlock(block, room, table)
    if (length === 0) room.set(block)
    const size = length === 0 ? block.length : length
    output.writeUInt32LE(length === 0 ? RAW_BLOCK + size : size)
    yield output.subarray(0, 4 + size)
  }
  yield END_MARK
}

/** Compresses one block into `output`; gives 0 if it does not become smaller. */
function compressBlock (input: Uint8Array, output: Uint8Array, table: Int32Array): number {
  table.fill(-1)
  const limit = input.length - TAIL_BYTES
  const matchEnd = input.length - LAST_LITERALS
  let written = 0
  let literalStart = 0
  let position = 0
  let misses = 1 << MISSES_PER_STEP_LOG2
  while (position < limit) {
    const word = wordAt(input, position)
    const slot = slotOf(word)
    const candidate = table[slot]!
    table[slot] = position
    if (candidate < 0 || position - candidate > 0xffff || wordAt(input, candidate) !== word) {
      position += misses++ >>> MISSES_PER_STEP_LOG2
      continue
    }
    misses = 1 << MISSES_PER_STEP_LOG2
    let length = MATCH_MIN
    while (position + length < matchEnd &&
      input[candidate + length] === input[position + length]) length += 1
    const literal = position - literalStart
    if (written + sequenceBound(literal, length) > output.length) return 0
    written = writeToken(output, written, literal, length - MATCH_MIN)
    copyLiteral(input, literalStart, output, written, literal)
    written += literal
    output[written++] = (position - candidate) & 0xff
    output[written++] = (position - candidate) >>> 8
    if (length - MATCH_MIN >= 15) written = writeLength(output, written, length - MATCH_MIN - 15)
    position += length
    literalStart = position
    // The end of a match often starts the next one.
    if (position < limit) table[slotOf(wordAt(input, position - 2))] = position - 2
  }
  const literal = input.length - literalStart
  if (written + sequenceBound(literal, 0) > output.length) return 0
  written = writeToken(output, written, literal, 0)
  copyLiteral(input, literalStart, output, written, literal)
  return written + literal
}

function slotOf (word: number): number {
  return Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS)
}

function wordAt (bytes: Uint8Array, position: number): number {
  return bytes[position]! | (bytes[position + 1]! << 8) |
    (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)
}

function sequenceBound (literal: number, match: number): number {
  return 5 + literal + Math.floor(literal / 255) + Math.floor(match / 255)
}

/** The token and the literal's further length bytes. */
function writeToken (output: Uint8Array, written: number, literal: number, match: number): number {
  output[written++] = (Math.min(literal, 15) << 4) | Math.min(match, 15)
  return literal >= 15 ? writeLength(output, written, literal - 15) : written
}

function writeLength (output: Uint8Array, written: number, length: number): number {
  for (; length >= 255; length -= 255) output[written++] = 255
  output[written++] = length
  return written
}
