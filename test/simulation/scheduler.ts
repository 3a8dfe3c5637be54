/**
 * Virtual time. Events run one by one in the order of their time, ties by chance. After each the
 * microtask queue is emptied completely: the next event starts from a `setImmediate` of the real
 * loop, which Node runs only when no microtask is left. Nothing but events resolves promises, so
 * the seed decides everything (R-M2). Idle time costs nothing.
 */
import { createHash } from 'node:crypto'
import { Heap } from './heap.ts'
import type { Random } from './random.ts'

interface Event {
  readonly atMs: number
  readonly tie: number
  readonly label: string
  run: (() => void) | undefined
}

export interface Cancellable { cancel (): void }

/** Other sockets are often read before a turn of the event loop ends: so long, and so likely. */
const TURN_SPAN_MS = 0.05
const TURN_GOES_ON = 0.5

export class Scheduler {
  /** Milliseconds since the simulation began. */
  nowMs = 0
  events = 0
  readonly #random: Random
  readonly #heap = new Heap<Event>((left, right) =>
    left.atMs < right.atMs || (left.atMs === right.atMs && left.tie < right.tie))
  readonly #urgent: Event[] = []
  readonly #turnEnds: Array<() => void> = []
  readonly #trace = createHash('sha256')
  readonly #onEvent: () => void

  /** `onEvent` runs after each event, once its microtasks are done. */
  constructor (random: Random, onEvent: () => void) {
    this.#random = random
    this.#onEvent = onEvent
  }

  after (delayMs: number, label: string, run: () => void): Cancellable {
    const event = { atMs: this.nowMs + Math.max(0, delayMs), tie: this.#random.next(), label, run }
    this.#heap.push(event)
    return { cancel: () => { (event as Event).run = undefined } }
  }

  /** Before everything else that waits, even the end of this turn. */
  next (label: string, run: () => void): void {
    this.#urgent.push({ atMs: this.nowMs, tie: 0, label, run })
  }

  atTurnEnd (run: () => void): void { this.#turnEnds.push(run) }

  sleep (delayMs: number): Promise<void> {
    return new Promise(resolve => { this.after(delayMs, 'sleep', resolve) })
  }

  /** Adds to what two runs of a seed must have in common. */
  note (text: string | Buffer): void { this.#trace.update(text) }

  /** SHA-256 of everything that happened. */
  digest (): string { return this.#trace.copy().digest('hex') }

  /** Runs events until `isOver`, or until there is none. */
  run (isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = (): void => {
        try {
          if (isOver()) return resolve()
          const event = this.#take()
          if (event === undefined) return resolve()
          this.events++
          this.nowMs = Math.max(this.nowMs, event.atMs)
          this.#trace.update(`${event.atMs} ${event.label}\n`)
          event.run?.()
        } catch (error) {
          return reject(error)
        }
        setImmediate(finish)
      }
      const finish = (): void => {
        try {
          this.#onEvent()
        } catch (error) {
          return reject(error)
        }
        step()
      }
      setImmediate(step)
    })
  }

  #take (): Event | undefined {
    const urgent = this.#urgent.shift()
    if (urgent !== undefined) return urgent
    let first = this.#heap.first
    while (first !== undefined && first.run === undefined) {
      this.#heap.pop()
      first = this.#heap.first
    }
    if (this.#turnEnds.length === 0) return this.#heap.pop()
    const another = first !== undefined && first.atMs <= this.nowMs + TURN_SPAN_MS
    if (another && this.#random.chance(TURN_GOES_ON)) return this.#heap.pop()
    const run = this.#turnEnds.shift() as () => void
    return { atMs: this.nowMs, tie: 0, label: 'turn-end', run }
  }
}
