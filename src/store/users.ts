/** Counts those who use something off the event loop: it must not be closed under them. */

export class Users {
  #count = 0
  #waiting: Array<() => void> = []

  get any (): boolean { return this.#count > 0 }

  enter (): void { this.#count++ }

  leave (): void {
    if (--this.#count > 0) return
    for (const run of this.#waiting.splice(0)) run()
  }

  /** Resolves when nobody is left, whoever came meanwhile. */
  async gone (): Promise<void> {
    while (this.any) await new Promise<void>(resolve => { this.#waiting.push(resolve) })
  }
}
