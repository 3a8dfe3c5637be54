/**
 * One real timer for all machines: each says when it has something to do next, and the earliest
 * of them decides when the timer fires. Machines know the wall clock alone; when it is set, or goes
 * on after a sleep of the machine, their deadlines move along: nobody is late for that.
 */
import type { Environment, Timer } from './environment.ts'

export interface DeadlineSource {
  /** When there is something to do, in the clock's milliseconds; undefined: nothing. */
  deadline (): number | undefined
  /** Does what is due. */
  expire (nowMs: number): void
  /** The clock was set by so many milliseconds: so are all deadlines. */
  clockSet (byMs: number): void
}

export type TimersClock = Pick<Environment, 'nowMs' | 'monotonicMs' | 'setTimer'>

export interface Registration {
  /** The source's deadline may be earlier than before. One that is later need not be told. */
  changed (): void
  remove (): void
}

/** What `setTimeout` can wait; longer waits are made of several. */
const DELAY_MAX_MS = 2 ** 31 - 1
/** Less than this is how clocks differ, and catches up by itself. */
const CLOCK_SET_MS = 100
/** A source that is always due may not keep everybody else from running. */
const DELAY_MIN_MS = 1

export class Timers {
  readonly #clock: TimersClock
  readonly #sources = new Set<DeadlineSource>()
  #timer: Timer | undefined
  #armedForMs = Infinity
  /** Of the wall clock, against the one that nobody sets. */
  #aheadMs: number

  constructor (clock: TimersClock) {
    this.#clock = clock
    this.#aheadMs = clock.nowMs() - clock.monotonicMs()
  }

  /** The wall clock, with everybody's deadlines as they are by it. */
  nowMs (): number {
    const nowMs = this.#clock.nowMs()
    const aheadMs = nowMs - this.#clock.monotonicMs()
    const byMs = aheadMs - this.#aheadMs
    if (Math.abs(byMs) >= CLOCK_SET_MS) {
      this.#aheadMs = aheadMs
      this.#armedForMs += byMs
      for (const source of this.#sources) source.clockSet(byMs)
    }
    return nowMs
  }

  add (source: DeadlineSource): Registration {
    this.#sources.add(source)
    this.#armFor(source)
    return {
      changed: () => { if (this.#sources.has(source)) this.#armFor(source) },
      remove: () => {
        this.#sources.delete(source)
        if (this.#sources.size === 0) this.#disarm()
      },
    }
  }

  #armFor (source: DeadlineSource): void {
    // First: it may move the deadline.
    const nowMs = this.nowMs()
    const atMs = source.deadline()
    if (atMs === undefined || atMs >= this.#armedForMs) return
    this.#timer?.cancel()
    this.#armedForMs = atMs
    const delayMs = Math.min(Math.max(atMs - nowMs, DELAY_MIN_MS), DELAY_MAX_MS)
    this.#timer = this.#clock.setTimer(delayMs, () => this.#fire())
  }

  #disarm (): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#armedForMs = Infinity
  }

  #fire (): void {
    this.#disarm()
    for (const source of [...this.#sources]) {
      // Anew for each: while one does what is due, the clock may be set and move what others have.
      const nowMs = this.nowMs()
      const atMs = source.deadline()
      if (atMs !== undefined && atMs <= nowMs && this.#sources.has(source)) source.expire(nowMs)
    }
    for (const source of this.#sources) this.#armFor(source)
  }
}
