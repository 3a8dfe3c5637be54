/** An ordered environment in memory: transactions are durable in order, as LMDB's are. */
import type {
  EnvironmentOptions, KeyValueEnvironment, Mutation, RangeOptions
} from './disk.ts'
import type { MemoryProcess, Opened } from './memory-process.ts'

export class MemoryTransactions {
  values = new Map<string, Buffer>()
  #durable = new Map<string, Buffer>()
  #unflushed: Mutation[][] = []
  #ordered: string[] | undefined
  #flushedCount = 0
  #committedCount = 0
  bytes = 0

  /** Latin-1 strings compare as their bytes do. */
  get keys (): string[] {
    this.#ordered ??= [...this.values.keys()].sort(compare)
    return this.#ordered
  }

  commit (mutations: Mutation[]): number {
    for (const mutation of mutations) this.#applyOne(mutation)
    this.#unflushed.push(mutations)
    return ++this.#committedCount
  }

  #applyOne ({ key, value }: Mutation): void {
    const name = key.toString('latin1')
    this.bytes += (value?.length ?? 0) - (this.values.get(name)?.length ?? 0)
    if (this.values.has(name) !== (value !== undefined)) this.#ordered = undefined
    apply(this.values, name, value)
  }

  flushed (transaction: number): void {
    while (this.#flushedCount < transaction) {
      this.#flushOne()
      this.#flushedCount++
    }
  }

  #flushOne (): void {
    for (const { key, value } of this.#unflushed.shift() ?? []) {
      apply(this.#durable, key.toString('latin1'), value)
    }
  }

  /** Back to the last flushed transaction, or to a later one. */
  powerLoss (random: () => number): void {
    const kept = Math.floor(random() * (this.#unflushed.length + 1))
    for (let index = 0; index < kept; index++) this.#flushOne()
    this.#unflushed = []
    this.values = new Map(this.#durable)
    this.#ordered = undefined
    this.#flushedCount = this.#committedCount
    this.bytes = 0
    for (const value of this.values.values()) this.bytes += value.length
  }
}

/** What the disk lends to its environments. */
export interface MemoryHost {
  readonly process: MemoryProcess
  room (): number
  later (run: () => void): void
  whenRead (run: () => void): void
  whenSynced (done: () => void): Promise<void>
  check (operation: 'commit'): void
}

export class MemoryEnvironment implements KeyValueEnvironment {
  #isClosing = false
  readonly #opened: Opened
  readonly #node: MemoryTransactions
  readonly #options: EnvironmentOptions
  readonly #host: MemoryHost

  constructor (
    path: string, node: MemoryTransactions, options: EnvironmentOptions, host: MemoryHost
  ) {
    this.#node = node
    this.#options = options
    this.#host = host
    this.#opened = host.process.opensEnvironment(path, node)
  }

  apply (mutations: readonly Mutation[]): { committed: Promise<void>, flushed: Promise<void> } {
    this.#mustBeOpen()
    if (this.#options.readOnly === true) throw new Error('EROFS: opened for reading')
    let transaction = 0
    const committed = new Promise<void>((resolve, reject) => {
      this.#host.later(() => {
        if (!this.#host.process.isAlive()) return
        try {
          this.#host.check('commit')
          transaction = this.#commit(mutations)
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
    const flushed = committed.then(() =>
      this.#host.whenSynced(() => { this.#node.flushed(transaction) }))
    flushed.catch(() => {}) // the caller may look at `committed` alone
    return { committed, flushed }
  }

  /** Values are copied only now: a caller that changes them too early is found out. */
  #commit (mutations: readonly Mutation[]): number {
    const bytes = mutations.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    if (bytes > this.#host.room()) {
      throw Object.assign(new Error('ENOSPC: no space left on the device'), { code: 'ENOSPC' })
    }
    return this.#node.commit(mutations.map(({ key, value }) => ({
      key: Buffer.from(key),
      value: value === undefined ? undefined : Buffer.from(value),
    })))
  }

  get (key: Buffer): Buffer | undefined {
    const value = this.#find(key)
    return value === undefined ? undefined : Buffer.from(value)
  }

  getFast (key: Buffer): Buffer | undefined {
    const value = this.#find(key)
    return value === undefined ? undefined : this.#host.process.lend(value)
  }

  #find (key: Buffer): Buffer | undefined {
    this.#mustBeOpen()
    return this.#node.values.get(key.toString('latin1'))
  }

  keys (range: RangeOptions): Buffer[] {
    this.#mustBeOpen()
    const { keys } = this.#node
    const { start, end, reverse = false, limit = Number.MAX_SAFE_INTEGER } = range
    const first = start.toString('latin1')
    const stop = end.toString('latin1')
    const found: Buffer[] = []
    const step = reverse ? -1 : 1
    for (let at = this.#seek(first, reverse); found.length < limit; at += step) {
      const key = keys[at]
      if (key === undefined || (reverse ? key <= stop : key >= stop)) break
      found.push(Buffer.from(key, 'latin1'))
    }
    return found
  }

  /** Index of the first key at or above `key`; in reverse of the last one at or below it. */
  #seek (key: string, reverse: boolean): number {
    const { keys } = this.#node
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((keys[middle] as string) < key) low = middle + 1
      else high = middle
    }
    return reverse && keys[low] !== key ? low - 1 : low
  }

  prefetch (): Promise<void> {
    this.#mustBeOpen()
    const { process } = this.#host
    return process.using(this.#opened, new Promise(resolve => {
      this.#host.whenRead(() => { if (process.isAlive()) resolve() })
    }))
  }

  stats (): { freePages: number, readers: number, mapBytes: number } {
    this.#mustBeOpen()
    return { freePages: 0, readers: 0, mapBytes: this.#options.mapBytes }
  }

  /** Until it resolves, one that writes is open for whoever would open it again. */
  close (): Promise<void> {
    const { process } = this.#host
    if (!process.isAlive()) return Promise.resolve()
    this.#mustBeOpen()
    process.ensureUnused(this.#opened)
    this.#isClosing = true
    if (this.#options.readOnly === true) {
      process.closed(this.#opened)
      return Promise.resolve()
    }
    return new Promise(resolve => {
      this.#host.later(() => {
        if (!process.isAlive()) return
        process.closed(this.#opened)
        resolve()
      })
    })
  }

  /** What was lent before is nobody's from now on. */
  #mustBeOpen (): void {
    const { process } = this.#host
    process.ensureAlive()
    process.recall()
    if (this.#isClosing) process.misuse(`${this.#opened.path} was used after it was closed`)
    process.ensureOpen(this.#opened)
  }
}

function compare (left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

function apply (values: Map<string, Buffer>, name: string, value: Buffer | undefined): void {
  if (value === undefined) values.delete(name)
  else values.set(name, value)
}
