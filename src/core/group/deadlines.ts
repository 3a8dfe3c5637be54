/**
 * The deadlines of one machine: what would be timers, as data. Heartbeats push their deadline
 * back far more often than one is reached, so moving one to later does not touch the heap: its
 * old place there is corrected when it comes up.
 */
import type { Decision } from '../decision.ts'

/** What is done when a deadline of a shard is reached. */
export type WhenDue = (nowMs: number) => readonly Decision[]
export type GroupDeadline = Deadline<WhenDue>

/** One deadline. It is gone once it was taken or cancelled, and may then be dropped. */
export interface Deadline<Run> {
  readonly run: Run
}

interface Entry<Run> extends Deadline<Run> {
  atMs: number
  sequence: number
  active: boolean
  place: Place<Run> | undefined
}

/** A place in the heap; it is stale when its entry has another. */
interface Place<Run> {
  atMs: number
  readonly sequence: number
  readonly entry: Entry<Run>
}

/** Equal times come in the order in which they were set. */
export class Deadlines<Run> {
  readonly #heap: Array<Place<Run>> = []
  #sequence = 0

  at (atMs: number, run: Run): Deadline<Run> {
    const entry: Entry<Run> = {
      run, atMs, sequence: ++this.#sequence, active: true, place: undefined,
    }
    this.#push(entry)
    return entry
  }

  /** Moves a deadline, or sets it again if it has been taken or cancelled. */
  move (deadline: Deadline<Run>, atMs: number): void {
    const entry = deadline as Entry<Run>
    entry.sequence = ++this.#sequence
    const earlier = entry.place === undefined || atMs < entry.place.atMs
    entry.atMs = atMs
    entry.active = true
    if (earlier) this.#push(entry)
  }

  /** All of them, by so many milliseconds: their order stays. */
  shift (byMs: number): void {
    for (const place of this.#heap) {
      if (place.entry.place === place) place.entry.atMs += byMs
      place.atMs += byMs
    }
  }

  cancel (deadline: Deadline<Run> | undefined): void {
    if (deadline !== undefined) (deadline as Entry<Run>).active = false
  }

  /** The earliest deadline, in milliseconds. */
  next (): number | undefined { return this.#settle()?.atMs }

  /** What was set or moved so far: `take` leaves the rest alone. */
  get mark (): number { return this.#sequence }

  /** Takes the earliest deadline that is due and was set before `mark`. */
  take (nowMs: number, mark: number): Run | undefined {
    const place = this.#settle()
    if (place === undefined || place.atMs > nowMs || place.sequence > mark) return undefined
    this.#pop()
    place.entry.active = false
    place.entry.place = undefined
    return place.entry.run
  }

  /** Brings the top of the heap in line with the entry that it stands for. */
  #settle (): Place<Run> | undefined {
    for (;;) {
      const place = this.#heap[0]
      if (place === undefined) return undefined
      const { entry } = place
      const current = entry.place === place
      if (current && entry.active && place.sequence === entry.sequence) return place
      this.#pop()
      if (!current) continue
      entry.place = undefined
      if (entry.active) this.#push(entry)
    }
  }

  #push (entry: Entry<Run>): void {
    const heap = this.#heap
    const place = entry.place = { atMs: entry.atMs, sequence: entry.sequence, entry }
    let child = heap.push(place) - 1
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!before(place, heap[parent] as Place<Run>)) break
      heap[child] = heap[parent] as Place<Run>
      child = parent
    }
    heap[child] = place
  }

  #pop (): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      if (child >= heap.length) break
      const right = heap[child + 1]
      if (right !== undefined && before(right, heap[child] as Place<Run>)) child += 1
      if (!before(heap[child] as Place<Run>, last)) break
      heap[parent] = heap[child] as Place<Run>
      parent = child
    }
    heap[parent] = last
  }
}

function before (a: Place<unknown>, b: Place<unknown>): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence)
}
