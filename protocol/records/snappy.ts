/**
 * snappy for record batches: a raw block, as librdkafka writes it, or xerial's framing of blocks,
 * as Java does. Written here because no length in the input may decide an allocation
 * (CVE-2023-34455), and because a native addon was measured no faster.
 */
import { decompressesTooLarge, undecompressable, type RecordError } from './error.ts'

const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
/** Its first four bytes stand where the length of a block does. */
const XERIAL_MARK = XERIAL_MAGIC.readInt32BE()
/** Magic, version and the oldest version that can read it. */
const XERIAL_HEADER_BYTES = 16
/** A copy of 64 bytes takes at least 3, so nothing grows by more than this. */
const GROWTH_MAX = 22
/** Below this a loop beats the call of a typed array's method. */
const SHORT_BYTES = 24

/**
 * The blocks of a snappy stream, decompressed one at a time; each is valid until the next. As for
 * Java's reader the stream is over where too few bytes are left for a length, and at a further
 * header that is none; versions are not looked at.
 */
export function * unsnappy (bytes: Buffer, limitBytes: number): Generator<Uint8Array> {
  if (bytes.length < XERIAL_HEADER_BYTES || !startsWithMagic(bytes, 0)) {
    yield decompressBlock(bytes, limitBytes)
    return
  }
  let position = XERIAL_HEADER_BYTES
  let total = 0
  while (position + 4 <= bytes.length) {
    const length = bytes.readInt32BE(position)
    if (length === XERIAL_MARK) { // streams may stand one after another
      if (position + XERIAL_HEADER_BYTES > bytes.length) throw broken('a header is cut')
      if (!startsWithMagic(bytes, position)) return
      position += XERIAL_HEADER_BYTES
      continue
    }
    position += 4
    if (length < 0 || length > bytes.length - position) throw broken('a block is cut')
    const block = decompressBlock(bytes.subarray(position, position + length), limitBytes - total)
    total += block.length
    position += length
    if (block.length > 0) yield block
  }
}

function startsWithMagic (bytes: Buffer, position: number): boolean {
  const end = position + XERIAL_MAGIC.length
  return end <= bytes.length &&
    XERIAL_MAGIC.compare(bytes, position, end) === 0
}

/** One raw snappy block. */
function decompressBlock (input: Uint8Array, limitBytes: number): Uint8Array {
  let size = 0
  let position = 0
  for (let shift = 0; ; shift += 7) {
    const byte = input[position++]
    if (byte === undefined || shift > 28) throw broken('the length is cut')
    size += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  if (size > (input.length - position) * GROWTH_MAX) throw broken('a length that cannot be')
  if (size > limitBytes) throw decompressesTooLarge('snappy')
  const output = Buffer.allocUnsafe(size)
  fill(input, position, output)
  return output
}

function fill (input: Uint8Array, from: number, output: Uint8Array): void {
  const inputEnd = input.length
  const outputEnd = output.length
  let position = from
  let written = 0
  while (position < inputEnd) {
    const tag = input[position++]!
    let length: number
    let distance: number
    switch (tag & 3) {
      case 0: {
        length = tag >>> 2
        if (length >= 60) {
          const lengthBytes = length - 59
          if (position + lengthBytes > inputEnd) throw broken('a literal is cut')
          length = littleEndian(input, position, lengthBytes)
          position += lengthBytes
        }
        length += 1
        if (length > inputEnd - position || length > outputEnd - written) {
          throw broken('a literal is too long')
        }
        copyLiteral(input, position, output, written, length)
        position += length
        written += length
        continue
      }
      case 1:
        if (position + 1 > inputEnd) throw broken('a copy is cut')
        length = 4 + ((tag >>> 2) & 7)
        distance = ((tag & 0xe0) << 3) | input[position]!
        position += 1
        break
      default: {
        const distanceBytes = (tag & 3) === 2 ? 2 : 4
        if (position + distanceBytes > inputEnd) throw broken('a copy is cut')
        length = (tag >>> 2) + 1
        distance = littleEndian(input, position, distanceBytes)
        position += distanceBytes
      }
    }
    if (distance === 0 || distance > written) throw broken('a copy from before the start')
    if (length > outputEnd - written) throw broken('a copy is too long')
    copyBack(output, written, distance, length)
    written += length
  }
  if (written !== outputEnd) throw broken('fewer bytes than announced')
}

function littleEndian (bytes: Uint8Array, position: number, length: number): number {
  let value = 0
  for (let index = length - 1; index >= 0; index -= 1) {
    value = value * 256 + bytes[position + index]!
  }
  return value
}

/** Copies input bytes as they are. */
export function copyLiteral (
  input: Uint8Array, position: number, output: Uint8Array, written: number, length: number,
): void {
  if (length > SHORT_BYTES) {
    output.set(input.subarray(position, position + length), written)
    return
  }
  for (let index = 0; index < length; index += 1) output[written + index] = input[position + index]!
}

/** Repeats what was written `distance` bytes ago; the two may overlap. */
export function copyBack (
  output: Uint8Array, written: number, distance: number, length: number,
): void {
  const from = written - distance
  if (length > SHORT_BYTES && distance >= length) {
    output.copyWithin(written, from, from + length)
    return
  }
  for (let index = 0; index < length; index += 1) output[written + index] = output[from + index]!
}

function broken (reason: string): RecordError { return undecompressable('snappy', reason) }
