/** Between message sets of old clients and batches, and what is found inside a batch. */
import t from 'tap'
import type { Codec } from '../../../protocol/records/attributes.ts'
import { batchesIn, ensureIntact } from '../../../protocol/records/batches.ts'
import { checkBatch, type BatchRules, type RefusedBatch } from '../../../protocol/records/check.ts'
import { crc32 } from '../../../protocol/records/checksum.ts'
import { compress } from '../../../protocol/records/compress.ts'
import {
  controlType, controlTypeOf, readEndMarker, writeControlBatch, writeControlKey, writeEndMarker,
} from '../../../protocol/records/control.ts'
import { downConvert, upConvert } from '../../../protocol/records/convert.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import {
  firstAtOrAfter, firstAtOrAfterAsync, highestFrom, highestFromAsync,
} from '../../../protocol/records/find.ts'
import * as header from '../../../protocol/records/header.ts'
import { writeMessageSet } from '../../../protocol/records/legacy.ts'
import { isControl, isTransactional, recordsIn, recordsOf } from '../../../protocol/records/read.ts'
import type { LogRecord } from '../../../protocol/records/record.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch, writeEmptyBatch } from '../../../protocol/records/write.ts'

const NOW = 1_700_000_000_000n
const upRules = { messageBytesMax: 1_000_000 }
const rules: BatchRules = {
  topicPartition: 't-0', timestampType: 'CreateTime', timestampBeforeMaxMs: 2n ** 63n - 1n,
  timestampAfterMaxMs: 3_600_000, messageBytesMax: 1_000_000, compacted: false,
  compressionType: 'producer', nowMs: Number(NOW),
}
const createTime = { timestampType: 'CreateTime' as const, logAppendTime: -1n }
const legacyCodecs: Codec[] = ['none', 'gzip', 'snappy', 'lz4']

function record (
  offset: bigint, timestamp: bigint, key: string | null, value: string | null,
): LogRecord {
  const bytes = (text: string | null): Buffer | null => text === null ? null : Buffer.from(text)
  return { offset, timestamp, key: bytes(key), value: bytes(value), headers: [] }
}

/** A record as one line. */
function line ({ offset, timestamp, key, value, headers }: LogRecord): string {
  const shown = headers.map(each => `${each.key}=${each.value}`)
  return `${offset} ${timestamp} ${key} ${value} ${shown}`
}

function exceptionOf (act: () => unknown): string {
  try { act() } catch (error) {
    if (error instanceof RecordError) return error.exception
    throw error
  }
  return 'none'
}

function converted (bytes: Buffer | RefusedBatch): Buffer {
  if (!Buffer.isBuffer(bytes)) throw new Error(`refused: ${bytes.reason}`)
  return bytes
}

t.test('Produce below v3: a message set becomes one batch', t => {
  const records = [
    record(9n, NOW, 'a', '1'), record(9n, NOW - 5n, null, '2'), record(12n, NOW, 'c', null),
  ]
  for (const codec of legacyCodecs) {
    for (const magic of [0, 1] as const) {
      const set = writeMessageSet(records, { ...createTime, magic, codec })
      const batch = converted(upConvert(Buffer.concat([set, set.subarray(0, 20)]), upRules))
      const [first, second] = magic === 0 ? [-1n, -1n] : [NOW, NOW - 5n]
      t.same([...recordsIn(batch)].map(line),
        [`0 ${first} a 1 `, `1 ${second} null 2 `, `2 ${first} c null `], `${magic} ${codec}`)
      t.match(checkBatch(batch, rules),
        { ok: true, codec, count: 3, maxTimestamp: first, rewrite: 'none' })
      t.equal([...batchesIn(batch)].length, 1)
    }
  }
  t.end()
})

t.test('Produce below v3: what is refused', t => {
  const one = (codec: Codec, magic: 0 | 1 = 1): Buffer =>
    writeMessageSet([record(0n, NOW, 'a', 'value')], { ...createTime, magic, codec })
  const flipped = one('none')
  flipped[flipped.length - 1] = 0
  const inner = one('none')
  inner[inner.length - 1] = 0
  const wrapper = one('gzip')
  const value = compress({ codec: 'gzip', bytes: inner, magic: 1 })
  const badInner = Buffer.concat([wrapper.subarray(0, 30), Buffer.alloc(4), value])
  badInner.writeInt32BE(badInner.length - 12, 8)
  badInner.writeInt32BE(value.length, 30)
  badInner.writeUInt32BE(crc32(badInner, 16), 12)
  const table: Array<[what: string, bytes: Buffer | null, code: number]> = [
    ['null', null, 87],
    ['nothing', Buffer.alloc(0), 87],
    ['magic 2', writeBatch([record(0n, NOW, null, 'x')]), 87],
    ['a wrong checksum', flipped, 2],
    ['a wrong checksum inside', badInner, 2],
    ['two magics', Buffer.concat([one('none', 0), one('none', 1)]), 87],
    ['two wrappers', Buffer.concat([one('gzip'), one('gzip')]), 87],
    ['a plain message before a wrapper', Buffer.concat([one('none'), one('gzip')]), 87],
    ['zstd', one('zstd'), 76],
    ['a short length', Buffer.concat([Buffer.alloc(11), Buffer.from([13]), Buffer.alloc(30)]), 2],
  ]
  for (const [what, bytes, errorCode] of table) {
    t.match(upConvert(bytes, upRules), { ok: false, errorCode, message: null }, what)
  }
  t.match(upConvert(one('none'), { messageBytesMax: 30 }), { errorCode: 10 })
  t.match(upConvert(one('lz4'), { ...upRules, decompressedBytesMax: 9 }), { errorCode: 10 })
  t.end()
})

t.test('Produce v2 with LogAppendTime messages is judged as such', t => {
  const set = writeMessageSet([record(0n, 5n, 'a', 'b')],
    { magic: 1, codec: 'gzip', timestampType: 'LogAppendTime', logAppendTime: NOW })
  const batch = converted(upConvert(set, upRules))
  t.match(checkBatch(batch, { ...rules, timestampType: 'LogAppendTime' }), { errorCode: 32 })
  t.match(checkBatch(batch, rules), { ok: true, maxTimestamp: NOW, rewrite: 'header' })
  // A broker of that time stamps the wrapper, and leaves those inside as they came.
  const stamped = writeMessageSet([record(0n, 5n, 'a', 'b')], { ...createTime, magic: 1, codec: 'gzip' })
  stamped[17] = stamped[17]! | 8
  stamped.writeBigInt64BE(NOW, 18)
  stamped.writeUInt32BE(crc32(stamped, 16), 12)
  t.same([...recordsOf(stamped)].map(({ timestamp }) => timestamp), [NOW])
  t.same(
    [...recordsOf(converted(upConvert(stamped, upRules)))].map(({ timestamp }) => timestamp), [NOW]
  )
  t.end()
})

t.test('Fetch below v4: batches become message sets', t => {
  const headers = [{ key: 'h', value: Buffer.from('lost') }]
  const records = [
    record(0n, NOW, 'a', '1'), record(1n, NOW + 3n, null, '2'), record(2n, NOW, 'c', null),
  ]
  const log = (codec: Codec): Buffer => Buffer.concat([
    writeBatch(records.map(each => ({ ...each, headers })), { codec, baseOffset: 100n }),
    writeEndMarker({
      committed: true, coordinatorEpoch: 1, producerId: 1n, producerEpoch: 0, timestamp: NOW,
    }),
    writeBatch(records, {
      codec, baseOffset: 110n, timestampType: 'LogAppendTime', logAppendTime: 7n,
    }),
    writeEmptyBatch({ baseOffset: 120n }, 3, NOW),
  ])
  const lines = (magic: number, from: number): string[] => {
    const at = (offset: number, time: bigint): string => `${offset} ${magic === 0 ? -1 : time}`
    return [
      `${at(100, NOW)} a 1 `, `${at(101, NOW + 3n)} null 2 `, `${at(102, NOW)} c null `,
      `${at(110, 7n)} a 1 `, `${at(111, 7n)} null 2 `, `${at(112, 7n)} c null `,
    ].filter(each => Number(each.slice(0, 3)) >= from)
  }
  for (const codec of legacyCodecs) {
    for (const magic of [0, 1] as const) {
      const sets = downConvert(log(codec), magic, 101n)
      for (const set of batchesIn(sets)) t.equal(header.magicOf(set), magic)
      const from = codec === 'none' ? 101 : 100 // compressed sets are whole
      t.same([...recordsIn(sets)].map(line), lines(magic, from), `${magic} ${codec}`)
      t.same(downConvert(sets, 1, 0n), sets, 'old messages stay as they are')
    }
  }
  const refusal = (codec: Codec, limitBytes: number): string =>
    exceptionOf(() => downConvert(log(codec), 1, 0n, limitBytes))
  t.equal(refusal('zstd', 9_999), 'UnsupportedCompressionTypeException')
  t.equal(refusal('gzip', 20), 'RecordTooLargeException')
  t.end()
})

t.test('wrappers: inner offsets, times and what is wrong inside', t => {
  const records = [record(50n, NOW, 'a', '1'), record(53n, NOW, 'b', '2')]
  const facts = { ...createTime, magic: 1 as const }
  const nested = writeMessageSet(records, { ...facts, codec: 'gzip' })
  t.same([...recordsOf(nested)].map(({ offset }) => offset), [50n, 53n])
  const wrap = (content: Buffer | null): Buffer => {
    const value = content === null ? null : compress({ codec: 'gzip', bytes: content, magic: 1 })
    const bytes = Buffer.concat([nested.subarray(0, 30), Buffer.alloc(4), value ?? Buffer.alloc(0)])
    bytes.writeInt32BE(bytes.length - 12, 8)
    bytes.writeInt32BE(value?.length ?? -1, 30)
    bytes.writeUInt32BE(crc32(bytes, 16), 12)
    ensureIntact(bytes)
    return bytes
  }
  const plain = (magic: 0 | 1): Buffer =>
    writeMessageSet(records, { ...facts, magic, codec: 'none' })
  const table: Array<[content: Buffer | null, message: RegExp]> = [
    [null, /null value/],
    [Buffer.alloc(0), /no inner records/],
    [plain(1).subarray(0, 20), /no inner records/],
    [nested, /must not be compressed/],
    [plain(0), /differs from its wrapper/],
    [Buffer.alloc(30), /less than the minimum/],
  ]
  for (const [content, message] of table) t.throws(() => [...recordsOf(wrap(content))], message)
  const tail = Buffer.concat([plain(1), plain(1).subarray(0, 20)])
  t.equal([...recordsOf(wrap(tail))].length, 2, 'an inner message that is cut ends the set')
  t.end()
})

t.test('D7.6: the first record at or after a time', async t => {
  const times = [NOW + 5n, NOW, NOW + 9n, NOW + 9n, NOW + 1n]
  const records = times.map((timestamp, index) =>
    record(0n, timestamp, null, 'x'.repeat(index * 999)))
  for (const codec of ['none', ...legacyCodecs, 'zstd'] as Codec[]) {
    const batch = writeBatch(records, { codec, baseOffset: 10n })
    const table: Array<[time: bigint, from: bigint, offset: bigint | undefined]> = [
      [0n, 0n, 10n], [NOW + 6n, 0n, 12n], [NOW + 9n, 0n, 12n], [NOW + 9n, 13n, 13n],
      [NOW + 9n, 14n, undefined], [NOW + 10n, 0n, undefined], [NOW, 11n, 11n],
    ]
    for (const [time, from, offset] of table) {
      const expected = offset && { offset, timestamp: times[Number(offset - 10n)] }
      t.same(firstAtOrAfter(batch, time, from), expected, `${codec} ${time} ${from}`)
      t.same(await firstAtOrAfterAsync(batch, time, from), expected)
    }
    for (const [from, offset] of [[0n, 12n], [12n, 12n], [13n, 13n], [14n, 14n],
      [15n, undefined]] as const) {
      const expected = offset && { offset, timestamp: times[Number(offset - 10n)] }
      t.same(highestFrom(batch, from), expected, `${codec} highest from ${from}`)
      t.same(await highestFromAsync(batch, from), expected)
    }
  }
  const appendTime = writeBatch(records, { timestampType: 'LogAppendTime', logAppendTime: 77n })
  t.same(firstAtOrAfter(appendTime, 77n, 2n), { offset: 2n, timestamp: 77n })
  t.same(highestFrom(appendTime, 0n), { offset: 0n, timestamp: 77n })
  const timeless = writeBatch([record(0n, -1n, null, 'x'), record(1n, -1n, null, 'y')])
  t.same(highestFrom(timeless, 1n), { offset: 1n, timestamp: -1n }, 'no timestamp is a timestamp, too')
  t.equal(firstAtOrAfter(writeEmptyBatch({}, 4, NOW), NOW, 0n), undefined)
  const negative = writeEmptyBatch({}, 4, NOW)
  negative.writeInt32BE(-1, header.at.recordsCount)
  t.throws(() => firstAtOrAfter(negative, NOW, 0n), RecordError)
  t.end()
})

t.test('control batches: markers and the metadata log\'s own', t => {
  for (const committed of [true, false]) {
    const batch = writeEndMarker({
      committed, coordinatorEpoch: 9, producerId: 5n, producerEpoch: 2, timestamp: NOW,
      leaderEpoch: 4,
    })
    t.ok(isControl(batch) && isTransactional(batch))
    t.equal(header.leaderEpoch(batch), 4)
    t.same([...recordsOf(batch)].map(readEndMarker), [{ committed, coordinatorEpoch: 9 }])
    t.same([...recordsIn(batch)], [], 'readers of data do not see it')
    t.equal([...recordsIn(batch, { control: true })].length, 1)
  }
  const value = Buffer.from('anything')
  const batch = writeControlBatch([
    { timestamp: NOW, key: writeControlKey(controlType.SNAPSHOT_HEADER), value },
  ], { leaderEpoch: 1, baseOffset: 8n })
  t.ok(isControl(batch))
  t.notOk(isTransactional(batch))
  const [read] = [...recordsOf(batch)]
  t.equal(controlTypeOf(read!.key), controlType.SNAPSHOT_HEADER)
  t.same(read!.value, value)
  t.equal(readEndMarker(read!), undefined)
  t.equal(controlTypeOf(null), undefined)
  t.equal(controlTypeOf(Buffer.from('ffff0001', 'hex')), undefined, 'a version below 0')
  t.equal(controlTypeOf(Buffer.from('00010001', 'hex')), controlType.COMMIT, 'of a later one')
  const commit = writeControlKey(controlType.COMMIT)
  t.equal(readEndMarker({ key: commit, value: Buffer.alloc(5) }), undefined, 'a value that is cut')
  t.equal(readEndMarker({ key: commit, value: null }), undefined)
  t.same(readEndMarker({ key: commit, value: Buffer.from('000100000007ff', 'hex') }),
    { committed: true, coordinatorEpoch: 7 }, 'later versions add to the end')
  t.end()
})

t.test('records are views, headers in their order and with their duplicates', t => {
  const headers = [
    { key: 'b', value: Buffer.from('1') }, { key: 'a', value: null },
    { key: 'b', value: Buffer.alloc(0) },
  ]
  const batch = writeBatch([{ timestamp: NOW, key: null, value: Buffer.from('v'), headers }])
  const [read] = [...recordsOf(batch)]
  t.same(read!.headers, headers)
  t.equal(read!.headers, read!.headers, 'parsed once')
  t.equal(read!.value?.buffer, batch.buffer)
  t.end()
})

t.test('what the reader of a buffer refuses', t => {
  const batch = writeBatch([record(0n, NOW, 'a', 'b')])
  const table: Array<[change: (bytes: Buffer) => void, exception: string]> = [
    [bytes => { bytes[40] = 9 }, 'CorruptRecordException'],
    [bytes => { bytes.writeInt8(3, header.at.magic) }, 'CorruptRecordException'],
    [bytes => { bytes.writeInt32BE(13, header.at.batchLength) }, 'CorruptRecordException'],
    [bytes => { bytes.writeInt32BE(40, header.at.batchLength) }, 'CorruptRecordException'],
    [bytes => {
      bytes.writeInt32BE(-3, header.at.recordsCount)
      sealBatch(bytes)
    }, 'InvalidRecordException'],
    [bytes => {
      bytes.writeInt16BE(6, header.at.attributes)
      sealBatch(bytes)
    }, 'IllegalArgumentException'],
  ]
  for (const [change, exception] of table) {
    const bytes = Buffer.from(batch)
    change(bytes)
    t.equal(exceptionOf(() => [...recordsIn(bytes)]), exception)
  }
  t.same([...recordsIn(batch.subarray(0, -1))], [], 'a batch that is cut is none')
  t.same([...recordsIn(batch.subarray(0, 14))], [])
  t.end()
})
