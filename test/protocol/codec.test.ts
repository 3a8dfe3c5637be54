/** What the codec does at the edges: defaults, budgets, tags, lengths. */
import t from 'tap'
import { readFileSync } from 'node:fs'
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import { codec, decode, encode, messageMinBytes } from '../../protocol/codec.ts'
import { DecodeError, ELEMENTS_MAX, Reader, Writer } from '../../protocol/cursor.ts'
import { apis } from '../../protocol/index.ts'
import { fromJson, toJson } from '../../protocol/json.ts'
import { decodeMetadata, encodeMetadata, entry } from '../../protocol/stored/framing.ts'
import { ConsumerGroupMemberMetadata } from '../../protocol/stored/groups-consumer.ts'
import { NoOpRecord } from '../../protocol/stored/metadata-settings.ts'
import {
  array, bytes, int16, int32, int64, int8, list, message, nullable, or, records, since, string,
  struct, tagged, until, uuid,
} from '../../protocol/types.ts'
import { compareMessage } from '../../scripts/protocol/golden-messages.ts'
import type { MessageVector } from '../../scripts/protocol/golden-messages.ts'
import { root } from '../../scripts/repository.ts'

const Sample = message({
  name: 'Sample',
  versions: [0, 3],
  flexible: 2,
  fields: {
    old: until(0, int16),
    name: string,
    maybe: nullable(string, 1),
    added: since(1, int64, -1n),
    numbers: array(int32),
    parts: list({ index: int32, note: or(nullable(string), null) }),
    tag: tagged(0, 2, struct({ id: or(int32, -1) })),
    late: tagged(1, 3, nullable(string), null),
  },
})

t.test('a field outside the version reads as its default and is not written', async t => {
  const value = { old: 7, name: 'n', maybe: 'm', numbers: [1, 2], parts: [{ index: 3 }] }
  const v0 = decode(Sample, 0, encode(Sample, 0, { ...value, added: 5n }))
  t.same(v0,
    { ...value, added: -1n, parts: [{ index: 3, note: null }], tag: { id: -1 }, late: null })
  const v3 = decode(Sample, 3, encode(Sample, 3, { ...value, added: 5n, late: 'x' }))
  t.equal(v3.old, 0)
  t.equal(v3.added, 5n)
  t.equal(v3.late, 'x')
})

t.test('tagged fields at their default take one byte together', async t => {
  const value = { old: 0, name: '', maybe: null, numbers: [], parts: [] }
  const bare = encode(Sample, 3, value)
  t.equal(bare.at(-1), 0)
  t.equal(encode(Sample, 3, { ...value, tag: { id: -1 }, late: null }).length, bare.length)
  t.ok(encode(Sample, 3, { ...value, tag: { id: 1 } }).length > bare.length)
})

t.test('a tagged field has its length before it, however long it is', async t => {
  const Tags = message({
    name: 'Tags', versions: [0, 0], flexible: 0, fields: { before: string, a: tagged(0, 0, string), b: tagged(5, 0, string) },
  })
  const varint = (value: number): number[] =>
    value > 0x7f ? [value & 0x7f | 0x80, ...varint(value >>> 7)] : [value]
  const field = (tag: number, length: number): Buffer => {
    const content = Buffer.concat([Buffer.from(varint(length + 1)), Buffer.alloc(length, 'x')])
    return Buffer.concat([Buffer.from([tag, ...varint(content.length)]), content])
  }
  // The lengths about which one more byte is needed, and those that make the writer's memory grow.
  for (const length of [1, 125, 126, 127, 128, 500, 510, 16_380, 16_381, 16_382, 16_384, 32_767]) {
    for (const before of [0, 100, 505]) {
      const value = { before: 'y'.repeat(before), a: 'x'.repeat(length), b: 'x'.repeat(length) }
      const bytes = encode(Tags, 0, value)
      const head = Buffer.concat([Buffer.from(varint(before + 1)), Buffer.alloc(before, 'y'), Buffer.of(2)])
      t.ok(bytes.equals(Buffer.concat([head, field(0, length), field(5, length)])), `${before} and ${length}`)
    }
  }
})

t.test('nulls and defaults of tagged fields: the bytes of Kafka\'s own classes (KIP-482)', async t => {
  for (const line of readFileSync(`${root}test/golden/tagged-nulls.jsonl`, 'utf8').trim().split('\n')) {
    const vector = JSON.parse(line) as MessageVector
    t.same(compareMessage(vector), [], `${vector.name} ${vector.variant}`)
  }
  const absent = decode(ConsumerGroupMemberMetadata.value, 0,
    Buffer.from('000002630b2f3132372e302e302e3102027400ffffffff0000', 'hex'))
  t.same(absent.classicMemberMetadata, { sessionTimeoutMs: 0, supportedProtocols: [] }, 'absent is empty')
})

t.test('null where it may not be: refused when read, a TypeError when written', async t => {
  t.throws(() => encode(Sample, 0, { old: 0, name: 'n', maybe: null, numbers: [], parts: [] }), TypeError)
  t.throws(() => decode(Sample, 1, Buffer.from('ffff', 'hex')), DecodeError)
})

t.test('refused with a DecodeError', async t => {
  const Bytes = message({ name: 'Bytes', versions: [0, 1], flexible: 1, fields: { content: bytes } })
  const Ids = message({ name: 'Ids', versions: [0, 1], flexible: 1, fields: { ids: array(uuid) } })
  const Bits = message({ name: 'Bits', versions: [0, 1], flexible: 1, fields: { bits: array(int8) } })
  const Tags = message({ name: 'Tags', versions: [0, 0], flexible: 0, fields: { a: tagged(0, 0, int8), b: tagged(5, 0, int8) } })
  const cases: Array<[string, () => unknown]> = [
    ['a length below -1', () => decode(Bytes, 0, Buffer.from('fffffffe', 'hex'))],
    ['a length above the rest', () => decode(Bytes, 0, Buffer.from('00000005aabb', 'hex'))],
    ['a null that may not be null', () => decode(Bytes, 1, Buffer.from('00', 'hex'))],
    ['bytes behind the message', () => decode(Bytes, 0, Buffer.from('00000001aa00', 'hex'))],
    ['a count that the rest cannot hold', () => decode(Ids, 0, Buffer.from('00000002' + 'aa'.repeat(31), 'hex'))],
    ['a count above all limits', () => decode(Bits, 0, Buffer.concat([Buffer.from('7fffffff', 'hex'), Buffer.alloc(100)]))],
    ['a varint of more than 32 bits', () => decode(Bytes, 1, Buffer.from('ffffffff7f', 'hex'))],
    ['a varint that does not end', () => decode(Bytes, 1, Buffer.from('ffffffffff', 'hex'))],
    ['a known tag twice', () => decode(Tags, 0, Buffer.from('02000101000101', 'hex'))],
    ['a tag of another length', () => decode(Tags, 0, Buffer.from('0100020101', 'hex'))],
    ['a tag beyond the end', () => decode(Tags, 0, Buffer.from('0109ff0101', 'hex'))],
    ['more tags than bytes', () => decode(Tags, 0, Buffer.from('7f0001', 'hex'))],
  ]
  for (const [what, run] of cases) t.throws(run, { name: 'DecodeError' }, what)
  // Behind a request there may be bytes (R-X5): what a tag leaves over is not among them.
  t.throws(() => codec(Tags, 0).read(new Reader(Buffer.from('0100020100', 'hex'))), /tag 0 is not 2 bytes long/)
})

t.test('an unsigned varint has 32 bits', async t => {
  const read = (hex: string): number => new Reader(Buffer.from(hex, 'hex')).unsignedVarint()
  t.equal(read('ffffffff0f'), 0xffffffff)
  t.equal(read('8080808000'), 0)
  for (const last of ['10', '1f', '40', '80']) t.throws(() => read(`ffffffff${last}`), /more than 32 bits/)
})

t.test('unknown tags are skipped, and more than a thousand are refused', async t => {
  const Tags = message({ name: 'Tags', versions: [0, 0], flexible: 0, fields: { a: tagged(5, 0, int8) } })
  t.same(decode(Tags, 0, Buffer.from('030102aabb05010707020102', 'hex')), { a: 7 })
  const many = new Writer()
  many.unsignedVarint(1001)
  for (let tag = 10; tag < 1011; tag++) {
    many.unsignedVarint(tag)
    many.unsignedVarint(0)
  }
  t.throws(() => decode(Tags, 0, many.toBuffer()), DecodeError)
})

t.test('no more elements and no more heap than the bytes pay for (R-X2, R-X7)', async t => {
  const Bits = message({ name: 'Bits', versions: [0, 0], flexible: 1, fields: { bits: array(int8) } })
  const tooMany = Buffer.alloc(4 + ELEMENTS_MAX + 1)
  tooMany.writeInt32BE(ELEMENTS_MAX + 1)
  t.throws(() => decode(Bits, 0, tooMany), DecodeError)
  const Twice = message({
    name: 'Twice', versions: [0, 0], flexible: 1, fields: { bits: array(int8), more: array(int8) },
  })
  const half = Buffer.alloc(4 + ELEMENTS_MAX / 2 + 1)
  half.writeInt32BE(ELEMENTS_MAX / 2 + 1)
  t.throws(() => decode(Twice, 0, Buffer.concat([half, half])), /more than 1000000 elements/, 'in all arrays together')
  const Small = message({ name: 'Small', versions: [0, 0], flexible: 0, fields: { each: list({ text: string, other: string }) } })
  const writer = new Writer()
  writer.unsignedVarint(200_001)
  const body = Buffer.alloc(200_000 * 3, 0)
  for (let i = 0; i < 200_000; i++) body.writeUInt16BE(0x0101, i * 3)
  writer.raw(body)
  writer.unsignedVarint(0)
  t.throws(() => decode(Small, 0, writer.toBuffer()), /small elements/)
})

t.test('every element of every array takes at least a byte', async t => {
  for (const api of apis) {
    for (let version = api.versions[0]; version <= api.versions[1]; version++) {
      t.ok(codec(api.request, version) !== undefined && messageMinBytes(api.request, version) >= 0)
      t.ok(codec(api.response, version) !== undefined)
    }
  }
})

t.test('record data goes out by reference, in order', async t => {
  const Data = message({ name: 'Data', versions: [0, 0], flexible: 1, fields: { before: int32, data: nullable(records), after: int32 } })
  const large = [Buffer.alloc(3000, 1), Buffer.alloc(2000, 2)]
  const writer = new Writer()
  codec(Data, 0).write(writer, { before: 1, data: large, after: 2 })
  const chunks = writer.chunks()
  t.equal(chunks[1], large[0])
  t.equal(chunks[2], large[1])
  const read = decode(Data, 0, wholeOf(chunks))
  t.equal(read.data?.length, 5000)
  t.equal(read.after, 2)
})

t.test('a writer grows past its first buffer without losing what was sealed', async t => {
  const writer = new Writer(8)
  for (let i = 0; i < 1000; i++) {
    writer.int32(i)
    if (i % 100 === 0) writer.reference(Buffer.alloc(2048, i & 0xff))
  }
  t.equal(writer.size, 4000 + 10 * 2048)
  const reader = new Reader(writer.toBuffer())
  for (let i = 0; i < 1000; i++) {
    if (reader.int32() !== i) t.fail(`number ${i}`)
    if (i % 100 === 0) t.equal(reader.slice(2048)[0], i & 0xff)
  }
})

t.test('a version that a message does not have is a RangeError', async t => {
  t.throws(() => codec(Sample, 4), RangeError)
})

t.test('what a person writes by hand: a name that no field has is told', async t => {
  const value = { old: 0, name: 'n', maybe: null, numbers: [], parts: [] }
  t.equal(fromJson(Sample, 2, toJson(Sample, 2, decode(Sample, 2, encode(Sample, 2, value)))).name, 'n')
  t.throws(() => fromJson(Sample, 2, { nmae: 'n' }), { name: 'TypeError', message: /no field nmae; there are old, name/ })
  t.throws(() => fromJson(Sample, 2, { parts: [{ indx: 1 }] }), /no field indx/)
})

t.test('a record of the metadata is read to its end', async t => {
  const bytes = encodeMetadata(entry(NoOpRecord, 0, {}))
  t.equal(decodeMetadata(bytes).record, NoOpRecord)
  t.throws(() => decodeMetadata(Buffer.concat([bytes, Buffer.alloc(1)])), { name: 'DecodeError', message: /1 bytes behind/ })
})
