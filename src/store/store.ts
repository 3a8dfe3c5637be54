/**
 * The store: the room that keeps every log (storage.md 4). Composition only; the contract
 * that the other rooms program against is `contract.ts`.
 *
 * Sizes (storage.md 4.4): large means 8 KB, files of 64 MB, a flush at 32 MB or 250 ms, as measured
 * there; free journal files up to 6 under load, because overwriting one was 20 to 30 % faster
 * than making one (store-bench, 16 x 1 KB, a noisy machine); one file is left free at rest.
 */
import { join } from 'node:path'
import type { Log, Store, StoreEnvironment, StoreStats, Table } from './contract.ts'
import { StoreError } from './error.ts'
import { Checkpoints } from './checkpoints.ts'
import { Flusher } from './flusher.ts'
import { Guard } from './guard.ts'
import { Inline } from './inline.ts'
import { kinds } from './journal-format.ts'
import { Journal } from './journal.ts'
import { StoredLog } from './log.ts'
import { defaults } from './options.ts'
import type { StoreOptions } from './options.ts'
import { Pool } from './pool.ts'
import { nameCheck, replay } from './recovery.ts'
import { Retention } from './retention.ts'
import { Rewriter } from './rewrite.ts'
import { Scrub } from './scrub.ts'
import { Search } from './search.ts'
import { StoredTable } from './table.ts'
import { Volumes } from './volumes.ts'
import { Writer } from './writer.ts'

export type {
  Log, LogRead, Store, StoreEnvironment, StoreStats, Table
} from './contract.ts'
export type { StoreOptions } from './options.ts'
export { StoreError } from './error.ts'

/** Room for the table: checkpoints of thousands of logs are a few megabytes each at the most. */
const TABLE_MAP_BYTES = 16 * 1024 * 1024 * 1024

const SPACE_CHECK_MS = 500

/** What its parts share; each names what it uses of it. */
class OpenStore implements Store {
  readonly directory: string
  readonly environment: StoreEnvironment
  readonly options: StoreOptions
  readonly guard: Guard
  readonly pool: Pool
  readonly readPool: Pool
  readonly journal: Journal
  readonly writer: Writer
  readonly search = new Search(this)
  readonly #scrub = new Scrub(this)
  readonly logs = new Map<string, StoredLog>()
  readonly logsByNumber = new Map<number, StoredLog>()
  readonly keptTable: StoredTable
  readonly volumes: Volumes
  readonly flusher: Flusher
  readonly retention: Retention
  readonly rewriter: Rewriter
  readonly inline: Inline
  readonly checkpoints: Checkpoints
  nextLogNumber = 1
  openReads = 0
  /** The last flush is being made. */
  closing = false
  closed = false
  #diskFull = false
  #spaceCheck: { cancel (): void } | undefined
  #relief: Array<() => void> = []
  readonly #lock: { release (): void }

  constructor (
    directory: string, environment: StoreEnvironment, options: StoreOptions,
    lock: { release (): void }
  ) {
    this.directory = directory
    this.environment = environment
    this.options = options
    this.#lock = lock
    this.guard = new Guard(environment, options.syncTimeoutMs)
    const { chunkBytes } = options
    this.pool = new Pool([chunkBytes >> 4, chunkBytes >> 2, chunkBytes], environment)
    this.readPool = new Pool([64 * 1024, 256 * 1024, 1024 * 1024], environment)
    const { disk } = environment
    const { mutant } = options
    this.journal = new Journal(directory, disk, this.guard, { ...options, mutant })
    this.volumes = new Volumes(directory, environment, this.guard, options)
    this.flusher = new Flusher(this)
    this.retention = new Retention(this)
    this.rewriter = new Rewriter(this)
    this.inline = new Inline(this)
    this.checkpoints = new Checkpoints(this)
    this.writer = new Writer(this.journal, this.guard, environment, mutant,
      largeBytes => { this.flusher.turnWritten(largeBytes) })
    this.keptTable = new StoredTable(
      disk.openEnvironment(join(directory, 'table.mdb'), { mapBytes: TABLE_MAP_BYTES }),
      this.guard, environment)
  }

  get table (): Table { return this.keptTable }

  /** The one way to open (R-S12): volumes, then the journal behind them, then one flush. */
  async recover (): Promise<void> {
    const { volumes, journal } = this
    volumes.createDirectory()
    journal.createDirectory()
    // R-S8: what a power loss may take with its directory is not stored, in a later start neither
    await this.guard.within('the sync of the store directory',
      this.environment.disk.syncDirectory(this.directory))
    await this.#beginTable()
    await volumes.open()
    const { covered } = volumes
    this.nextLogNumber = covered.nextLogNumber
    for (const state of volumes.states.values()) {
      const log = new StoredLog(this, state.name, state.number, state.reserve)
      log.restore(state)
      this.addLog(log)
    }
    const kept = new Map<number, number>()
    for (const volume of volumes.all.values()) {
      for (const [file, placeBytes] of volume.files) kept.set(file, placeBytes)
    }
    journal.scan(kept)
    const turns = replay(this, covered)
    this.writer.generation = covered.generation + 1
    this.journal.rotate()
    await this.flusher.flush()
    this.#scrub.start()
    this.environment.log('info', 'the store is open', { turns, logs: this.logs.size })
  }

  /** Batches without the table that goes with them, or the other way round, are no store. */
  async #beginTable (): Promise<void> {
    const { keptTable, volumes } = this
    const refuse = (what: string): StoreError => new StoreError('CORRUPT',
      `${this.directory} is not whole: ${what}; restore it from a copy`)
    const isThere = volumes.isThere()
    if (!isThere && keptTable.hasEntries) throw refuse('its volumes are gone')
    if (keptTable.isBegun) return
    // A store of before the mark has entries.
    if (isThere && !keptTable.hasEntries) throw refuse('table.mdb is gone, or empty')
    await keptTable.begin()
  }

  addLog (log: StoredLog): void {
    this.logs.set(log.name, log)
    this.logsByNumber.set(log.number, log)
    if (log.number >= this.nextLogNumber) this.nextLogNumber = log.number + 1
  }

  dropLog (log: StoredLog): void {
    this.logs.delete(log.name)
    this.logsByNumber.delete(log.number)
  }

  openLog (name: string, options?: { reserve?: boolean }): Log {
    const present = this.logs.get(name)
    if (present !== undefined) return present
    if (this.closed) throw new StoreError('CLOSED', 'the store is closed')
    const reserve = options?.reserve === true
    const log = new StoredLog(this, name, this.nextLogNumber, reserve)
    const body = Buffer.from(name)
    this.writer.create(log.number, reserve, body, nameCheck(body))
    this.addLog(log)
    this.flusher.note(log) // its turn may be covered before it has any batch
    return log
  }

  findLog (name: string): Log | undefined { return this.logs.get(name) }
  logNames (): string[] { return [...this.logs.keys()] }

  async deleteLog (name: string): Promise<void> {
    const log = this.logs.get(name)
    if (log === undefined) return
    this.writer.control(kinds.remove, log.number, 0n)
    log.applyDelete()
  }

  reserveReached (): boolean { return this.#diskFull }

  noteDiskFull (what: string): void {
    if (this.#diskFull) return
    this.#diskFull = true
    this.environment.log('error', `${what}: free some space in ${this.directory}`)
    this.#watchSpace()
  }

  /** While nothing may be written no flush comes by to look, so a timer does. */
  #watchSpace (): void {
    this.#spaceCheck = this.environment.setTimer(SPACE_CHECK_MS, () => {
      if (this.closed) return
      this.#checkSpace()
      if (this.#diskFull) this.#watchSpace()
    })
  }

  #checkSpace (): void {
    const free = this.environment.disk.freeBytes(this.directory)
    if (free < this.options.reserveBytes) this.noteDiskFull('the disk reserve is reached')
    else if (this.#diskFull) {
      this.#diskFull = false
      this.environment.log('info', 'there is space again', { free })
    }
  }

  /** After each flush: the reserve (R-S9) is looked at, and those who wait for memory go on. */
  relieve (): void {
    this.#checkSpace()
    if (this.underPressure) return
    for (const run of this.#relief.splice(0)) run()
  }

  async sync (): Promise<void> {
    this.writer.writeTurn()
    await this.journal.sync()
  }

  get underPressure (): boolean { return this.pool.heldBytes >= this.options.pendingBytesMax }

  onRelief (run: () => void): void {
    if (this.underPressure) this.#relief.push(run)
    else run()
  }

  onFailed (run: (error: StoreError) => void): void { this.guard.onFailed(run) }

  stats (): StoreStats {
    return {
      logs: this.logs.size,
      pendingBytes: this.pool.heldBytes,
      readBytes: this.readPool.heldBytes,
      volumes: this.volumes.all.size,
      journalFiles: this.journal.files.size,
      freeJournalFiles: this.journal.free.length,
      freePages: this.#freePages(),
      openReads: this.openReads,
      turns: this.writer.turns,
      bytesAppended: this.writer.bytesAppended,
      bytesWritten: this.journal.bytesWritten,
      flushes: this.flusher.flushes,
      syncs: this.journal.syncs,
      diskFull: this.#diskFull,
    }
  }

  #freePages (): number {
    if (this.closed) return 0
    let pages = this.keptTable.freePages
    for (const volume of this.volumes.all.values()) {
      if (volume.isOpen) pages += volume.environment.stats().freePages
    }
    return pages
  }

  async close (): Promise<void> {
    if (this.closing) return
    this.closing = true
    try {
      if (this.guard.failure === undefined) await this.flusher.flushLast()
    } finally {
      await this.#closeFiles()
    }
  }

  /**
   * What could not be opened whole leaves nothing open: the next try would open it twice (4.1.10).
   */
  async abandon (): Promise<void> {
    this.closing = true
    await this.#closeFiles()
  }

  /** Once whoever reads is done; who comes now is told CLOSED. */
  async #closeFiles (): Promise<void> {
    this.closed = true
    this.flusher.stop()
    this.#scrub.stop()
    this.#spaceCheck?.cancel()
    try {
      await this.keptTable.close()
      await this.volumes.close()
      await this.journal.close()
    } finally {
      this.pool.stop()
      this.readPool.stop()
      this.#lock.release()
    }
  }
}

/**
 * Opens the store in `directory`, whatever happened to it before (R-S12).
 * Rejects with LOCKED while another process has it.
 */
export async function openStore (
  directory: string, environment: StoreEnvironment, options: Partial<StoreOptions> = {}
): Promise<Store> {
  const { disk } = environment
  disk.createDirectory(directory)
  const lock = await disk.lock(join(directory, 'lock'))
  let store: OpenStore | undefined
  try {
    store = new OpenStore(directory, environment, { ...defaults, ...options }, lock)
    await store.recover()
    return store
  } catch (error) {
    if (store === undefined) lock.release()
    else await store.abandon().catch((failure: unknown) => {
      environment.log('error', `what was open of ${directory} could not be closed: ${String(failure)}`)
    })
    throw error
  }
}
