/** One LMDB environment with its durable defaults (storage.md 4.1.3). Only this file knows lmdb. */
import { open } from 'lmdb'
import type { RootDatabase, RootDatabaseOptions } from 'lmdb'
import type {
  EnvironmentOptions, KeyValueEnvironment, Mutation, RangeOptions
} from './disk.ts'

/** An option that lmdb's types do not list: bounds the freelist search (storage.md 5). */
type OpenOptions = RootDatabaseOptions & { maxFreeSpaceToLoad: number, safeRestore: boolean }

interface NativeStats { free?: number | { pages?: number }, mapSize?: number, numReaders?: number }

export class LmdbEnvironment implements KeyValueEnvironment {
  readonly #database: RootDatabase<Buffer, Buffer>
  readonly #mapBytes: number

  constructor (path: string, options: EnvironmentOptions) {
    const opening: OpenOptions = {
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      safeRestore: true, // R-S12: the boot id decides nothing
      mapSize: options.mapBytes,
      maxFreeSpaceToLoad: 200,
      readOnly: options.readOnly === true,
    }
    this.#mapBytes = options.mapBytes
    this.#database = open<Buffer, Buffer>(path, opening)
  }

  apply (mutations: readonly Mutation[]): { committed: Promise<void>, flushed: Promise<void> } {
    const promises = new Set<Promise<boolean>>()
    // One event turn of puts is one transaction, and the batch closes only with its last entry.
    for (const { key, value } of mutations) {
      promises.add(
        value === undefined ? this.#database.remove(key) : this.#database.put(key, value)
      )
    }
    // lmdb-js begins the transaction by the way, at the end of this turn, with a promise that it
    // gives to nobody
    if (promises.size > 0) setImmediate(() => { this.#database.committed.then(() => {}, () => {}) })
    const committed = Promise.all(promises).then(() => {}, explain)
    const flushed = Promise.all([committed, this.#database.flushed]).then(() => {})
    flushed.catch(() => {}) // the caller may look at `committed` alone
    return { committed, flushed }
  }

  get (key: Buffer): Buffer | undefined {
    const value = this.getFast(key)
    return value === undefined ? undefined : Buffer.from(value)
  }

  getFast (key: Buffer): Buffer | undefined {
    const value = this.#database.getBinaryFast(key)
    // lmdb-js shortens `length` of a larger buffer: only a subarray is an honest view of it
    return value?.subarray(0, value.length)
  }

  keys (range: RangeOptions): Buffer[] {
    const { start, end, reverse = false, limit } = range
    // read to its end at once: closing with an open iterator crashes the process (storage.md 5)
    return [...this.#database.getKeys({
      start, end, reverse, ...(limit === undefined ? {} : { limit }),
    })]
  }

  async prefetch (keys: readonly Buffer[]): Promise<void> {
    await this.#database.prefetch([...keys])
  }

  stats (): { freePages: number, readers: number, mapBytes: number } {
    const { free, numReaders } = this.#database.getStats() as NativeStats
    const freePages = typeof free === 'number' ? free : free?.pages ?? 0
    return { freePages, readers: numReaders ?? 0, mapBytes: this.#mapBytes }
  }

  close (): Promise<void> { return this.#database.close() }
}

/** lmdb-js hides the reason of a failed commit in a promise. */
async function explain (error: unknown): Promise<never> {
  const hidden = (error as { commitError?: Promise<unknown> }).commitError
  if (hidden !== undefined) await hidden
  throw error
}
