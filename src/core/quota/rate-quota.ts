/**
 * A quota of a rate: bytes of Produce, bytes of Fetch, or the share of a second that requests take
 * (KIP-13, KIP-124). Excess is not refused: the client has to wait until its rate is the quota's
 * again.
 */
import type { EntityQuotas } from '../metadata/facts.ts'
import { Limits } from './limits.ts'
import type { QuotaClient } from './limits.ts'
import { Meters } from './meters.ts'
import { SampledRate } from './sampled-rate.ts'
import type { SampleWindow } from './sampled-rate.ts'

export interface RateQuotaOptions {
  /** The quota's key, as in `producer_byte_rate`. */
  readonly key: string
  readonly window: SampleWindow
  /** Nobody waits longer for it at a time. */
  readonly throttleMsMax?: number
}

const INT_MAX = 2 ** 31 - 1

export class RateQuota {
  readonly #options: RateQuotaOptions
  readonly #limits = new Limits()
  readonly #meters: Meters<SampledRate>

  constructor (options: RateQuotaOptions) {
    this.#options = options
    this.#meters = new Meters(() => new SampledRate(options.window))
  }

  /** Nobody has such a quota: nothing needs to be counted. */
  get isUnset (): boolean { return this.#limits.size === 0 }

  load (quotas: Iterable<EntityQuotas>): void { this.#limits.load(quotas, this.#options.key) }

  /** Counts what was used; answers for how many milliseconds the client has to wait. */
  record (client: QuotaClient, value: number, nowMs: number): number {
    const limit = this.#limits.find(client)
    if (limit === undefined) return 0
    const rate = this.#meters.of(limit.subject, nowMs)
    rate.record(value, nowMs)
    const { bound } = limit
    const { perSecond, spanMs } = rate.measure(nowMs)
    if (perSecond <= bound) return 0
    const throttleMs = Math.round((perSecond - bound) / bound * spanMs)
    // A quota of NaN, which may be set, asks for no time.
    return Math.min(throttleMs || 0, this.#options.throttleMsMax ?? INT_MAX)
  }

  /**
   * Counts, or with a negative value takes back, without asking: the next request answers for it.
   */
  count (client: QuotaClient, value: number, nowMs: number): void {
    const limit = this.#limits.find(client)
    if (limit !== undefined) this.#meters.of(limit.subject, nowMs).record(value, nowMs)
  }

  /** More than this at once would have to wait even after an idle window (D6.21). */
  largestAtOnce (client: QuotaClient): number {
    const { window: { samples, sampleMs } } = this.#options
    const limit = this.#limits.find(client)
    const bytes = Math.floor((limit?.bound ?? Infinity) * (samples - 1) * sampleMs / 1000)
    // NaN limits nothing; so does an infinite quota over a window of one sample.
    return Number.isNaN(bytes) ? Infinity : bytes
  }
}
