/** Virtual time: events in order of their time, those of one moment in a drawn order. */
import type { Random } from './random.ts'

interface Event { readonly atMs: number, readonly tie: number, readonly run: () => void }

export class Scheduler {
  nowMs = 1_000
  readonly #random: Random
  readonly #heap: Event[] = []

  constructor (random: Random) { this.#random = random }

  after (delayMs: number, run: () => void): void {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), tie: this.#random.next(), run }
    const heap = this.#heap
    let index = heap.push(event) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[index] = heap[parent] as Event
      index = parent
    }
    heap[index] = event
  }

  /** Runs the next event, if it lies before `endMs`. */
  step (endMs: number): boolean {
    const next = this.#heap[0]
    if (next === undefined || next.atMs > endMs) return false
    this.#removeFirst()
    this.nowMs = next.atMs
    next.run()
    return true
  }

  #removeFirst (): void {
    const heap = this.#heap
    const last = heap.pop() as Event
    if (heap.length === 0) return
    let index = 0
    for (;;) {
      let child = 2 * index + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) {
        child += 1
      }
      if (!isBefore(heap[child] as Event, last)) break
      heap[index] = heap[child] as Event
      index = child
    }
    heap[index] = last
  }
}

function isBefore (one: Event, other: Event): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.tie < other.tie)
}
