/** Writes snappy in xerial's framing, the one that Kafka writes and every client reads. */
import { copyLiteral } from './snappy.ts'

const FRAME_HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const BLOCK_BYTES = 32 * 1024
const HASH_BITS = 14
/** Bytes at the end of a block in which no match starts: four are read at a time. */
const TAIL_BYTES = 15
const MATCH_MIN = 4
const COPY_MAX = 64
/** Every 32 misses the search steps one byte more: what does not compress costs little. */
const MISSES_PER_STEP_LOG2 = 5

/** The stream in pieces: its header, then each block of 32 KiB after its length. */
export function * snappy (bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  yield FRAME_HEADER
  const table = new Uint16Array(1 << HASH_BITS)
  for (let start = 0; start < bytes.length; start += BLOCK_BYTES) {
    const block = compressBlock(bytes.subarray(start, start + BLOCK_BYTES), table)
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    yield length
    yield block
  }
}

/** The most that a block of `length` bytes can take. */
function boundOf (length: number): number { return 32 + length + Math.floor(length / 6) }

function compressBlock (input: Uint8Array, table: Uint16Array): Buffer {
  const output = Buffer.allocUnsafe(boundOf(input.length))
  let written = 0
  for (let rest = input.length; ; rest >>>= 7) {
    output[written++] = rest < 0x80 ? rest : (rest & 0x7f) | 0x80
    if (rest < 0x80) break
  }
  table.fill(0)
  const limit = input.length - TAIL_BYTES
  let literalStart = 0
  let position = 1
  let misses = 1 << MISSES_PER_STEP_LOG2
  while (position < limit) {
    const word = wordAt(input, position)
    const slot = slotOf(word)
    const candidate = table[slot]!
    table[slot] = position
    if (candidate >= position || wordAt(input, candidate) !== word) {
      position += misses++ >>> MISSES_PER_STEP_LOG2
      continue
    }
    misses = 1 << MISSES_PER_STEP_LOG2
    let length = MATCH_MIN
    while (position + length < input.length &&
      input[candidate + length] === input[position + length]) length += 1
    written = writeLiteral(output, written, input, literalStart, position)
    written = writeCopies(output, written, position - candidate, length)
    position += length
    literalStart = position
    // The end of a match often starts the next one.
    if (position < limit) table[slotOf(wordAt(input, position - 1))] = position - 1
  }
  written = writeLiteral(output, written, input, literalStart, input.length)
  return output.subarray(0, written)
}

function slotOf (word: number): number {
  return Math.imul(word, 0x1e35a7bd) >>> (32 - HASH_BITS)
}

function wordAt (bytes: Uint8Array, position: number): number {
  return bytes[position]! | (bytes[position + 1]! << 8) |
    (bytes[position + 2]! << 16) | (bytes[position + 3]! << 24)
}

function writeLiteral (
  output: Uint8Array, written: number, input: Uint8Array, start: number, end: number,
): number {
  const length = end - start
  if (length === 0) return written
  const field = length - 1
  if (field < 60) {
    output[written++] = field << 2
  } else if (field < 0x100) {
    output[written++] = 60 << 2
    output[written++] = field
  } else {
    output[written++] = 61 << 2
    output[written++] = field & 0xff
    output[written++] = field >>> 8
  }
  copyLiteral(input, start, output, written, length)
  return written + length
}

/** Copies of at most 64 bytes, each with a distance of two bytes. */
function writeCopies (
  output: Uint8Array, written: number, distance: number, length: number,
): number {
  for (let rest = length; rest > 0;) {
    const step = Math.min(rest, COPY_MAX)
    output[written++] = ((step - 1) << 2) | 2
    output[written++] = distance & 0xff
    output[written++] = distance >>> 8
    rest -= step
  }
  return written
}
