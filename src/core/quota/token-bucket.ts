/**
 * Tokens that refill at a steady rate up to a burst of the whole window (KIP-599). Taking more than
 * there are is possible once: what is owed has to refill first.
 */
import type { SampleWindow } from './sampled-rate.ts'

export class TokenBucket {
  readonly #windowSeconds: number
  #tokens = 0
  /** Full at first. */
  #lastMs = -Infinity

  constructor ({ samples, sampleMs }: SampleWindow) {
    this.#windowSeconds = samples * sampleMs / 1000
  }

  /** What there is now; below zero, what is owed. */
  tokens (perSecond: number, nowMs: number): number {
    const refilled = this.#tokens + perSecond * (nowMs - this.#lastMs) / 1000
    this.#tokens = known(Math.min(this.#windowSeconds * perSecond, refilled))
    this.#lastMs = nowMs
    return this.#tokens
  }

  take (count: number, perSecond: number, nowMs: number): void {
    const burst = this.#windowSeconds * perSecond
    this.#tokens = known(Math.min(burst, this.tokens(perSecond, nowMs) - count))
  }
}

/**
 * A rate of NaN or Infinity, which Kafka takes as well, limits nothing and leaves nothing behind.
 */
function known (tokens: number): number { return Number.isNaN(tokens) ? 0 : tokens }
