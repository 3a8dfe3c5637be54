/**
 * How fast connections are made (KIP-402, KIP-612): by the broker and each listener, which then
 * take them later, and by each address, whose connections are refused.
 */
import type { EntityQuotas } from '../metadata/facts.ts'
import { Meters } from './meters.ts'
import { SampledRate } from './sampled-rate.ts'
import type { SampleWindow } from './sampled-rate.ts'

const KEY = 'connection_creation_rate'

/** Connections a second. */
export interface ConnectionRateBounds {
  readonly perSecond: number
  readonly perSecondByListener: ReadonlyMap<string, number>
}

export class ConnectionRates {
  readonly #window: SampleWindow
  readonly #broker: SampledRate
  readonly #listeners: Meters<SampledRate>
  readonly #addresses: Meters<SampledRate>
  readonly #byAddress = new Map<string, number>()
  #perAddress = Infinity

  constructor (window: SampleWindow) {
    this.#window = window
    this.#broker = new SampledRate(window)
    this.#listeners = new Meters(() => new SampledRate(window))
    this.#addresses = new Meters(() => new SampledRate(window))
  }

  /** The quotas of addresses as they are from now on; a null name is that of all others. */
  load (quotas: Iterable<EntityQuotas>): void {
    this.#byAddress.clear()
    this.#perAddress = Infinity
    for (const { entity, values } of quotas) {
      const [address, bound] = [entity.get('ip'), values.get(KEY)]
      if (address === undefined || bound === undefined) continue
      if (address === null) this.#perAddress = bound
      else for (const each of addressesOf(address)) this.#byAddress.set(each, bound)
    }
  }

  /** Counts a connection; for how many milliseconds the listener shall take none. */
  delayMs (listener: string, bounds: ConnectionRateBounds, nowMs: number): number {
    const { perSecond, perSecondByListener } = bounds
    return Math.max(
      this.#count(this.#broker, perSecond, nowMs),
      this.#count(this.#listeners.of(listener, nowMs),
        perSecondByListener.get(listener) ?? Infinity, nowMs)
    )
  }

  /**
   * Counts a connection of an address; more than 0: it is refused after so long, and counts
   * nowhere.
   */
  refusedForMs (listener: string, address: string, nowMs: number): number {
    const bound = this.#byAddress.get(address) ?? this.#perAddress
    if (bound === Infinity) return 0
    const rate = this.#addresses.of(address, nowMs)
    const throttleMs = this.#count(rate, bound, nowMs)
    if (throttleMs === 0) return 0
    for (const each of [rate, this.#broker, this.#listeners.of(listener, nowMs)]) {
      each.record(-1, nowMs)
    }
    return throttleMs
  }

  /** Nobody waits longer than a sample at a time. */
  #count (rate: SampledRate, bound: number, nowMs: number): number {
    rate.record(1, nowMs)
    const { perSecond, spanMs } = rate.measure(nowMs)
    if (perSecond <= bound) return 0
    return Math.min(Math.max(1, Math.round((perSecond - bound) / bound * spanMs)),
      this.#window.sampleMs)
  }
}

/** Names are not looked up; this one is known. */
function addressesOf (host: string): string[] { return host === 'localhost' ? ['127.0.0.1', '::1'] : [host] }
