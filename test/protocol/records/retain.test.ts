/**
 * Batches less records, against Kafka's own: each line of the golden file is a batch, the offsets
 * that stay, and what MemoryRecords.filterTo of Kafka 4.3.1 left of it.
 */
import t from 'tap'
import { attribute } from '../../../protocol/records/attributes.ts'
import { isIntact } from '../../../protocol/records/batches.ts'
import { isLarge } from '../../../protocol/records/check.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import * as header from '../../../protocol/records/header.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import {
  deleteHorizonOf, retain, retainAsync, type Retention,
} from '../../../protocol/records/retain.ts'
import type { ScannedRecord } from '../../../protocol/records/scan.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { objectsOf } from '../../support/reference.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

interface Vector {
  name: string
  keep: number[]
  horizonMs: string
  staysEmpty: boolean
  marker: boolean
  hex: string
  retainedHex: string
}

const vectors = objectsOf<Vector>('golden/retained-batches.jsonl')

function retentionOf (batch: Buffer, { keep, horizonMs, staysEmpty, marker }: Vector): Retention {
  const base = Number(header.baseOffset(batch))
  const kept = new Set(keep)
  return {
    keep: ({ offsetDelta }) => kept.has(base + offsetDelta),
    deleteHorizonMs: BigInt(horizonMs),
    isMarkerWithoutData: marker,
    staysEmpty,
  }
}

const noBreath = (): undefined => undefined

/** Bytes of a codec may differ from Java's: then everything that a reader can see. */
function readable (batch: Buffer | undefined) {
  if (batch === undefined || batch.length === 0) return undefined
  const { crc: _crc, batchLength: _length, ...facts } = header.header.decode(batch)
  const records = [...recordsOf(batch)].map(({ offset, timestamp, key, value, headers }) =>
    ({ offset, timestamp, key, value, headers }))
  return { facts, records, isIntact: isIntact(batch) }
}

t.test('what stays of a batch is what Kafka leaves of it', async t => {
  t.ok(vectors.length > 60, 'the file has its vectors')
  for (const vector of vectors) {
    const batch = Buffer.from(vector.hex, 'hex')
    const there = Buffer.from(vector.retainedHex, 'hex')
    const here = retain(batch, retentionOf(batch, vector))
    t.same(readable(here), readable(there), vector.name)
    if ((header.attributesOf(batch) & attribute.codec) === 0) {
      t.equal(here?.toString('hex') ?? '', vector.retainedHex, `${vector.name}: the bytes`)
    }
    if (there.equals(batch)) t.equal(here, batch, `${vector.name}: it is not even copied`)
    const later = await retainAsync(batch, retentionOf(batch, vector), {}, noBreath)
    t.same(later, here, `${vector.name}: the same with breaths`)
  }
})

t.test('a second time nothing changes', async t => {
  for (const vector of vectors) {
    const first = Buffer.from(vector.retainedHex, 'hex')
    if (first.length === 0) continue
    t.equal(retain(first, retentionOf(first, vector)), first, vector.name)
  }
})

const everything: Retention = {
  keep: () => true, deleteHorizonMs: 0n, isMarkerWithoutData: false, staysEmpty: false,
}

t.test('the records are shown with their keys and values', async t => {
  const batch = writeBatch([
    { timestamp: 5n, key: Buffer.from('a'), value: Buffer.from('one') },
    { timestamp: 6n, key: null, value: null },
    { timestamp: 7n, key: Buffer.alloc(0), value: Buffer.alloc(0), offsetDelta: 9 },
  ], { codec: 'lz4', baseOffset: 3n })
  const seen: Array<Pick<ScannedRecord, 'offsetDelta' | 'keySize' | 'valueSize'> & { key: string }> = []
  retain(batch, {
    ...everything,
    keep: ({ offsetDelta, keySize, valueSize, bytes, keyStart }) => {
      const key = bytes.toString('latin1', keyStart, keyStart + Math.max(keySize, 0))
      seen.push({ offsetDelta, keySize, valueSize, key })
      return true
    },
  })
  t.same(seen, [
    { offsetDelta: 0, keySize: 1, valueSize: 3, key: 'a' },
    { offsetDelta: 1, keySize: -1, valueSize: -1, key: '' },
    { offsetDelta: 9, keySize: 0, valueSize: 0, key: '' },
  ])
})

t.test('timestamps at the ends of 64 bits stay what they are', async t => {
  const ends = [-(1n << 63n), (1n << 63n) - 1n, 0n, -5n, 1n << 62n]
  const records = ends.map(timestamp => ({ timestamp, key: Buffer.from('k'), value: null }))
  const batch = writeBatch(records)
  for (let first = 0; first < ends.length; first++) {
    const left = retain(batch, { ...everything, keep: ({ offsetDelta }) => offsetDelta >= first })
    const kept = ends.slice(first)
    t.same([...recordsOf(left as Buffer)].map(({ timestamp }) => timestamp), kept)
    const highest = kept.reduce((high, each) => each > high ? each : high, -1n)
    t.equal(header.maxTimestamp(left as Buffer), highest)
    t.equal(deleteHorizonOf(left as Buffer), 0n)
  }
})

t.test('large batches are worked on in steps', async t => {
  const value = Buffer.alloc(300, 'v')
  const records = Array.from({ length: 20_000 }, (_each, index) =>
    ({ timestamp: BigInt(index), key: Buffer.from(`${index}`), value }))
  for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const) {
    const batch = writeBatch(records, { codec })
    t.ok(isLarge(batch), `${codec}: it is large`)
    for (const bounds of [[0, 20_000], [1, 20_000]] as const) {
      let breaths = 0
      const retention: Retention = {
        ...everything,
        keep: ({ offsetDelta }) => offsetDelta % 2 === bounds[0] && offsetDelta < bounds[1],
      }
      const left = await retainAsync(batch, retention, {}, () => {
        breaths += 1
        return breaths % 10 === 0 ? new Promise(resolve => { setImmediate(resolve) }) : undefined
      })
      t.same([...recordsOf(left as Buffer)].map(({ offset }) => Number(offset)),
        Array.from({ length: 10_000 }, (_each, index) => index * 2 + bounds[0]), codec)
      t.ok(breaths > 300, `${codec}: others had ${breaths} turns`)
      t.equal(header.lastOffset(left as Buffer), 19_999n)
    }
  }
})

t.test('what is malformed or too large is refused', async t => {
  const batch = writeBatch([
    { timestamp: 0n, key: Buffer.from('k'), value: Buffer.alloc(500) },
    { timestamp: 0n, key: Buffer.from('k'), value: Buffer.alloc(5) },
  ], { codec: 'gzip' })
  const tooLarge = new RecordError('InvalidRecordException', 'Invalid record size: 508 > 400')
  t.throws(() => retain(batch, everything, { recordBytesMax: 400 }), tooLarge)
  await t.rejects(retainAsync(batch, everything, { recordBytesMax: 400 }, noBreath), tooLarge)
  t.equal(retain(batch, everything, { recordBytesMax: 600 }), batch)
  t.throws(() => retain(batch, everything, { decompressedBytesMax: 100 }), RecordError)
  const plain = writeBatch([{ timestamp: 0n, key: null, value: Buffer.alloc(500) }])
  t.equal(retain(plain, everything, { recordBytesMax: 400 }), plain, 'only compressed ones hide')
  for (const count of [-1, 0, 1, 3]) {
    const wrong = Buffer.from(batch)
    wrong.writeInt32BE(count, header.at.recordsCount)
    sealBatch(wrong)
    t.throws(() => retain(wrong, everything), { name: 'RecordError', message: /batch|count/ }, `${count} of 2`)
  }
  for (let cut = header.HEADER_SIZE; cut < plain.length; cut += 37) {
    t.throws(() => retain(plain.subarray(0, cut), everything), RecordError, `cut at ${cut}`)
  }
})
