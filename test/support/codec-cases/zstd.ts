/** zstd frames (RFC 8878) with one thing about them that is unusual or wrong. */
import { le, record } from './case.ts'
import type { CodecCase } from './case.ts'
import { xxhash64 } from './xxhash64.ts'

interface Frame {
  magic?: number
  /** Two to the power of it, and how many eighths more. */
  windowLog?: number
  windowEighths?: number
  single?: boolean
  /** The content's size as the header says it, in so many bytes. */
  size?: number | bigint
  sizeBytes?: 0 | 1 | 2 | 4 | 8
  dictionary?: number
  dictionaryBytes?: 0 | 1 | 2 | 4
  /** Bits of the descriptor that nobody uses. */
  bits?: number
  checksum?: 'right' | 'wrong' | 'cut'
  blocks?: Buffer[]
}

const DATA = record()
/** The last block, compressed, of a record of 5,000 bytes. */
const PACKED = Buffer.from('8d0000509e4e00000001904e7800010084d38323', 'hex')

function block (type: number, size: number, bytes: Uint8Array, last = true): Buffer {
  return Buffer.concat([le(size << 3 | type << 1 | (last ? 1 : 0), 3), bytes])
}

function raw (bytes: Buffer, last = true): Buffer { return block(0, bytes.length, bytes, last) }

function frame (options: Frame = {}): Buffer {
  const {
    magic = 0xfd2fb528, windowLog = 17, windowEighths = 0, single = false, size = 0, sizeBytes = 0,
    dictionary = 0, dictionaryBytes = 0, bits = 0, checksum, blocks = [raw(DATA)],
  } = options
  const sizeFlag = Math.max(0, [0, 2, 4, 8].indexOf(sizeBytes))
  const descriptor = sizeFlag << 6 | (single ? 0x20 : 0) | bits | (checksum === undefined ? 0 : 4) |
    [0, 1, 2, 4].indexOf(dictionaryBytes)
  const sum = xxhash64(DATA) ^ (checksum === 'wrong' ? 1n : 0n)
  return Buffer.concat([
    le(magic, 4), le(descriptor, 1),
    single ? le(0, 0) : le((windowLog - 10) << 3 | windowEighths, 1),
    le(dictionary, dictionaryBytes), le(size, sizeBytes), ...blocks,
    checksum === undefined ? le(0, 0) : le(sum, checksum === 'cut' ? 3 : 4),
  ])
}

function skippable (bytes: number, magic = 0x184d2a50, size = bytes): Buffer {
  return Buffer.concat([le(magic, 4), le(size, 4), Buffer.alloc(bytes, 7)])
}

export function zstdCases (): CodecCase[] {
  const cases: Array<[shows: string, payload: Buffer]> = []
  for (const log of [10, 20, 26, 27, 28, 29, 30, 31, 32, 41]) {
    cases.push([`a window of 2^${log}`, frame({ windowLog: log })])
  }
  for (const eighths of [1, 7]) {
    cases.push([`a window of 2^26 and ${eighths} eighths`, frame({ windowLog: 26, windowEighths: eighths })])
    cases.push([`a window of 2^27 and ${eighths} eighths`, frame({ windowLog: 27, windowEighths: eighths })])
  }
  cases.push(['a window of 2^28 behind a frame of a small one', Buffer.concat([frame(), frame({ windowLog: 28 })])])
  cases.push(['a window of 2^28 in a frame of nothing', frame({ windowLog: 28, blocks: [raw(Buffer.alloc(0))] })])
  cases.push(['a window of 2^28, and cut', frame({ windowLog: 28 }).subarray(0, 6)])
  sizes(cases)
  descriptors(cases)
  blocks(cases)
  streams(cases)
  return cases.map(([shows, payload]) => ({ shows, codec: 'zstd', magic: 2, payload }))
}

function sizes (cases: Array<[string, Buffer]>): void {
  const { length } = DATA
  const single = { single: true, sizeBytes: 1, size: length } as const
  cases.push(['one segment', frame(single)])
  cases.push(['one segment that is said to be longer', frame({ ...single, size: length + 1 })])
  cases.push(['one segment that is said to be shorter', frame({ ...single, size: length - 1 })])
  cases.push(['one segment that is said to be empty', frame({ ...single, size: 0 })])
  for (const log of [27, 28, 30, 31]) {
    const size = 2 ** log
    cases.push([`one segment said to be of 2^${log}`, frame({ single: true, sizeBytes: 4, size })])
    cases.push([`a small window, said to be of 2^${log}`, frame({ sizeBytes: 4, size })])
  }
  cases.push(['one segment said to be of 2^27 and 1', frame({ single: true, sizeBytes: 4, size: 2 ** 27 + 1 })])
  cases.push(['one segment said to be of 2^40', frame({ single: true, sizeBytes: 8, size: 2 ** 40 })])
  cases.push(['a size that is the mark of none', frame({ sizeBytes: 8, size: 2n ** 64n - 1n })])
  cases.push(['a size of 8 bytes', frame({ sizeBytes: 8, size: length })])
  cases.push(['a size of 4 bytes', frame({ sizeBytes: 4, size: length })])
  const long = record(300)
  cases.push(['a size of 2 bytes', frame({ sizeBytes: 2, size: long.length - 256, blocks: [raw(long)] })])
  cases.push(['a size of 2 bytes that is wrong', frame({ sizeBytes: 2, size: long.length, blocks: [raw(long)] })])
}

function descriptors (cases: Array<[string, Buffer]>): void {
  cases.push(['the unused bit', frame({ bits: 0x10 })])
  cases.push(['the reserved bit', frame({ bits: 0x08 })])
  for (const dictionaryBytes of [1, 2, 4] as const) {
    cases.push([`no dictionary in ${dictionaryBytes} bytes`, frame({ dictionaryBytes })])
    cases.push([`a dictionary in ${dictionaryBytes} bytes`, frame({ dictionaryBytes, dictionary: 5 })])
  }
  for (const checksum of ['right', 'wrong', 'cut'] as const) {
    cases.push([`a checksum that is ${checksum}`, frame({ checksum })])
  }
  cases.push(['no checksum where there is to be one', frame({ checksum: 'right' }).subarray(0, -4)])
  for (const version of [0x1e, 0x22, 0x25, 0x27, 0x29]) {
    cases.push([`the magic of version ${version}`, frame({ magic: 0xfd2fb500 + version })])
  }
}

function blocks (cases: Array<[string, Buffer]>): void {
  const large = record(140_000)
  const half = 70_000
  const parts = [raw(large.subarray(0, half), false), raw(large.subarray(half))]
  cases.push(['blocks one after another', frame({ blocks: parts })])
  cases.push(['a block of the reserved type', frame({ blocks: [block(3, DATA.length, DATA)] })])
  cases.push(['a plain block of more than 128 KiB', frame({ windowLog: 20, blocks: [raw(large)] })])
  cases.push(['a plain block that is larger than its window', frame({ windowLog: 10, blocks: [raw(record(1_100))] })])
  cases.push(['plain blocks that are larger than their window together', frame({
    windowLog: 10,
    blocks: [raw(record(1_500).subarray(0, 1_000), false), raw(record(1_500).subarray(1_000))],
  })])
  const head = record(130_000).subarray(0, -129_000)
  const tail = (bytes: number): Buffer => block(1, bytes, Buffer.from('x'), false)
  const rest = record(130_000).subarray(-1)
  cases.push(['a repeated byte', frame({ blocks: [raw(head, false), tail(128_999), raw(rest)] })])
  cases.push(['a repeated byte of more than its window', frame({
    windowLog: 10, blocks: [raw(head, false), tail(128_999), raw(rest)],
  })])
  const tooMuch = block(1, 131_073, Buffer.from('x'))
  cases.push(['a byte repeated more than 128 KiB', frame({ windowLog: 20, blocks: [tooMuch] })])
  cases.push(['an empty block first', frame({ blocks: [raw(Buffer.alloc(0), false), raw(DATA)] })])
  cases.push(['an empty block last', frame({ blocks: [raw(DATA, false), raw(Buffer.alloc(0))] })])
  cases.push(['a repeated byte of none', frame({ blocks: [raw(DATA, false), block(1, 0, Buffer.from('x'))] })])
  cases.push(['no last block', frame({ blocks: [raw(DATA, false)] })])
  cases.push(['a compressed block of nothing', frame({ blocks: [raw(DATA, false), block(2, 0, Buffer.alloc(0))] })])
  cases.push(['a compressed block of one byte', frame({ blocks: [raw(DATA, false), block(2, 1, Buffer.alloc(1))] })])
  cases.push(['a compressed block of two bytes', frame({ blocks: [raw(DATA, false), block(2, 2, Buffer.alloc(2))] })])
  cases.push(['a compressed block that is nonsense', frame({ blocks: [block(2, 9, Buffer.from('nonsense!'))] })])
  cases.push(['a compressed block', frame({ blocks: [PACKED] })])
  cases.push(['a compressed block that grows beyond its window', frame({ windowLog: 10, blocks: [PACKED] })])
  cases.push(['a compressed block that stays within its window', frame({ windowLog: 13, blocks: [PACKED] })])
  cases.push(['a compressed block of nothing that is not the last',
    frame({ blocks: [block(2, 0, Buffer.alloc(0), false), raw(DATA)] })])
  cases.push(['a compressed block that is cut', frame({ blocks: [PACKED.subarray(0, -3)] })])
}

function streams (cases: Array<[string, Buffer]>): void {
  const whole = frame()
  cases.push(['nothing at all', Buffer.alloc(0)])
  cases.push(['a frame of nothing', frame({ blocks: [raw(Buffer.alloc(0))] })])
  for (const bytes of [1, 3, 4, 5, 6, 8, 12, 9 + DATA.length - 1]) {
    cases.push([`${bytes} bytes of a frame`, whole.subarray(0, bytes)])
  }
  cases.push(['one byte behind the frame', Buffer.concat([whole, Buffer.from([1])])])
  cases.push(['a zero behind the frame', Buffer.concat([whole, Buffer.from([0])])])
  cases.push(['nonsense behind the frame', Buffer.concat([whole, Buffer.from('nonsense')])])
  cases.push(['a cut frame behind the frame', Buffer.concat([whole, whole.subarray(0, 9)])])
  const second = frame({ checksum: 'right' })
  for (const bytes of [1, 2, 3, 4, 5, 6, 8, 9, 12]) {
    cases.push([`${bytes} bytes of another frame behind it`, Buffer.concat([whole, second.subarray(0, bytes)])])
  }
  cases.push(['a compressed frame behind it that is cut',
    Buffer.concat([whole, frame({ blocks: [PACKED.subarray(0, -3)] })])])
  cases.push(['a frame behind it without its checksum', Buffer.concat([whole, second.subarray(0, -4)])])
  cases.push(['a window of 2^28 in a cut frame behind it',
    Buffer.concat([whole, frame({ windowLog: 28 }).subarray(0, 6)])])
  // Java's reader takes 131,075 bytes at once.
  for (const bytes of [100_000, 131_000]) {
    const part = record(bytes)
    const first = frame({ windowLog: 20, blocks: [raw(part)] })
    for (const size of [131_075 - first.length - 8, 131_075 - first.length - 7, 50_000]) {
      cases.push([`a frame of ${bytes} and a cut one that reaches to ${size + first.length + 8}`,
        Buffer.concat([first, skippable(size, 0x184d2a50, size + 1)])])
    }
    cases.push([`a frame of ${bytes} and one that reaches far`, Buffer.concat([first, skippable(50_000)])])
  }
  const two = record(200_000)
  cases.push(['a frame over two pieces, and a cut one', Buffer.concat([
    frame(
      { windowLog: 20, blocks: [raw(two.subarray(0, 100_000), false), raw(two.subarray(100_000))] }
    ),
    whole.subarray(0, 9),
  ])])
  cases.push(['a frame of nothing behind the frame',
    Buffer.concat([whole, frame({ blocks: [raw(Buffer.alloc(0))] })])])
  const parts = [DATA.subarray(0, 7), DATA.subarray(7)]
  cases.push(['two frames', Buffer.concat(parts.map(part => frame({ blocks: [raw(part)] })))])
  cases.push(['a frame too many', Buffer.concat([whole, whole])])
  cases.push(['a skippable frame first', Buffer.concat([skippable(3), whole])])
  cases.push(['a skippable frame last', Buffer.concat([whole, skippable(3)])])
  cases.push(['an empty skippable frame last', Buffer.concat([whole, skippable(0)])])
  cases.push(['the last skippable magic', Buffer.concat([skippable(3, 0x184d2a5f), whole])])
  cases.push(['behind the last skippable magic', Buffer.concat([skippable(3, 0x184d2a60), whole])])
  cases.push(['a skippable frame between', Buffer.concat([
    frame({ blocks: [raw(parts[0]!)] }), skippable(3), frame({ blocks: [raw(parts[1]!)] }),
  ])])
  cases.push(['a skippable frame alone', skippable(3)])
  cases.push(['a skippable frame that is cut', Buffer.concat([whole, skippable(3, 0x184d2a50, 9)])])
  cases.push(['a skippable frame without a size', Buffer.concat([whole, skippable(0).subarray(0, 6)])])
  cases.push(['many frames of nothing', Buffer.concat([
    ...Array.from({ length: 50 }, () => frame({ blocks: [raw(Buffer.alloc(0))] })), whole,
  ])])
}
