/** Long work on the event loop in slices, so that everybody else gets a turn in between. */
import type { Broker } from './broker.ts'

const SLICE_MS = 10

export class Turns {
  readonly #environment: Broker['environment']
  #startedMs: number

  constructor (environment: Broker['environment']) {
    this.#environment = environment
    this.#startedMs = environment.monotonicMs()
  }

  /** To be awaited often: a promise once the slice is over. */
  next (): Promise<void> | undefined {
    if (this.#environment.monotonicMs() - this.#startedMs < SLICE_MS) return undefined
    return new Promise(resolve => {
      this.#environment.atTurnEnd(() => {
        this.#startedMs = this.#environment.monotonicMs()
        resolve()
      })
    })
  }
}
