/**
 * The first pass of a compaction, over what is dirty: the last offset of each key (D25.13). Control
 * batches and aborted ones say nothing about keys.
 */
import { baseOffset, lastOffset, recordsCount } from '../../../protocol/records/header.ts'
import { isControl } from '../../../protocol/records/read.ts'
import { ensureAllScanned, scanOf } from '../../../protocol/records/scan.ts'
import type { ScanLimits } from '../../../protocol/records/scan.ts'
import type { Steps } from '../../../protocol/records/retain.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { KeyHash, OffsetMap } from './offset-map.ts'

const RECORDS_A_STEP = 64

export class Indexing {
  readonly #map: OffsetMap
  readonly #transactions: CleanedTransactions
  readonly #hash: KeyHash
  readonly #words = new Uint32Array(4)
  #end: bigint
  #isFull = false

  constructor (map: OffsetMap, transactions: CleanedTransactions, hash: KeyHash) {
    this.#map = map
    this.#transactions = transactions
    this.#hash = hash
    this.#end = map.from
  }

  /** The pass covers what lies below: every key there is in the map. */
  get end (): bigint { return this.#end }
  /** The map takes no more: the pass ends before the batch that did not fit whole. */
  get isFull (): boolean { return this.#isFull }

  /** The next batch: whether its records are to be given to `index`. */
  meet (batch: Buffer): boolean {
    if (isControl(batch)) this.#transactions.meetControl(batch)
    else if (!this.#transactions.meetData(batch) && recordsCount(batch) !== 0) return true
    this.#reach(lastOffset(batch) + 1n)
    return false
  }

  /** The records of the batch that `meet` asked for. Throws RecordError for malformed ones. */
  * index (batch: Buffer, plain: Buffer, limits: ScanLimits): Steps<void> {
    const { from } = this.#map
    const base = Number(baseOffset(batch) - from)
    const scan = scanOf(batch, plain, limits)
    let scanned = 0
    while (scan.next()) {
      scanned += 1
      if (scanned % RECORDS_A_STEP === 0) yield
      const distance = base + scan.offsetDelta
      if (scan.keySize < 0 || distance < 0) continue
      this.#hash(scan.bytes.subarray(scan.keyStart, scan.keyStart + scan.keySize), this.#words)
      if (this.#map.put(this.#words, distance)) continue
      this.#isFull = true
      return
    }
    ensureAllScanned(batch, scanned)
    this.#reach(lastOffset(batch) + 1n)
  }

  /** The log has no batch between what was met and this offset. */
  finish (end: bigint): void { if (!this.#isFull) this.#reach(end) }

  #reach (end: bigint): void { if (end > this.#end) this.#end = end }
}
