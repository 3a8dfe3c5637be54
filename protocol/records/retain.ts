/**
 * A batch less the records that compaction drops, byte for byte as Kafka leaves it (D25.15 to
 * D25.18). Offsets, producer and sequence never change, so nobody can tell but by what is missing.
 */
import {
  attribute, codecOf, KNOWN_ATTRIBUTES, NO_TIMESTAMP, timestampTypeOf,
} from './attributes.ts'
import { compress, compressAsync } from './compress.ts'
import * as header from './header.ts'
import {
  ensureAllScanned, plainRecords, plainRecordsAsync, RecordScan, scanOf,
  type ScanLimits, type ScannedRecord,
} from './scan.ts'
import { sealBatch } from './seal.ts'
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint.ts'
import { writeEmptyBatch } from './write.ts'

/** What compaction says of one batch. */
export interface Retention {
  /** Asked once a record, in their order. */
  keep (record: ScannedRecord): boolean
  /** Milliseconds: written into a batch that keeps tombstones and has no horizon (D25.15). */
  readonly deleteHorizonMs: bigint
  /** D25.16: a marker without data gets a horizon like a tombstone. */
  readonly isMarkerWithoutData: boolean
  /** D25.17: a batch whose records all go stays as an empty one. */
  readonly staysEmpty: boolean
}

/** Work in steps of a fraction of a millisecond: whoever runs it may let others in between. */
export type Steps<R> = Generator<undefined, R>

const RECORDS_A_STEP = 64
const BYTES_A_STEP = 1024 * 1024

/** When the batch's tombstones may go, milliseconds; undefined: nobody has said. */
export function deleteHorizonOf (batch: Buffer): bigint | undefined {
  if ((header.attributesOf(batch) & attribute.deleteHorizon) === 0) return undefined
  return batch.readBigInt64BE(header.at.baseTimestamp)
}

/**
 * What is left of the batch: itself if nothing changes, undefined if nothing is left. Throws
 * RecordError for records that are malformed, or larger than the limits.
 */
export function retain (
  batch: Buffer, retention: Retention, limits: ScanLimits = {}
): Buffer | undefined {
  const sieve = new BatchSieve(batch, plainRecords(batch, limits), retention, limits)
  finished(sieve.walk())
  if (sieve.left !== 'less') return sieve.remainder
  const bytes = finished(sieve.records())
  return sieve.framed(compress({ codec: sieve.codec, bytes, magic: 2 }))
}

/** The same for batches that `isLarge`; `breathe` is awaited between two steps. */
export async function retainAsync (
  batch: Buffer, retention: Retention, limits: ScanLimits, breathe: () => Promise<void> | undefined
): Promise<Buffer | undefined> {
  const plain = await plainRecordsAsync(batch, limits)
  const sieve = new BatchSieve(batch, plain, retention, limits)
  await breathing(sieve.walk(), breathe)
  if (sieve.left !== 'less') return sieve.remainder
  const bytes = await breathing(sieve.records(), breathe)
  return sieve.framed(await compressAsync({ codec: sieve.codec, bytes, magic: 2 }))
}

/** Runs steps in one go. */
export function finished<R> (steps: Steps<R>): R {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Runs steps, and waits between two of them for what `breathe` gives. */
export async function breathing<R> (
  steps: Steps<R>, breathe: () => Promise<void> | undefined
): Promise<R> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    const breath = breathe()
    if (breath !== undefined) await breath
  }
}

/** Above this, base plus delta may not fit 64 bits: then every record is computed exactly. */
const BASE_TIMESTAMP_MAX = 1n << 62n

class BatchSieve {
  readonly #batch: Buffer
  readonly #plain: Buffer
  readonly #retention: Retention
  readonly #limits: ScanLimits
  readonly #base: bigint
  /** With LogAppendTime, the timestamp of every record. */
  readonly #batchTimestamp: bigint | undefined
  /** Whether no timestamp may be computed as a number. */
  readonly #isExact: boolean
  /** Start and end of each run of records that stay. */
  readonly #runs: number[] = []
  #count = 0
  #hasTombstones = false
  #firstTimestamp = NO_TIMESTAMP
  #maxDelta = -Infinity
  #maxTimestamp: bigint = NO_TIMESTAMP

  constructor (batch: Buffer, plain: Buffer, retention: Retention, limits: ScanLimits) {
    this.#batch = batch
    this.#plain = plain
    this.#retention = retention
    this.#limits = limits
    this.#base = batch.readBigInt64BE(header.at.baseTimestamp)
    this.#batchTimestamp = timestampTypeOf(header.attributesOf(batch)) === 'LogAppendTime'
      ? header.maxTimestamp(batch)
      : undefined
    this.#isExact = this.#base > BASE_TIMESTAMP_MAX || this.#base < -BASE_TIMESTAMP_MAX
  }

  get codec () { return codecOf(header.attributesOf(this.#batch)) }

  * walk (): Steps<void> {
    const scan = scanOf(this.#batch, this.#plain, this.#limits)
    const runs = this.#runs
    let scanned = 0
    while (scan.next()) {
      scanned += 1
      if (this.#retention.keep(scan)) {
        this.#note(scan)
        if (runs.length > 0 &&
          runs[runs.length - 1] === scan.start) runs[runs.length - 1] = scan.end
        else runs.push(scan.start, scan.end)
      }
      if (scanned % RECORDS_A_STEP === 0) yield
    }
    ensureAllScanned(this.#batch, scanned)
    if (this.#maxDelta === -Infinity) return
    const timestamp = this.#base + BigInt(this.#maxDelta)
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  #note (scan: RecordScan): void {
    if (this.#count === 0) this.#firstTimestamp = this.#timestampOf(scan)
    this.#count += 1
    if (scan.valueSize < 0) this.#hasTombstones = true
    const delta = scan.timestampDelta
    if (!this.#isExact && delta === delta) {
      if (delta > this.#maxDelta) this.#maxDelta = delta
      return
    }
    const timestamp = this.#timestampOf(scan)
    if (timestamp > this.#maxTimestamp) this.#maxTimestamp = timestamp
  }

  #timestampOf (scan: RecordScan): bigint {
    return this.#batchTimestamp ?? BigInt.asIntN(64, this.#base + scan.exactTimestampDelta)
  }

  /** The horizon that the batch is to have: its own, or a new one. */
  get #horizon (): bigint | undefined {
    const { isMarkerWithoutData, deleteHorizonMs } = this.#retention
    const own = deleteHorizonOf(this.#batch)
    return own ?? (this.#hasTombstones || isMarkerWithoutData ? deleteHorizonMs : undefined)
  }

  /** What is left of it once all records were looked at. */
  get left (): 'all' | 'less' | 'nothing' {
    if (this.#count === 0) return 'nothing'
    const isWhole = this.#count === header.recordsCount(this.#batch)
    return isWhole && this.#horizon === deleteHorizonOf(this.#batch) ? 'all' : 'less'
  }

  /** The batch that is left where its records are all there, or none. */
  get remainder (): Buffer | undefined {
    if (this.left === 'all') return this.#batch
    if (!this.#retention.staysEmpty) return undefined
    return header.recordsCount(this.#batch) === 0 ? this.#batch : emptied(this.#batch)
  }

  /** The base timestamp that it gets: Kafka takes the horizon, else the first record's. */
  get #newBase (): bigint { return this.#horizon ?? this.#firstTimestamp }

  /** The records that stay, uncompressed. */
  * records (): Steps<Buffer> {
    const runs = this.#runs
    if (this.#batchTimestamp !== undefined || this.#newBase !== this.#base) {
      return yield * this.#rebasedRecords()
    }
    let size = 0
    for (let at = 0; at < runs.length; at += 2) size += runs[at + 1]! - runs[at]!
    const output = Buffer.allocUnsafe(size)
    let position = 0
    for (let at = 0; at < runs.length; at += 2) {
      for (let start = runs[at]!; start < runs[at + 1]!; start += BYTES_A_STEP) {
        const end = Math.min(start + BYTES_A_STEP, runs[at + 1]!)
        position += this.#plain.copy(output, position, start, end)
        if (end - start === BYTES_A_STEP) yield
      }
      if (at % (RECORDS_A_STEP * 2) === 0) yield
    }
    return output
  }

  /** The same with timestamp deltas for another base. */
  * #rebasedRecords (): Steps<Buffer> {
    let size = 0
    for (const scan of this.#kept()) {
      if (scan === undefined) yield
      else {
        const body = rebasedBody(scan, this.#newDelta(scan))
        size += varintSize(body) + body
      }
    }
    const output = Buffer.allocUnsafe(size)
    let position = 0
    for (const scan of this.#kept()) {
      if (scan === undefined) yield
      else position = writeRebased(output, position, scan, this.#newDelta(scan))
    }
    return output
  }

  /** The records that stay, and undefined now and then for others to have a turn. */
  * #kept (): Generator<RecordScan | undefined, void> {
    const runs = this.#runs
    let seen = 0
    for (let at = 0; at < runs.length; at += 2) {
      const scan = new RecordScan(this.#plain, runs[at]!, runs[at + 1]!)
      while (scan.next()) {
        yield scan
        seen += 1
        if (seen % RECORDS_A_STEP === 0) yield undefined
      }
    }
  }

  #newDelta (scan: RecordScan): bigint {
    return BigInt.asIntN(64, this.#timestampOf(scan) - this.#newBase)
  }

  /** The header before the records, which are compressed already. */
  framed (packed: Buffer): Buffer {
    const { at, HEADER_SIZE } = header
    const batch = Buffer.allocUnsafe(HEADER_SIZE + packed.length)
    this.#batch.copy(batch, 0, 0, HEADER_SIZE)
    batch.set(packed, HEADER_SIZE)
    batch.writeInt32BE(batch.length - header.LOG_OVERHEAD, at.batchLength)
    const attributes = header.attributesOf(this.#batch) & KNOWN_ATTRIBUTES
    const bit = this.#horizon === undefined ? 0 : attribute.deleteHorizon
    batch.writeInt16BE(attributes | bit, at.attributes)
    batch.writeBigInt64BE(this.#newBase, at.baseTimestamp)
    batch.writeBigInt64BE(this.#batchTimestamp ?? this.#maxTimestamp, at.maxTimestamp)
    batch.writeInt32BE(this.#count, at.recordsCount)
    sealBatch(batch)
    return batch
  }
}

function rebasedBody ({ afterTimestamp, end }: RecordScan, delta: bigint): number {
  return 1 + varlongSize(delta) + end - afterTimestamp
}

function writeRebased (output: Buffer, position: number, scan: RecordScan, delta: bigint): number {
  position = writeVarint(output, position, rebasedBody(scan, delta))
  output[position++] = 0 // attributes, unused
  position = writeVarlong(output, position, delta)
  return position + scan.bytes.copy(output, position, scan.afterTimestamp, scan.end)
}

/** D25.17: the header stays, so that its producer's sequence and its offsets do. */
function emptied (batch: Buffer): Buffer {
  const attributes = header.attributesOf(batch)
  return writeEmptyBatch({
    baseOffset: header.baseOffset(batch),
    leaderEpoch: header.leaderEpoch(batch),
    timestampType: timestampTypeOf(attributes),
    producerId: header.producerId(batch),
    producerEpoch: header.producerEpoch(batch),
    baseSequence: header.baseSequence(batch),
    transactional: (attributes & attribute.transactional) !== 0,
    control: (attributes & attribute.control) !== 0,
  }, batch.readInt32BE(header.at.lastOffsetDelta), header.maxTimestamp(batch))
}
