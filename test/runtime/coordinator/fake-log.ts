/**
 * A partition and a clock in memory, for what runs over them. Nothing happens unless a test says
 * so.
 */
import { batchesIn } from '../../../protocol/records/batches.ts'
import { lastOffset } from '../../../protocol/records/header.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import type { BatchFacts } from '../../../protocol/records/write.ts'
import type { StoredRecord } from '../../../src/core/decision.ts'
import type { CoordinatorLog } from '../../../src/runtime/coordinator/contract.ts'

interface Append {
  baseOffset: bigint
  lastOffset: bigint
  resolve (place: { baseOffset: bigint, lastOffset: bigint }): void
  reject (error: Error): void
}

export function kafkaError (errorCode: number): Error {
  return Object.assign(new Error(`error ${errorCode}`), { errorCode })
}

export class FakeLog implements CoordinatorLog {
  startOffset = 0n
  endOffset = 0n
  highWatermark = 0n
  readonly batches: Buffer[] = []
  /** How many batches were asked for, by append. */
  readonly sizes: number[] = []
  readonly timestamps: number[] = []
  /** Commits wait for `commit`. */
  hold = false
  /** Larger batches are refused. */
  batchBytesMax = 1_048_588
  /** The next append is refused with this code. */
  refuseWith: number | undefined
  /** Reads wait for `releaseReads`. */
  holdReads = false
  failReads = false
  #reads: Array<() => void> = []
  #appends: Append[] = []
  #followers: Array<{ offset: bigint, resolve: () => void }> = []

  appendAsCoordinator (records: readonly StoredRecord[], timestampMs: number):
  Promise<{ baseOffset: bigint, lastOffset: bigint }> {
    if (this.refuseWith !== undefined) {
      const error = kafkaError(this.refuseWith)
      this.refuseWith = undefined
      return Promise.reject(error)
    }
    const { length } =
      writeBatch(records.map(record => ({ ...record, timestamp: BigInt(timestampMs) })))
    if (length > this.batchBytesMax) return Promise.reject(kafkaError(10))
    this.sizes.push(records.length)
    this.timestamps.push(timestampMs)
    const baseOffset = this.write(records, {}, BigInt(timestampMs))
    const place = { baseOffset, lastOffset: this.endOffset - 1n }
    return new Promise((resolve, reject) => {
      this.#appends.push({ ...place, resolve, reject })
      if (!this.hold) this.commit()
    })
  }

  /** Puts a batch at the end, whoever it comes from. */
  write (records: readonly StoredRecord[], facts: BatchFacts = {}, timestamp = 0n): bigint {
    const baseOffset = this.endOffset
    this.batches.push(
      writeBatch(records.map(record => ({ ...record, timestamp })), { ...facts, baseOffset })
    )
    this.endOffset += BigInt(records.length)
    return baseOffset
  }

  /** The high watermark comes to the end, or passes this many appends. */
  commit (count = this.#appends.length): void {
    for (const append of this.#appends.splice(0, count)) {
      this.highWatermark = append.lastOffset + 1n
      append.resolve(append)
    }
    if (this.#appends.length === 0) this.highWatermark = this.endOffset
    for (const follower of this.#followers.splice(0)) {
      if (follower.offset <= this.highWatermark) follower.resolve()
      else this.#followers.push(follower)
    }
  }

  /** Everything that is not committed fails, and is cut off. */
  fail (errorCode: number): void {
    const appends = this.#appends.splice(0)
    this.batches.splice(this.batches.length - appends.length)
    this.endOffset = appends[0]?.baseOffset ?? this.endOffset
    for (const append of appends) append.reject(kafkaError(errorCode))
  }

  async readBatches (offset: bigint, maxBytes: number): Promise<Buffer[]> {
    if (this.holdReads) await new Promise<void>(resolve => { this.#reads.push(resolve) })
    if (this.failReads) throw kafkaError(56)
    const found: Buffer[] = []
    let bytes = 0
    for (const chunk of this.batches) {
      for (const batch of batchesIn(chunk)) {
        if (lastOffset(batch) < offset || (bytes > 0 && bytes + batch.length > maxBytes)) continue
        found.push(batch)
        bytes += batch.length
      }
    }
    return found
  }

  releaseReads (): void {
    this.holdReads = false
    for (const resolve of this.#reads.splice(0)) resolve()
  }

  whenCommitted (offset: bigint): Promise<void> {
    if (offset <= this.highWatermark) return Promise.resolve()
    return new Promise(resolve => { this.#followers.push({ offset, resolve }) })
  }
}

export class FakeClock {
  #nowMs = 1_000_000
  /** By how much somebody has set the wall clock. */
  aheadMs = 0
  #timers: Array<{ atMs: number, run: () => void }> = []

  nowMs (): number { return this.#nowMs + this.aheadMs }
  monotonicMs (): number { return this.#nowMs }
  get pending (): number { return this.#timers.length }

  setTimer (delayMs: number, run: () => void): { cancel (): void } {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => { this.#timers = this.#timers.filter(other => other !== timer) } }
  }

  /** Lets time pass; promises that are ready are followed between two timers. */
  async advance (ms: number): Promise<void> {
    const until = this.#nowMs + ms
    await settled()
    for (;;) {
      const next = this.#timers.reduce<{ atMs: number, run: () => void } | undefined>(
        (first, timer) => first === undefined || timer.atMs < first.atMs ? timer : first, undefined)
      if (next === undefined || next.atMs > until) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
      await settled()
    }
    this.#nowMs = until
  }
}

/** Every promise that can be followed without time passing has been. */
export function settled (): Promise<void> {
  return new Promise(resolve => { setImmediate(resolve) })
}

/** What has become of a promise so far. */
export async function outcome<T> (promise: Promise<T>): Promise<T | 'waiting'> {
  const waiting = Symbol('waiting')
  await settled()
  const result = await Promise.race([promise, Promise.resolve(waiting)])
  return result === waiting ? 'waiting' : result as T
}
