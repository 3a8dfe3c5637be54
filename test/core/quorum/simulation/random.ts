/** A seeded source of numbers, and the choices that the simulation draws from it. */

export class Random {
  #state: number

  constructor (seed: number) { this.#state = (seed * 2654435761 + 1) >>> 0 }

  /** Uniform in [0, 1): mulberry32. */
  next = (): number => {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  below (limit: number): number { return Math.floor(this.next() * limit) }
  between (from: number, to: number): number { return from + this.below(to - from + 1) }
  chance (probability: number): boolean { return this.next() < probability }
  pick<T> (items: readonly T[]): T { return items[this.below(items.length)] as T }
}
