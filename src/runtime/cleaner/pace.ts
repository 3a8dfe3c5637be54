/**
 * How fast long work on the event loop goes: in slices of a few milliseconds with everybody else's
 * turn in between, and no more bytes a second than were asked for.
 */
import type { Environment, Timer } from '../environment.ts'

/**
 * Of one slice: with the piece of work that passes it, still below the 10 ms that anybody waits.
 */
const SLICE_MS = 4

export class Pace {
  readonly #clock: Pick<Environment, 'monotonicMs' | 'setTimer'>
  #startedMs: number
  /** When as many bytes as were counted may have been moved. */
  #bytesDueMs = -Infinity
  #pause: { timer: Timer, resolve: () => void } | undefined
  #stopped = false
  /** The longest that the loop was held, milliseconds. */
  longestMs = 0

  constructor (clock: Pick<Environment, 'monotonicMs' | 'setTimer'>) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  get stopped (): boolean { return this.#stopped }

  /** To be called often: a promise once the slice is over. */
  readonly breathe = (): Promise<void> | undefined =>
    this.#clock.monotonicMs() - this.#startedMs < SLICE_MS ? undefined : this.wait(0)

  /** After an await that had nothing to do with the work: the slice begins here. */
  resume (): void { this.#startedMs = this.#clock.monotonicMs() }

  /** The slice ends here, because something is waited for. */
  pause (): void {
    this.longestMs = Math.max(this.longestMs, this.#clock.monotonicMs() - this.#startedMs)
  }

  /** Counts bytes that were read or written; waits if they came too soon. */
  async move (bytes: number, bytesPerSecond: number): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    this.#bytesDueMs = Math.max(nowMs, this.#bytesDueMs) + bytes / bytesPerSecond * 1000
    const waitMs = this.#bytesDueMs - nowMs
    if (waitMs >= 1) await this.wait(waitMs)
  }

  /** Resolves after so many milliseconds, or when it is stopped. */
  wait (delayMs: number): Promise<void> {
    this.pause()
    if (this.#stopped) return Promise.resolve()
    return new Promise(resolve => {
      const end = (): void => {
        this.#pause = undefined
        this.resume()
        resolve()
      }
      this.#pause = { timer: this.#clock.setTimer(delayMs, end), resolve: end }
    })
  }

  /** Nobody waits any more. */
  stop (): void {
    this.#stopped = true
    this.#pause?.timer.cancel()
    this.#pause?.resolve()
  }
}
