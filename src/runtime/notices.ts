/**
 * Log lines that clients can bring about as often as they like: each is said once in a while, and
 * so many of them at most, that neither the log nor memory grows with who asks.
 */
import { shortText } from '../core/short-text.ts'
import type { Environment } from './environment.ts'

/** Different lines in one period. */
export const LINES_MAX = 100
export const PERIOD_MS = 10 * 60 * 1000
/** Names in a line come from clients. */
const LINE_LENGTH_MAX = 500

export class Notices {
  readonly #environment: Pick<Environment, 'log' | 'monotonicMs'>
  readonly #said = new Set<string>()
  #sinceMs: number

  constructor (environment: Pick<Environment, 'log' | 'monotonicMs'>) {
    this.#environment = environment
    this.#sinceMs = environment.monotonicMs()
  }

  /** Warns, unless the same was said in this period, of the same client if that is named. */
  warn (message: string, client?: string): void {
    const { log, monotonicMs } = this.#environment
    const nowMs = monotonicMs()
    if (nowMs - this.#sinceMs >= PERIOD_MS) {
      this.#said.clear()
      this.#sinceMs = nowMs
    }
    const line = shortText(message, LINE_LENGTH_MAX)
    const key = `${client ?? ''} ${line}`
    if (this.#said.has(key) || this.#said.size > LINES_MAX) return
    this.#said.add(key)
    if (this.#said.size <= LINES_MAX) log('warn', line, client === undefined ? undefined : { client })
    else log('warn', `clients cause many such lines: more of them are left out for up to ${PERIOD_MS / 60_000} minutes`)
  }
}
