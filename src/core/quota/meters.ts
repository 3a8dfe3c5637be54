/** One meter for each subject of a quota, forgotten when nobody has used it for an hour. */

const IDLE_MS = 3_600_000
const SWEEP_MS = 60_000

export class Meters<M> {
  readonly #make: () => M
  readonly #bySubject = new Map<string, { readonly meter: M, lastMs: number }>()
  #sweptMs = 0

  constructor (make: () => M) { this.#make = make }

  get size (): number { return this.#bySubject.size }

  of (subject: string, nowMs: number): M {
    if (nowMs - this.#sweptMs >= SWEEP_MS) this.#sweep(nowMs)
    const known = this.#bySubject.get(subject)
    if (known !== undefined) {
      known.lastMs = nowMs
      return known.meter
    }
    const meter = this.#make()
    this.#bySubject.set(subject, { meter, lastMs: nowMs })
    return meter
  }

  #sweep (nowMs: number): void {
    this.#sweptMs = nowMs
    for (const [subject, { lastMs }] of this.#bySubject) {
      if (nowMs - lastMs >= IDLE_MS) this.#bySubject.delete(subject)
    }
  }
}
