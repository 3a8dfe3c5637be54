/** The aborted transactions of a log, from which readers of committed data filter (KIP-98). */

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
  /** Offset of the marker. */
  readonly lastOffset: bigint
  /** The last stable offset when the marker was written (D25.5). */
  readonly lastStableOffset: bigint
}

export class AbortedTransactions {
  /** Invariant: ascending by lastOffset. */
  #entries: AbortedTransaction[]

  constructor (entries: readonly AbortedTransaction[] = []) { this.#entries = [...entries] }

  get entries (): readonly AbortedTransaction[] { return this.#entries }

  add (entry: AbortedTransaction): void { this.#entries.push(entry) }

  /** D6.23: those that may touch [from, end), in order of their markers. */
  between (from: bigint, end: bigint): AbortedTransaction[] {
    if (this.#entries.length === 0) return []
    return this.#entries.filter(entry => entry.lastOffset >= from && entry.firstOffset < end)
  }

  dropBelow (startOffset: bigint): void {
    if (this.#entries.length === 0) return
    this.#entries = this.#entries.filter(entry => entry.lastOffset >= startOffset)
  }

  /** Compaction: of those that end below `end`, these have data left. */
  replaceBelow (end: bigint, kept: readonly AbortedTransaction[]): void {
    const above = this.#entries.filter(entry => entry.lastOffset >= end)
    this.#entries = [...kept, ...above]
  }

  dropFrom (endOffset: bigint): void {
    this.#entries = this.#entries.filter(entry => entry.lastOffset < endOffset)
  }
}
