/** gzip members with one thing about them that is unusual or wrong. */
import zlib from 'node:zlib'
import { crc32 } from '../../../protocol/records/checksum.ts'
import { le, record } from './case.ts'
import type { CodecCase } from './case.ts'

interface Member {
  magic?: number
  method?: number
  flags?: number
  /** What stands behind the fixed header. */
  fields?: Buffer
  deflated?: Buffer
  checksum?: number
  size?: number
  data?: Buffer
}

const DATA = record()
const TEXT = 0x01
const HEADER_CHECKSUM = 0x02
const EXTRA = 0x04
const NAME = 0x08
const COMMENT = 0x10

function header (
  { magic = 0x8b1f, method = 8, flags = 0, fields = Buffer.alloc(0) }: Member
): Buffer {
  return Buffer.concat([le(magic, 2), le(method, 1), le(flags, 1), Buffer.alloc(6), fields])
}

function member (options: Member = {}): Buffer {
  const {
    data = DATA, deflated = zlib.deflateRawSync(data), checksum = crc32(data), size = data.length,
  } = options
  return Buffer.concat([header(options), deflated, le(checksum, 4), le(size, 4)])
}

/** Deflate's plain block. */
function stored (data: Buffer, inverted = ~data.length & 0xffff): Buffer {
  return Buffer.concat([Buffer.from([1]), le(data.length, 2), le(inverted, 2), data])
}

export function gzipCases (): CodecCase[] {
  const cases: Array<[shows: string, payload: Buffer]> = []
  headers(cases)
  trailers(cases)
  streams(cases)
  return cases.map(([shows, payload]) => ({ shows, codec: 'gzip', magic: 2, payload }))
}

function headers (cases: Array<[string, Buffer]>): void {
  const name = Buffer.from('name\0')
  const extra = Buffer.concat([le(3, 2), Buffer.from('abc')])
  cases.push(['another magic', member({ magic: 0x8b1e })])
  cases.push(['the magic of compress', member({ magic: 0x9d1f })])
  for (const method of [0, 7, 9]) cases.push([`method ${method}`, member({ method })])
  cases.push(['the flag of text', member({ flags: TEXT })])
  for (const flags of [0x20, 0x40, 0x80, 0xe0]) cases.push([`reserved flag ${flags}`, member({ flags })])
  cases.push(['a name', member({ flags: NAME, fields: name })])
  cases.push(['a comment', member({ flags: COMMENT, fields: name })])
  cases.push(['extra fields', member({ flags: EXTRA, fields: extra })])
  cases.push(['extra fields of nothing', member({ flags: EXTRA, fields: le(0, 2) })])
  cases.push(['everything', member({ flags: TEXT | EXTRA | NAME | COMMENT, fields: Buffer.concat([extra, name, name]) })])
  const checked = (wrong: number): Buffer => {
    const flags = HEADER_CHECKSUM | NAME
    return le((crc32(header({ flags, fields: name })) & 0xffff) ^ wrong, 2)
  }
  cases.push(['a header checksum', member({ flags: HEADER_CHECKSUM | NAME, fields: Buffer.concat([name, checked(0)]) })])
  cases.push(['a header checksum that is wrong',
    member({ flags: HEADER_CHECKSUM | NAME, fields: Buffer.concat([name, checked(1)]) })])
  cases.push(['a name without an end', header({ flags: NAME, fields: Buffer.from('name') })])
  cases.push(['extra fields that are cut', header({ flags: EXTRA, fields: Buffer.from([200, 0, 1]) })])
  cases.push(['extra fields without a length', header({ flags: EXTRA, fields: Buffer.from([2]) })])
  cases.push(['a header checksum that is cut', header({ flags: HEADER_CHECKSUM, fields: Buffer.from([2]) })])
}

function trailers (cases: Array<[string, Buffer]>): void {
  const whole = member()
  cases.push(['a checksum that is wrong', member({ checksum: 1 })])
  cases.push(['a size that is wrong', member({ size: 1 })])
  for (const bytes of [1, 4, 7, 8]) cases.push([`a trailer without its last ${bytes} bytes`, whole.subarray(0, -bytes)])
  cases.push(['a deflate stream that is cut', whole.subarray(0, -9)])
  cases.push(['a deflate stream that is cut early', whole.subarray(0, 12)])
  cases.push(['a header alone', whole.subarray(0, 10)])
  for (const bytes of [1, 2, 3, 5, 9]) cases.push([`${bytes} bytes of a header`, whole.subarray(0, bytes)])
  cases.push(['nothing at all', Buffer.alloc(0)])
  cases.push(['a plain block', member({ deflated: stored(DATA) })])
  cases.push(['a plain block of a wrong length', member({ deflated: stored(DATA, 0) })])
  cases.push(['a block of the reserved type', member({ deflated: Buffer.from([7, 0, 0]) })])
  cases.push(['a distance from before the start', member({ deflated: Buffer.from([0x4b, 0x04, 0xa2, 0x00, 0x00]) })])
  cases.push(['nonsense for a stream', member({ deflated: Buffer.from('nonsense') })])
  const large = record(300_000)
  const cut = zlib.gzipSync(large)
  cases.push(['a large one', cut])
  cases.push(['a large one that is cut', cut.subarray(0, cut.length >> 1)])
}

function streams (cases: Array<[string, Buffer]>): void {
  const whole = member()
  const nothing = member({ data: Buffer.alloc(0) })
  const parts = [DATA.subarray(0, 7), DATA.subarray(7)].map(data => member({ data }))
  cases.push(['a member of nothing', nothing])
  cases.push(['two members', Buffer.concat(parts)])
  cases.push(['a member too many', Buffer.concat([whole, whole])])
  cases.push(['a member of nothing first', Buffer.concat([nothing, whole])])
  cases.push(['a member of nothing last', Buffer.concat([whole, nothing])])
  cases.push(['a member of nothing between', Buffer.concat([parts[0]!, nothing, parts[1]!])])
  cases.push(['a second member with a wrong checksum', Buffer.concat([parts[0]!, member({ data: DATA.subarray(7), checksum: 1 })])])
  cases.push(['a second member that is cut', Buffer.concat([parts[0]!, parts[1]!.subarray(0, -10)])])
  cases.push(['a member of nothing last, with a wrong checksum',
    Buffer.concat([whole, member({ data: Buffer.alloc(0), checksum: 1 })])])
  cases.push(['a second member with a header of the wrong method', Buffer.concat([whole, member({ method: 7 })])])
  for (const bytes of [1, 7, 8, 9, 10, 11, 17, 18, 19, 30]) {
    cases.push([`${bytes} zeros behind it`, Buffer.concat([whole, Buffer.alloc(bytes)])])
    cases.push([`${bytes} bytes of another member behind it`, Buffer.concat([whole, nothing.subarray(0, bytes)])])
  }
  // Java looks for another member in what is left of 8 KiB of the stream.
  const large = record(9_000)
  for (const left of [0, 8, 25, 26, 27, 28]) {
    const first = large.subarray(0, 8_192 - 5 - left)
    const plain = member({ data: first, deflated: stored(first) })
    const rest = member({ data: large.subarray(first.length) })
    cases.push([`another member ${left} bytes before the end of a piece`, Buffer.concat([plain, rest])])
    cases.push([`another member with a name ${left} bytes before the end of a piece`,
      Buffer.concat([plain, member({ data: large.subarray(first.length), flags: NAME, fields: Buffer.from('a name of many letters\0') })])])
  }
  for (const left of [0, 8, 10, 26]) {
    const first = record(8_192 - 5 - left - 5)
    const few = member({ data: Buffer.alloc(0) }).subarray(0, 18)
    cases.push([`18 bytes of another member, ${left} bytes before the end of a piece`,
      Buffer.concat([member({ data: first, deflated: stored(first) }), few])])
  }
  const tail = record(17_500)
  for (const left of [26, 27]) {
    const first = tail.subarray(0, 8_192 - 5 - 27)
    const second = tail.subarray(first.length, first.length + 8_192 - 5 - left)
    cases.push([`a third member ${left} bytes before the end of a piece`, Buffer.concat([
      member({ data: first, deflated: stored(first), flags: NAME, fields: Buffer.from('\0') }),
      member({ data: second, deflated: stored(second), flags: NAME, fields: Buffer.from('a name of many letters\0') }),
      member({ data: tail.subarray(first.length + second.length) }),
    ])])
  }
  cases.push(['nonsense behind it', Buffer.concat([whole, Buffer.from('nonsense, and much of it, more than a header')])])
  cases.push(['much nonsense behind a large one', Buffer.concat([zlib.gzipSync(record(300_000)), Buffer.alloc(2_000, 7)])])
}
