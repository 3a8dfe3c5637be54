/** Which connections are let in: max.connections and its kin, over all listeners of the broker. */
import type { ConnectionBounds } from '../broker.ts'

export class Admission {
  /** May change at any time: whoever is in stays in. */
  bounds: ConnectionBounds = { total: Infinity, byListener: new Map(), perAddress: Infinity, byAddress: new Map() }
  #total = 0
  readonly #byListener = new Map<string, number>()
  readonly #byAddress = new Map<string, number>()

  /** Counts the connection and answers true, if there is room for it. */
  enter (listener: string, address: string): boolean {
    const { total, byListener, perAddress, byAddress } = this.bounds
    if (this.#total >= total) return false
    if (countOf(this.#byListener, listener) >= (byListener.get(listener) ?? Infinity)) return false
    if (countOf(this.#byAddress, address) >= (byAddress.get(address) ?? perAddress)) return false
    this.#total++
    this.#byListener.set(listener, countOf(this.#byListener, listener) + 1)
    this.#byAddress.set(address, countOf(this.#byAddress, address) + 1)
    return true
  }

  leave (listener: string, address: string): void {
    this.#total--
    this.#byListener.set(listener, countOf(this.#byListener, listener) - 1)
    const left = countOf(this.#byAddress, address) - 1
    // Addresses come and go without end; listeners do not.
    if (left === 0) this.#byAddress.delete(address)
    else this.#byAddress.set(address, left)
  }
}

function countOf (counts: ReadonlyMap<string, number>, key: string): number { return counts.get(key) ?? 0 }
