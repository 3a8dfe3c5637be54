/**
 * A disk that is only read: what the store writes while it opens (it recovers, and flushes what it
 * has recovered) stays in memory and is gone afterwards. So what is shown is what a broker would
 * find, by the same code, and not a byte of it changes.
 */
import type {
  Disk, DiskFile, EnvironmentOptions, KeyValueEnvironment, Mutation, RangeOptions,
} from '../../store/disk.ts'
import { nodeDisk } from '../../store/disk-node.ts'

const SPACE_BYTES = Number.MAX_SAFE_INTEGER

export interface ReadOnlyDisk {
  readonly disk: Disk
  /** After the store that was opened on it. */
  close (): Promise<void>
}

/** `base` is what is read. The caller sees to it that nobody writes there meanwhile. */
export function readOnlyDisk (base: Disk = nodeDisk()): ReadOnlyDisk {
  const files = new Map<string, MemoryFile>()
  const environments = new Map<string, LayeredEnvironment>()
  return {
    disk: layered(base, files, environments),
    close: async () => {
      for (const environment of environments.values()) await environment.end()
    },
  }
}

function layered (
  base: Disk, files: Map<string, MemoryFile>, environments: Map<string, LayeredEnvironment>
): Disk {
  const gone = new Set<string>()
  const isInMemory = (path: string): boolean => files.has(path) || environments.has(path)
  const exists = (path: string): boolean =>
    isInMemory(path) || (!gone.has(path) && base.exists(path))
  const move = <T>(things: Map<string, T>, from: string, to: string): void => {
    const thing = things.get(from)
    if (thing !== undefined) things.set(to, thing)
    things.delete(from)
  }
  return {
    createDirectory: () => {},
    list: directory => {
      const stored = base.exists(directory) ? base.list(directory) : []
      const own = [...files.keys(), ...environments.keys()].filter(path => path.startsWith(`${directory}/`))
        .map(path => path.slice(directory.length + 1)).filter(name => !name.includes('/'))
      return [...new Set([...stored, ...own])].filter(name => exists(`${directory}/${name}`))
    },
    exists,
    create: path => fileAt(files, path, new MemoryFile()),
    open: path => files.get(path) ?? fileAt(files, path, new MemoryFile(base.open(path, true))),
    rename: (from, to) => {
      move(files, from, to)
      move(environments, from, to)
      gone.add(from)
    },
    unlink: async path => {
      files.delete(path)
      environments.delete(path)
      gone.add(path)
    },
    syncDirectory: async () => {},
    freeBytes: () => SPACE_BYTES,
    lock: async () => ({ release: () => {} }),
    openEnvironment: (path, options) => {
      const known = environments.get(path)
      if (known !== undefined) return known
      const below = !gone.has(path) && base.exists(path)
        ? base.openEnvironment(path, { ...options, readOnly: true })
        : undefined
      const opened = new LayeredEnvironment(below, options)
      environments.set(path, opened)
      return opened
    },
  }
}

function fileAt (files: Map<string, MemoryFile>, path: string, file: MemoryFile): MemoryFile {
  files.set(path, file)
  return file
}

/** A file that is read until it is written to; from then on it is a copy in memory. */
class MemoryFile implements DiskFile {
  readonly #below: DiskFile | undefined
  #bytes: Buffer | undefined

  constructor (below?: DiskFile) {
    this.#below = below
    if (below === undefined) this.#bytes = Buffer.alloc(0)
  }

  #own (): Buffer {
    if (this.#bytes === undefined) {
      this.#bytes = Buffer.alloc(this.#below?.size() ?? 0)
      this.#below?.read(this.#bytes, 0)
    }
    return this.#bytes
  }

  write (bytes: readonly Buffer[], position: number): void {
    const all = Buffer.concat(bytes)
    const own = this.#own()
    const end = position + all.length
    const grown = end > own.length ? Buffer.concat([own, Buffer.alloc(end - own.length)]) : own
    all.copy(grown, position)
    this.#bytes = grown
  }

  async sync (): Promise<void> {}

  read (into: Buffer, position: number): number {
    if (this.#bytes === undefined) return this.#below?.read(into, position) ?? 0
    return this.#bytes.copy(into, 0, Math.min(position, this.#bytes.length))
  }

  async readAsync (into: Buffer, position: number): Promise<number> {
    return this.read(into, position)
  }
  size (): number { return this.#bytes?.length ?? this.#below?.size() ?? 0 }

  truncate (bytes: number): void {
    const own = this.#own()
    const more = Math.max(0, bytes - own.length)
    this.#bytes = Buffer.concat([own.subarray(0, bytes), Buffer.alloc(more)])
  }

  close (): void { this.#below?.close() }
}

/**
 * What is stored, under what was changed since: by keys as Latin-1, which orders them as their
 * bytes.
 */
class LayeredEnvironment implements KeyValueEnvironment {
  readonly #below: KeyValueEnvironment | undefined
  readonly #changes = new Map<string, Buffer | undefined>()
  readonly #mapBytes: number

  constructor (below: KeyValueEnvironment | undefined, { mapBytes }: EnvironmentOptions) {
    this.#below = below
    this.#mapBytes = mapBytes
  }

  apply (mutations: readonly Mutation[]): { committed: Promise<void>, flushed: Promise<void> } {
    for (const { key, value } of mutations) {
      this.#changes.set(key.toString('latin1'), value === undefined ? undefined : Buffer.from(value))
    }
    return { committed: Promise.resolve(), flushed: Promise.resolve() }
  }

  get (key: Buffer): Buffer | undefined {
    const name = key.toString('latin1')
    return this.#changes.has(name) ? this.#changes.get(name) : this.#below?.get(key)
  }

  getFast (key: Buffer): Buffer | undefined { return this.get(key) }

  keys (range: RangeOptions): Buffer[] {
    const { start, end, reverse = false, limit = Number.MAX_SAFE_INTEGER } = range
    const [from, to] = [start.toString('latin1'), end.toString('latin1')]
    const isInside = (name: string): boolean =>
      reverse ? name <= from && name > to : name >= from && name < to
    const changed = [...this.#changes.keys()].filter(isInside)
    // As many more as may turn out to be removed.
    const more = range.limit === undefined ? {} : { limit: range.limit + changed.length }
    const stored = this.#below?.keys({ ...range, ...more }) ?? []
    const names = new Set([...stored.map(key => key.toString('latin1')), ...changed])
    const ordered = [...names].filter(
      name => !this.#changes.has(name) || this.#changes.get(name) !== undefined
    ).sort()
    return (reverse ? ordered.reverse() : ordered).slice(0, limit).map(name => Buffer.from(name, 'latin1'))
  }

  async prefetch (keys: readonly Buffer[]): Promise<void> {
    await this.#below?.prefetch(keys.filter(key => !this.#changes.has(key.toString('latin1'))))
  }

  stats (): { freePages: number, readers: number, mapBytes: number } {
    return { freePages: 0, readers: 0, mapBytes: this.#mapBytes }
  }

  /** Opened again it must still be there: the store closes and opens volumes as it likes. */
  async close (): Promise<void> {}

  async end (): Promise<void> { await this.#below?.close() }
}
