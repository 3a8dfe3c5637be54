/**
 * The second pass of a compaction, from the log's start to the end of the map: what becomes of each
 * batch and each record (D25.14-17). Decides only; `retain` and the store carry it out.
 */
import {
  baseOffset, lastOffset, producerEpoch, producerId,
} from '../../../protocol/records/header.ts'
import { isControl } from '../../../protocol/records/read.ts'
import { deleteHorizonOf } from '../../../protocol/records/retain.ts'
import type { Retention } from '../../../protocol/records/retain.ts'
import type { ScannedRecord } from '../../../protocol/records/scan.ts'
import type { LastRecord } from '../producer/producer-state.ts'
import type { CleanedTransactions } from './cleaned-transactions.ts'
import type { KeyHash, OffsetMap } from './offset-map.ts'

export interface SieveRules {
  readonly map: OffsetMap
  /** Where the map ends: nothing from here on is touched. */
  readonly end: bigint
  /** D25.17: the batch that ends here keeps its place, if only as an empty one. */
  readonly firstUncleanableOffset: bigint
  readonly nowMs: number
  /** delete.retention.ms */
  readonly deleteRetentionMs: bigint
  readonly transactions: CleanedTransactions
  /** Of the producers that may go on: by id. */
  readonly lastRecords: ReadonlyMap<bigint, LastRecord>
  readonly hash: KeyHash
}

/** `keep`: as it is. `drop`: nothing of it stays. Else its records are to be looked at. */
export type BatchFate = 'keep' | 'drop' | Retention

const INT64_MAX = (1n << 63n) - 1n

export class Sieve {
  readonly #rules: SieveRules
  readonly #words = new Uint32Array(4)
  readonly #deleteHorizonMs: bigint

  constructor (rules: SieveRules) {
    this.#rules = rules
    const horizonMs = BigInt(rules.nowMs) + rules.deleteRetentionMs
    this.#deleteHorizonMs = horizonMs > INT64_MAX ? INT64_MAX : horizonMs
  }

  /** Every batch once, in the order of the log. */
  judge (batch: Buffer): BatchFate {
    if (lastOffset(batch) >= this.#rules.end) return 'keep'
    return isControl(batch) ? this.#judgeControl(batch) : this.#judgeData(batch)
  }

  /** D25.16: a marker whose data is gone stays for delete.retention.ms more, like a tombstone. */
  #judgeControl (batch: Buffer): BatchFate {
    const { isWithoutData, mayGo } = this.#rules.transactions.meetControl(batch)
    if (!isWithoutData) return 'keep'
    const staysEmpty = this.#staysEmpty(batch)
    const isOver = mayGo && this.#isOver(deleteHorizonOf(batch))
    if (isOver && !staysEmpty) return 'drop'
    return this.#retention(() => !isOver, staysEmpty, isWithoutData)
  }

  #judgeData (batch: Buffer): BatchFate {
    const isAborted = this.#rules.transactions.meetData(batch)
    const staysEmpty = this.#staysEmpty(batch)
    if (isAborted) return staysEmpty ? this.#retention(() => false, true) : 'drop'
    const base = Number(baseOffset(batch) - this.#rules.map.from)
    const dropsTombstones = this.#isOver(deleteHorizonOf(batch))
    return this.#retention(record => this.#keeps(record, base, dropsTombstones), staysEmpty)
  }

  #retention (
    keep: (record: ScannedRecord) => boolean, staysEmpty: boolean, isMarkerWithoutData = false
  ): Retention {
    return { keep, staysEmpty, isMarkerWithoutData, deleteHorizonMs: this.#deleteHorizonMs }
  }

  /** D25.14-15. Records without a key were written before the topic was compacted (D25.19). */
  #keeps (record: ScannedRecord, base: number, dropsTombstones: boolean): boolean {
    const { bytes, keyStart, keySize } = record
    if (keySize < 0 || (dropsTombstones && record.valueSize < 0)) return false
    this.#rules.hash(bytes.subarray(keyStart, keyStart + keySize), this.#words)
    const lastDistance = this.#rules.map.get(this.#words)
    return lastDistance < 0 || base + record.offsetDelta >= lastDistance
  }

  #isOver (horizonMs: bigint | undefined): boolean {
    return horizonMs !== undefined && horizonMs <= BigInt(this.#rules.nowMs)
  }

  /**
   * D25.17: sequence and epoch of a live producer, and where the cleaned part ends, are not lost.
   */
  #staysEmpty (batch: Buffer): boolean {
    if (lastOffset(batch) + 1n === this.#rules.firstUncleanableOffset) return true
    const id = producerId(batch)
    const last = id < 0n ? undefined : this.#rules.lastRecords.get(id)
    if (last === undefined) return false
    if (last.lastDataOffset !== undefined) return lastOffset(batch) === last.lastDataOffset
    return isControl(batch) && producerEpoch(batch) === last.epoch
  }
}
