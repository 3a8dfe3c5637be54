/**
 * What one group of consumers has done, whoever of its members did it: each offset, how often, in
 * which order for each writer's keys, and what was committed before.
 */

export interface Delivered {
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  /** Whose numbers these are: a writer counts its records of each key from 0. */
  readonly series: string
  readonly number: number
}

export class Ledger {
  /** Records that came again although nobody had to ask for them again, by the era they came in. */
  readonly repeats: Array<{ first: number, again: number }> = []
  /** Below an offset that the group had committed: Kafka never delivers these. */
  readonly afterCommit: string[] = []
  /** A record that came before an earlier one of its key. */
  readonly outOfOrder: string[] = []
  #distinct = 0
  #era = 0
  readonly #seen = new Map<string, number>()
  readonly #next = new Map<string, number>()
  readonly #committed = new Map<string, bigint>()
  readonly #waits = new Set<() => void>()

  get distinct (): number { return this.#distinct }

  /** The broker is another one from now on. */
  nextEra (): void { this.#era++ }

  deliver ({ topic, partition, offset, series, number }: Delivered): void {
    const place = `${topic}/${partition}`
    const at = `${place}@${offset}`
    if (offset < (this.#committed.get(place) ?? 0n)) this.afterCommit.push(at)
    const first = this.#seen.get(at)
    if (first !== undefined) {
      this.repeats.push({ first, again: this.#era })
      return
    }
    this.#seen.set(at, this.#era)
    this.#distinct++
    const name = `${topic} ${series}`
    const next = this.#next.get(name) ?? 0
    // A writer that is not idempotent may have written a record twice: the number is then an old
    // one.
    if (number > next) this.outOfOrder.push(`${name}: ${number} before ${next}`)
    if (number === next) this.#next.set(name, next + 1)
    for (const check of [...this.#waits]) check()
  }

  committed (topic: string, partition: number, offset: bigint): void {
    const place = `${topic}/${partition}`
    if (offset > (this.#committed.get(place) ?? 0n)) this.#committed.set(place, offset)
  }

  /** Resolves when so many different records have come. */
  async reach (count: number): Promise<void> {
    if (this.#distinct >= count) return
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (this.#distinct < count) return
        this.#waits.delete(check)
        resolve()
      }
      this.#waits.add(check)
    })
  }
}
