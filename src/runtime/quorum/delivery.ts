/**
 * Hands what is committed to the listeners, in order and once: the newest snapshot first, then the
 * log behind it up to the high watermark. Knows which appends wait for that.
 */
import { batchesIn } from '../../../protocol/records/batches.ts'
import type { SnapshotId } from '../../core/quorum/effects.ts'
import type { Log, LogRead } from '../../store/contract.ts'
import { NotLeaderError } from './contract.ts'
import type { CommitListener, LeaderAndEpoch, LeaderListener } from './contract.ts'
import { committedBatch, readPart, takeBytes } from './log.ts'

interface Waiting {
  readonly lastOffset: bigint
  readonly epoch: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

export class Delivery {
  readonly #log: Log
  readonly #onFailed: (error: unknown) => void
  readonly #commitListeners: CommitListener[] = []
  readonly #leaderListeners: LeaderListener[] = []
  #waiting: Waiting[] = []
  /** The next offset to deliver. Invariant: `#offset` <= `#target`. */
  #offset = 0n
  #target = 0n
  #lastTimestamp = -1n
  #busy = false
  #stopped = false
  /** Grows when a snapshot replaces what was being read. */
  #generation = 0
  /** This node's leadership, once it is decided and until it is told. */
  #leading: (LeaderAndEpoch & { readonly startOffset: bigint }) | undefined
  #isLeader = false

  constructor (log: Log, onFailed: (error: unknown) => void) {
    this.#log = log
    this.#onFailed = onFailed
  }

  get isLeader (): boolean { return this.#isLeader }
  /** Everything below has been delivered. */
  get offset (): bigint { return this.#offset }
  /** Of the last batch that was delivered. */
  get lastTimestamp (): bigint { return this.#lastTimestamp }

  onCommit (listener: CommitListener): void { this.#commitListeners.push(listener) }
  onLeaderChange (listener: LeaderListener): void { this.#leaderListeners.push(listener) }

  /** The log begins here: nothing before was ever delivered. */
  startAt (offset: bigint): void { this.#offset = this.#target = offset }

  /** A snapshot replaces everything that was delivered before. */
  load (id: SnapshotId, records: readonly Buffer[]): void {
    this.#generation += 1
    this.#offset = this.#target = id.endOffset
    for (const listener of this.#commitListeners) listener({ kind: 'snapshot', id, records })
  }

  /** A promise for the batch that ends at `lastOffset`. */
  wait (lastOffset: bigint, epoch: number): Promise<void> {
    const committed = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ lastOffset, epoch, resolve, reject })
    })
    // Whoever appends need not look: losing leadership is told to all listeners anyway.
    committed.catch(() => {})
    return committed
  }

  advanceTo (offset: bigint): void {
    if (offset > this.#target) this.#target = offset
    this.#run()
  }

  becomeLeader (id: number, epoch: number, startOffset: bigint): void {
    this.#leading = { id, epoch, startOffset }
    this.#run()
  }

  /** Somebody else leads, or nobody. */
  changeLeader (leader: LeaderAndEpoch): void {
    this.#leading = undefined
    this.#isLeader = false
    this.#reject(`node ${leader.id} leads epoch ${leader.epoch}`)
    for (const listener of this.#leaderListeners) listener(leader)
  }

  stop (): void {
    this.#stopped = true
    this.#isLeader = false
    this.#leading = undefined
    this.#reject('the quorum has stopped')
  }

  #reject (reason: string): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(new NotLeaderError(reason))
  }

  /** Goes on for as long as the log can be read at once; waits for the disk otherwise. */
  #run (): void {
    if (this.#busy) return
    this.#busy = true
    try {
      while (!this.#stopped && this.#offset < this.#target) {
        const read = readPart(this.#log, this.#offset, this.#target)
        if (read instanceof Promise) return this.#resume(read)
        this.#deliver(takeBytes(read))
      }
    } catch (error) {
      return this.#onFailed(error)
    }
    this.#busy = false
    this.#tellLeadership()
  }

  #resume (read: Promise<LogRead>): void {
    const generation = this.#generation
    read.then(part => {
      const bytes = takeBytes(part)
      if (generation === this.#generation && !this.#stopped) this.#deliver(bytes)
      this.#busy = false
      this.#run()
    }).catch(this.#onFailed)
  }

  #deliver (bytes: Buffer): void {
    const before = this.#offset
    for (const batch of batchesIn(bytes)) {
      const committed = committedBatch(batch)
      this.#offset = committed.lastOffset + 1n
      this.#lastTimestamp = committed.timestampMs
      for (const listener of this.#commitListeners) listener(committed)
      this.#settle()
    }
    if (this.#offset === before) {
      throw new Error(`the metadata log has no batch at the committed offset ${before}`)
    }
  }

  #settle (): void {
    while (this.#waiting[0] !== undefined && this.#waiting[0].lastOffset < this.#offset) {
      this.#waiting.shift()?.resolve()
    }
  }

  #tellLeadership (): void {
    const leading = this.#leading
    if (leading === undefined || this.#stopped || this.#offset < leading.startOffset) return
    this.#leading = undefined
    this.#isLeader = true
    const { id, epoch } = leading
    for (const listener of this.#leaderListeners) listener({ id, epoch })
  }
}
