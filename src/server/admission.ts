/**
 * Which connections are let in, and when: max.connections and its kin, over all listeners of the
 * broker.
 */
import type { Broker, ConnectionBounds } from '../apis/broker.ts'

type Rates = Pick<Broker['quotas']['connections'], 'delayMs' | 'refusedForMs'>

/** Before the broker knows its quotas nobody is served either. */
const UNLIMITED: Rates = { delayMs: () => 0, refusedForMs: () => 0 }

/** In, or refused after so many milliseconds. */
export type Admitted = {
  readonly isIn: true,
} | { readonly isIn: false, readonly closeAfterMs: number }

export class Admission {
  #bounds: ConnectionBounds = {
    total: Infinity,
    byListener: new Map(),
    perAddress: Infinity,
    byAddress: new Map(),
    rates: { perSecond: Infinity, perSecondByListener: new Map() },
  }

  rates: Rates = UNLIMITED
  #total = 0
  readonly #byListener = new Map<string, number>()
  readonly #byAddress = new Map<string, number>()
  readonly #waiting = new Set<() => void>()

  /** May change at any time: whoever is in stays in. */
  get bounds (): ConnectionBounds { return this.#bounds }
  set bounds (bounds: ConnectionBounds) {
    this.#bounds = bounds
    this.#wake()
  }

  /**
   * Counts that a connection has come; for how many milliseconds its listener takes none, it
   * included.
   */
  delayMs (listener: string, nowMs: number): number {
    return this.rates.delayMs(listener, this.#bounds.rates, nowMs)
  }

  /** KIP-402: where there is no room, connections wait until somebody leaves. */
  hasRoom (listener: string): boolean {
    const { total, byListener } = this.#bounds
    return this.#total < total &&
      countOf(this.#byListener, listener) < (byListener.get(listener) ?? Infinity)
  }

  /** Called once, when there may be room again. */
  onceRoom (run: () => void): void { this.#waiting.add(run) }

  /**
   * Counts the connection, unless its address has too many, or makes too many a second (KIP-612).
   */
  enter (listener: string, address: string, nowMs: number): Admitted {
    const closeAfterMs = this.rates.refusedForMs(listener, address, nowMs)
    if (closeAfterMs > 0) return { isIn: false, closeAfterMs }
    const { perAddress, byAddress } = this.#bounds
    if (countOf(this.#byAddress, address) >= (byAddress.get(address) ?? perAddress)) {
      return { isIn: false, closeAfterMs: 0 }
    }
    this.#total++
    this.#byListener.set(listener, countOf(this.#byListener, listener) + 1)
    this.#byAddress.set(address, countOf(this.#byAddress, address) + 1)
    return { isIn: true }
  }

  leave (listener: string, address: string): void {
    this.#total--
    this.#byListener.set(listener, countOf(this.#byListener, listener) - 1)
    const left = countOf(this.#byAddress, address) - 1
    // Addresses come and go without end; listeners do not.
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
    this.#wake()
  }

  #wake (): void {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const run of waiting) run()
  }
}

function countOf (counts: ReadonlyMap<string, number>, key: string): number {
  return counts.get(key) ?? 0
}
