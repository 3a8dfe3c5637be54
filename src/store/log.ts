/**
 * One log: batches in offset order, first in volumes, then in the tail. It knows batch headers
 * only: no topics, epochs or producers. Every change is decided synchronously and is in the
 * journal before it shows.
 */
import {
  at, baseOffset, batchSize, HEADER_SIZE, lastOffset, leaderEpoch
} from '../../protocol/records/header.ts'
import type { Log, LogRead } from './contract.ts'
import { StoreError } from './error.ts'
import { kinds } from './journal-format.ts'
import { ReadBuilder } from './read.ts'
import type { StoreCore } from './store-core.ts'
import { Tail } from './tail.ts'
import type { Piece } from './tail.ts'
import type { TurnMember } from './turn.ts'
import type { PooledBuffer } from './pool.ts'

const MAGIC = 2

export class StoredLog implements Log, TurnMember {
  readonly name: string
  readonly number: number
  readonly reserve: boolean
  startOffset = 0n
  endOffset = 0n
  /** Readers see what lies below: everything whose turn is written. */
  writtenEnd = 0n
  damaged = false
  deleted = false
  readonly tail: Tail
  checkpoint: { offset: bigint, state: Buffer } | undefined
  takeCheckpoint: (() => Buffer) | undefined
  private inTurn = false
  private readonly core: StoreCore

  constructor (core: StoreCore, name: string, number: number, reserve: boolean) {
    this.core = core
    this.name = name
    this.number = number
    this.reserve = reserve
    this.tail = new Tail(core.pool, core.options.chunkBytes)
  }

  get byteSize (): number { return this.tail.bytes }

  append (bytes: Buffer, durable: boolean): Promise<void> {
    const { core } = this
    let smallBytes = 0
    try {
      this.mayWrite()
      smallBytes = this.validate(bytes)
    } catch (error) {
      return Promise.reject(error)
    }
    const turn = core.writer.turnFor(smallBytes, bytes.length - smallBytes)
    if (!this.inTurn) {
      this.inTurn = true
      this.tail.setMark()
      turn.members.push(this)
    }
    for (let at = 0; at < bytes.length;) at += this.add(bytes, at)
    return durable ? turn.whenDurable() : turn.whenCommitted()
  }

  private add (bytes: Buffer, at: number): number {
    const { core, number } = this
    const size = batchSize(bytes, at)
    const base = baseOffset(bytes, at)
    const next = lastOffset(bytes, at) + 1n
    const epoch = leaderEpoch(bytes, at)
    if (size < core.options.largeBatchBytes) {
      this.tail.addSmall(bytes, at, size, base, next)
      core.writer.turn.addSmall(kinds.small, number, base, epoch, bytes, at, size)
    } else {
      const piece = this.tail.addLarge(bytes.subarray(at, at + size), base, next)
      core.writer.turn.addLarge(kinds.large, number, base, epoch, piece)
    }
    this.endOffset = next
    return size
  }

  private mayWrite (): void {
    const { core } = this
    if (core.guard.failure !== undefined) throw core.guard.failure
    if (this.deleted || core.closed) {
      throw new StoreError('CLOSED', `log ${this.name} is ${this.deleted ? 'deleted' : 'closed'}`)
    }
    if (!this.reserve && core.reserveReached()) {
      throw new StoreError('DISK_FULL',
        `log ${this.name}: the disk's reserve is reached, free some space`)
    }
  }

  /** Checks the caller's side of the contract before anything changes; returns the small bytes. */
  private validate (bytes: Buffer): number {
    let expected = this.endOffset
    let smallBytes = 0
    for (let start = 0; start < bytes.length;) {
      const rest = bytes.length - start
      const size = rest < HEADER_SIZE ? -1 : batchSize(bytes, start)
      if (size < HEADER_SIZE || size > rest) throw this.invalid('a batch is not whole')
      if (bytes[start + at.magic] !== MAGIC) throw this.invalid('only magic 2 is stored')
      const base = baseOffset(bytes, start)
      const last = lastOffset(bytes, start)
      if (base < expected) throw this.invalid(`base offset ${base} lies below ${expected}`)
      if (last < base) throw this.invalid(`last offset ${last} lies below its base ${base}`)
      if (size < this.core.options.largeBatchBytes) smallBytes += size
      expected = last + 1n
      start += size
    }
    if (bytes.length === 0) throw this.invalid('nothing to append')
    return smallBytes
  }

  private invalid (what: string): StoreError {
    return new StoreError('INVALID', `log ${this.name}: ${what}`)
  }

  turnWritten (): void {
    this.inTurn = false
    this.writtenEnd = this.endOffset
  }

  turnRefused (): void {
    this.inTurn = false
    this.tail.undo()
    this.endOffset = this.writtenEnd
  }

  read (
    offset: bigint, end: bigint, maxBytes: number, firstWhole: boolean
  ): LogRead | Promise<LogRead> {
    const from = offset < this.startOffset ? this.startOffset : offset
    const builder = new ReadBuilder(from, end, maxBytes, firstWhole)
    this.tail.read(builder, this.writtenEnd, piece => this.readLarge(piece))
    return builder.finish()
  }

  private readLarge (piece: Piece): PooledBuffer {
    const { core } = this
    if (piece.file === undefined) throw new Error('a large batch was read before its turn')
    const buffer = core.readPool.take(piece.bytes)
    core.journal.open(piece.file).read(buffer.bytes.subarray(0, piece.bytes), piece.position)
    return buffer
  }

  firstBatchAtOrAfter (timestamp: bigint, end: bigint): Promise<Buffer | undefined> {
    return this.core.search.firstBatchAtOrAfter(this, timestamp, end)
  }

  batchWithMaxTimestamp (end: bigint): Promise<Buffer | undefined> {
    return this.core.search.batchWithMaxTimestamp(this, end)
  }

  async truncate (offset: bigint): Promise<void> {
    if (offset >= this.endOffset) return
    this.change(kinds.truncate, offset)
    this.applyTruncate(offset)
  }

  async advanceStart (offset: bigint): Promise<void> {
    if (offset <= this.startOffset) return
    this.change(kinds.start, offset)
    this.applyStart(offset)
  }

  async reset (offset: bigint): Promise<void> {
    this.change(kinds.reset, offset)
    this.applyReset(offset)
  }

  private change (kind: number, offset: bigint): void {
    if (this.deleted || this.core.closed) {
      throw new StoreError('CLOSED', `log ${this.name} is closed`)
    }
    this.core.writer.control(kind, this.number, offset)
  }

  applyTruncate (offset: bigint): void {
    this.tail.truncate(offset)
    this.endOffset = offset
    this.writtenEnd = offset
    if (this.startOffset > offset) this.startOffset = offset
  }

  applyStart (offset: bigint): void {
    this.startOffset = offset
    if (offset > this.endOffset) this.endOffset = this.writtenEnd = offset
  }

  applyReset (offset: bigint): void {
    this.tail.clear()
    this.startOffset = this.endOffset = this.writtenEnd = offset
  }

  applyDelete (): void {
    this.deleted = true
    this.tail.clear()
    this.core.dropLog(this)
  }

  onCheckpoint (take: () => Buffer): void { this.takeCheckpoint = take }
}
