/** What the leader checks and rewrites of a produced batch, as clients see it (D5.14-25). */
import t from 'tap'
import { code } from '../../protocol/errors.ts'
import { attributesOf, baseSequence, maxTimestamp, producerEpoch, producerId } from '../../protocol/records/header.ts'
import { recordsOf } from '../../protocol/records/read.ts'
import { batchesOf, batchOf, changed, fetchOne, produce, recordsIn } from '../support/producing.ts'
import type { ProduceOptions } from '../support/producing.ts'
import { RawBroker, START_MS } from '../support/raw-broker.ts'

const NOW = BigInt(START_MS)

t.test('the header, then the records', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic', 1, { 'max.message.bytes': '1000' })
  const client = await raw.client()
  const good = batchOf(['a', 'b'])
  const large = batchOf(['x'.repeat(2000)])
  const cases: Array<[string, Buffer, number, bigint]> = [
    ['D5.14: a base offset', changed(good, (b, at) => { b.writeBigInt64BE(1n, at.baseOffset) }, false), 87, 0n],
    ['D5.15: above max.message.bytes', large, 10, -1n],
    ['D5.14 comes before D5.15', changed(large, (b, at) => { b.writeBigInt64BE(1n, at.baseOffset) }, false), 87, 0n],
    ['D5.16: a wrong checksum', changed(good, (b, at) => { b.writeUInt32BE(1, at.crc) }, false), 2, -1n],
    ['D5.17: an unknown codec', changed(good, (b, at) => { b[at.attributes + 1] = 5 }), -1, 0n],
    ['D5.18: no offsets', changed(good, (b, at) => { b.writeInt32BE(-1, at.lastOffsetDelta) }), 87, 0n],
    ['D5.18: no records', changed(good, (b, at) => { b.writeInt32BE(0, at.recordsCount) }), 87, 0n],
    ['D5.18: count and offset range that disagree', changed(good, (b, at) => { b.writeInt32BE(3, at.recordsCount) }), 87, 0n],
    ['D5.18: a control batch', batchOf(['a'], { control: true }), 87, 0n],
    ['D5.18: a producer without sequence', batchOf(['a'], { producerId: 4n, producerEpoch: 0, baseSequence: -1 }), 87, 0n],
    ['D5.19: bytes that are no records', changed(good, b => { b[61] = 0xff; b[62] = 0x7f }), 87, 0n],
    ['D5.19: a stream that does not decompress', changed(batchOf(['a'.repeat(100)], { codec: 'gzip' }), b => { b.fill(0xee, 65) }), -1, 0n],
  ]
  for (const [name, batch, errorCode, logStartOffset] of cases) {
    t.match(await produce(client, 'topic', batch), { errorCode, logStartOffset, baseOffset: -1n, errorMessage: null }, name)
  }
  t.equal(raw.partition('topic').endOffset, 0n)
  await raw.topic('small', 1, { 'segment.bytes': '1048576', 'max.message.bytes': '5000000' })
  t.match(await produce(client, 'small', batchOf(['x'.repeat(1_500_000)])), { errorCode: 18, logStartOffset: -1n },
    'D5.24: more than a segment')
})

t.test('D5.20-21: errors of records', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('compacted', 1, { 'cleanup.policy': 'compact' })
  await raw.topic('topic', 1, { 'message.timestamp.before.max.ms': '1000' })
  const client = await raw.client()
  const missing = 'Compacted topic cannot accept message without key in topic partition compacted-0'
  const batch = batchOf(['a', { key: 'k', value: 'b' }, 'c', { value: null, timestamp: NOW + 9_000_000n }, 'e'])
  const row = await produce(client, 'compacted', batch, { version: 8 })
  t.match(row, {
    errorCode: code.INVALID_RECORD,
    recordErrors: [0, 2, 3, 4].map(batchIndex => ({ batchIndex, batchIndexErrorMessage: missing })),
  }, 'D5.20: all of them; a key error hides the timestamp\'s')
  t.match(row.errorMessage, /^One or more records have been rejected due to 4 record errors in total, and only showing the first three errors at most: \[/)
  t.match(await produce(client, 'compacted', batch, { version: 7 }), { errorCode: 87, recordErrors: [], errorMessage: null },
    'before v8 there is only the code')
  const early = NOW - 1001n
  const late = await produce(client, 'topic', batchOf([
    'fine', { value: 'x', timestamp: early }, { value: 'y', timestamp: NOW + 3_600_001n }, { value: 'z', timestamp: -1n },
  ]))
  t.match(late, {
    errorCode: code.INVALID_TIMESTAMP,
    errorMessage: 'One or more records have been rejected due to invalid timestamp',
    recordErrors: [{
      batchIndex: 1,
      batchIndexErrorMessage: `Timestamp ${early} of message with offset 1 is out of range. ` +
        `The timestamp should be within [${NOW - 1000n}, ${NOW + 3_600_000n}]`,
    }, { batchIndex: 2 }],
  }, 'D5.21: too old, and too far ahead')
  t.match(await produce(client, 'topic', batchOf([{ value: 'x', timestamp: NOW - 1000n }])), { errorCode: 0 }, 'D5.21: the bound itself')
})

t.test('D5.22: what is rewritten', async t => {
  const raw = await RawBroker.start(t)
  await raw.topic('topic')
  await raw.topic('appended', 1, { 'message.timestamp.type': 'LogAppendTime' })
  const client = await raw.client()
  const contents = [{ value: 'a', timestamp: NOW - 5n }, { value: 'b', timestamp: NOW - 9n }]
  const facts = { producerId: 3n, producerEpoch: 2, baseSequence: 6 }
  const lying =
    changed(batchOf(contents, facts), (b, at) => { b.writeBigInt64BE(NOW + 77n, at.maxTimestamp) })
  t.match(await produce(client, 'topic', lying), { errorCode: 0, logAppendTimeMs: -1n })
  const [stored] = batchesOf(await fetchOne(client, 'topic', 0n)) as [Buffer]
  t.equal(maxTimestamp(stored), NOW - 5n, 'CreateTime: the true maximum')
  t.same([producerId(stored), producerEpoch(stored), baseSequence(stored)], [3n, 2, 6])
  t.same([...recordsOf(stored)].map(({ timestamp }) => timestamp), [NOW - 5n, NOW - 9n])

  raw.clock.advance(40)
  t.match(await produce(client, 'appended', batchOf(contents, facts)), { errorCode: 0, logAppendTimeMs: NOW + 40n })
  const [appended] = batchesOf(await fetchOne(client, 'appended', 0n)) as [Buffer]
  t.same([maxTimestamp(appended), attributesOf(appended) & 8], [NOW + 40n, 8], 'LogAppendTime: the bit, and now')
  t.same([...recordsOf(appended)].map(({ timestamp }) => timestamp), [NOW + 40n, NOW + 40n])
  raw.clock.advance(60)
  t.match(await produce(client, 'appended', batchOf(contents, facts)), { errorCode: 0, baseOffset: 0n, logAppendTimeMs: NOW + 40n },
    'D5.26: a duplicate has the first one\'s time')
  t.match(await produce(client, 'appended', batchOf([{ value: 'x', timestamp: 5n }])), { errorCode: 0 }, 'D5.21: no bounds')
  const marked = batchOf(['x'], { timestampType: 'LogAppendTime', logAppendTime: NOW })
  const refused = await produce(client, 'appended', marked)
  t.equal(refused.errorCode, code.INVALID_TIMESTAMP, 'D5.21: the producer may not set the bit')
  t.match(refused.recordErrors[0]?.batchIndexErrorMessage, /^Invalid timestamp type in message DefaultRecord\(.*Producer should not set timestamp type to LogAppendTime\.$/)
})

t.test('D5.23: compression.type', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
  const options: ProduceOptions = { version: 9 }
  for (const type of ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd']) {
    const topic = `to-${type}`
    await raw.topic(topic, 1, { 'compression.type': type })
    for (const codec of codecs) await produce(client, topic, batchOf(['a', 'b', 'c'.repeat(200)], { codec }), options)
    const row = await fetchOne(client, topic, 0n)
    t.same(batchesOf(row).map(batch => codecs[attributesOf(batch) & 7]),
      type === 'producer' ? codecs : codecs.map(() => type === 'uncompressed' ? 'none' : type), type)
    t.same(recordsIn(row), codecs.flatMap((_, index) =>
      ['a', 'b', 'c'.repeat(200)].map((value, at) => [BigInt(index * 3 + at), value])), 'the records stay')
  }
  await raw.topic('grows', 1, { 'compression.type': 'uncompressed', 'max.message.bytes': '1000' })
  t.match(await produce(client, 'grows', batchOf(['x'.repeat(5000)], { codec: 'gzip' })), { errorCode: 10, baseOffset: -1n },
    'too large once it is rebuilt')
})
