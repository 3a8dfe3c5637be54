/**
 * What a partition knows of its producers (KIP-98, KIP-360): for each id the epoch, the last five
 * batches and an open transaction. Derived from the log alone; `replay` is the only mutator.
 */
import { code } from '../../../protocol/errors.ts'

/** Batches that a producer may have in flight, and so may send again. */
const BATCHES_KEPT = 5
export const NO_SEQUENCE = -1
const NO_PRODUCER_EPOCH = -1
/** Sequences run from 0 to 2^31-1 and begin again. */
const SEQUENCE_SPAN = 2 ** 31

export interface ProducerBatch {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly maxTimestamp: bigint
}

export interface ProducerEntry {
  readonly producerId: bigint
  epoch: number
  /** Oldest first, at most BATCHES_KEPT. */
  batches: ProducerBatch[]
  /** Of the last batch or marker, milliseconds: expiry counts from here. */
  lastTimestamp: bigint
  coordinatorEpoch: number
  transactionFirstOffset: bigint | undefined
}

/** The last that a producer wrote here: compaction leaves it its place (D25.17). */
export interface LastRecord {
  /** Undefined: markers alone. */
  readonly lastDataOffset: bigint | undefined
  readonly epoch: number
}

/** The header facts of a batch that matter here. */
export interface ProducedBatch extends ProducerBatch {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly isTransactional: boolean
}

export interface EndOfTransaction {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly coordinatorEpoch: number
  readonly committed: boolean
  readonly offset: bigint
  readonly timestamp: bigint
}

export type Verdict =
  | { kind: 'append' }
  /** D5.26: answered with the first answer; nothing is appended. */
  | { kind: 'duplicate', batch: ProducerBatch }
  | { kind: 'error', errorCode: number }

const APPEND: Verdict = { kind: 'append' }

/** D5.26-30, in order. `produceVersion` 12 and above is transaction V2 (KIP-890). */
export function judge (
  entry: ProducerEntry | undefined, batch: ProducedBatch, produceVersion: number
): Verdict {
  const duplicate = entry?.epoch === batch.producerEpoch ? findDuplicate(entry, batch) : undefined
  if (duplicate !== undefined) return { kind: 'duplicate', batch: duplicate }
  if (entry !== undefined && batch.producerEpoch < entry.epoch) {
    return { kind: 'error', errorCode: code.INVALID_PRODUCER_EPOCH }
  }
  if (!sequenceFollows(entry, batch, produceVersion)) {
    return { kind: 'error', errorCode: code.OUT_OF_ORDER_SEQUENCE_NUMBER }
  }
  // D5.30: a plain write into one's own open transaction would be neither inside nor outside.
  if (!batch.isTransactional && entry?.transactionFirstOffset !== undefined) {
    return { kind: 'error', errorCode: code.INVALID_TXN_STATE }
  }
  return APPEND
}

function findDuplicate (entry: ProducerEntry, batch: ProducedBatch): ProducerBatch | undefined {
  return entry.batches.find(known =>
    known.firstSequence === batch.firstSequence && known.lastSequence === batch.lastSequence)
}

/**
 * D5.29. An unknown producer may begin anywhere (KIP-360), but not a transactional one from v12.
 */
function sequenceFollows (
  entry: ProducerEntry | undefined, batch: ProducedBatch, produceVersion: number
): boolean {
  const first = batch.firstSequence
  const last = entry?.batches.at(-1)
  if (batch.isTransactional && produceVersion >= 12 && last === undefined) return first === 0
  // D5.29: an epoch of -1 is none, after which any sequence may come, of it and of the first real
  // one.
  if (entry === undefined || entry.epoch === NO_PRODUCER_EPOCH) return true
  if (batch.producerEpoch !== entry.epoch) return first === 0
  // A marker that raised the epoch left no batches: the next sequence must be 0.
  if (last === undefined) return entry.coordinatorEpoch < 0 || first === 0
  return first === nextSequence(last.lastSequence)
}

function nextSequence (sequence: number): number {
  return (sequence + 1) % SEQUENCE_SPAN
}

export class ProducerState {
  readonly #producers = new Map<bigint, ProducerEntry>()
  /**
   * Producer id → where its open transaction begins; ascending, for transactions begin in the log's
   * order.
   */
  readonly #open = new Map<bigint, bigint>()

  constructor (entries: Iterable<ProducerEntry> = []) {
    const open: Array<[producerId: bigint, first: bigint]> = []
    for (const entry of entries) {
      this.#producers.set(entry.producerId, { ...entry, batches: [...entry.batches] })
      if (entry.transactionFirstOffset !== undefined) {
        open.push([entry.producerId, entry.transactionFirstOffset])
      }
    }
    open.sort(([, one], [, other]) => one < other ? -1 : 1)
    for (const [producerId, first] of open) this.#open.set(producerId, first)
  }

  get entries (): Iterable<ProducerEntry> { return this.#producers.values() }
  get size (): number { return this.#producers.size }
  find (producerId: bigint): ProducerEntry | undefined { return this.#producers.get(producerId) }

  /** By producer id. */
  lastRecords (): Map<bigint, LastRecord> {
    const last = new Map<bigint, LastRecord>()
    for (const { producerId, epoch, batches } of this.#producers.values()) {
      last.set(producerId, { lastDataOffset: batches.at(-1)?.lastOffset, epoch })
    }
    return last
  }

  replay (batch: ProducedBatch): void {
    const entry = this.#entry(batch.producerId, batch.producerEpoch)
    if (batch.producerEpoch !== entry.epoch) {
      entry.epoch = batch.producerEpoch
      entry.batches = []
    }
    const { firstSequence, lastSequence, baseOffset, lastOffset, maxTimestamp } = batch
    entry.batches.push({ firstSequence, lastSequence, baseOffset, lastOffset, maxTimestamp })
    if (entry.batches.length > BATCHES_KEPT) entry.batches.shift()
    entry.lastTimestamp = maxTimestamp
    if (batch.isTransactional && entry.transactionFirstOffset === undefined) {
      entry.transactionFirstOffset = baseOffset
      this.#open.set(batch.producerId, baseOffset)
    }
  }

  /** Ends the producer's transaction; answers where it began, if it had one here. */
  replayEnd (end: EndOfTransaction): bigint | undefined {
    const entry = this.#entry(end.producerId, end.producerEpoch)
    const first = entry.transactionFirstOffset
    if (end.producerEpoch > entry.epoch) {
      entry.epoch = end.producerEpoch
      entry.batches = []
    }
    entry.coordinatorEpoch = end.coordinatorEpoch
    entry.lastTimestamp = end.timestamp
    entry.transactionFirstOffset = undefined
    this.#open.delete(end.producerId)
    return first
  }

  #entry (producerId: bigint, epoch: number): ProducerEntry {
    let entry = this.#producers.get(producerId)
    if (entry === undefined) {
      entry = {
        producerId, epoch, batches: [], lastTimestamp: -1n, coordinatorEpoch: -1,
        transactionFirstOffset: undefined,
      }
      this.#producers.set(producerId, entry)
    }
    return entry
  }

  /** D25.10: ids unheard of for producer.id.expiration.ms go; open transactions never do. */
  expire (nowMs: number, expirationMs: number): void {
    const before = BigInt(nowMs - expirationMs)
    for (const [producerId, entry] of this.#producers) {
      if (entry.transactionFirstOffset === undefined && entry.lastTimestamp <= before) {
        this.#producers.delete(producerId)
      }
    }
  }

  /** Where the oldest open transaction begins: nobody reads committed data above it. */
  get firstOpenOffset (): bigint | undefined { return this.#open.values().next().value }
}
