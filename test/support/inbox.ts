/** What arrives from outside, in order, and waits that end as it arrives: never by the clock. */

export class Inbox<T> {
  readonly items: T[] = []
  readonly #waits = new Set<() => void>()

  push (item: T): void {
    this.items.push(item)
    for (const check of [...this.#waits]) check()
  }

  /** Resolves as soon as the condition holds of all that has come so far. */
  async until (condition: (items: readonly T[]) => boolean): Promise<readonly T[]> {
    await new Promise<void>(resolve => {
      const check = (): void => {
        if (!condition(this.items)) return
        this.#waits.delete(check)
        resolve()
      }
      this.#waits.add(check)
      check()
    })
    return this.items
  }

  has (count: number): Promise<readonly T[]> {
    return this.until(items => items.length >= count)
  }
}
