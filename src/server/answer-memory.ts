/**
 * Bytes of answers that all connections together hold because their clients have not taken them
 * yet. Near the bound answers are read in the smallest parts; past it no request with a large
 * answer begins, and who takes nothing for a while is closed, so that those who wait go on (R-X10,
 * ottla.queued.max.response.bytes).
 */

/** What one connection reads of an answer at once, and holds twice while its client takes it. */
export const PART_BYTES = 256 * 1024
/** The same while others hold much: a connection is never refused so much. */
export const PART_BYTES_MIN = 64 * 1024
/** While others wait for memory, so long may a client take nothing of what it asked for. */
export const STALLED_MS = 10_000

export interface AnswerHolder {
  /** Memory has come free. */
  proceed (): void
  /** Its client takes nothing, and others wait. */
  stalled (): void
  /** What its socket has not handed to the system: a large part goes there bit by bit. */
  readonly unsentBytes: number
}

interface Held { bytes: number, progressMs: number, unsentBytes: number }

interface Clock {
  nowMs (): number
  setTimer (delayMs: number, run: () => void): { cancel (): void }
}

export class AnswerMemory {
  /** Of all connections. */
  bytes = 0
  readonly #bytesMax: number
  readonly #clock: Clock
  readonly #held = new Map<AnswerHolder, Held>()
  readonly #waiting = new Set<AnswerHolder>()
  #isSweeping = false

  constructor (bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax
    this.#clock = clock
  }

  /** Connections whose next request waits for memory. */
  get waiting (): number { return this.#waiting.size }

  /** No request with a large answer begins until some of it is taken. */
  get isFull (): boolean { return this.bytes >= this.#bytesMax }

  /** Half of it is in use: parts are small, and none is read ahead. */
  get isScarce (): boolean { return this.bytes >= this.#bytesMax / 2 }

  /** How much of an answer may be at hand at once. */
  get partBytes (): number { return this.isScarce ? PART_BYTES_MIN : PART_BYTES }

  hold (holder: AnswerHolder, bytes: number): void {
    this.bytes += bytes
    const held = this.#held.get(holder)
    if (held !== undefined) held.bytes += bytes
    else this.#held.set(holder, { bytes, progressMs: this.#clock.nowMs(), unsentBytes: Infinity })
  }

  /** The client has taken so many, or is gone. */
  free (holder: AnswerHolder, bytes: number): void {
    this.bytes -= bytes
    const held = this.#held.get(holder)
    if (held !== undefined) {
      held.bytes -= bytes
      held.progressMs = this.#clock.nowMs()
      if (held.bytes <= 0) this.#held.delete(holder)
    }
    this.#relieve()
  }

  #relieve (): void {
    if (this.isFull || this.#waiting.size === 0) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const each of waiting) each.proceed()
  }

  /** Calls `proceed` once there is memory. */
  wait (holder: AnswerHolder): void {
    this.#waiting.add(holder)
    this.#sweepSoon()
  }

  forget (holder: AnswerHolder): void { this.#waiting.delete(holder) }

  /**
   * Many may be about to read at once: each has its part before anything is read. Answers how much.
   */
  reserve (): number {
    const bytes = this.partBytes
    this.bytes += bytes
    return bytes
  }

  /** What was read is held by now, or was let go of. */
  unreserve (bytes: number): void {
    this.bytes -= bytes
    this.#relieve()
  }

  #sweepSoon (): void {
    if (this.#isSweeping || this.#waiting.size === 0) return
    this.#isSweeping = true
    this.#noteProgress()
    this.#clock.setTimer(STALLED_MS / 4, () => {
      this.#isSweeping = false
      this.#closeStalled()
      this.#sweepSoon()
    })
  }

  /** Who was never looked at has not had its time yet. */
  #noteProgress (): void {
    const now = this.#clock.nowMs()
    for (const [holder, held] of this.#held) {
      const { unsentBytes } = holder
      if (unsentBytes < held.unsentBytes) held.progressMs = now
      held.unsentBytes = unsentBytes
    }
  }

  #closeStalled (): void {
    this.#noteProgress()
    if (this.#waiting.size === 0) return
    const before = this.#clock.nowMs() - STALLED_MS
    for (const [holder, { progressMs }] of this.#held) if (progressMs <= before) holder.stalled()
  }
}
