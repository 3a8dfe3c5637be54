/**
 * One turn of the event loop: everything appended in it, written by one journal write.
 * Table and small batches lie in one buffer, so most turns are one contiguous write.
 */
import type { Journal, JournalFile } from './journal.ts'
import {
  ENTRY_SIZE, TURN_HEADER_SIZE, writeEntry, writeTurnHeader
} from './journal-format.ts'
import type { Piece } from './tail.ts'

/** Room in front of the small batches for header and table of an ordinary turn. */
const HEADROOM = TURN_HEADER_SIZE + 1024 * ENTRY_SIZE
const SMALL_BYTES = 1024 * 1024
/**
 * A turn is written early rather than grow past these. The bytes are what a processor's cache
 * keeps: four producers of large batches are written at twice the speed of turns of 32 MB.
 */
const ENTRIES_MAX = 32 * 1024
const BODY_BYTES_MAX = 1536 * 1024

/** What a turn changes back when it cannot be written, and shows when it is. */
export interface TurnMember {
  turnWritten (): void
  turnRefused (): void
}

interface Settled {
  promise: Promise<void>
  resolve: () => void
  reject: (error: unknown) => void
}

export class Turn {
  readonly members: TurnMember[] = []
  entries = 0
  #table = Buffer.allocUnsafeSlow(ENTRY_SIZE * 1024)
  #body = Buffer.allocUnsafeSlow(HEADROOM + SMALL_BYTES)
  #smallBytes = 0
  largeBytes = 0
  #large: Piece[] = []
  #committed: Settled | undefined
  #durable: Settled | undefined

  get isEmpty (): boolean { return this.entries === 0 }
  get bytes (): number { return this.#smallBytes + this.largeBytes }

  /** False when the turn must be written before this much more is added. */
  hasRoom (smallBytes: number, largeBytes: number): boolean {
    if (this.isEmpty) return true
    return this.#smallBytes + smallBytes <= SMALL_BYTES && this.entries < ENTRIES_MAX &&
      this.bytes + smallBytes + largeBytes <= BODY_BYTES_MAX
  }

  addSmall (
    kind: number, log: number, offset: bigint, epoch: number,
    bytes: Buffer, at: number, size: number
  ): void {
    this.#entry(kind, log, offset, size, epoch)
    const start = HEADROOM + this.#smallBytes
    if (start + size > this.#body.length) this.#growBody(start + size)
    bytes.copy(this.#body, start, at, at + size)
    this.#smallBytes += size
  }

  addLarge (kind: number, log: number, offset: bigint, epoch: number, piece: Piece): void {
    this.#entry(kind, log, offset, piece.bytes, epoch)
    this.#large.push(piece)
    this.largeBytes += piece.bytes
  }

  #entry (kind: number, log: number, offset: bigint, length: number, epoch: number): void {
    const at = this.entries * ENTRY_SIZE
    if (at + ENTRY_SIZE > this.#table.length) {
      this.#table = Buffer.concat([this.#table, Buffer.allocUnsafe(this.#table.length)])
    }
    writeEntry(this.#table, at, kind, log, offset, length, epoch)
    this.entries++
  }

  #growBody (bytes: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(bytes, this.#body.length * 2))
    this.#body.copy(grown, 0, 0, HEADROOM + this.#smallBytes)
    this.#body = grown
  }

  /** Shared by everything in the turn: no promise for each batch. */
  whenCommitted (): Promise<void> {
    this.#committed ??= settled()
    return this.#committed.promise
  }

  whenDurable (): Promise<void> {
    this.#durable ??= settled()
    return this.#durable.promise
  }

  /** Writes everything by one write. Throws as the journal does. */
  write (journal: Journal, generation: number, number: bigint): JournalFile {
    const tableBytes = TURN_HEADER_SIZE + this.entries * ENTRY_SIZE
    const parts: Buffer[] = []
    if (tableBytes <= HEADROOM) {
      const start = HEADROOM - tableBytes
      this.#table.copy(this.#body, start + TURN_HEADER_SIZE, 0, this.entries * ENTRY_SIZE)
      writeTurnHeader(this.#body, start, generation, number, this.entries, this.bytes)
      parts.push(this.#body.subarray(start, HEADROOM + this.#smallBytes))
    } else {
      const head = Buffer.allocUnsafe(tableBytes)
      this.#table.copy(head, TURN_HEADER_SIZE, 0, this.entries * ENTRY_SIZE)
      writeTurnHeader(head, 0, generation, number, this.entries, this.bytes)
      parts.push(head, this.#body.subarray(HEADROOM, HEADROOM + this.#smallBytes))
    }
    for (const piece of this.#large) if (piece.source !== undefined) parts.push(piece.source)
    const bytes = tableBytes + this.bytes
    const file = journal.write(parts, bytes, number)
    this.#place(file, file.end - this.largeBytes)
    return file
  }

  #place (file: JournalFile, start: number): void {
    let position = start
    for (const piece of this.#large) {
      piece.file = file
      piece.position = position
      piece.source = undefined
      position += piece.bytes
    }
  }

  settle (journal: Journal): void {
    for (const member of this.members) member.turnWritten()
    const committed = this.#committed
    const durable = this.#durable
    this.#clear()
    committed?.resolve()
    if (durable !== undefined) journal.sync().then(durable.resolve, durable.reject)
  }

  /** The flush-mode acknowledgement without its sync: exists only to be caught by the harness. */
  settleWithoutSync (): void {
    for (const member of this.members) member.turnWritten()
    const committed = this.#committed
    const durable = this.#durable
    this.#clear()
    committed?.resolve()
    durable?.resolve()
  }

  refuse (error: unknown): void {
    for (const member of this.members) member.turnRefused()
    const committed = this.#committed
    const durable = this.#durable
    this.#clear()
    committed?.reject(error)
    durable?.reject(error)
  }

  #clear (): void {
    this.members.length = 0
    this.entries = 0
    this.#smallBytes = 0
    this.largeBytes = 0
    this.#large = []
    this.#committed = undefined
    this.#durable = undefined
    if (this.#body.length > HEADROOM + SMALL_BYTES) {
      this.#body = Buffer.allocUnsafeSlow(HEADROOM + SMALL_BYTES)
    }
  }
}

function settled (): Settled {
  let resolve: () => void = () => {}
  let reject: (error: unknown) => void = () => {}
  const promise = new Promise<void>((done, fail) => { resolve = done; reject = fail })
  return { promise, resolve, reject }
}
