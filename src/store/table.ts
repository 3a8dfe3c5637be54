/**
 * Small mutable state (storage.md 4.1.7, R-S11): held in memory whole, written to its own
 * environment, so that nothing is ever overwritten beside the batches. A put shows at once and
 * resolves when it is durable; what comes while a transaction is under way shares the next one.
 */
import type { StoreEnvironment, Table } from './contract.ts'
import type { KeyValueEnvironment, Mutation } from './disk.ts'
import { StoreError } from './error.ts'
import type { Guard } from './guard.ts'

interface Round { promise: Promise<void>, resolve: () => void, reject: (error: unknown) => void }

/** Keys of others than the store's user stand apart by their first byte. */
const USER = 'u'
const CHECKPOINT = 'c'
/** What the table says of itself. */
const BEGUN = 's/begun'
const FIRST_KEY = Buffer.from([0])
const LAST_KEY = Buffer.from([255])

export class StoredTable implements Table {
  readonly #values = new Map<string, Buffer>()
  readonly #pending = new Map<string, Buffer | undefined>()
  #sorted: string[] | undefined
  #waiting: Round | undefined
  #running: Promise<void> | undefined
  readonly #kept: KeyValueEnvironment
  readonly #guard: Guard
  readonly #environment: StoreEnvironment

  constructor (kept: KeyValueEnvironment, guard: Guard, environment: StoreEnvironment) {
    this.#kept = kept
    this.#guard = guard
    this.#environment = environment
    for (const key of kept.keys({ start: FIRST_KEY, end: LAST_KEY })) {
      const value = kept.get(key)
      if (value !== undefined) this.#values.set(key.toString('utf8'), value)
    }
  }

  /** Whether it was ever part of a store: one that is not may be made anew. */
  get isBegun (): boolean { return this.#values.has(BEGUN) }
  get hasEntries (): boolean {
    for (const key of this.#values.keys()) if (key.startsWith(USER)) return true
    return false
  }

  /** Resolves when that is on the disk: volumes come after. */
  begin (): Promise<void> { return this.#change(BEGUN, Buffer.from([1])) }

  get (key: string): Buffer | undefined { return this.#values.get(USER + key) }
  put (key: string, value: Buffer): Promise<void> {
    return this.#change(USER + key, Buffer.from(value))
  }

  remove (key: string): Promise<void> { return this.#change(USER + key, undefined) }

  * entries (prefix: string): Iterable<[string, Buffer]> {
    this.#sorted ??= [...this.#values.keys()].sort(byBytes)
    for (const key of this.#sorted) {
      const value = key.startsWith(USER + prefix) ? this.#values.get(key) : undefined
      if (value !== undefined) yield [key.slice(USER.length), value]
    }
  }

  checkpointOf (log: number): Buffer | undefined { return this.#values.get(CHECKPOINT + log) }
  keepCheckpoint (log: number, state: Buffer | undefined): Promise<void> {
    if (state === undefined && !this.#values.has(CHECKPOINT + log)) return Promise.resolve()
    return this.#change(CHECKPOINT + log, state)
  }

  #change (key: string, value: Buffer | undefined): Promise<void> {
    if (this.#guard.failure !== undefined) return Promise.reject(this.#guard.failure)
    if (key.length === USER.length || Buffer.byteLength(key) > 1900) {
      return Promise.reject(new StoreError('INVALID', 'a key of the table has 1 to 1,899 bytes'))
    }
    if (value === undefined) this.#values.delete(key)
    else this.#values.set(key, value)
    this.#sorted = undefined
    this.#pending.set(key, value)
    if (this.#waiting === undefined) {
      this.#waiting = newRound()
      if (this.#running === undefined) this.#environment.atTurnEnd(() => { this.#start() })
    }
    return this.#waiting.promise
  }

  #start (): void {
    const round = this.#waiting
    if (round === undefined || this.#running !== undefined) return
    this.#waiting = undefined
    const mutations: Mutation[] = []
    for (const [key, value] of this.#pending) mutations.push({ key: Buffer.from(key), value })
    this.#pending.clear()
    this.#running = this.#guard.within('a change of the table', this.#kept.apply(mutations).flushed)
      .then(() => {
        round.resolve()
        this.#running = undefined
        this.#start()
      }, (error: unknown) => {
        round.reject(error)
        this.#waiting?.reject(error)
        this.#waiting = undefined
      })
  }

  get freePages (): number { return this.#kept.stats().freePages }

  /** Resolves when everything put so far is durable. */
  async settle (): Promise<void> {
    while (this.#waiting !== undefined || this.#running !== undefined) {
      if (this.#running === undefined) this.#start()
      await this.#running
      if (this.#guard.failure !== undefined) return
    }
  }

  async close (): Promise<void> {
    await this.settle()
    await this.#kept.close()
  }
}

function byBytes (left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

function newRound (): Round {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((done, fail) => { resolve = done; reject = fail })
  return { promise, resolve, reject }
}
