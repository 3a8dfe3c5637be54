/**
 * The transactions that a pass meets on its way up the log: which batches were aborted, and which
 * markers are the last that is left of theirs (D25.16).
 */
import { controlType, controlTypeOf } from '../../../protocol/records/control.ts'
import { isTransactional, recordsOf } from '../../../protocol/records/read.ts'
import { lastOffset, producerId } from '../../../protocol/records/header.ts'
import type { AbortedTransaction } from '../replica/aborted-transactions.ts'

export interface MetMarker { readonly isWithoutData: boolean, readonly mayGo: boolean }

interface OngoingAborted { readonly transaction: AbortedTransaction, hasData: boolean }

export class CleanedTransactions {
  /** By their first offset; those from `#next` on begin above what the pass has met. */
  readonly #aborted: readonly AbortedTransaction[]
  #next = 0
  /** By producer: whose marker is still to come. */
  readonly #ongoingAborted = new Map<bigint, OngoingAborted>()
  readonly #ongoingCommitted = new Set<bigint>()
  /** Aborted ones that have data left: readers of committed data must still filter it. */
  readonly kept: AbortedTransaction[] = []

  /** `aborted` are those that may touch what the pass goes through. */
  constructor (aborted: readonly AbortedTransaction[]) {
    this.#aborted = [...aborted]
      .sort((left, right) => left.firstOffset < right.firstOffset ? -1 : 1)
  }

  /** A batch of data: whether it was aborted, and may go. */
  meetData (batch: Buffer): boolean {
    this.#begin(lastOffset(batch))
    if (!isTransactional(batch)) return false
    const ongoing = this.#ongoingAborted.get(producerId(batch))
    if (ongoing === undefined) {
      this.#ongoingCommitted.add(producerId(batch))
      return false
    }
    ongoing.hasData = true
    return true
  }

  /**
   * A control batch: whether nothing is left of its transaction, and whether it may go for that.
   */
  meetControl (batch: Buffer): MetMarker {
    this.#begin(lastOffset(batch))
    const first = recordsOf(batch).next()
    // An empty one was a marker once.
    if (first.done === true) return { isWithoutData: true, mayGo: true }
    switch (controlTypeOf(first.value.key)) {
      case controlType.ABORT: return this.#endAborted(producerId(batch))
      case controlType.COMMIT: {
        const isWithoutData = !this.#ongoingCommitted.delete(producerId(batch))
        return { isWithoutData, mayGo: isWithoutData }
      }
      default: return { isWithoutData: false, mayGo: false }
    }
  }

  /**
   * The marker outlives the list's naming of its transaction: without it, what the producer wrote
   * next would be taken for aborted, and an interrupted pass leaves the list as it was.
   */
  #endAborted (id: bigint): MetMarker {
    const ongoing = this.#ongoingAborted.get(id)
    this.#ongoingAborted.delete(id)
    if (ongoing?.hasData === true) {
      this.kept.push(ongoing.transaction)
      return { isWithoutData: false, mayGo: false }
    }
    return { isWithoutData: true, mayGo: ongoing === undefined }
  }

  #begin (offset: bigint): void {
    for (;;) {
      const transaction = this.#aborted[this.#next]
      if (transaction === undefined || transaction.firstOffset > offset) return
      this.#next += 1
      const { producerId: id } = transaction
      if (this.#ongoingAborted.has(id)) continue
      this.#ongoingAborted.set(id, { transaction, hasData: false })
    }
  }
}
