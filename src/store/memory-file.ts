/** One descriptor of the memory disk. */
import type { DiskFile } from './disk.ts'
import type { MemoryInode } from './memory-inode.ts'
import type { MemoryProcess, Opened } from './memory-process.ts'

/** What the disk lends to its files. */
export interface FileHost {
  write (inode: MemoryInode, bytes: Buffer, position: number): void
  whenRead (run: () => void): void
  whenSynced (done: () => void): Promise<void>
}

export class MemoryFile implements DiskFile {
  readonly #inode: MemoryInode
  readonly #process: MemoryProcess
  readonly #opened: Opened
  readonly #host: FileHost

  constructor (path: string, inode: MemoryInode, process: MemoryProcess, host: FileHost) {
    this.#inode = inode
    this.#process = process
    this.#opened = process.opens(path, inode)
    this.#host = host
  }

  write (bytes: readonly Buffer[], position: number): void {
    this.#mustBeOpen()
    this.#host.write(this.#inode, Buffer.concat(bytes), position)
  }

  sync (): Promise<void> {
    const covered = this.#inode.changes
    return this.#process.using(this.#opened,
      this.#host.whenSynced(() => { this.#inode.synced(covered) }))
  }

  read (into: Buffer, position: number): number {
    this.#mustBeOpen()
    return this.#inode.read(into, position)
  }

  readAsync (into: Buffer, position: number): Promise<number> {
    return this.#process.using(this.#opened, new Promise(resolve => {
      this.#host.whenRead(
        () => { if (this.#process.isAlive()) resolve(this.#inode.read(into, position)) }
      )
    }))
  }

  size (): number {
    this.#mustBeOpen()
    return this.#inode.bytes
  }

  truncate (bytes: number): void {
    this.#mustBeOpen()
    this.#inode.truncate(bytes)
  }

  close (): void {
    if (!this.#process.isAlive()) return
    this.#process.ensureUnused(this.#opened)
    this.#process.closed(this.#opened)
  }

  #mustBeOpen (): void {
    this.#process.ensureAlive()
    this.#process.ensureOpen(this.#opened)
  }
}
