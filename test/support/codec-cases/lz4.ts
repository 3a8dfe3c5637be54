/** LZ4 frames with one thing about them that is unusual or wrong. */
import { lz4 } from '../../../protocol/records/lz4-write.ts'
import { xxhash32 } from '../../../protocol/records/xxhash.ts'
import { le, record } from './case.ts'
import type { CodecCase } from './case.ts'

interface Frame {
  magic?: number
  /** The flags of version 1 with independent blocks, unless they are given. */
  flags?: number
  descriptor?: number
  size?: number | bigint
  dictionary?: number
  headerChecksum?: 'right' | 'wrong' | 'quirk'
  blocks?: Buffer[]
  end?: Buffer
}

const DATA = record()
const VERSION_1 = 0x40
const INDEPENDENT = 0x20
const BLOCK_CHECKSUM = 0x10
const SIZE = 0x08
const CHECKSUM = 0x04
const PLAIN = 0x80000000
const USUAL = VERSION_1 | INDEPENDENT
const END_MARK = le(0, 4)

function plain (bytes: Buffer, checksum?: number): Buffer {
  return Buffer.concat(
    [le(PLAIN + bytes.length, 4), bytes, checksum === undefined ? le(0, 0) : le(checksum, 4)]
  )
}

function packed (bytes: Buffer): Buffer { return Buffer.concat([le(bytes.length, 4), bytes]) }

/** Literals alone, of fewer than 15 + 255 bytes. */
function literals (bytes: Buffer): Buffer {
  const token = bytes.length < 15 ? [bytes.length << 4] : [0xf0, bytes.length - 15]
  return Buffer.concat([Buffer.from(token), bytes])
}

function frame (options: Frame = {}): Buffer {
  const {
    magic = 0x184d2204, flags = USUAL, descriptor = 0x40, size, dictionary, headerChecksum = 'right',
    blocks = [plain(DATA)], end = END_MARK,
  } = options
  const head = Buffer.concat([
    le(magic, 4), le(flags, 1), le(descriptor, 1), size === undefined ? le(0, 0) : le(size, 8),
    dictionary === undefined ? le(0, 0) : le(dictionary, 4),
  ])
  const checksum = (xxhash32(head, headerChecksum === 'quirk' ? 0 : 4) >>> 8) ^ (headerChecksum === 'wrong' ? 1 : 0)
  return Buffer.concat([head, le(checksum & 0xff, 1), ...blocks, end])
}

export function lz4Cases (): CodecCase[] {
  const cases: Array<[shows: string, payload: Buffer]> = []
  headers(cases)
  checksums(cases)
  blocks(cases)
  sequences(cases)
  streams(cases)
  const batches = cases.map(([shows, payload]): CodecCase => ({ shows, codec: 'lz4', magic: 2, payload }))
  // Producers of magic 0 computed the header's checksum over the magic bytes, too.
  const sets = ([0, 1] as const).flatMap(magic => (['right', 'wrong', 'quirk'] as const).flatMap(headerChecksum => [
    { shows: `a header checksum: ${headerChecksum}`, codec: 'lz4', magic, payload: frame({ headerChecksum }) },
    {
      shows: `a header checksum behind a size: ${headerChecksum}`, codec: 'lz4', magic,
      payload: frame({ headerChecksum, flags: USUAL | SIZE, size: DATA.length }),
    },
  ] as const))
  return [...batches, ...sets]
}

function headers (cases: Array<[string, Buffer]>): void {
  for (let size = 0; size < 8; size++) cases.push([`block size ${size}`, frame({ descriptor: size << 4 })])
  for (const bit of [0x80, 0x08, 0x04, 0x02, 0x01]) {
    cases.push([`reserved bit ${bit} beside the block size`, frame({ descriptor: 0x40 | bit })])
  }
  for (let version = 0; version < 4; version++) {
    cases.push([`version ${version}`, frame({ flags: INDEPENDENT | version << 6 })])
  }
  cases.push(['dependent blocks', frame({ flags: VERSION_1 })])
  cases.push(['the reserved flag', frame({ flags: USUAL | 2 })])
  cases.push(['a dictionary', frame({ flags: USUAL | 1, dictionary: 5 })])
  cases.push(['the flag of a dictionary that is not there', frame({ flags: USUAL | 1 })])
  for (const headerChecksum of ['wrong', 'quirk'] as const) {
    cases.push([`a header checksum: ${headerChecksum}`, frame({ headerChecksum })])
  }
  cases.push(['the size', frame({ flags: USUAL | SIZE, size: DATA.length })])
  cases.push(['a size that is wrong', frame({ flags: USUAL | SIZE, size: 1 })])
  cases.push(['a size beyond all measure', frame({ flags: USUAL | SIZE, size: 2n ** 63n })])
  cases.push(['the flag of a size that is not there', frame({ flags: USUAL | SIZE })])
  cases.push(['the magic of the old format', frame({ magic: 0x184c2102 })])
  cases.push(['the magic of a skippable frame', frame({ magic: 0x184d2a50 })])
}

function checksums (cases: Array<[string, Buffer]>): void {
  const flags = USUAL | BLOCK_CHECKSUM
  cases.push(['a block checksum', frame({ flags, blocks: [plain(DATA, xxhash32(DATA))] })])
  cases.push(['a block checksum that is wrong', frame({ flags, blocks: [plain(DATA, 1)] })])
  cases.push(['a block checksum that is not there', frame({ flags, end: le(0, 0) })])
  const content = USUAL | CHECKSUM
  const end = (checksum: number, bytes = 4): Buffer =>
    Buffer.concat([END_MARK, le(checksum, bytes)])
  const parts = [DATA.subarray(0, 7), DATA.subarray(7)]
  const two = parts.map(part => plain(part))
  cases.push(['a checksum of the content', frame({ flags: content, end: end(xxhash32(DATA)) })])
  cases.push(['a checksum of the content that is wrong', frame({ flags: content, end: end(1) })])
  cases.push(['a checksum of the content that is 0', frame({ flags: content, end: end(0) })])
  cases.push(['a checksum of the content that is cut', frame({ flags: content, end: end(xxhash32(DATA), 3) })])
  cases.push(['a checksum of the content that is not there', frame({ flags: content })])
  cases.push(['a checksum of two blocks', frame({ flags: content, blocks: two, end: end(xxhash32(DATA)) })])
  cases.push(['a checksum of two blocks, each for itself',
    frame({ flags: content, blocks: two, end: end(xxhash32(parts[0]!) ^ xxhash32(parts[1]!)) })])
}

function blocks (cases: Array<[string, Buffer]>): void {
  const large = record(70_000)
  cases.push(['a compressed block', frame({ blocks: [packed(literals(DATA))] })])
  cases.push(['what ours writes', Buffer.concat([...lz4(record(5_000), false)].map(piece => Buffer.from(piece)))])
  cases.push(['a plain block that is too large', frame({ blocks: [plain(large)] })])
  cases.push(['a plain block that is large enough', frame({ blocks: [plain(large)], descriptor: 0x50 })])
  cases.push(['a compressed block that is too large', frame({ blocks: [packed(Buffer.alloc(65_537))] })])
  const bomb = Buffer.concat([
    Buffer.from([0x1f, 0x78, 1, 0]), Buffer.alloc(300, 255), Buffer.from([0, 0x50]),
    Buffer.alloc(5),
  ])
  cases.push(['a compressed block that grows too large', frame({ blocks: [packed(bomb)] })])
  cases.push(['a plain block of nothing', frame({ blocks: [plain(DATA), plain(Buffer.alloc(0))] })])
  cases.push(['a plain block of nothing that ends it all', frame({ blocks: [plain(DATA)], end: le(PLAIN, 4) })])
  cases.push(['a plain block of nothing first', frame({ blocks: [plain(Buffer.alloc(0)), plain(DATA)] })])
  cases.push(['a compressed block of nothing first', frame({ blocks: [packed(Buffer.alloc(1)), plain(DATA)] })])
  cases.push(['a compressed block of nothing last', frame({ blocks: [plain(DATA), packed(Buffer.alloc(1))] })])
  cases.push(['a compressed block of nothing between', frame({
    blocks: [plain(DATA.subarray(0, 7)), packed(Buffer.alloc(1)), plain(DATA.subarray(7))],
  })])
  cases.push(['a block that is cut', frame({ blocks: [plain(DATA).subarray(0, -3)], end: le(0, 0) })])
  cases.push(['a block length that is cut', frame({ end: le(0, 3) })])
}

/** Compressed blocks that decompress to the record, more or less by the rules. */
function sequences (cases: Array<[string, Buffer]>): void {
  const long = record(40)
  const head = long.subarray(0, long.length - 30)
  const sequence = (first: Buffer, matchCode: number, distance: number, rest: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from([first.length << 4 | matchCode]), first, le(distance, 2), rest,
    ])
  const tail = (bytes: number): Buffer =>
    bytes === 0 ? Buffer.alloc(0) : literals(long.subarray(long.length - bytes))
  const start = long.subarray(0, head.length)
  const rows: Array<[string, Buffer]> = [
    ['a match that is too short, and twelve literals', sequence(start, 13, 1, tail(12))],
  ]
  for (const last of [0, 1, 4, 5, 11, 12]) {
    const match = 30 - last
    const code = Math.min(match - 4, 15)
    const more = code === 15 ? le(match - 4 - 15, 1) : le(0, 0)
    rows.push([`a match, and ${last} literals`, Buffer.concat([
      Buffer.from([start.length << 4 | code]), start, le(1, 2), more, tail(last),
    ])])
    rows.push([`a match, no literals of ${last}, and an empty token`, Buffer.concat([
      Buffer.from([start.length << 4 | code]), start, le(1, 2), more, tail(last), Buffer.from([0]),
    ])])
  }
  rows.push(['a distance of 0', sequence(start, 14, 0, tail(12))])
  rows.push(['a distance from before the start', sequence(start, 14, 200, tail(12))])
  rows.push(['a literal that is cut', Buffer.from([0xf0, 255])])
  rows.push(['a match that is cut', sequence(start, 14, 1, Buffer.alloc(0)).subarray(0, -1)])
  for (const [shows, bytes] of rows) cases.push([shows, frame({ blocks: [packed(bytes)] })])
}

function streams (cases: Array<[string, Buffer]>): void {
  const whole = frame()
  cases.push(['nothing at all', Buffer.alloc(0)])
  for (const bytes of [1, 4, 5, 6, 7, 9, 11, 20]) cases.push([`${bytes} bytes of a frame`, whole.subarray(0, bytes)])
  cases.push(['no end mark', frame({ end: le(0, 0) })])
  cases.push(['a frame of nothing', frame({ blocks: [] })])
  cases.push(['nonsense behind the frame', Buffer.concat([whole, Buffer.from('nonsense')])])
  cases.push(['a frame too many', Buffer.concat([whole, whole])])
  const halves =
    [DATA.subarray(0, 7), DATA.subarray(7)].map(part => frame({ blocks: [plain(part)] }))
  cases.push(['two frames', Buffer.concat(halves)])
  const skippable = Buffer.concat([le(0x184d2a50, 4), le(3, 4), Buffer.alloc(3)])
  cases.push(['a skippable frame first', Buffer.concat([skippable, whole])])
}
