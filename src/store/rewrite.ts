/**
 * Compaction's side of the store: what a range of a log holds is replaced in one transaction, by
 * putting what is left forward under keys of their own. The old batches stay where they are, dead,
 * until their volume goes: nothing is deleted in place (storage.md 3.3, 4.1.4).
 */
import { batchSize, baseOffset, HEADER_SIZE, lastOffset } from '../../protocol/records/header.ts'
import type { RewriteRange } from './contract.ts'
import type { Mutation } from './disk.ts'
import { StoreError } from './error.ts'
import { putForward } from './forward.ts'
import type { ForwardNeeds } from './forward.ts'
import { LOG_NUMBER_MAX } from './keys.ts'
import type { LogNeeds, StoredLog } from './log.ts'

interface Needs extends ForwardNeeds, Pick<LogNeeds, 'environment' | 'guard'> {
  readonly flusher: ForwardNeeds['flusher'] & { flush (): Promise<void>, start (): void, noteAgain (): void }
  readonly retention: { askForSeal (): boolean, noteShrunk (): void }
  readonly closing: boolean
  nextLogNumber: number
}

interface Request {
  readonly log: StoredLog
  readonly range: RewriteRange
  readonly bytes: Buffer
  readonly settle: (done: boolean) => void
  readonly fail: (error: unknown) => void
}

/** A log with a rewrite less long ago is being compacted: the next one will come. */
const PASS_PAUSE_MS = 1000

/** The keys of a pass: a later range of it may go on under them, and one volume has them alone. */
interface Keys { number: number, end: bigint, volume: number }

export class Rewriter {
  #waiting: Request[] = []
  #taken: Request[] = []
  readonly #keys = new WeakMap<StoredLog, Keys>()
  /** When each log was last asked to be rewritten, milliseconds; kept while that is recent. */
  readonly #asked = new Map<StoredLog, number>()
  readonly #core: Needs

  constructor (core: Needs) {
    this.#core = core
    core.guard.onFailed(error => {
      for (const { fail } of [...this.#waiting.splice(0), ...this.#taken.splice(0)]) fail(error)
    })
  }

  /** See `Log.rewrite`. Rejects INVALID for batches that do not belong into the range. */
  async rewrite (
    log: StoredLog, range: RewriteRange, batches: readonly Buffer[]
  ): Promise<boolean> {
    ensureWithin(log, range, batches)
    const core = this.#core
    this.#asked.set(log, core.environment.nowMs())
    // only what lies in volumes has a place to be replaced in
    if (this.#endInVolumes(log) < range.to && !await this.#isFlushed()) return false
    if (this.#isInActive(log, range) && core.retention.askForSeal() && !await this.#isFlushed()) {
      return false
    }
    if (core.closing || !this.#isPossible(log, range)) return false
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        log, range, bytes: Buffer.concat(batches), settle: resolve, fail: reject,
      })
      core.flusher.start()
    })
  }

  /** False when the store closes instead. */
  async #isFlushed (): Promise<boolean> {
    try {
      await this.#core.flusher.flush()
      return true
    } catch (error) {
      if (error instanceof StoreError && error.code === 'CLOSED') return false
      throw error
    }
  }

  #endInVolumes (log: StoredLog): bigint { return log.extents.at(-1)?.to ?? 0n }

  #isInActive (log: StoredLog, { from, to }: RewriteRange): boolean {
    const active = this.#core.volumes.active.number
    return log.extents.some(extent => extent.volume === active && extent.keys === log.number &&
      extent.from < to && extent.to > from)
  }

  #isPossible (log: StoredLog, { to, revision }: RewriteRange): boolean {
    return !log.deleted && log.revision === revision && log.startOffset < to &&
      this.#endInVolumes(log) >= to
  }

  /** Whether a compaction pass seems to be under way in the log. */
  isBusy (log: StoredLog): boolean {
    const askedMs = this.#asked.get(log)
    if (askedMs === undefined) return false
    if (!log.deleted && this.#isRecent(askedMs)) return true
    this.#asked.delete(log)
    return false
  }

  hasBusy (): boolean {
    for (const log of this.#asked.keys()) if (this.isBusy(log)) return true
    return false
  }

  /** A clock that was set back makes nothing recent for ever. */
  #isRecent (askedMs: number): boolean {
    return Math.abs(this.#core.environment.nowMs() - askedMs) < PASS_PAUSE_MS
  }

  /** What the flush that is being fixed puts. */
  take (): Mutation[] {
    const mutations: Mutation[] = []
    const later: Request[] = []
    for (const request of this.#waiting.splice(0)) {
      const { log, range } = request
      if (!this.#isPossible(log, range)) request.settle(false)
      // The last flush of all has no next one.
      else if (log.moving !== undefined && this.#core.closing) request.settle(false)
      else if (log.moving !== undefined) later.push(request)
      else mutations.push(...this.#put(request))
    }
    this.#waiting = later
    if (later.length > 0) this.#core.flusher.noteAgain()
    return mutations
  }

  #put (request: Request): Mutation[] {
    const { log, range: { from: wanted, to } } = request
    const { startOffset } = log
    const from = startOffset > wanted ? startOffset : wanted
    try {
      const bytes = reaching(request.bytes, startOffset)
      const mutations =
        putForward(this.#core, log, bytes, { keys: this.#keysFor(log, from, to), from, to })
      this.#taken.push(request)
      return mutations
    } catch (error) {
      request.fail(error)
      if (error instanceof StoreError && error.code === 'DISK_FULL') return []
      throw error
    }
  }

  #keysFor (log: StoredLog, from: bigint, to: bigint): number {
    const volume = this.#core.volumes.active.number
    let keys = this.#keys.get(log)
    if (keys === undefined || keys.volume !== volume || keys.end > from) {
      const number = this.#core.nextLogNumber++
      if (number > LOG_NUMBER_MAX) throw new StoreError('FAILED', 'the log numbers are used up')
      keys = { number, end: to, volume }
      this.#keys.set(log, keys)
    }
    keys.end = to
    return keys.number
  }

  /** The flush with what was taken is on the disk. */
  flushed (): void {
    if (this.#taken.length === 0) return
    this.#core.retention.noteShrunk()
    for (const { settle } of this.#taken.splice(0)) settle(true)
  }
}

/** Less the batches that retention has taken since they were read. */
function reaching (bytes: Buffer, start: bigint): Buffer {
  let at = 0
  while (at < bytes.length && lastOffset(bytes, at) < start) at += batchSize(bytes, at)
  return bytes.subarray(at)
}

function ensureWithin (
  log: StoredLog, { from, to }: RewriteRange, batches: readonly Buffer[]
): void {
  let least = from
  for (const bytes of batches) {
    for (let at = 0; at < bytes.length; at += batchSize(bytes, at)) {
      const isWhole = bytes.length - at >= HEADER_SIZE && batchSize(bytes, at) >= HEADER_SIZE &&
        at + batchSize(bytes, at) <= bytes.length
      if (!isWhole || baseOffset(bytes, at) < least || lastOffset(bytes, at) >= to) {
        throw new StoreError('INVALID', `log ${log.name}: no batches of ${from} to ${to}`)
      }
      least = lastOffset(bytes, at) + 1n
    }
  }
}
