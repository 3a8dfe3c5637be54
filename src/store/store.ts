/**
 * The store: the room that keeps every log (storage.md, section 4). Composition only; the contract
 * that the other rooms program against is `contract.ts`.
 */
import { join } from 'node:path'
import type { Log, Store, StoreEnvironment, StoreStats, Table } from './contract.ts'
import { StoreError } from './error.ts'
import { Guard } from './guard.ts'
import { kinds } from './journal-format.ts'
import { Journal } from './journal.ts'
import { StoredLog } from './log.ts'
import { defaults } from './options.ts'
import type { StoreOptions } from './options.ts'
import { Pool } from './pool.ts'
import { nameCheck, replay } from './recovery.ts'
import { Search } from './search.ts'
import type { StoreCore } from './store-core.ts'
import { StoredTable } from './table.ts'
import { Writer } from './writer.ts'

export type {
  Log, LogRead, Store, StoreEnvironment, StoreStats, Table
} from './contract.ts'
export type { StoreOptions } from './options.ts'
export { StoreError } from './error.ts'

/** Room for the table: checkpoints of thousands of logs are a few megabytes each at the most. */
const TABLE_MAP_BYTES = 16 * 1024 * 1024 * 1024

class OpenStore implements Store, StoreCore {
  readonly directory: string
  readonly environment: StoreEnvironment
  readonly options: StoreOptions
  readonly guard: Guard
  readonly pool: Pool
  readonly readPool: Pool
  readonly journal: Journal
  readonly writer: Writer
  readonly search = new Search()
  readonly logs = new Map<string, StoredLog>()
  readonly logsByNumber = new Map<number, StoredLog>()
  readonly keptTable: StoredTable
  nextLogNumber = 1
  closed = false
  private relief: Array<() => void> = []
  private readonly lock: { release (): void }

  constructor (
    directory: string, environment: StoreEnvironment, options: StoreOptions,
    lock: { release (): void }
  ) {
    this.directory = directory
    this.environment = environment
    this.options = options
    this.lock = lock
    this.guard = new Guard(environment, options.syncTimeoutMs)
    const { chunkBytes } = options
    this.pool = new Pool([chunkBytes >> 4, chunkBytes >> 2, chunkBytes])
    this.readPool = new Pool([64 * 1024, 256 * 1024, 1024 * 1024])
    const { disk } = environment
    const { mutant } = options
    this.journal = new Journal(directory, disk, this.guard, { ...options, mutant })
    this.writer = new Writer(this.journal, this.guard, environment, mutant, () => {})
    this.keptTable = new StoredTable(
      disk.openEnvironment(join(directory, 'table.mdb'), { mapBytes: TABLE_MAP_BYTES }),
      this.guard, environment)
  }

  get table (): Table { return this.keptTable }

  recover (): void {
    const turns = replay(this, { generation: 1, turn: 0n, file: 0, position: 0 })
    this.writer.generation = 1
    this.journal.rotate()
    this.environment.log('info', 'the store is open', { turns, logs: this.logs.size })
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

  reserveReached (): boolean { return false }

  async sync (): Promise<void> {
    this.writer.writeTurn()
    await this.journal.sync()
  }

  get underPressure (): boolean { return this.pool.heldBytes >= this.options.pendingBytesMax }

  onRelief (run: () => void): void {
    if (this.underPressure) this.relief.push(run)
    else run()
  }

  onFailed (run: (error: StoreError) => void): void { this.guard.onFailed(run) }

  stats (): StoreStats {
    return {
      logs: this.logs.size,
      pendingBytes: this.pool.heldBytes,
      volumes: 0,
      journalFiles: this.journal.files.size,
      freeJournalFiles: this.journal.free.length,
      freePages: this.keptTable.freePages,
      openReads: 0,
      turns: this.writer.turns,
      bytesAppended: this.writer.bytesAppended,
      bytesWritten: this.journal.bytesWritten,
      flushes: 0,
      syncs: this.journal.syncs,
      diskFull: false,
    }
  }

  async close (): Promise<void> {
    if (this.closed) return
    this.writer.writeTurn()
    this.closed = true
    await this.journal.close()
    await this.keptTable.close()
    this.lock.release()
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
  try {
    const store = new OpenStore(directory, environment, { ...defaults, ...options }, lock)
    store.recover()
    return store
  } catch (error) {
    lock.release()
    throw error
  }
}
