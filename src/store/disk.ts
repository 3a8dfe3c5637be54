/**
 * The disk as the store sees it (R-S7): files and ordered key-value environments.
 * `disk-node.ts` is the real one, `disk-memory.ts` the simulator's; the same tests run on both.
 * Errors carry the system's `code` (ENOSPC, EIO, ENOENT, EEXIST).
 */

export interface DiskFile {
  /** Writes every byte at `position`, or throws: a short write throws ENOSPC. */
  write (bytes: readonly Buffer[], position: number): void
  /** fdatasync, off the event loop. A failure is final: the caller must not sync again (R-S2). */
  sync (): Promise<void>
  /** Returns the bytes read, fewer than asked for at the end of the file only. */
  read (into: Buffer, position: number): number
  readAsync (into: Buffer, position: number): Promise<number>
  size (): number
  truncate (bytes: number): void
  close (): void
}

export interface EnvironmentOptions {
  mapBytes: number
  readOnly?: boolean
}

export interface Mutation {
  key: Buffer
  /** undefined removes the key. */
  value: Buffer | undefined
}

export interface RangeOptions {
  /** Inclusive. */
  start: Buffer
  /** Exclusive, or inclusive of `start` and below in reverse. */
  end: Buffer
  reverse?: boolean
  limit?: number
}

/** An ordered key-value environment: one transaction a time, durable in order. */
export interface KeyValueEnvironment {
  /** All in one transaction. `committed`: visible here. `flushed`: on the disk. */
  apply (mutations: readonly Mutation[]): { committed: Promise<void>, flushed: Promise<void> }
  /** A copy. */
  get (key: Buffer): Buffer | undefined
  /** Valid until the next call on any environment and never past this turn. */
  getFast (key: Buffer): Buffer | undefined
  keys (range: RangeOptions): Buffer[]
  /** Loads the values' pages off the event loop. */
  prefetch (keys: readonly Buffer[]): Promise<void>
  stats (): { freePages: number, readers: number, mapBytes: number }
  /** One that only reads, and of which nothing is being loaded, is closed when this returns. */
  close (): Promise<void>
}

export interface Disk {
  createDirectory (path: string): void
  list (directory: string): string[]
  exists (path: string): boolean
  /** Creates an empty file or cuts an existing one to nothing. */
  create (path: string): DiskFile
  open (path: string, readOnly?: boolean): DiskFile
  rename (from: string, to: string): void
  /** Off the event loop: freeing a large file's blocks takes its time. */
  unlink (path: string): Promise<void>
  syncDirectory (path: string): Promise<void>
  freeBytes (directory: string): number
  /** Refuses (EEXIST) while another living process holds it; a dead one's lock is taken over. */
  lock (path: string): Promise<{ release (): void }>
  openEnvironment (path: string, options: EnvironmentOptions): KeyValueEnvironment
}
