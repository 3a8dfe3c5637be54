/** snappy, raw and in xerial's framing, with one thing about it that is unusual or wrong. */
import { record } from './case.ts'
import type { CodecCase } from './case.ts'

const DATA = record()
const MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])

function be (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

function head (version = 1, compatible = 1): Buffer {
  return Buffer.concat([MAGIC, be(version), be(compatible)])
}

/** A raw block: its length, and literals of up to 60 bytes each. */
function raw (bytes: Buffer, claimed = bytes.length): Buffer {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60)
    pieces.push(Buffer.from([(piece.length - 1) << 2]), piece)
  }
  return Buffer.concat([varint(claimed), ...pieces])
}

function varint (value: number): Buffer {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push(value % 128 | 0x80)
  return Buffer.from([...bytes, value])
}

function chunk (block: Buffer, length = block.length): Buffer {
  return Buffer.concat([be(length), block])
}

function framed (...chunks: Buffer[]): Buffer { return Buffer.concat([head(), ...chunks]) }

export function snappyCases (): CodecCase[] {
  const cases: Array<[shows: string, payload: Buffer]> = []
  const versions =
    [[0, 1], [1, 0], [1, 1], [2, 1], [1, 2], [2, 2], [-1, 1], [1, -1], [0, 0]] as const
  for (const [version, compatible] of versions) {
    cases.push([`version ${version}, readable by ${compatible}`,
      Buffer.concat([head(version, compatible), chunk(raw(DATA))])])
  }
  framing(cases)
  elements(cases)
  const batches = cases.map(([shows, payload]): CodecCase => ({ shows, codec: 'snappy', magic: 2, payload }))
  const parts = [DATA.subarray(0, 7), DATA.subarray(7)].map(part => chunk(raw(part)))
  const because = 'Java says that the stream is over, and goes on behind the header when it is asked again'
  return [...batches, {
    shows: 'a second head of another magic',
    codec: 'snappy',
    magic: 2,
    payload: Buffer.concat([head(), parts[0]!, MAGIC.subarray(0, 4), Buffer.alloc(12), parts[1]!]),
    ours: { errorCode: 87, because },
  }]
}

function framing (cases: Array<[string, Buffer]>): void {
  const block = raw(DATA)
  const parts = [DATA.subarray(0, 7), DATA.subarray(7)].map(part => chunk(raw(part)))
  const whole = framed(chunk(block))
  cases.push(['nothing at all', Buffer.alloc(0)])
  cases.push(['a raw block', block])
  cases.push(['a raw block shorter than the head', raw(record(1))])
  cases.push(['a raw block with nonsense behind it', Buffer.concat([block, Buffer.from('nonsense')])])
  cases.push(['two raw blocks', Buffer.concat([block, block])])
  cases.push(['the head alone', head()])
  for (const bytes of [1, 8, 12, 15, 17, 19, 20, 21, 30]) cases.push([`${bytes} bytes of it`, whole.subarray(0, bytes)])
  cases.push(['two chunks', framed(...parts)])
  cases.push(['a chunk of no bytes', framed(chunk(Buffer.alloc(0)), chunk(block))])
  cases.push(['a chunk of no bytes last', framed(chunk(block), chunk(Buffer.alloc(0)))])
  cases.push(['a chunk of no bytes alone', framed(chunk(Buffer.alloc(0)))])
  cases.push(['a chunk of nothing', framed(chunk(raw(Buffer.alloc(0))), chunk(block))])
  cases.push(['a chunk of nothing last', framed(chunk(block), chunk(raw(Buffer.alloc(0))))])
  cases.push(['a chunk of nothing between', framed(parts[0]!, chunk(raw(Buffer.alloc(0))), parts[1]!)])
  cases.push(['a chunk of a negative length', framed(chunk(block, -1))])
  cases.push(['a chunk of the least length', framed(chunk(block, -(2 ** 31)))])
  cases.push(['a chunk of the greatest length', framed(chunk(block, 2 ** 31 - 1))])
  cases.push(['a chunk that is longer than what is there', framed(chunk(block, block.length + 1))])
  cases.push(['a chunk that is shorter than its block', framed(chunk(block, block.length - 1))])
  for (let bytes = 1; bytes < 4; bytes++) {
    cases.push([`${bytes} bytes behind the last chunk`, Buffer.concat([whole, Buffer.alloc(bytes)])])
  }
  cases.push(['a zero length behind the last chunk', Buffer.concat([whole, Buffer.alloc(4)])])
  cases.push(['a second stream', Buffer.concat([head(), parts[0]!, head(), parts[1]!])])
  cases.push(['a second head at once', Buffer.concat([head(), head(), chunk(block)])])
  cases.push(['a second head alone last', Buffer.concat([whole, head()])])
  cases.push(['a second head that is cut', Buffer.concat([whole, head().subarray(0, 12)])])
  cases.push(['a second head that is cut early', Buffer.concat([whole, head().subarray(0, 6)])])
  cases.push(['a second head that needs version 0', Buffer.concat([head(), parts[0]!, head(1, 0), parts[1]!])])
  const large = record(40_000)
  cases.push(['a chunk of more than 32 KiB', framed(chunk(raw(large)))])
}

function elements (cases: Array<[string, Buffer]>): void {
  const blocks: Array<[string, Buffer]> = []
  const { length } = DATA
  blocks.push(['a length that says more', raw(DATA, length + 1)])
  blocks.push(['a length that says less', raw(DATA, length - 1)])
  blocks.push(['a length that says very much', raw(DATA, 2 ** 31 - 1)])
  blocks.push(['a length above all that is an int', raw(DATA, 2 ** 32 - 1)])
  blocks.push(['a length of five bytes', Buffer.concat([Buffer.from([length | 0x80, 0x80, 0x80, 0x80, 0]), raw(DATA).subarray(1)])])
  blocks.push(['a length of five bytes and bits too many',
    Buffer.concat([Buffer.from([length | 0x80, 0x80, 0x80, 0x80, 0x10]), raw(DATA).subarray(1)])])
  blocks.push(['a length of six bytes', Buffer.concat([Buffer.from([length | 0x80, 0x80, 0x80, 0x80, 0x80, 0]), raw(DATA).subarray(1)])])
  blocks.push(['a length that is cut', Buffer.from([0x80])])
  blocks.push(['a literal that is cut', raw(DATA).subarray(0, -1)])
  const literal = (bytes: Buffer, lengthBytes: number): Buffer => {
    const size = Buffer.alloc(4)
    size.writeUInt32LE(bytes.length - 1)
    return Buffer.concat(
      [Buffer.from([(59 + lengthBytes) << 2]), size.subarray(0, lengthBytes), bytes]
    )
  }
  for (const bytes of [1, 2, 3, 4]) {
    blocks.push([`a literal of a length of ${bytes} bytes`, Buffer.concat([varint(length), literal(DATA, bytes)])])
  }
  const start = DATA.subarray(0, length - 10)
  const one = DATA.subarray(-1)
  const copies: Array<[string, Buffer]> = [
    ['a copy of 1 byte of distance', Buffer.from([(9 - 4) << 2 | 1, 1])],
    ['a copy of 2 bytes of distance', Buffer.from([(9 - 1) << 2 | 2, 1, 0])],
    ['a copy of 4 bytes of distance', Buffer.from([(9 - 1) << 2 | 3, 1, 0, 0, 0])],
    ['a copy of distance 0', Buffer.from([(9 - 4) << 2 | 1, 0])],
    ['a copy from before the start', Buffer.from([(9 - 1) << 2 | 2, 200, 0])],
    ['a copy from far before the start', Buffer.from([(9 - 1) << 2 | 3, 1, 0, 0, 128])],
    ['a copy that is cut', Buffer.from([(9 - 1) << 2 | 2, 1])],
  ]
  for (const [shows, copy] of copies) {
    const end = shows.endsWith('cut') ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0]), one])
    blocks.push([shows, Buffer.concat([varint(length), raw(start).subarray(1), copy, end])])
  }
  for (const [shows, block] of blocks) {
    cases.push([shows, framed(chunk(block))])
    cases.push([`${shows}, raw`, block])
  }
}
