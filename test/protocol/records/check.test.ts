/** What the leader says of produced batches, beyond Kafka's golden ones (golden.test.ts). */
import t from 'tap'
import { type Codec } from '../../../protocol/records/attributes.ts'
import {
  checkBatch, checkBatchAsync, isLarge, theBatch, tooLargeBatch,
  type AcceptedBatch, type BatchDecision, type BatchRules, type RefusedBatch,
} from '../../../protocol/records/check.ts'
import { compress } from '../../../protocol/records/compress.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import * as header from '../../../protocol/records/header.ts'
import {
  isLargeRebuild, rebuildBatch, rebuildBatchAsync,
} from '../../../protocol/records/rebuild.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { rewriteHeader } from '../../../protocol/records/rewrite.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { everyRecord, RecordWalk, type WalkRules } from '../../../protocol/records/walk.ts'
import {
  assemble, writeBatch, writeRecords, type BatchFacts, type PlacedRecord,
} from '../../../protocol/records/write.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const NOW = 1_700_000_000_000n
const LONG_MAX = 2n ** 63n - 1n

const rules: BatchRules = {
  topicPartition: 'orders-3',
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: LONG_MAX,
  timestampAfterMaxMs: 3_600_000,
  messageBytesMax: 1_048_588,
  compacted: false,
  compressionType: 'producer',
  nowMs: Number(NOW),
}

const codecs: Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

function record (timestamp: bigint, key: string | null = 'k', value = 'v'): PlacedRecord {
  return { timestamp, key: key === null ? null : Buffer.from(key), value: Buffer.from(value) }
}

function accepted (decision: BatchDecision): AcceptedBatch {
  if (!decision.ok) throw new Error(`refused: ${decision.reason}`)
  return decision
}

function refused (decision: BatchDecision | Buffer): RefusedBatch {
  if (Buffer.isBuffer(decision) || decision.ok) throw new Error('not refused')
  return decision
}

/** All that a reader sees: zstd's threads compress into other bytes than its calls do. */
function contentOf (batch: Buffer): unknown {
  const records = [...recordsOf(batch)].map(({ offset, timestamp, key, value, headers }) =>
    ({ offset, timestamp, key, value, headers }))
  return { ...header.header.decode(batch), batchLength: 0, crc: 0, records }
}

t.test('the facts of an accepted batch', t => {
  for (const codec of codecs) {
    const batch = writeBatch([record(NOW), record(NOW + 5n), record(NOW + 5n), record(NOW - 1n)], {
      codec, producerId: 7n, producerEpoch: 2, baseSequence: 0x7ffffffe, transactional: true,
    })
    t.match(accepted(checkBatch(batch, rules)), {
      count: 4, maxTimestamp: NOW + 5n, maxTimestampDelta: 1, codec, targetCodec: codec,
      rewrite: 'none', isTransactional: true, producerId: 7n, producerEpoch: 2,
      baseSequence: 0x7ffffffe, lastSequence: 1,
    }, codec)
  }
  t.end()
})

t.test('D5.21: timestamps out of range, in Kafka\'s words', t => {
  const far = NOW + 3_600_001n
  const batch = writeBatch([record(NOW), record(far), record(-1n), record(far + 1n)])
  const decision = refused(checkBatch(batch, rules))
  t.equal(decision.errorCode, 32)
  t.equal(decision.message, 'One or more records have been rejected due to invalid timestamp')
  t.same(decision.recordErrors.map(({ batchIndex }) => batchIndex), [1, 3])
  t.equal(decision.recordErrors[0]?.message,
    'Timestamp 1700003600001 of message with offset 1 is out of range. ' +
    'The timestamp should be within [-9223370336854775807, 1700003600000]')
  const table: Array<[timestamp: bigint, before: bigint | number, ok: boolean]> = [
    [NOW - 1_000n, 1_000, true],
    [NOW - 1_001n, 1_000, false],
    [-1n, 1_000, true], // no timestamp is never out of range
    [0n, 1_000, false],
    [-2n, 9223372036854776000, true], // Long.MAX as a number
    [-(2n ** 63n), LONG_MAX, false], // the difference overflows, as in Java
    [LONG_MAX, LONG_MAX, false],
  ]
  for (const [timestamp, timestampBeforeMaxMs, ok] of table) {
    for (const first of [[], [record(NOW)], [record(-(2n ** 63n) + 5n)]]) {
      const batch = writeBatch([...first, record(timestamp)])
      const check = checkBatch(batch, { ...rules, timestampBeforeMaxMs })
      const bad = check.ok ? [] : check.recordErrors.map(({ batchIndex }) => batchIndex)
      t.equal(bad.includes(first.length), !ok, `${timestamp} after ${first[0]?.timestamp}`)
    }
  }
  t.end()
})

t.test('the true maximum is found wherever it is, or none', t => {
  const table: Array<[timestamps: bigint[], max: bigint, delta: number]> = [
    [[NOW, NOW - 1n], NOW, 0],
    [[-1n, -1n], -1n, -1],
    [[-5n, -7n], -1n, -1],
    [[-1n, NOW, -1n], NOW, 1],
    [[0n, NOW, NOW], NOW, 1],
    [[-(2n ** 62n) - 5n, NOW], NOW, 1],
    [[NOW, -(2n ** 62n), NOW], NOW, 0],
  ]
  for (const [timestamps, maxTimestamp, maxTimestampDelta] of table) {
    const batch = writeBatch(timestamps.map(timestamp => record(timestamp)))
    batch.writeBigInt64BE(12_345n, header.at.maxTimestamp)
    sealBatch(batch)
    const decision = accepted(checkBatch(batch, rules))
    t.match(decision, { maxTimestamp, maxTimestampDelta, rewrite: 'header' })
    rewriteHeader(batch, 'CreateTime', decision.maxTimestamp)
    t.equal(accepted(checkBatch(batch, rules)).rewrite, 'none', 'and is then right')
  }
  t.end()
})

t.test('D5.20: keys that a compacted topic needs come before timestamps', t => {
  const far = NOW + 3_600_001n
  const records = [record(NOW, null), record(far, null), record(NOW), record(NOW, null),
    record(NOW, null)]
  for (const codec of codecs) {
    const batch = writeBatch(records, { codec })
    const decision = refused(checkBatch(batch, { ...rules, compacted: true }))
    const text = 'Compacted topic cannot accept message without key in topic partition orders-3'
    const shown = [0, 1, 3].map(index => `RecordError(batchIndex=${index}, message='${text}')`)
    t.equal(decision.errorCode, 87)
    t.equal(decision.message, 'One or more records have been rejected due to 4 record errors in ' +
      `total, and only showing the first three errors at most: [${shown.join(', ')}]`)
    t.same(decision.recordErrors.map(({ batchIndex }) => batchIndex), [0, 1, 3, 4])
  }
  t.end()
})

t.test('D5.21: LogAppendTime is for the broker to set', t => {
  const facts: BatchFacts = { timestampType: 'LogAppendTime', logAppendTime: NOW }
  const appendTime: BatchRules = { ...rules, timestampType: 'LogAppendTime' }
  const batch = writeBatch([record(1n), record(2n, null, '')], facts)
  const plain = refused(checkBatch(batch, appendTime))
  t.equal(plain.recordErrors[1]?.message, 'Invalid timestamp type in message DefaultRecord(' +
    `offset=1, timestamp=${NOW}, key=0 bytes, value=0 bytes). ` +
    'Producer should not set timestamp type to LogAppendTime.')
  const gzip = writeBatch([record(1n, null)], { ...facts, codec: 'gzip' })
  t.match(refused(checkBatch(gzip, appendTime)).recordErrors[0]?.message,
    'PartialDefaultRecord(offset=0, timestamp=1700000000000, key=-1 bytes, value=1 bytes)')
  const cleared = accepted(checkBatch(batch, rules))
  t.match(cleared, { rewrite: 'header', maxTimestamp: NOW, timestampType: 'CreateTime' })
  const none = writeBatch([record(1n)], { timestampType: 'LogAppendTime', logAppendTime: -1n })
  t.match(refused(checkBatch(none, rules)).message, /invalid timestamp$/)
  t.end()
})

t.test('D5.22: what the header says after LogAppendTime, and back', t => {
  const batch = writeBatch([record(1n), record(2n)], { producerId: 5n, baseSequence: 0 })
  batch.writeInt16BE(0x7f00 | header.attributesOf(batch), header.at.attributes)
  sealBatch(batch)
  const decision = accepted(checkBatch(batch, { ...rules, timestampType: 'LogAppendTime' }))
  t.match(decision, { rewrite: 'header', maxTimestamp: NOW, maxTimestampDelta: 1 })
  rewriteHeader(batch, 'LogAppendTime', decision.maxTimestamp)
  t.equal(header.attributesOf(batch), 8, 'bits that mean nothing are cleared')
  t.same([...recordsOf(batch)].map(({ timestamp }) => timestamp), [NOW, NOW])
  const back = Buffer.from(batch)
  rewriteHeader(back, 'CreateTime', 2n)
  t.same([...recordsOf(back)].map(({ timestamp }) => timestamp), [1n, 2n], 'deltas stay')
  t.end()
})

t.test('D5.23: another codec means another batch with the same records', async t => {
  const records = [record(NOW, null, 'a'.repeat(300)), { ...record(NOW + 2n), offsetDelta: 1 }]
  const gaps = [{ ...record(NOW), offsetDelta: 1 }, { ...record(NOW + 2n), offsetDelta: 7 }]
  const facts = { producerId: 5n, producerEpoch: 1, baseSequence: 3, transactional: true }
  for (const codec of codecs) {
    for (const compressionType of codecs) {
      if (codec === compressionType) continue
      for (const given of [records, gaps]) {
        const batch = writeBatch(given, { ...facts, codec, lastOffsetDelta: 1 })
        const decision = accepted(checkBatch(batch, { ...rules, compressionType }))
        t.match(decision, { rewrite: 'rebuild', targetCodec: compressionType })
        const rebuilt = rebuildBatch(decision)
        t.same(contentOf(await rebuildBatchAsync(decision)), contentOf(rebuilt), 'off the loop')
        t.match(accepted(checkBatch(rebuilt, rules)), {
          rewrite: 'none', codec: compressionType, producerId: 5n, producerEpoch: 1,
          baseSequence: 3, isTransactional: true, maxTimestamp: NOW + 2n, sameRecords: true,
        })
        const read = [...recordsOf(rebuilt)]
        t.same(read.map(({ offset, timestamp }) => [offset, timestamp]),
          [[0n, NOW], [1n, NOW + 2n]])
        t.same(read.map(({ value }) => String(value)), given.map(({ value }) => String(value)))
      }
    }
  }
  const large = accepted(checkBatch(writeBatch(records, { codec: 'gzip' }), {
    ...rules, compressionType: 'uncompressed',
  }))
  t.equal(tooLargeBatch(rebuildBatch(large), rules).errorCode, 10)
  const shifted = assemble(writeRecords(records, NOW - 9n), {}, {
    baseTimestamp: NOW - 9n, maxTimestamp: NOW + 2n, lastOffsetDelta: 1, count: 2,
  })
  const again = rebuildBatch(accepted(checkBatch(shifted, { ...rules, compressionType: 'lz4' })))
  t.equal(header.header.decode(again).baseTimestamp, NOW, 'the base is the first record\'s')
  const offTheLoop = await rebuildBatchAsync(accepted(checkBatch(shifted, { ...rules, compressionType: 'lz4' })))
  t.same(contentOf(offTheLoop), contentOf(again), 'off the loop, too')
  t.end()
})

t.test('a large batch is rebuilt in pieces', async t => {
  const records = Array.from({ length: 3_000 }, (_, index): PlacedRecord => ({
    ...record(NOW, `key-${index}`, 'some value '.repeat(index % 40)), offsetDelta: index + 1,
  }))
  const lastOffsetDelta = records.length - 1
  for (const codec of codecs) {
    const batch = writeBatch(records, { lastOffsetDelta })
    const decision = accepted(checkBatch(batch, { ...rules, compressionType: codec }))
    t.ok(isLargeRebuild(decision))
    if (codec === 'none') continue
    const rebuilt = await rebuildBatchAsync(decision)
    t.same(contentOf(rebuilt), contentOf(rebuildBatch(decision)), codec)
    t.match(accepted(checkBatch(rebuilt, rules)), { count: 3_000, sameRecords: true })
  }
  t.end()
})

t.test('D5.7: exactly one batch of magic 2, null records included', t => {
  const batch = writeBatch([record(NOW)])
  const table: Array<[what: string, bytes: Buffer | null, version: number, code: number]> = [
    ['null', null, 13, 87],
    ['empty', Buffer.alloc(0), 13, 87],
    ['cut', batch.subarray(0, -1), 13, 87],
    ['two', Buffer.concat([batch, batch]), 13, 87],
    ['zstd in v6', writeBatch([record(NOW)], { codec: 'zstd' }), 6, 76],
  ]
  for (const [what, bytes, version, code] of table) {
    t.match(refused(theBatch(bytes, version)), { errorCode: code, message: null }, what)
  }
  const trailing = theBatch(Buffer.concat([batch, batch.subarray(0, 30)]), 3)
  t.same(trailing, batch, 'bytes behind that are less than a batch are cut off')
  t.end()
})

t.test('limits: R-X6 for a batch, D25.1 for a record', async t => {
  const records = Array.from({ length: 40 }, () => record(NOW, null, 'x'.repeat(50_000)))
  for (const codec of codecs.slice(1)) {
    const batch = writeBatch(records, { codec })
    const bounded = { ...rules, decompressedBytesMax: 1_000_000 }
    t.match(refused(checkBatch(batch, bounded)), { errorCode: 10, message: null }, codec)
    t.match(refused(await checkBatchAsync(batch, bounded)), { errorCode: 10 }, codec)
    t.ok(checkBatch(batch, rules).ok, codec)
    const single = { ...rules, decompressedMessageBytesMax: 50_000 }
    t.match(refused(checkBatch(batch, single)), { errorCode: 87, message: null }, codec)
  }
  const plain = writeBatch(records, {})
  t.ok(checkBatch(plain, { ...rules, messageBytesMax: 3e6, decompressedMessageBytesMax: 9 }).ok)
  t.end()
})

t.test('what is large is what would hold up the loop', t => {
  const zeros = (length: number): PlacedRecord[] =>
    [{ timestamp: NOW, key: null, value: Buffer.alloc(length) }]
  const table: Array<[codec: Codec, length: number, large: boolean, why: string]> = [
    ['none', 3_000_000, false, 'plain records are walked over fast'],
    ['none', 8_000_000, true, 'but not any number of them'],
    ['gzip', 1_000_000, false, 'the trailer says a megabyte'],
    ['gzip', 3_000_000, true, 'the trailer says three'],
    ['zstd', 500_000, false, 'few blocks'],
    ['zstd', 3_000_000, true, 'many blocks'],
    ['lz4', 500_000, false, 'few blocks'],
    ['lz4', 3_000_000, true, 'many blocks'],
    ['snappy', 1_000_000, false, 'short'],
    ['snappy', 3_000_000, true, 'long'],
  ]
  for (const [codec, length, large, why] of table) {
    const batch = writeBatch(zeros(length), { codec })
    t.equal(isLarge(batch), large, `${codec}: ${why}`)
    t.ok(checkBatch(batch, rules).ok || batch.length > rules.messageBytesMax)
  }
  t.notOk(isLarge(Buffer.alloc(60)), 'nor is what is no batch')
  const lie = writeBatch(zeros(30_000_000), { codec: 'gzip' })
  lie.writeUInt32LE(5, lie.length - 4)
  sealBatch(lie)
  t.notOk(isLarge(lie))
  t.equal(refused(checkBatch(lie, rules)).errorCode, 10, 'a lie is cut short')
  t.end()
})

t.test('off the loop the answers are the same', async t => {
  const records = Array.from({ length: 20_000 }, (_, index) =>
    record(NOW + BigInt(index % 7), `key-${index}`, `value ${index % 100}`))
  for (const codec of codecs) {
    const batch = writeBatch(records, { codec })
    t.same(await checkBatchAsync(batch, rules), checkBatch(batch, rules), codec)
    const cut = Buffer.from(batch.subarray(0, batch.length - 3))
    cut.writeInt32BE(cut.length - 12, header.at.batchLength)
    sealBatch(cut)
    const decision = refused(checkBatch(cut, rules))
    t.match(await checkBatchAsync(cut, rules), { errorCode: decision.errorCode }, codec)
  }
  t.end()
})

t.test('a walk over windows of any size finds what a walk over all finds', t => {
  const records = Array.from({ length: 30 }, (_, index): PlacedRecord => ({
    timestamp: NOW + BigInt((index * 7) % 13) * 1_000_000n, key: Buffer.alloc(index % 5),
    value: index % 4 === 0 ? null : Buffer.alloc(index * 3),
    headers: [{ key: 'name', value: Buffer.alloc(index) }, { key: '', value: null }]
      .slice(index % 3),
  }))
  const good = writeRecords(records, NOW)
  const walk = (bytes: Buffer, window: number): unknown => {
    const odd: unknown[] = []
    const walkRules: WalkRules = {
      count: records.length, isPlain: true, baseTimestamp: NOW, batchTimestamp: undefined,
      earliest: NOW, latest: NOW + 9_000_000n, keyRequired: true, recordBytesMax: 1_000,
      odd: each => { odd.push(each) },
    }
    const { count, consecutive, maxTimestamp, maxTimestampIndex } = run(walkRules, bytes, window)
    return { odd, count, consecutive, maxTimestamp, maxTimestampIndex }
  }
  for (let window = 1; window < 40; window += 1) {
    t.same(walk(good, window), walk(good, good.length), `windows of ${window}`)
  }
  for (let position = 0; position < good.length; position += 1) {
    const bad = Buffer.from(good)
    bad[position] = bad[position]! ^ 0x83
    t.same(outcome(() => walk(bad, 5)), outcome(() => walk(bad, bad.length)), `byte ${position}`)
  }
  t.end()
})

t.test('times far from the base, in windows of any size; of equal ones the first counts', t => {
  const far = 2n ** 62n
  const cases: Array<[what: string, base: bigint, times: bigint[], index: number]> = [
    ['far below', NOW, [NOW, NOW - far, NOW + 1n, NOW + 1n], 2],
    ['far above', -far, [-far, far, far, 5n], 1],
    ['a base that is far itself', far + 1n, [far + 1n, far + 7n, far + 7n], 1],
  ]
  for (const [what, baseTimestamp, times, index] of cases) {
    const bytes = writeRecords(times.map(timestamp => ({ timestamp, key: null, value: null })),
      baseTimestamp)
    for (let window = 1; window <= bytes.length; window += 1) {
      const walk = run({
        ...everyRecord, count: times.length, baseTimestamp, batchTimestamp: undefined,
      }, bytes, window)
      t.same([walk.maxTimestamp, walk.maxTimestampIndex], [times[index], index], `${what}, windows of ${window}`)
    }
  }
  t.end()
})

function run (walkRules: WalkRules, bytes: Buffer, window: number): RecordWalk {
  const walk = new RecordWalk(walkRules)
  for (let start = 0; start < bytes.length; start += window) {
    walk.push(bytes.subarray(start, start + window))
  }
  walk.finish()
  return walk
}

function outcome (act: () => unknown): unknown {
  try { return act() } catch (error) {
    if (!(error instanceof RecordError)) throw error
    return error.exception
  }
}

t.test('a batch of many bad records is answered with a bounded list', t => {
  const count = 30_000
  const records = Array.from({ length: count }, () => record(NOW, null, ''))
  const decision = refused(checkBatch(writeBatch(records, { codec: 'zstd' }),
    { ...rules, compacted: true }))
  t.match(decision.message, /due to 30000 record errors in total/)
  t.equal(decision.recordErrors.length, 10_000)
  t.end()
})

t.test('a payload of another codec than the header says', t => {
  for (const codec of codecs.slice(1)) {
    for (const other of codecs.slice(1)) {
      if (codec === other) continue
      const batch = writeBatch([record(NOW)], { codec })
      const payload = compress({ codec: other, bytes: Buffer.alloc(99), magic: 2 })
      const mixed = Buffer.concat([batch.subarray(0, header.HEADER_SIZE), payload])
      mixed.writeInt32BE(mixed.length - 12, header.at.batchLength)
      sealBatch(mixed)
      t.match(refused(checkBatch(mixed, rules)), { errorCode: -1, message: null },
        `${codec} ${other}`)
    }
  }
  t.end()
})
