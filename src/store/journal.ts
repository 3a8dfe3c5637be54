/**
 * The journal: one write a turn, into one file (storage.md 4.1.1), files filled in order and used
 * again once everything in them is in a volume (4.1.2). This is the one place that decides what an
 * acknowledgement waits for: `write` has returned (committed), or `sync` has resolved (durable).
 */
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'
import { StoreError } from './error.ts'
import { isDiskFull } from './guard.ts'
import type { Guard } from './guard.ts'
import { encodeFileHeader, FILE_HEADER_SIZE } from './journal-format.ts'
import type { Pool, PooledBuffer } from './pool.ts'
import { Users } from './users.ts'

export interface JournalFile {
  readonly number: number
  readonly path: string
  handle: DiskFile | undefined
  /** Where the next turn goes. */
  end: number
  lastTurn: bigint
  /** Bytes of large batches in it that a volume points to: such a file is kept. */
  placeBytes: number
  /** Syncs and reads under way: its descriptor must stay open. */
  busy: number
}

export interface JournalOptions {
  journalFileBytes: number
  openFilesMax: number
  /** Breaks R-S10 on purpose, for the harness that must notice it. */
  mutant: string | undefined
}

interface SyncRound {
  promise: Promise<void>
  resolve: () => void
  reject: (error: unknown) => void
}

/** Files without places that stay: overwriting one is far cheaper than making one. */
const FREE_FILES_MAX = 6
const FREE_FILES_AT_REST = 1

export class Journal {
  readonly files = new Map<number, JournalFile>()
  readonly free: JournalFile[] = []
  current: JournalFile | undefined
  bytesWritten = 0
  syncs = 0
  #nextNumber = 1
  #running: SyncRound | undefined
  #waiting: SyncRound | undefined
  #directorySync: Promise<void> | undefined
  /** Written to since the last sync began. */
  readonly #dirty = new Set<JournalFile>()
  /** Left by the writer, and not yet known to be kept or free. */
  readonly #filled = new Set<JournalFile>()
  readonly #removals = new Set<Promise<void>>()
  readonly #keptOpen = new Set<JournalFile>()
  /** Of all files. */
  readonly #users = new Users()
  #isClosed = false
  readonly #directory: string
  readonly #disk: Disk
  readonly #guard: Guard
  readonly #options: JournalOptions

  constructor (directory: string, disk: Disk, guard: Guard, options: JournalOptions) {
    this.#directory = join(directory, 'journal')
    this.#disk = disk
    this.#guard = guard
    this.#options = options
  }

  createDirectory (): void { this.#disk.createDirectory(this.#directory) }

  /** Registers the files that are there; `kept` are those that volumes point into. */
  scan (kept: ReadonlyMap<number, number>): void {
    for (const name of this.#disk.list(this.#directory)) {
      const match = /^(\d{10})\.journal$/.exec(name)
      if (match !== null) this.#register(Number(match[1]))
    }
    for (const [number, placeBytes] of kept) {
      const file = this.files.get(number)
      if (file !== undefined) file.placeBytes = placeBytes
      if (number >= this.#nextNumber) this.#nextNumber = number + 1
    }
    // R-S8: a kill may have come before the names were synced
    if (this.files.size > 0) this.#syncDirectory()
    for (const file of this.files.values()) if (file.placeBytes === 0) this.#filled.add(file)
  }

  /** The next sync covers this file, whoever wrote to it. */
  markDirty (file: JournalFile): void { this.#dirty.add(file) }

  #register (number: number): JournalFile {
    const file: JournalFile = {
      number,
      path: join(this.#directory, `${String(number).padStart(10, '0')}.journal`),
      handle: undefined,
      end: FILE_HEADER_SIZE,
      lastTurn: -1n,
      placeBytes: 0,
      busy: 0,
    }
    this.files.set(number, file)
    if (number >= this.#nextNumber) this.#nextNumber = number + 1
    return file
  }

  /**
   * Writes one whole turn. Throws DISK_FULL with the file as it was, or FAILED.
   * Only its return makes a commit.
   */
  write (parts: readonly Buffer[], bytes: number, turn: bigint): JournalFile {
    let file = this.current
    const { journalFileBytes } = this.#options
    if (file === undefined ||
      (file.end + bytes > journalFileBytes && file.end > FILE_HEADER_SIZE)) file = this.rotate()
    const handle = this.open(file)
    try {
      handle.write(parts, file.end)
    } catch (error) {
      throw this.#refuse(file, handle, error)
    }
    this.#dirty.add(file)
    file.end += bytes
    file.lastTurn = turn
    this.bytesWritten += bytes
    return file
  }

  #refuse (file: JournalFile, handle: DiskFile, error: unknown): StoreError {
    if (!isDiskFull(error)) return this.#guard.fail('the journal could not be written', error)
    try {
      if (handle.size() > file.end) handle.truncate(file.end)
    } catch (failure) {
      return this.#guard.fail('the journal could not be cut back', failure)
    }
    return new StoreError('DISK_FULL',
      `no space left in ${this.#directory}: free some, writing then goes on by itself`, error)
  }

  /** Goes on in another file: a free one, else a new one. Throws as `write`. */
  rotate (): JournalFile {
    const left = this.current
    const isPlaceless = this.#options.mutant === 'reuse-early' && left?.placeBytes === 0
    if (left !== undefined && isPlaceless) this.free.push(left)
    if (left !== undefined) this.#filled.add(left)
    const file = this.free.shift() ?? this.#create()
    this.#begin(file)
    this.current = file
    return file
  }

  /** The same where a full disk is no error: false, and the present file goes on. */
  rotated (): boolean {
    try {
      this.rotate()
      return true
    } catch (error) {
      if (error instanceof StoreError && error.code === 'DISK_FULL') return false
      throw error
    }
  }

  /** Also a file that is used again gets its header: a power loss may have taken the first one. */
  #begin (file: JournalFile): void {
    const handle = this.open(file)
    file.end = 0
    try {
      handle.write([encodeFileHeader(file.number)], 0)
    } catch (error) {
      this.free.push(file)
      throw this.#refuse(file, handle, error)
    }
    file.end = FILE_HEADER_SIZE
    this.#dirty.add(file)
  }

  #create (): JournalFile {
    const number = this.#nextNumber
    const file = this.#register(number)
    try {
      file.handle = this.#disk.create(file.path)
    } catch (error) {
      if (!isDiskFull(error)) throw this.#guard.fail('a journal file could not be made', error)
      if (this.#disk.exists(file.path)) this.#remove(file)
      else this.files.delete(number)
      throw new StoreError('DISK_FULL', `no space left in ${this.#directory}`, error)
    }
    this.#syncDirectory()
    return file
  }

  /** R-S8: a file that a power loss may take away is no journal; `sync` waits for this. */
  #syncDirectory (): void {
    const earlier = this.#directorySync
    const mine = this.#guard.within('the sync of the journal directory',
      this.#disk.syncDirectory(this.#directory))
    const both = earlier === undefined ? mine : Promise.all([earlier, mine]).then(() => {})
    both.catch(() => {}) // the guard has told everybody
    this.#directorySync = both
  }

  /** Resolves when an fdatasync that began after this call has covered every turn before it. */
  sync (): Promise<void> {
    if (this.#guard.failure !== undefined) return Promise.reject(this.#guard.failure)
    if (this.#waiting === undefined) this.#waiting = newRound()
    const round = this.#waiting
    if (this.#running === undefined) this.#startSync()
    return round.promise
  }

  #startSync (): void {
    const round = this.#waiting
    this.#running = round
    this.#waiting = undefined
    if (round === undefined) return
    this.#syncFiles().then(() => {
      round.resolve()
      this.#startSync()
    }, error => {
      round.reject(error)
      this.#waiting?.reject(error)
      this.#waiting = undefined
      this.#running = undefined
    })
  }

  async #syncFiles (): Promise<void> {
    const work: Array<Promise<void>> = []
    for (const file of this.#dirty) work.push(this.#syncFile(file))
    this.#dirty.clear()
    const directory = this.#directorySync
    if (directory !== undefined) work.push(directory)
    await Promise.all(work)
    if (this.#directorySync === directory) this.#directorySync = undefined
  }

  async #syncFile (file: JournalFile): Promise<void> {
    this.syncs++
    // outside: a sync that does not end within its limit is under way still
    await this.#guard.within('the sync of the journal', this.#using(file, handle => handle.sync()))
  }

  /** The system gives a closed descriptor's number to the next file: nobody may still use it. */
  async #using<T> (file: JournalFile, work: (handle: DiskFile) => Promise<T>): Promise<T> {
    const handle = this.open(file)
    file.busy++
    this.#users.enter()
    try {
      return await work(handle)
    } finally {
      file.busy--
      if (this.#isClosed || !this.files.has(file.number)) this.#closeHandle(file)
      this.#closeOldest()
      this.#users.leave()
    }
  }

  #closeHandle (file: JournalFile): void {
    if (file.busy > 0) return
    file.handle?.close()
    file.handle = undefined
  }

  /** Every turn up to `covered` is in a volume and on the disk: files without places are free. */
  release (covered: bigint): void {
    if (this.#options.mutant === 'reuse-early') return
    for (const file of this.#filled) {
      if (file.lastTurn > covered) continue
      this.#filled.delete(file)
      if (file.placeBytes > 0) this.#keep(file)
      else this.#makeFree(file)
    }
  }

  /** The volume that pointed into this file is gone. */
  dropPlaces (number: number): void {
    const file = this.files.get(number)
    if (file === undefined) return
    file.placeBytes = 0
    if (file === this.current || this.#filled.has(file) || this.free.includes(file)) return
    this.#makeFree(file)
  }

  #makeFree (file: JournalFile): void {
    if (this.free.length >= FREE_FILES_MAX) this.#remove(file)
    else this.free.push(file)
  }

  /** A kept file is only read: its descriptor may be closed when many are. */
  #keep (file: JournalFile): void {
    if (file.handle === undefined) return
    this.#keptOpen.delete(file)
    this.#keptOpen.add(file)
    this.#closeOldest(file)
  }

  /** Down to the bound, but none that is in use, and not the one that is about to be. */
  #closeOldest (needed?: JournalFile): void {
    for (const oldest of this.#keptOpen) {
      if (this.#keptOpen.size <= this.#options.openFilesMax) return
      if (oldest.busy > 0 || oldest === needed) continue
      this.#closeHandle(oldest)
      this.#keptOpen.delete(oldest)
    }
  }

  /** The open file, opened again if its descriptor was given up: for use at once. Throws CLOSED. */
  open (file: JournalFile): DiskFile {
    if (this.#isClosed) throw new StoreError('CLOSED', `${file.path} is closed`)
    if (file.handle === undefined) {
      file.handle = this.#disk.open(file.path)
      this.#keep(file)
    }
    return file.handle
  }

  /**
   * Fills the bytes from a place in a file. Throws where the file ends before it: what a buffer
   * of the pool held before belongs to somebody else.
   */
  fill (file: JournalFile, into: Buffer, position: number): void {
    ensureFilled(this.open(file).read(into, position), into, file)
  }

  async fillAsync (file: JournalFile, into: Buffer, position: number): Promise<void> {
    ensureFilled(await this.#using(file, handle => handle.readAsync(into, position)), into, file)
  }

  /** The bytes from a place in a file, in memory of the pool. */
  take (file: JournalFile, position: number, bytes: number, pool: Pool): PooledBuffer {
    const buffer = pool.take(bytes)
    try {
      this.fill(file, buffer.bytes.subarray(0, bytes), position)
      return buffer
    } catch (error) {
      buffer.release()
      throw error
    }
  }

  async takeAsync (
    file: JournalFile, position: number, bytes: number, pool: Pool
  ): Promise<PooledBuffer> {
    const buffer = pool.take(bytes)
    try {
      await this.fillAsync(file, buffer.bytes.subarray(0, bytes), position)
      return buffer
    } catch (error) {
      buffer.release()
      throw error
    }
  }

  /** Leaves no more free files than a store at rest needs. */
  trimFree (): void {
    while (this.free.length > FREE_FILES_AT_REST) this.#remove(this.free.pop() as JournalFile)
  }

  /** Unlinks a file that nothing points into. */
  #remove (file: JournalFile): void {
    this.files.delete(file.number)
    this.#filled.delete(file)
    this.#dirty.delete(file)
    this.#keptOpen.delete(file)
    this.#closeHandle(file)
    const removal = this.#guard.within('the removal of a journal file', this.#disk.unlink(file.path))
      .then(() => { this.#syncDirectory() }, () => {}) // the guard has told everybody
      .finally(() => { this.#removals.delete(removal) })
    this.#removals.add(removal)
  }

  get hasSpareFiles (): boolean { return this.free.length > FREE_FILES_AT_REST }

  async close (): Promise<void> {
    await Promise.all(this.#removals)
    if (this.#guard.failure === undefined) await this.sync()
    this.#isClosed = true
    // what has failed may never end: its descriptor stays open as long
    if (this.#guard.failure === undefined) await this.#users.gone()
    for (const file of this.files.values()) this.#closeHandle(file)
  }
}

function newRound (): SyncRound {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((done, fail) => { resolve = done; reject = fail })
  promise.catch(() => {}) // whoever waits sees it; the guard has told everybody else
  return { promise, resolve, reject }
}

function ensureFilled (count: number, into: Buffer, { path }: JournalFile): void {
  if (count === into.length) return
  throw new StoreError('CORRUPT', `${path} was cut short: ${into.length} bytes wanted, ${count} there`)
}
