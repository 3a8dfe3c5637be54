/**
 * One real timer for all machines: each says when it has something to do next, and the earliest
 * of them decides when the timer fires.
 */
import type { Clock, Timer } from './environment.ts'

export interface DeadlineSource {
  /** When there is something to do, in the clock's milliseconds; undefined: nothing. */
  deadline (): number | undefined
  /** Does what is due. */
  expire (nowMs: number): void
}

export interface Registration {
  /** The source's deadline may be earlier than before. One that is later need not be told. */
  changed (): void
  remove (): void
}

/** What `setTimeout` can wait; longer waits are made of several. */
const DELAY_MAX_MS = 2 ** 31 - 1
/** A source that is always due may not keep everybody else from running. */
const DELAY_MIN_MS = 1

export class Timers {
  readonly #clock: Pick<Clock, 'nowMs' | 'setTimer'>
  readonly #sources = new Set<DeadlineSource>()
  #timer: Timer | undefined
  #armedForMs = Infinity

  constructor (clock: Pick<Clock, 'nowMs' | 'setTimer'>) {
    this.#clock = clock
  }

  add (source: DeadlineSource): Registration {
    this.#sources.add(source)
    this.#armFor(source.deadline())
    return {
      changed: () => { if (this.#sources.has(source)) this.#armFor(source.deadline()) },
      remove: () => {
        this.#sources.delete(source)
        if (this.#sources.size === 0) this.#disarm()
      },
    }
  }

  #armFor (atMs: number | undefined): void {
    if (atMs === undefined || atMs >= this.#armedForMs) return
    this.#timer?.cancel()
    this.#armedForMs = atMs
    const delayMs = Math.min(Math.max(atMs - this.#clock.nowMs(), DELAY_MIN_MS), DELAY_MAX_MS)
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire())
  }

  #disarm (): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#armedForMs = Infinity
  }

  #fire (): void {
    this.#disarm()
    const nowMs = this.#clock.nowMs()
    for (const source of [...this.#sources]) {
      const atMs = source.deadline()
      if (atMs !== undefined && atMs <= nowMs && this.#sources.has(source)) source.expire(nowMs)
    }
    for (const source of this.#sources) this.#armFor(source.deadline())
  }
}
