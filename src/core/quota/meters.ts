/**
 * One meter for each subject of a quota, forgotten when nobody has used it for an hour. Who is in
 * no hurry to be measured invents client ids: beyond a number, the longest unused make room.
 */
import { shortText } from '../short-text.ts'

const IDLE_MS = 3_600_000
const SWEEP_MS = 60_000
export const METERS_MAX = 16_384
/** Subjects that only differ behind it share a meter. */
const SUBJECT_LENGTH_MAX = 512

export class Meters<M> {
  readonly #make: () => M
  /** Least recently used first. */
  readonly #bySubject = new Map<string, { readonly meter: M, readonly lastMs: number }>()
  #sweptMs = 0

  constructor (make: () => M) { this.#make = make }

  get size (): number { return this.#bySubject.size }

  of (subject: string, nowMs: number): M {
    if (nowMs - this.#sweptMs >= SWEEP_MS) this.#sweep(nowMs)
    const key = shortText(subject, SUBJECT_LENGTH_MAX)
    const known = this.#bySubject.get(key)
    const meter = known?.meter ?? this.#make()
    this.#bySubject.delete(key)
    this.#bySubject.set(key, { meter, lastMs: nowMs })
    if (this.#bySubject.size > METERS_MAX) {
      const [oldest] = this.#bySubject.keys()
      this.#bySubject.delete(oldest as string)
    }
    return meter
  }

  #sweep (nowMs: number): void {
    this.#sweptMs = nowMs
    for (const [key, { lastMs }] of this.#bySubject) {
      if (nowMs - lastMs < IDLE_MS) return
      this.#bySubject.delete(key)
    }
  }
}
