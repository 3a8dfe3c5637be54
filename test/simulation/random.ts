/** All chance of a simulation comes from here, and all of it from one seed. */

export class Random {
  #state: number

  constructor (seed: number) { this.#state = mix(seed >>> 0) }

  /** Uniform in [0, 1). */
  next (): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    return mix(this.#state) / 4294967296
  }

  /** Uniform over 0 to `below` - 1. */
  int (below: number): number { return Math.floor(this.next() * below) }

  /** Uniform over whole numbers, both ends included. */
  between (from: number, to: number): number { return from + this.int(to - from + 1) }

  /** Uniform over real numbers. */
  within (from: number, to: number): number { return from + this.next() * (to - from) }

  chance (probability: number): boolean { return this.next() < probability }

  pick<T> (list: readonly T[]): T { return list[this.int(list.length)] as T }

  /** Waits between events that come by themselves, `meanMs` apart. */
  exponential (meanMs: number): number { return -Math.log(1 - this.next()) * meanMs }

  bytes (length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; at++) bytes[at] = this.int(256)
    return bytes
  }

  /** A source of its own, so that one part's draws do not move another's. */
  fork (): Random { return new Random(Math.floor(this.next() * 4294967296)) }
}

function mix (state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) >>> 0
}
