/** Every codec: round trips, streams that lie, cut streams, and the bound on what comes out. */
import zlib from 'node:zlib'
import t from 'tap'
import type { Codec } from '../../../protocol/records/attributes.ts'
import { crc32 } from '../../../protocol/records/checksum.ts'
import { compress, compressAsync } from '../../../protocol/records/compress.ts'
import {
  decompressed, decompressedAsync, decompressedUntilFailure, isLargePayload, windowsOf,
  windowsOfAsync,
} from '../../../protocol/records/decompress.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import { unzstd, zstdIsThreaded } from '../../../protocol/records/zstd.ts'
import { wasmZstd } from '../../../protocol/records/zstd-wasm.ts'
import { xxhash32 } from '../../../protocol/records/xxhash.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const codecs: Codec[] = ['gzip', 'snappy', 'lz4', 'zstd']
const LIMIT = 4 * 1024 * 1024

/** Numbers from a seed: the same on every run. */
function random (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 8) % below
  }
}

/** Bytes with repeats near and far, of few or of many values. */
function sample (length: number, seed: number): Buffer {
  const next = random(seed)
  const values = [1, 3, 20, 256][seed % 4]!
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index += 1) {
    const back = 1 + next(70_000)
    if (next(30) === 0 && back <= index) {
      const end = Math.min(length, index + next(400))
      for (; index < end; index += 1) bytes[index] = bytes[index - back]!
    }
    if (index < length) bytes[index] = next(values)
  }
  return bytes
}

function unpack (codec: Codec, bytes: Buffer, magic = 2, limitBytes = LIMIT): Buffer {
  return decompressed({ codec, bytes, magic, limitBytes })
}

function failure (codec: Codec, bytes: Buffer, limitBytes = LIMIT): string {
  const { failure } = decompressedUntilFailure({ codec, bytes, magic: 2, limitBytes })
  return failure === undefined ? 'none' : `${failure.exception} ${failure.message}`
}

const lengths = [0, 1, 2, 11, 12, 13, 15, 16, 17, 60, 61, 255, 256, 4_096, 32_767, 32_768, 32_769,
  65_535, 65_536, 65_537, 200_000]

t.test('what is compressed is decompressed again', async t => {
  for (const codec of codecs) {
    for (const [seed, length] of lengths.entries()) {
      for (const magic of [0, 1, 2]) {
        const bytes = sample(length, seed)
        const packed = compress({ codec, bytes, magic })
        t.ok(unpack(codec, packed, magic).equals(bytes), `${codec} ${length}`)
        const chunks: Buffer[] = []
        const payload = { codec, bytes: packed, magic, limitBytes: LIMIT }
        for await (const window of windowsOfAsync(payload)) chunks.push(Buffer.from(window))
        t.ok(Buffer.concat(chunks).equals(bytes), `${codec} ${length} asynchronously`)
      }
    }
  }
  t.end()
})

t.test('what repeats becomes smaller, with a level too', t => {
  const bytes = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(500))
  for (const codec of codecs) {
    const length = compress({ codec, bytes, magic: 2 }).length
    t.ok(length < bytes.length / 10, `${codec}: ${length}`)
  }
  const text = sample(100_000, 2)
  const size = (codec: Codec, level: number): number =>
    compress({ codec, bytes: text, magic: 2, level }).length
  t.ok(size('gzip', 9) < size('gzip', 1))
  t.ok(size('zstd', 19) < size('zstd', 1))
  t.end()
})

t.test('a cut stream fails, whatever it gave before', t => {
  for (const codec of codecs) {
    const packed = compress({ codec, bytes: sample(300, 2), magic: 2 })
    for (let length = 0; length < packed.length; length += 1) {
      // xerial's framing may end with a piece of a length, and no frame is a whole stream.
      if (codec === 'snappy' && (length === 0 || (length >= 16 && length < 20))) continue
      if (codec === 'zstd' && length === 0) continue
      t.match(failure(codec, packed.subarray(0, length)), /^KafkaException/, `${codec} ${length}`)
    }
  }
  t.end()
})

t.test('R-X6: no more comes out than is allowed', async t => {
  const zeros = Buffer.alloc(8 * 1024 * 1024)
  for (const codec of codecs) {
    const packed = compress({ codec, bytes: zeros, magic: 2 })
    t.equal(unpack(codec, packed, 2, zeros.length).length, zeros.length, codec)
    for (const limitBytes of [zeros.length - 1, 1_000_000, 1]) {
      t.match(failure(codec, packed, limitBytes), /^RecordTooLargeException/,
        `${codec} ${limitBytes}`)
      const windows = windowsOfAsync({ codec, bytes: packed, magic: 2, limitBytes })
      let size = 0
      await t.rejects((async () => { for await (const window of windows) size += window.length })(),
        RecordError)
      t.ok(size <= limitBytes)
    }
  }
  t.end()
})

t.test('what is decompressed off the loop is read from memory of its own: the given one may be freed', async t => {
  const bytes = Buffer.concat(Array.from({ length: 20 }, (_, seed) => sample(100_000, seed)))
  for (const codec of codecs) {
    if (codec === 'zstd' && !zstdIsThreaded) continue
    const packed = Buffer.from(compress({ codec, bytes, magic: 2 }))
    const chunks: Buffer[] = []
    for await (const window of windowsOfAsync(
      { codec, bytes: packed, magic: 2, limitBytes: LIMIT }
    )) {
      chunks.push(Buffer.from(window))
      if (codec === 'gzip' || codec === 'zstd') packed.fill(0)
    }
    t.ok(Buffer.concat(chunks).equals(bytes), codec)
  }
})

t.test('CVE-2023-34455: a length that cannot be allocates nothing', t => {
  const block = Buffer.from('ffffffff0f00', 'hex') // 4 GiB from one byte
  t.match(failure('snappy', block, 2 ** 40), /a length that cannot be/)
  const framed = Buffer.from('82534e415050590000000001000000017fffffff', 'hex')
  t.match(failure('snappy', framed), /a block is cut/)
  const negative = Buffer.from('82534e41505059000000000100000001ffffffff', 'hex')
  t.match(failure('snappy', negative), /a block is cut/)
  const zstd = Buffer.from('28b52ffde0ffffffffffffff0f01000000', 'hex') // claims 2^60 bytes
  t.match(failure('zstd', zstd), /too much memory/)
  const windowed = Buffer.from('28b52ffdc000ffffffffffffff0f010000', 'hex') // the same with a small window
  t.match(failure('zstd', windowed), /a size that cannot be/)
  t.end()
})

t.test('snappy: blocks of both framings, and blocks that are wrong', t => {
  const table: Array<[hex: string, result: RegExp | string]> = [
    ['0568656c6c6f', /a literal is too long|copy/],
    ['051068656c6c6f', 'hello'],
    ['0a1068656c6c6f1605', /a copy is cut/],
    ['0a1068656c6c6f120500', 'hellohello'],
    ['091068656c6c6f0105', 'hellohell'],
    ['0b1068656c6c6f160500', 'hellohelloh'],
    ['091068656c6c6f0f05000000', 'hellohell'],
    ['0a1068656c6c6f120600', /from before the start/],
    ['0a1068656c6c6f120000', /from before the start/],
    ['061068656c6c6f120500', /a copy is too long/],
    ['0a1068656c6c6f', /fewer bytes/],
    ['05f00468656c6c6f', 'hello'],
    ['05f4040068656c6c6f', 'hello'],
    ['05f404', /a literal is cut/],
    ['ffffffffff01', /the length is cut/],
    ['', /the length is cut/],
    ['82534e41505059000000000100000001' + '00000007051068656c6c6f' +
      '82534e41505059000000000100000001' + '00000003010021', 'hello!'],
    ['82534e41505059000000000100000001000000', ''],
  ]
  for (const [hex, result] of table) {
    const bytes = Buffer.from(hex, 'hex')
    if (typeof result === 'string') t.equal(String(unpack('snappy', bytes)), result, hex)
    else t.match(failure('snappy', bytes), result, hex)
  }
  t.end()
})

/** An LZ4 frame around blocks, with a header checksum that is right. */
function lz4Frame (flags: number, blockSize: number, body: string): Buffer {
  const contentSize = (flags & 0x08) !== 0 ? Buffer.alloc(8) : Buffer.alloc(0)
  const descriptor = Buffer.concat([Buffer.from([flags, blockSize]), contentSize])
  const checksum = Buffer.from([(xxhash32(descriptor) >>> 8) & 0xff])
  return Buffer.concat([Buffer.from('04224d18', 'hex'), descriptor, checksum,
    Buffer.from(body, 'hex')])
}

t.test('lz4: frames as clients write them, and frames that are wrong', t => {
  const raw = '0500008068656c6c6f'
  const end = '00000000'
  const withChecksum = Buffer.alloc(4)
  withChecksum.writeUInt32LE(xxhash32(Buffer.from('hello')))
  const table: Array<[flags: number, blockSize: number, body: string, result: RegExp | string]> = [
    [0x60, 0x40, raw + end, 'hello'],
    [0x68, 0x40, raw + end, 'hello'], // content size, ignored
    [0x64, 0x70, raw + end + '12345678', 'hello'], // content checksum, ignored as Kafka does
    [0x70, 0x50, raw + withChecksum.toString('hex') + end, 'hello'],
    [0x70, 0x50, raw + '00000000' + end, /wrong block checksum/],
    [0x70, 0x50, raw, /a block checksum is cut/],
    [0x60, 0x40, '060000005068656c6c6f' + end, 'hello'],
    [0x60, 0x40, '20000000' + '5068656c6c6f' + end, /a block is cut/],
    [0x60, 0x40, '09000000' + '5168656c6c6f0500' + '00' + end, 'hellohello'],
    [0x60, 0x40, '09000000' + '5168656c6c6f0600' + '00' + end, /from before the start/],
    [0x60, 0x40, '09000000' + '5168656c6c6f0000' + '00' + end, /from before the start/],
    [0x60, 0x40, '08000000' + '5168656c6c6f0500' + end, /without a last literal/],
    [0x60, 0x40, '07000000' + '5168656c6c6f05' + end, /a match is cut/],
    [0x60, 0x40, '02000000' + 'f0ff' + end, /a length is cut/],
    [0x60, 0x40, '01000000' + '50' + end, /a literal is cut/],
    [0x60, 0x40, raw, /the end mark is missing/],
    [0x60, 0x40, '01000180' + end, /a block is too large/],
    [0x40, 0x40, raw + end, /dependent blocks/],
    [0x20, 0x40, raw + end, /unknown version/],
    [0x61, 0x40, raw + end, /reserved bits/],
    [0x60, 0x30, raw + end, /unknown block size/],
    [0x60, 0x41, raw + end, /unknown block size/],
  ]
  for (const [flags, blockSize, body, result] of table) {
    const bytes = lz4Frame(flags, blockSize, body)
    if (typeof result === 'string') t.equal(String(unpack('lz4', bytes)), result, body)
    else t.match(failure('lz4', bytes), result, body)
  }
  t.match(failure('lz4', Buffer.from('04224d1960408200000000', 'hex')), /not an LZ4 frame/)
  t.end()
})

t.test('lz4: the header checksum of magic 0 is another, and not looked at', t => {
  const bytes = Buffer.from('hello')
  const right = compress({ codec: 'lz4', bytes, magic: 1 })
  const wrong = compress({ codec: 'lz4', bytes, magic: 0 })
  t.notSame(right, wrong)
  t.equal(String(unpack('lz4', right, 0)), 'hello')
  t.equal(String(unpack('lz4', wrong, 0)), 'hello')
  t.match(failure('lz4', wrong), /wrong header checksum/)
  t.end()
})

async function unpackAsync (codec: Codec, bytes: Buffer): Promise<string> {
  return String(await decompressedAsync({ codec, bytes, magic: 2, limitBytes: LIMIT }))
}

t.test('gzip: optional header fields, several members, wrong trailers', async t => {
  const hello = zlib.gzipSync('hello')
  const body = hello.subarray(10)
  const head = (flags: number): Buffer => Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3])
  const options = Buffer.concat([head(0x1e), Buffer.from('0200aabb' + '6e616d6500' + '636f6d6d656e7400', 'hex')])
  const checksum = Buffer.alloc(2)
  checksum.writeUInt16LE(crc32(options) & 0xffff)
  t.equal(String(unpack('gzip', Buffer.concat([options, checksum, body]))), 'hello')
  t.equal(String(unpack('gzip', Buffer.concat([hello, zlib.gzipSync(' world')]))), 'hello world')
  t.equal(String(unpack('gzip', Buffer.concat([hello, Buffer.alloc(40)]))), 'hello')
  t.equal(await unpackAsync('gzip', Buffer.concat([hello, zlib.gzipSync(' world'), hello])),
    'hello worldhello')
  t.equal(await unpackAsync('gzip', Buffer.concat([hello, Buffer.alloc(40)])), 'hello')
  for (const [flags, hex] of [[0x04, 'ffff'], [0x08, '616161'], [0x10, '616161']] as const) {
    const cut = Buffer.concat([head(flags), Buffer.from(hex, 'hex')])
    t.match(failure('gzip', cut), /the header is cut/, hex)
  }
  t.match(failure('gzip', Buffer.concat([options, Buffer.alloc(2), body])), /wrong header checksum/)
  const wrong = (at: number): Buffer => {
    const bytes = Buffer.from(hello)
    bytes[bytes.length - at] = bytes[bytes.length - at]! ^ 1
    return bytes
  }
  t.match(failure('gzip', wrong(8)), /wrong checksum/)
  await t.rejects(unpackAsync('gzip', wrong(8)), /wrong checksum/)
  await t.rejects(unpackAsync('gzip', hello.subarray(0, -9)), /unexpected end/)
  t.match(failure('gzip', wrong(4)), /wrong size/)
  const { bytes, failure: late } = decompressedUntilFailure({
    codec: 'gzip', bytes: wrong(8), magic: 2, limitBytes: LIMIT,
  })
  t.equal(String(bytes), 'hello', 'what came before the failure is there')
  t.ok(late)
  const members = Buffer.concat(Array.from({ length: 1_001 }, () => hello))
  t.match(failure('gzip', members), /too many members/)
  const thousand = zlib.gzipSync(Buffer.alloc(1000))
  const three = Buffer.concat([thousand, thousand, thousand])
  for (const limitBytes of [2999, 3000]) {
    const payload = { codec: 'gzip' as const, bytes: three, magic: 2, limitBytes }
    const isWithin = limitBytes === 3000
    t.equal(failure('gzip', three, limitBytes) === 'none', isWithin, 'the limit is that of all together')
    await (isWithin
      ? t.resolves(decompressedAsync(payload))
      : t.rejects(decompressedAsync(payload), RecordError))
  }
  t.end()
})

t.test('zstd: several frames, skippable ones, wrong ones', async t => {
  const hello = compress({ codec: 'zstd', bytes: Buffer.from('hello'), magic: 2 })
  const skippable = Buffer.from('502a4d1803000000aabbcc', 'hex')
  t.equal(String(unpack('zstd', Buffer.concat([skippable, hello, skippable, hello]))), 'hellohello')
  t.equal(await unpackAsync('zstd', Buffer.concat([hello, skippable, hello])), 'hellohello')
  t.match(failure('zstd', Buffer.concat([hello, Buffer.from('junk')])), /not a zstd frame/)
  t.match(failure('zstd', skippable.subarray(0, 10)), /a frame is cut/)
  // A frame of one block: raw, repeated, and of the type that is reserved; no claimed size.
  const frame = (block: string): Buffer => Buffer.from('28b52ffd0040' + block, 'hex')
  t.equal(String(unpack('zstd', frame('29000068656c6c6f'))), 'hello')
  t.equal(String(unpack('zstd', frame('2b000061'))), 'aaaaa')
  t.match(failure('zstd', frame('2f000061')), /unknown block type/)
  t.match(failure('zstd', frame('ffffff61')), /unknown block type|too large/)
  t.match(failure('zstd', Buffer.concat(Array.from({ length: 1_001 }, () => hello))),
    /too many frames/)
  t.notOk(isLargePayload('zstd', Buffer.from('junk')))
  t.end()
})

t.test('zstd: a frame names its size, written on the loop or off it', async t => {
  for (const length of [0, 5, 300, 70_000]) {
    const uncompressed = { codec: 'zstd' as const, bytes: sample(length, 1), magic: 2 }
    const frame = compress(uncompressed)
    t.ok((frame[4]! & 0xe0) !== 0, `${length} bytes`)
    t.same(await compressAsync(uncompressed), frame, `${length} bytes`)
  }
})

t.test('xxhash agrees with the published vectors', t => {
  t.equal(xxhash32(Buffer.alloc(0)), 0x02cc5d05)
  t.equal(xxhash32(Buffer.from('a')), 0x550d7456)
  t.equal(xxhash32(Buffer.from('abc')), 0x32d153ff)
  t.equal(xxhash32(Buffer.from('Nobody inspects the spammish repetition')), 0xe2293b2f)
  t.end()
})

t.test('windows come one by one: the first is there before a later one fails', t => {
  const packed = compress({ codec: 'lz4', bytes: sample(200_000, 3), magic: 2 })
  const half = packed.subarray(0, packed.length / 2)
  const windows = windowsOf({ codec: 'lz4', bytes: half, magic: 2, limitBytes: LIMIT })
  let seen = 0
  t.throws(() => { for (const window of windows) seen += window.length }, RecordError)
  t.equal(seen % 65_536, 0)
  t.ok(seen > 0)
  t.end()
})

t.test('zstd as WebAssembly, which is loaded at once by whoever needs it', async t => {
  const bytes = Buffer.from('what repeats is what compresses; '.repeat(50))
  const packed = wasmZstd().compress(bytes, 3)
  t.ok(packed.length < bytes.length / 5)
  t.ok(bytes.equals(wasmZstd().decompress(packed, { defaultHeapSize: bytes.length })))
  t.ok(bytes.equals(Buffer.concat([...unzstd(Buffer.from(packed), bytes.length)])), 'whichever this Node has reads it')
})
