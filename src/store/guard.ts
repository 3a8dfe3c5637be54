/**
 * R-S2: one place that knows whether the store has failed. A sync or flush that fails, or that
 * does not end within its limit, is final: nothing is retried, every later call is refused.
 */
import type { StoreEnvironment } from './contract.ts'
import { StoreError } from './error.ts'

export class Guard {
  failure: StoreError | undefined
  readonly #listeners: Array<(error: StoreError) => void> = []
  readonly #environment: StoreEnvironment
  readonly #limitMs: number

  constructor (environment: StoreEnvironment, limitMs: number) {
    this.#environment = environment
    this.#limitMs = limitMs
  }

  onFailed (run: (error: StoreError) => void): void {
    if (this.failure !== undefined) run(this.failure)
    else this.#listeners.push(run)
  }

  fail (what: string, cause?: unknown): StoreError {
    if (this.failure !== undefined) return this.failure
    const reason = cause instanceof Error ? `: ${cause.message}` : ''
    const failure = new StoreError('FAILED',
      `${what}${reason}. The journal still has every acknowledged batch: ` +
      'check the disk, then start the broker again', cause)
    this.failure = failure
    this.#environment.log('error', failure.message)
    for (const run of this.#listeners.splice(0)) run(failure)
    return failure
  }

  /** Settles as `work` does within the limit; otherwise, and on any error, the store has failed. */
  within (what: string, work: Promise<void>): Promise<void> {
    return this.timed(what, work).then(() => {
      if (this.failure !== undefined) throw this.failure
    }, (error: unknown) => { throw this.fail(`${what} failed`, error) })
  }

  /** Only the limit is enforced: an error of `work` is the caller's to judge. */
  timed (what: string, work: Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.#environment.setTimer(this.#limitMs, () => {
        reject(this.fail(`${what} did not end within ${this.#limitMs} ms`))
      })
      work.then(() => {
        timer.cancel()
        resolve()
      }, (error: unknown) => {
        timer.cancel()
        reject(error)
      })
    })
  }
}

/** ENOSPC as a number, as lmdb reports it. */
const ENOSPC = 28

export function isDiskFull (error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code } = error as { code?: unknown }
  return code === 'ENOSPC' || code === 'EDQUOT' || code === ENOSPC
}
