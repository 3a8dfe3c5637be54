/**
 * One process as the memory disk sees it: what it has open, and each use that a real disk may not
 * survive. LMDB crashes where an environment is closed under a reader and loses data where one is
 * opened twice (storage.md 4.1.10); the system gives the number of a closed descriptor to the next
 * file. Here such a use throws, and is kept for whoever asks afterwards.
 */
import { dirname } from 'node:path'

/** A descriptor, or an environment. */
export interface Opened {
  readonly path: string
  /** What it is of: the file's content, the environment's transactions. */
  readonly node: object
  /** Reads and syncs under way. */
  busy: number
}

/** What a value that was lent reads as once it is nobody's any more. */
const SPOILED = 0xdb

export class MemoryProcess {
  readonly isAlive: () => boolean
  readonly #misuses: string[]
  readonly #open = new Set<Opened>()
  /** Directories whose lock was given back. */
  readonly #left = new Set<string>()
  #lent: Buffer[] = []

  /** `misuses` is the disk's, for all its processes. */
  constructor (isAlive: () => boolean, misuses: string[]) {
    this.isAlive = isAlive
    this.#misuses = misuses
  }

  /** Paths, one for each descriptor and environment. */
  get held (): string[] { return [...this.#open].map(({ path }) => path).sort() }

  ensureAlive (): void {
    if (!this.isAlive()) throw Object.assign(new Error('EBADF: this process is dead'), { code: 'EBADF' })
  }

  misuse (what: string): never {
    this.#misuses.push(what)
    throw Object.assign(new Error(`EBADF: ${what}`), { code: 'EBADF' })
  }

  opens (path: string, node: object): Opened {
    if (this.#left.has(dirname(path)) || this.#left.has(dirname(dirname(path)))) {
      this.misuse(`${path} was opened after the lock was given back`)
    }
    const opened: Opened = { path, node, busy: 0 }
    this.#open.add(opened)
    return opened
  }

  opensEnvironment (path: string, node: object): Opened {
    if (this.#isOpen(node)) this.misuse(`the environment ${path} was opened twice`)
    return this.opens(path, node)
  }

  ensureOpen (opened: Opened): void {
    if (!this.#open.has(opened)) this.misuse(`${opened.path} was used after it was closed`)
  }

  /** Counts as in use until it settles. */
  async using<T> (opened: Opened, work: Promise<T>): Promise<T> {
    this.ensureOpen(opened)
    opened.busy++
    try {
      return await work
    } finally {
      opened.busy--
    }
  }

  ensureUnused (opened: Opened): void {
    this.ensureOpen(opened)
    if (opened.busy > 0) this.misuse(`${opened.path} was closed under a reader, or a sync`)
  }

  closed (opened: Opened): void { this.#open.delete(opened) }

  /** A file may go while it is open; an environment may not, nor what it is mapped from. */
  ensureNoEnvironment (path: string, node: object): void {
    if (this.#isOpen(node)) this.misuse(`the environment ${path} was unlinked while it was open`)
  }

  #isOpen (node: object): boolean {
    for (const opened of this.#open) if (opened.node === node) return true
    return false
  }

  locks (path: string): void { this.#left.delete(dirname(path)) }

  /**
   * From now on somebody else may have the directory. What hangs is not counted: it has failed. An
   * earlier misuse that nobody passed on is told again.
   */
  unlocks (path: string): void {
    this.#left.add(dirname(path))
    const [earlier] = this.#misuses
    if (earlier !== undefined) throw new Error(`EBADF: ${earlier}`)
    for (const opened of this.#open) {
      if (opened.busy === 0 && opened.path.startsWith(`${dirname(path)}/`)) {
        this.misuse(`${opened.path} is open, and the lock was given back`)
      }
    }
  }

  /** Only until the next call on any environment, or until this turn goes on elsewhere. */
  lend (value: Buffer): Buffer {
    if (this.#lent.length === 0) queueMicrotask(() => { this.recall() })
    const lent = Buffer.from(value)
    this.#lent.push(lent)
    return lent
  }

  recall (): void {
    for (const lent of this.#lent.splice(0)) lent.fill(SPOILED)
  }
}
