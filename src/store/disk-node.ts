/** The real disk: node:fs for files, lmdb for environments. */
import * as fs from 'node:fs'
import type { Disk, DiskFile, EnvironmentOptions, KeyValueEnvironment } from './disk.ts'
import { takeLock } from './lock.ts'
import { StoreError } from './error.ts'
import { lmdbFileProblem } from './lmdb-file.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'

/** The kernel takes at most this many parts in one write (IOV_MAX). */
const PARTS_MAX = 1024

class NodeFile implements DiskFile {
  readonly #descriptor: number

  constructor (descriptor: number) { this.#descriptor = descriptor }

  write (bytes: readonly Buffer[], position: number): void {
    const only = bytes.length === 1 ? bytes[0] : undefined
    if (only !== undefined) return this.#writeOne(only, position)
    let at = position
    for (let index = 0; index < bytes.length; index += PARTS_MAX) {
      const parts = bytes.slice(index, index + PARTS_MAX)
      const wanted = parts.reduce((sum, part) => sum + part.length, 0)
      const written = fs.writevSync(this.#descriptor, parts, at)
      if (written < wanted) this.#writeOne(Buffer.concat(parts).subarray(written), at + written)
      at += wanted
    }
  }

  /** After a short write the next one tells the reason. */
  #writeOne (bytes: Buffer, position: number): void {
    let done = 0
    while (done < bytes.length) {
      const written =
        fs.writeSync(this.#descriptor, bytes, done, bytes.length - done, position + done)
      if (written === 0) {
        throw Object.assign(new Error('ENOSPC: nothing was written'), { code: 'ENOSPC' })
      }
      done += written
    }
  }

  sync (): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#descriptor, error => error === null ? resolve() : reject(error))
    })
  }

  read (into: Buffer, position: number): number {
    let done = 0
    while (done < into.length) {
      const count = fs.readSync(this.#descriptor, into, done, into.length - done, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  readAsync (into: Buffer, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const step = (done: number): void => {
        fs.read(this.#descriptor, into, done, into.length - done, position + done,
          (error, count) => {
            if (error !== null) reject(error)
            else if (count === 0 || done + count === into.length) resolve(done + count)
            else step(done + count)
          })
      }
      step(0)
    })
  }

  size (): number { return fs.fstatSync(this.#descriptor).size }
  truncate (bytes: number): void { fs.ftruncateSync(this.#descriptor, bytes) }
  close (): void { fs.closeSync(this.#descriptor) }
}

/** The disk of this machine. */
export function nodeDisk (): Disk {
  return {
    createDirectory: path => { fs.mkdirSync(path, { recursive: true }) },
    list: directory => fs.readdirSync(directory),
    exists: path => fs.existsSync(path),
    create: path => new NodeFile(fs.openSync(path, 'w+')),
    open: (path, readOnly = false) => new NodeFile(fs.openSync(path, readOnly ? 'r' : 'r+')),
    rename: (from, to) => { fs.renameSync(from, to) },
    unlink: path => fs.promises.unlink(path),
    syncDirectory,
    freeBytes: directory => {
      const { bavail, bsize } = fs.statfsSync(directory)
      return bavail * bsize
    },
    lock: takeLock,
    openEnvironment: (path: string, options: EnvironmentOptions): KeyValueEnvironment => {
      // LMDB begins an empty file itself, unless it may only read.
      const { size = 0 } = fs.statSync(path, { throwIfNoEntry: false }) ?? {}
      const isReader = options.readOnly === true
      const problem = size > 0 ? lmdbFileProblem(path, isReader) : isReader ? 'it is empty' : undefined
      if (problem !== undefined) throw new StoreError('CORRUPT', `${path} is damaged: ${problem}; restore its directory from a copy`)
      return new LmdbEnvironment(path, options)
    },
  }
}

function syncDirectory (path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    fs.open(path, 'r', (error, descriptor) => {
      if (error !== null) return reject(error)
      fs.fsync(descriptor, failure => {
        fs.close(descriptor, () => failure === null ? resolve() : reject(failure))
      })
    })
  })
}
