/**
 * Whatever the bytes: the readers, checkers and converters throw nothing but RecordError, and
 * allocate no more than their bound (R-X6, correctness 5.5.3). The mutations are the same on every
 * run.
 */
import t from 'tap'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { checkBatch, theBatch, type BatchRules } from '../../../protocol/records/check.ts'
import { crc32 } from '../../../protocol/records/checksum.ts'
import { readEndMarker } from '../../../protocol/records/control.ts'
import { downConvert, upConvert } from '../../../protocol/records/convert.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import { firstAtOrAfter } from '../../../protocol/records/find.ts'
import * as header from '../../../protocol/records/header.ts'
import { rebuildBatch } from '../../../protocol/records/rebuild.ts'
import { recordsOf } from '../../../protocol/records/read.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { objectsOf } from '../../support/reference.ts'

// As .taprc has it for the runner: run by itself, a file has 30 s else.
t.setTimeout(120_000)

const MUTATIONS = 20_000
const SEED_BYTES_MAX = 4_096
const LIMIT_BYTES = 256 * 1024
/** Magic 1 takes at most this many times the bytes of the smallest record of magic 2. */
const DOWN_CONVERSION_GROWTH = 6

const rules: BatchRules = {
  topicPartition: 't-0', timestampType: 'CreateTime', timestampBeforeMaxMs: 2n ** 63n - 1n,
  timestampAfterMaxMs: 3_600_000, messageBytesMax: 1_000_000, compacted: false,
  compressionType: 'producer', nowMs: 1_700_000_000_000, decompressedBytesMax: LIMIT_BYTES,
}

function seeds (): Buffer[] {
  return objectsOf<{ hex: string }>('golden/batches.jsonl.gz').map(({ hex }) => Buffer.from(hex, 'hex'))
    .filter(bytes => bytes.length > 0 && bytes.length <= SEED_BYTES_MAX)
}

/** Numbers from a seed: the same on every run. */
function random (seed: number): (below: number) => number {
  let state = seed
  return below => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    return (state >>> 4) % below
  }
}

const BOUNDARIES = [-0x80000000, -2, -1, 0, 1, 14, 49, 61, 0x7fff, 0x7fffffff]

function mutate (seed: Buffer, next: (below: number) => number): Buffer {
  let bytes = Buffer.from(seed)
  for (let changes = 1 + next(3); changes > 0; changes -= 1) {
    const position = next(bytes.length)
    switch (next(6)) {
      case 0: bytes[position] = bytes[position]! ^ (1 << next(8)); break
      case 1: bytes[position] = next(256); break
      case 2:
        if (position + 4 <= bytes.length) {
          bytes.writeInt32BE(BOUNDARIES[next(BOUNDARIES.length)]!, position)
        }
        break
      case 3: bytes = Buffer.from(bytes.subarray(0, position + 1)); break
      case 4:
        bytes.fill(next(2) === 0 ? 0xff : 0x80, position,
          Math.min(bytes.length, position + 1 + next(12)))
        break
      default: {
        const cut = next(bytes.length)
        bytes = Buffer.concat([bytes.subarray(0, position), seed.subarray(cut)])
        if (bytes.length === 0) bytes = Buffer.alloc(1)
      }
    }
  }
  return next(4) === 0 ? bytes : repaired(bytes)
}

/** One batch with the length that there is and a right checksum, so that more is looked at. */
function repaired (bytes: Buffer): Buffer {
  if (bytes.length < header.HEADER_UP_TO_MAGIC + 5) return bytes
  bytes.writeInt32BE(bytes.length - header.LOG_OVERHEAD, header.at.batchLength)
  if (header.magicOf(bytes) < 2) bytes.writeUInt32BE(crc32(bytes, 16), 12)
  else if (bytes.length >= header.HEADER_SIZE) {
    bytes.writeBigInt64BE(0n)
    sealBatch(bytes)
  }
  return bytes
}

const tally = { ok: 0, refused: 0, records: 0 }

function exercise (bytes: Buffer): void {
  const batch = theBatch(Buffer.from(bytes), 13)
  const decision = Buffer.isBuffer(batch) ? checkBatch(batch, rules) : batch
  tally[decision.ok ? 'ok' : 'refused'] += 1
  attempt(() => {
    for (const each of batchesIn(bytes)) {
      for (const record of recordsOf(each, LIMIT_BYTES)) {
        tally.records += 1
        readEndMarker(record)
        for (const { key } of record.headers) if (typeof key !== 'string') throw new Error('key')
      }
    }
  })
  attempt(() => {
    for (const each of batchesIn(bytes)) {
      if (each.length >= header.HEADER_SIZE && header.magicOf(each) === 2) {
        firstAtOrAfter(each, 1_700_000_000_000n, 0n, LIMIT_BYTES)
      }
    }
  })
  attempt(() => upConvert(bytes, { messageBytesMax: 1e6, decompressedBytesMax: LIMIT_BYTES }))
  attempt(() => downConvert(bytes, 1, 0n, LIMIT_BYTES))
  if (!decision.ok) return
  // What was accepted can be read and built anew: here nothing at all may be thrown.
  const read = [...recordsOf(decision.batch, LIMIT_BYTES)]
  if (read.length !== decision.count) throw new Error('accepted, and read with another count')
  const again = rebuildBatch({ ...decision, targetCodec: 'none' }, undefined, LIMIT_BYTES)
  if ([...recordsOf(again)].length !== decision.count) throw new Error('rebuilt with another count')
}

function attempt (act: () => unknown): void {
  try { act() } catch (error) { if (!(error instanceof RecordError)) throw error }
}

/** The largest allocation of a buffer while `act` runs. */
function largestAllocation (act: () => void): number {
  const { alloc, allocUnsafe } = Buffer
  let largest = 0
  Buffer.alloc = (size: number, ...rest: []) => {
    largest = Math.max(largest, size)
    return alloc(size, ...rest)
  }
  Buffer.allocUnsafe = size => {
    largest = Math.max(largest, size)
    return allocUnsafe(size)
  }
  try { act() } finally { Object.assign(Buffer, { alloc, allocUnsafe }) }
  return largest
}

t.test('mutated batches end in an answer or a RecordError, within bounds', t => {
  const all = seeds()
  const next = random(20_261_124)
  const largest = largestAllocation(() => {
    for (let round = 0; round < MUTATIONS; round += 1) {
      const bytes = mutate(all[next(all.length)]!, next)
      try { exercise(bytes) } catch (error) {
        t.fail(`round ${round}: ${String(error)}`, { hex: bytes.toString('hex') })
        return
      }
    }
  })
  t.ok(largest <= LIMIT_BYTES * DOWN_CONVERSION_GROWTH, `largest allocation ${largest}`)
  t.ok(tally.ok > MUTATIONS / 100, `${tally.ok} accepted`)
  t.ok(tally.refused > MUTATIONS / 2, `${tally.refused} refused`)
  t.ok(tally.records > MUTATIONS, `${tally.records} records read`)
  t.end()
})

t.test('random bytes after a right header', t => {
  const next = random(7)
  for (let round = 0; round < 2_000; round += 1) {
    const batch = writeBatch([{ timestamp: 0n, key: null, value: Buffer.alloc(next(200)) }])
    for (let position = header.HEADER_SIZE; position < batch.length; position += 1) {
      batch[position] = next(3) === 0 ? next(4) : next(256)
    }
    batch.writeInt16BE(next(5), header.at.attributes)
    sealBatch(batch)
    exercise(batch)
  }
  t.pass('no other error')
  t.end()
})
