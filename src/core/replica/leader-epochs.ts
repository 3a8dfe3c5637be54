/**
 * Leader epoch -> first offset written in it (KIP-101): kept with the log, derived from its
 * batches, and the only ground on which a log may be truncated.
 */

export interface EpochStart { readonly epoch: number, readonly startOffset: bigint }

/** No epoch: the answer where nothing is known. */
export const UNDEFINED_EPOCH = -1
const UNDEFINED_OFFSET = -1n

export class LeaderEpochs {
  /** Invariant: epochs and start offsets both strictly ascending. */
  readonly #entries: EpochStart[]

  constructor (entries: readonly EpochStart[] = []) { this.#entries = [...entries] }

  get entries (): readonly EpochStart[] { return this.#entries }
  get latest (): EpochStart | undefined { return this.#entries.at(-1) }

  /** D25.4: a newer epoch is noted; entries at or above its start are dropped. */
  assign (epoch: number, startOffset: bigint): void {
    const latest = this.latest
    if (latest !== undefined && epoch <= latest.epoch) return
    this.truncateFromEnd(startOffset)
    this.#entries.push({ epoch, startOffset })
  }

  /** Drops entries that start at or above `endOffset`: the log was cut there. */
  truncateFromEnd (endOffset: bigint): void {
    while (this.#entries.length > 0 && (this.latest as EpochStart).startOffset >= endOffset) {
      this.#entries.pop()
    }
  }

  /** The log now starts at `startOffset`: the last entry below moves up to it (D25.4). */
  truncateFromStart (startOffset: bigint): void {
    let below: EpochStart | undefined
    while (this.#entries.length > 0 && (this.#entries[0] as EpochStart).startOffset < startOffset) {
      below = this.#entries.shift()
    }
    if (below !== undefined && this.#entries[0]?.startOffset !== startOffset) {
      this.#entries.unshift({ epoch: below.epoch, startOffset })
    }
  }

  /** D8.3: where epoch `epoch` ends, or what is known nearest below. */
  endOffsetFor (epoch: number, logEndOffset: bigint): { epoch: number, endOffset: bigint } {
    const latest = this.latest
    if (epoch === UNDEFINED_EPOCH || latest === undefined || epoch > latest.epoch) {
      return { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_OFFSET }
    }
    if (epoch === latest.epoch) return { epoch, endOffset: logEndOffset }
    const next = this.#entries.findIndex(entry => entry.epoch > epoch)
    const above = this.#entries[next] as EpochStart
    const floor = this.#entries[next - 1]
    return { epoch: floor?.epoch ?? epoch, endOffset: above.startOffset }
  }

  /** The epoch in which the record at `offset` was written. */
  epochAt (offset: bigint): number {
    let found = UNDEFINED_EPOCH
    for (const entry of this.#entries) {
      if (entry.startOffset > offset) break
      found = entry.epoch
    }
    return found
  }
}
