/** As much of a `net.Socket` as the broker's connection uses, over simulated time. */
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

type Listener = (chunk?: Buffer) => void
interface Written { chunk: Buffer, done: (() => void) | undefined }

/** How long bytes lie in the process before the kernel copies them. */
const KERNEL_MS = 0.2
const KERNEL_IS_FULL = 0.05

export class SimulatedSocket {
  readonly localAddress = '10.0.0.2'
  readonly localPort = 9092
  readonly remoteAddress = '10.0.0.1'
  readonly writableLength = 0
  readonly #scheduler: Scheduler
  readonly #random: Random
  readonly #isAlive: () => boolean
  readonly #wire: { send (bytes: Buffer): void, close (): void }
  readonly #listeners = new Map<string, Listener[]>()
  readonly #written: Written[] = []
  readonly #received: Buffer[] = []
  #isPaused = false
  #isFull = false
  #isEnding = false
  #isClosed = false

  constructor (
    scheduler: Scheduler, random: Random, isAlive: () => boolean,
    wire: { send (bytes: Buffer): void, close (): void },
  ) {
    this.#scheduler = scheduler
    this.#random = random.fork()
    this.#isAlive = isAlive
    this.#wire = wire
  }

  on (event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener])
    return this
  }

  #emit (event: string, chunk?: Buffer): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(chunk)
  }

  setNoDelay (): void {}
  cork (): void {}
  uncork (): void {}

  receive (bytes: Buffer): void {
    this.#received.push(bytes)
    this.#read()
  }

  #read (): void {
    while (this.#received.length > 0 && !this.#isPaused && !this.#isClosed && !this.#isEnding) {
      this.#emit('data', this.#received.shift() as Buffer)
    }
  }

  pause (): void { this.#isPaused = true }

  resume (): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#scheduler.after(0, 'resume', () => { if (this.#isAlive()) this.#read() })
  }

  /** The bytes are the kernel's, and free to change, once `done` is called. */
  write (chunk: Buffer, done?: () => void): boolean {
    if (this.#written.length === 0) {
      this.#scheduler.after(this.#random.within(0, KERNEL_MS), 'kernel', () => { this.#flush() })
    }
    this.#written.push({ chunk, done })
    this.#isFull = this.#random.chance(KERNEL_IS_FULL)
    return !this.#isFull
  }

  #flush (): void {
    if (!this.#isAlive()) return
    const written = this.#written.splice(0)
    const bytes = Buffer.concat(written.map(({ chunk }) => chunk))
    if (bytes.length > 0 && !this.#isClosed) this.#wire.send(bytes)
    for (const { done } of written) done?.()
    if (this.#isEnding) return this.destroy()
    if (!this.#isFull) return
    this.#isFull = false
    this.#emit('drain')
  }

  end (): void { this.#isEnding = true }

  destroySoon (): void {
    this.#isEnding = true
    if (this.#written.length === 0) this.destroy()
  }

  destroy (): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#received.length = 0
    this.#wire.close()
    this.#emit('close')
  }
}
