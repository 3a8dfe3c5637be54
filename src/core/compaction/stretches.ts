/**
 * A pass's outcome cut into stretches of the log: those that change are written anew, each in one
 * piece, and those that do not are left where they are, because writing them again gains nothing.
 */
import { baseOffset, lastOffset } from '../../../protocol/records/header.ts'

export interface Stretch {
  /** Where its first batch began. */
  readonly from: bigint
  /** Behind its last batch. */
  readonly to: bigint
  /** What is left in it. */
  readonly batches: readonly Buffer[]
  /** Bytes of the batches that were in it. */
  readonly bytesBefore: number
  readonly isChanged: boolean
}

/** What one rewrite puts (see the store's contract). */
const CHANGED_BYTES_MAX = 1024 * 1024
/** What one rewrite replaces: it must not take back too much work when it is refused. */
const BYTES_BEFORE_MAX = 16 * 1024 * 1024
/** A change among so many bytes that do not change is not worth their writing. */
const SAME_BYTES_MAX = 128 * 1024

interface Mutable {
  from: bigint
  to: bigint
  batches: Buffer[]
  bytes: number
  bytesBefore: number
}

export class Stretches {
  #changed: Mutable | undefined
  /** Batches that stay as they are, behind what changed. */
  #same: Mutable | undefined

  /** The next batch and what is left of it; gives a stretch that is complete, if one is. */
  add (batch: Buffer, left: Buffer | undefined): Stretch | undefined {
    return left === batch ? this.#addSame(batch) : this.#addChanged(batch, left)
  }

  #addSame (batch: Buffer): Stretch | undefined {
    const same = this.#same ??= begun(batch)
    extend(same, batch, batch)
    if (same.bytes < SAME_BYTES_MAX) return undefined
    const changed = this.#changed
    this.#changed = undefined
    if (changed !== undefined) return { ...changed, isChanged: true }
    this.#same = undefined
    return { ...same, isChanged: false }
  }

  #addChanged (batch: Buffer, left: Buffer | undefined): Stretch | undefined {
    const before = this.#same
    this.#same = undefined
    if (this.#changed === undefined && before !== undefined) {
      this.#changed = begun(batch)
      extend(this.#changed, batch, left)
      return { ...before, isChanged: false }
    }
    const changed = this.#changed ??= begun(batch)
    if (before !== undefined) {
      changed.batches.push(...before.batches)
      changed.bytes += before.bytes
      changed.bytesBefore += before.bytesBefore
    }
    extend(changed, batch, left)
    if (changed.bytes < CHANGED_BYTES_MAX && changed.bytesBefore < BYTES_BEFORE_MAX) {
      return undefined
    }
    this.#changed = undefined
    return { ...changed, isChanged: true }
  }

  /** What is left over at the end, in order. */
  * rest (): Iterable<Stretch> {
    if (this.#changed !== undefined) yield { ...this.#changed, isChanged: true }
    if (this.#same !== undefined) yield { ...this.#same, isChanged: false }
    this.#changed = this.#same = undefined
  }
}

function begun (batch: Buffer): Mutable {
  const from = baseOffset(batch)
  return { from, to: from, batches: [], bytes: 0, bytesBefore: 0 }
}

function extend (stretch: Mutable, batch: Buffer, left: Buffer | undefined): void {
  stretch.to = lastOffset(batch) + 1n
  stretch.bytesBefore += batch.length
  if (left === undefined) return
  stretch.batches.push(left)
  stretch.bytes += left.length
}
