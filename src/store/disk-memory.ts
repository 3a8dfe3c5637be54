/**
 * The simulator's disk: files and environments in memory, what was written apart from what was
 * synced. `kill` keeps every completed write, `powerLoss` what was synced and a random part of the
 * rest; faults come on demand. Deterministic: randomness and time are the caller's. What a real
 * disk may not survive, such as the use of what is closed, throws (`memory-process.ts`).
 */
import { dirname } from 'node:path'
import type { Disk, DiskFile, EnvironmentOptions, KeyValueEnvironment } from './disk.ts'
import { StoreError } from './error.ts'
import { MemoryEnvironment, MemoryTransactions } from './memory-environment.ts'
import { MemoryFile } from './memory-file.ts'
import type { FileHost } from './memory-file.ts'
import { MemoryInode } from './memory-inode.ts'
import { MemoryProcess } from './memory-process.ts'

export interface MemoryDiskOptions {
  /** Bytes that fit; without it there is no bound. */
  capacityBytes?: number
  /** What syncs and commits take, through `setTimer`; without a timer they end at once. */
  syncDelayMs?: number
  setTimer?: (delayMs: number, run: () => void) => unknown
  /** When a read off the event loop ends; without it as syncs do. */
  whenRead?: (run: () => void) => void
}

/** What goes wrong from now on, until it is changed. */
export interface MemoryFaults {
  writeError?: string
  syncError?: string
  commitError?: string
  /** Syncs and flushes begin and never end. */
  syncsHang?: boolean
}

interface DirectoryChange { directory: string, run: (names: Map<string, Node>) => void }
type Node = MemoryInode | MemoryTransactions

export class MemoryDisk {
  faults: MemoryFaults = {}
  capacityBytes: number
  #incarnation = 0
  #directories = new Set<string>()
  /** Made, and not yet synced by the directory that they are in. */
  #unsyncedDirectories = new Set<string>()
  #names = new Map<string, Node>()
  #durableNames = new Map<string, Node>()
  #unsynced: DirectoryChange[] = []
  readonly #locks = new Set<string>()
  /** Of this incarnation. */
  #processes: MemoryProcess[] = []
  readonly #options: MemoryDiskOptions
  readonly #fileHost: FileHost = {
    write: (inode, bytes, position) => {
      this.#check('write')
      this.#write(inode, bytes, position)
    },
    whenRead: run => { this.#whenRead(run) },
    whenSynced: done => this.#whenSynced(done),
  }

  /** Uses of what was closed, opened twice or unlinked that a real disk may not survive. */
  readonly misuses: string[] = []

  constructor (options: MemoryDiskOptions = {}) {
    this.#options = options
    this.capacityBytes = options.capacityBytes ?? Number.MAX_SAFE_INTEGER
  }

  /** The disk as one process sees it: after `kill` or `powerLoss` it does nothing any more. */
  disk (): Disk {
    const process = new MemoryProcess(this.#aliveness(), this.misuses)
    this.#processes.push(process)
    const alive = <T>(run: () => T): T => {
      process.ensureAlive()
      return run()
    }
    return {
      createDirectory: path => { alive(() => { this.#createDirectory(path) }) },
      list: directory => alive(() => this.#list(directory)),
      exists: path => alive(() => this.#exists(path)),
      create: path => alive(() => this.#create(process, path)),
      open: path => alive(() => this.#open(process, path)),
      rename: (from, to) => { alive(() => { this.#rename(from, to) }) },
      unlink: async path => { alive(() => { this.#unlink(process, path) }) },
      syncDirectory: path => alive(() => this.#syncDirectory(path)),
      freeBytes: () => alive(() => this.#freeBytes()),
      lock: path => alive(() => this.#lock(process, path)),
      openEnvironment: (path, options) =>
        alive(() => this.#openEnvironment(process, path, options)),
    }
  }

  /** The process dies: every completed write stays, what it had open does nothing any more. */
  kill (): void {
    this.#end()
    // `safeRestore` goes back to the last flushed transaction, whatever the page cache has
    for (const node of new Set(this.#names.values())) {
      if (node instanceof MemoryTransactions) node.powerLoss(() => 0)
    }
  }

  /** The machine dies: what was synced stays, and of the rest what `random` (0 to 1) decides. */
  powerLoss (random: () => number): void {
    this.#end()
    const names = new Map(this.#durableNames)
    for (const change of this.#unsynced) if (random() < 0.5) change.run(names)
    this.#unsynced = []
    for (const path of this.#unsyncedDirectories) if (random() < 0.5) this.#lose(path, names)
    this.#unsyncedDirectories.clear()
    this.#names = names
    this.#durableNames = new Map(names)
    for (const node of new Set(names.values())) node.powerLoss(random)
  }

  #end (): void {
    this.#incarnation++
    this.#locks.clear()
    this.#processes = []
  }

  /** Paths of what living processes have open, one for each descriptor and environment. */
  get held (): string[] { return this.#processes.flatMap(({ held }) => held) }

  /** Paths, for whoever looks from outside of all processes. */
  filesIn (directory: string): string[] { return this.#list(directory).map(name => `${directory}/${name}`) }

  get usedBytes (): number {
    let bytes = 0
    for (const node of new Set(this.#names.values())) bytes += node.bytes
    return bytes
  }

  /** What it is given to live in is there for good; the first of a path is that. */
  #createDirectory (path: string): void {
    for (let at = path; !this.#directories.has(at) && at !== dirname(at); at = dirname(at)) {
      this.#directories.add(at)
      if (dirname(at) !== dirname(dirname(at))) this.#unsyncedDirectories.add(at)
    }
  }

  #lose (directory: string, names: Map<string, Node>): void {
    const isWithin = (path: string): boolean => path.startsWith(`${directory}/`)
    for (const path of names.keys()) if (isWithin(path)) names.delete(path)
    for (const path of this.#directories) {
      if (path === directory || isWithin(path)) this.#directories.delete(path)
    }
  }

  #list (directory: string): string[] {
    const found: string[] = []
    for (const path of this.#names.keys()) {
      if (dirname(path) === directory) found.push(path.slice(directory.length + 1))
    }
    return found.sort()
  }

  #exists (path: string): boolean {
    return this.#names.has(path) || this.#directories.has(path)
  }

  #change (directory: string, run: (names: Map<string, Node>) => void): void {
    run(this.#names)
    this.#unsynced.push({ directory, run })
  }

  #create (process: MemoryProcess, path: string): DiskFile {
    this.#check('write')
    let inode = this.#names.get(path)
    if (inode instanceof MemoryInode) inode.truncate(0)
    else {
      const made = inode = new MemoryInode()
      this.#change(dirname(path), names => { names.set(path, made) })
    }
    return new MemoryFile(path, inode, process, this.#fileHost)
  }

  #open (process: MemoryProcess, path: string): DiskFile {
    const node = this.#names.get(path)
    if (!(node instanceof MemoryInode)) throw failure('ENOENT', path)
    return new MemoryFile(path, node, process, this.#fileHost)
  }

  #rename (from: string, to: string): void {
    const node = this.#names.get(from)
    if (node === undefined) throw failure('ENOENT', from)
    this.#change(dirname(to), names => {
      names.delete(from)
      names.set(to, node)
    })
  }

  #unlink (process: MemoryProcess, path: string): void {
    const node = this.#names.get(path)
    if (node === undefined) throw failure('ENOENT', path)
    if (node instanceof MemoryTransactions) process.ensureNoEnvironment(path, node)
    this.#change(dirname(path), names => { names.delete(path) })
  }

  #syncDirectory (path: string): Promise<void> {
    const covered = this.#unsynced.filter(({ directory }) => directory === path)
    const made = [...this.#unsyncedDirectories].filter(each => dirname(each) === path)
    return this.#whenSynced(() => {
      for (const each of made) this.#unsyncedDirectories.delete(each)
      for (const change of covered) change.run(this.#durableNames)
      this.#unsynced = this.#unsynced.filter(change => !covered.includes(change))
    })
  }

  #freeBytes (): number { return this.capacityBytes - this.usedBytes }

  async #lock (process: MemoryProcess, path: string): Promise<{ release (): void }> {
    if (this.#locks.has(path)) {
      throw new StoreError('LOCKED', `${path} is held by another process: stop it first`)
    }
    this.#locks.add(path)
    process.locks(path)
    return {
      release: () => {
        if (!process.isAlive()) return
        this.#locks.delete(path)
        process.unlocks(path)
      },
    }
  }

  #openEnvironment (
    process: MemoryProcess, path: string, options: EnvironmentOptions
  ): KeyValueEnvironment {
    let node = this.#names.get(path)
    if (node === undefined) {
      if (options.readOnly === true) throw failure('ENOENT', path)
      const made = new MemoryTransactions()
      node = made
      this.#change(dirname(path), names => { names.set(path, made) })
    }
    if (!(node instanceof MemoryTransactions)) throw failure('EINVAL', path)
    return new MemoryEnvironment(path, node, options, {
      process,
      room: () => this.#freeBytes(),
      later: run => { this.#later(run) },
      whenRead: run => { this.#whenRead(run) },
      whenSynced: done => this.#whenSynced(done),
      check: operation => { this.#check(operation) },
    })
  }

  #aliveness (): () => boolean {
    const incarnation = this.#incarnation
    return () => incarnation === this.#incarnation
  }

  #check (operation: 'write' | 'sync' | 'commit'): void {
    const { writeError, syncError, commitError } = this.faults
    const code = { write: writeError, sync: syncError, commit: commitError }[operation]
    if (code !== undefined) throw failure(code, operation)
  }

  #later (run: () => void): void {
    const { setTimer, syncDelayMs = 0 } = this.#options
    if (setTimer === undefined) queueMicrotask(run)
    else setTimer(syncDelayMs, run)
  }

  #whenRead (run: () => void): void {
    const { whenRead } = this.#options
    if (whenRead === undefined) this.#later(run)
    else whenRead(run)
  }

  /** `done` makes durable what was there when the sync began. */
  #whenSynced (done: () => void): Promise<void> {
    const isAlive = this.#aliveness()
    return new Promise((resolve, reject) => {
      if (this.faults.syncsHang === true) return
      this.#later(() => {
        if (!isAlive()) return
        try {
          this.#check('sync')
          done()
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  /** A full disk takes what fits, as a real one does. */
  #write (inode: MemoryInode, bytes: Buffer, position: number): void {
    const growth = Math.max(0, position + bytes.length - inode.bytes)
    const room = this.#freeBytes()
    if (growth <= room) return inode.write(bytes, position)
    const fits = bytes.length - (growth - Math.max(0, room))
    if (fits > 0) inode.write(bytes.subarray(0, fits), position)
    throw failure('ENOSPC', 'no space left on the device')
  }
}

function failure (code: string, what: string): Error {
  return Object.assign(new Error(`${code}: ${what}`), { code })
}
