/**
 * Up to where each log was compacted, kept in the store's table: what lies above is dirty. A log
 * that was cut, or whose topic is no longer compacted, begins again at its start (D25.11, D25.19).
 */
import { readInt64, writeInt64 } from '../../../protocol/records/int64.ts'
import { StoreError } from '../../store/store.ts'
import type { Log, Store } from '../../store/store.ts'

const PREFIX = 'cleaner/'
const VALUE_BYTES = 8

export class CleanOffsets {
  readonly #store: Store
  /** The log's revision for which the offset holds. */
  readonly #revisions = new WeakMap<Log, number>()

  constructor (store: Store) { this.#store = store }

  /** Undefined: the log was never compacted, or was cut since. */
  get (log: Log): bigint | undefined {
    const known = this.#revisions.get(log) ?? log.revision
    this.#revisions.set(log, known)
    const value = this.#store.table.get(PREFIX + log.name)
    if (value === undefined || value.length !== VALUE_BYTES || known !== log.revision) {
      return undefined
    }
    return readInt64(value, 0)
  }

  /**
   * Resolves when it is on the disk, together with everything that was put before. Rejects with
   * DISK_FULL before the table has to refuse it, which would stop the broker (R-S9).
   */
  async put (log: Log, offset: bigint, revision: number): Promise<void> {
    if (this.#store.stats().diskFull) throw new StoreError('DISK_FULL', 'the disk is full')
    this.#revisions.set(log, revision)
    const value = Buffer.alloc(VALUE_BYTES)
    writeInt64(value, offset, 0)
    await this.#store.table.put(PREFIX + log.name, value)
  }

  /** Forgets the logs that are gone, and those that `isCompacted` says no of. */
  async forget (isCompacted: (logName: string) => boolean): Promise<void> {
    const forgotten: string[] = []
    for (const [key] of this.#store.table.entries(PREFIX)) {
      const name = key.slice(PREFIX.length)
      if (this.#store.findLog(name) === undefined || !isCompacted(name)) forgotten.push(key)
    }
    await Promise.all(forgotten.map(key => this.#store.table.remove(key)))
  }
}
