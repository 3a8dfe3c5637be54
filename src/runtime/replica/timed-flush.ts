/**
 * flush.ms: an fdatasync at the latest so many milliseconds after a write. The store flushes by
 * itself every quarter of a second, so only shorter times need a clock of their own.
 */
import { defaults } from '../../store/options.ts'
import type { Store } from '../../store/store.ts'
import type { Clock, Timer } from '../environment.ts'

export class TimedFlush {
  readonly #store: Pick<Store, 'sync' | 'stats'>
  readonly #clock: Pick<Clock, 'setTimer'>
  #everyMs = Infinity
  #timer: Timer | undefined
  #flushedBytes = 0

  constructor (store: Pick<Store, 'sync' | 'stats'>, clock: Pick<Clock, 'setTimer'>) {
    this.#store = store
    this.#clock = clock
  }

  /** The shortest flush.ms of the topics here; `at least` for one topic more. */
  require (everyMs: number, how: 'exactly' | 'at least' = 'exactly'): void {
    if (everyMs === this.#everyMs || (how === 'at least' && everyMs > this.#everyMs)) return
    this.#everyMs = everyMs
    this.#timer?.cancel()
    this.#arm()
  }

  #arm (): void {
    this.#timer = undefined
    if (this.#everyMs >= defaults.flushIntervalMs) return
    this.#timer = this.#clock.setTimer(this.#everyMs, () => {
      const { bytesAppended } = this.#store.stats()
      if (bytesAppended === this.#flushedBytes) return this.#arm()
      this.#flushedBytes = bytesAppended
      // A failure is the store's to tell: it stops the broker (R-S2).
      this.#store.sync().catch(() => {}).finally(
        () => { if (this.#everyMs < Infinity) this.#arm() }
      )
    })
  }

  stop (): void {
    this.#everyMs = Infinity
    this.#timer?.cancel()
  }
}
