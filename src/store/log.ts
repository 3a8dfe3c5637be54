/**
 * One log: batches in offset order, first in volumes, then in the tail. It knows batch headers
 * only: no topics, epochs or producers. Every change is decided synchronously and is in the
 * journal before it shows.
 */
import { baseOffset, batchSize, lastOffset, leaderEpoch } from '../../protocol/records/header.ts'
import { checkBatches } from './append-check.ts'
import type { Checked } from './append-check.ts'
import type { BytesAtHand } from '../../protocol/bytes-to-come.ts'
import type { Checkpoint, Log, LogRead } from './contract.ts'
import type { Unit } from './deferred-read.ts'
import { StoreError } from './error.ts'
import { append, bytesOf, extentAt, min, moved } from './extents.ts'
import type { Extent, Extents } from './extents.ts'
import { headerAt } from './header-at.ts'
import { kinds } from './journal-format.ts'
import type { NeedsOfLogs } from './needs.ts'
import { ReadBuilder } from './read.ts'
import { extentsSince, missingVolume, readWithin } from './read-within.ts'
import type { LogState } from './state.ts'
import { bytesOfPieceBelow, Tail } from './tail.ts'
import type { Piece } from './tail.ts'
import type { TurnMember } from './turn.ts'
import type { PooledBuffer } from './pool.ts'
import type { Volume } from './volume.ts'

/** What a log uses of the store. */
export type LogNeeds = NeedsOfLogs<StoredLog>

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
  /** What lies in volumes; the tail goes on where it ends. */
  extents: Extents = []
  /** The flusher knows of it. */
  isDirty = false
  /** What the active volume still has from this base offset on was dropped. */
  cutFrom: bigint | undefined
  /** What the flush under way puts into the active volume, in the place of what lies elsewhere. */
  moving: Extent | undefined
  /** Moves with every cut: what was read before may be there no more. */
  revision = 0
  takeCheckpoint: (() => Buffer | undefined) | undefined
  #inTurn = false
  readonly #core: LogNeeds

  constructor (core: LogNeeds, name: string, number: number, reserve: boolean) {
    this.#core = core
    this.name = name
    this.number = number
    this.reserve = reserve
    this.tail = new Tail(core.pool, core.options.chunkBytes)
  }

  get byteSize (): number {
    return bytesOf(this.extents) + this.tail.bytes - this.tail.bytesBelow(this.startOffset)
  }

  append (bytes: Buffer, durable: boolean): Promise<void> {
    const core = this.#core
    let checked: Checked
    try {
      this.#mayWrite()
      checked = checkBatches(this.name, bytes, this.endOffset, core.options.largeBatchBytes)
    } catch (error) {
      return Promise.reject(error)
    }
    const { smallBytes, end } = checked
    const turn = core.writer.turnFor(smallBytes, bytes.length - smallBytes)
    if (!this.#inTurn) {
      this.#inTurn = true
      this.tail.setMark()
      turn.members.push(this)
    }
    const first = batchSize(bytes)
    if (first === bytes.length) this.#add(bytes, 0, first, baseOffset(bytes), end)
    else this.#addAll(bytes)
    return durable ? turn.whenDurable() : turn.whenCommitted()
  }

  #addAll (bytes: Buffer): void {
    for (let at = 0; at < bytes.length;) {
      const size = batchSize(bytes, at)
      this.#add(bytes, at, size, baseOffset(bytes, at), lastOffset(bytes, at) + 1n)
      at += size
    }
  }

  #add (bytes: Buffer, at: number, size: number, base: bigint, next: bigint): void {
    const core = this.#core
    const epoch = leaderEpoch(bytes, at)
    if (size < core.options.largeBatchBytes) {
      this.tail.addSmall(bytes, at, size, base, next)
      core.writer.turn.addSmall(kinds.small, this.number, base, epoch, bytes, at, size)
    } else {
      const whole = size === bytes.length ? bytes : bytes.subarray(at, at + size)
      const piece = this.tail.addLarge(whole, base, next)
      core.writer.turn.addLarge(kinds.large, this.number, base, epoch, piece)
    }
    this.endOffset = next
  }

  #mayWrite (): void {
    const core = this.#core
    if (core.guard.failure !== undefined) throw core.guard.failure
    if (this.deleted || core.closed) {
      throw new StoreError('CLOSED', `log ${this.name} is ${this.deleted ? 'deleted' : 'closed'}`)
    }
    if (!this.reserve && core.reserveReached()) {
      throw new StoreError('DISK_FULL', `log ${this.name}: the disk's reserve is reached, free some space`)
    }
  }

  turnWritten (): void {
    this.#inTurn = false
    this.writtenEnd = this.endOffset
    this.#core.flusher.note(this)
  }

  turnRefused (): void {
    this.#inTurn = false
    this.tail.undo()
    this.endOffset = this.writtenEnd
  }

  read (
    offset: bigint, end: bigint, maxBytes: number, firstWhole: boolean, atHandMax = Infinity
  ): LogRead | Promise<LogRead> {
    const from = offset < this.startOffset ? this.startOffset : offset
    return this.#readOn(new ReadBuilder(this, from, { end, maxBytes, firstWhole, atHandMax }))
  }

  readFound ({ offset, next, bytes }: Readonly<Unit>, found: Extents): LogRead | Promise<LogRead> {
    const limits = { end: next, maxBytes: bytes, firstWhole: true, atHandMax: Infinity }
    return this.#readOn(new ReadBuilder(this, offset, limits), found)
  }

  readWithin (
    unit: Readonly<Unit>, found: Extents, at: number, bytes: number
  ): BytesAtHand | Promise<BytesAtHand> {
    return readWithin(this, this.#core, unit, found, at, bytes)
  }

  #readOn (into: ReadBuilder, found?: Extents): LogRead | Promise<LogRead> {
    try {
      return this.#readFrom(into, found)
    } catch (error) {
      return into.failed(error)
    }
  }

  #readFrom (into: ReadBuilder, found?: Extents): LogRead | Promise<LogRead> {
    const extents = found === undefined ? this.extents : extentsSince(found, this.extents)
    if (into.offset >= into.end) return into.finish()
    for (let index = extentAt(extents, into.offset); index < extents.length; index++) {
      const extent = extents[index] as Extent
      if (into.full || extent.from >= into.end) return into.finish()
      if (extent.from > into.offset) into.offset = extent.from
      if (extent.bytes === 0) {
        into.offset = extent.to
        continue
      }
      const volume = this.#core.volumes.opened(extent.volume)
      if (volume === undefined) throw missingVolume(this, extent)
      const isCold = volume.sealed || volume.closing !== undefined
      if (isCold) return this.#readCold(into, volume, extent, found)
      volume.read(extent, into, this.#core.journal, this.#core.readPool)
    }
    if (!into.full) this.tail.read(into, this.writtenEnd, piece => this.#readLarge(piece))
    return into.finish()
  }

  /** Loads off the event loop, then goes on with whatever follows. */
  async #readCold (
    into: ReadBuilder, volume: Volume, extent: Extent, found?: Extents
  ): Promise<LogRead> {
    const core = this.#core
    core.openReads++
    try {
      await volume.readCold(extent, into, core.journal, core.readPool)
      return await this.#readOn(into, found)
    } catch (error) {
      return into.failed(error)
    } finally {
      core.openReads--
    }
  }

  /** R-S6: told, and never mended here. */
  noteDamage (problem: string, offset: bigint): void {
    this.damaged = true
    this.#core.flusher.note(this) // the mark survives a restart
    this.#core.environment.log('error', `${problem}: fetch this replica again`, { log: this.name, offset })
  }

  /** The damage of one log is none of the flush, nor of the others; every other error goes on. */
  noteUnreadable (error: unknown, offset: bigint): void {
    if (!(error instanceof StoreError) || error.code !== 'CORRUPT') throw error
    this.noteDamage(error.message, offset)
  }

  #readLarge (piece: Piece): PooledBuffer {
    const core = this.#core
    if (piece.file === undefined) throw new Error('a large batch was read before its turn')
    return core.journal.take(piece.file, piece.position, piece.bytes, core.readPool)
  }

  firstBatchAtOrAfter (timestamp: bigint, end: bigint, from?: bigint): Promise<Buffer | undefined> {
    return this.#core.search.firstBatchAtOrAfter(this, timestamp, end, from)
  }

  batchWithMaxTimestamp (end: bigint, from?: bigint): Promise<Buffer | undefined> {
    return this.#core.search.batchWithMaxTimestamp(this, end, from)
  }

  async truncate (offset: bigint): Promise<void> {
    await this.ready()
    if (offset >= this.endOffset) return
    this.#change(kinds.truncate, offset)
    this.applyTruncate(offset)
  }

  async advanceStart (offset: bigint): Promise<void> {
    await this.ready()
    if (offset <= this.startOffset) return
    this.#change(kinds.start, offset)
    this.applyStart(offset)
  }

  /** Compaction: see `rewrite.ts`. */
  rewrite (
    range: { from: bigint, to: bigint, revision: number }, batches: readonly Buffer[]
  ): Promise<boolean> {
    return this.#core.rewriter.rewrite(this, range, batches)
  }

  async reset (offset: bigint): Promise<void> {
    await this.ready()
    this.#change(kinds.reset, offset)
    this.applyReset(offset)
  }

  ready (): Promise<void> { return this.#core.volumes.settled() }

  #change (kind: number, offset: bigint): void {
    const isClosed = this.deleted || this.#core.closed
    if (isClosed) throw new StoreError('CLOSED', `log ${this.name} is closed`)
    this.#core.writer.control(kind, this.number, offset)
  }

  #changed (): void {
    this.#core.retention.noteShrunk()
    this.#core.flusher.note(this)
  }

  applyTruncate (offset: bigint): void {
    this.revision++
    let cut = min(this.tail.truncate(offset) ?? offset, offset)
    for (let last = this.extents.at(-1); last !== undefined && last.to > offset;) {
      const rest = this.extents.slice(0, -1)
      const to = min(this.#firstDropped(last, offset) ?? offset, offset)
      cut = min(cut, to)
      if (to > last.from) {
        this.extents = [...rest, { ...last, to, bytes: this.#bytesBelow(last, to) }]
        break
      }
      this.extents = rest
      last = rest.at(-1)
    }
    // what lies below the start may be in the volume still, so it is cut in every case
    this.cutFrom = min(this.cutFrom ?? cut, cut)
    this.endOffset = this.writtenEnd = offset
    if (this.startOffset > offset) this.startOffset = offset
    this.#changed()
  }

  #firstDropped (extent: Extent, offset: bigint): bigint | undefined {
    if (extent.from >= offset) return extent.from
    if (extent.bytes === 0) return undefined
    return this.#core.volumes.opened(extent.volume)?.firstDropped(extent, offset)
  }

  #bytesBelow (extent: Extent, offset: bigint): number {
    if (extent.bytes === 0) return 0
    return this.#core.volumes.opened(extent.volume)?.bytesBelow(extent, offset) ?? 0
  }

  applyStart (offset: bigint): void {
    this.startOffset = offset
    if (offset > this.endOffset) this.endOffset = this.writtenEnd = offset
    this.#trim()
    this.#changed()
  }

  /** Lets go of what lies wholly below the start. */
  #trim (): void {
    const start = this.startOffset
    const kept = this.extents.filter(({ to }) => to > start)
    const first = kept[0]
    if (first !== undefined && first.from < start) {
      const bytes = first.bytes - this.#bytesBelow(first, start)
      kept[0] = { ...first, from: start, bytes }
    }
    this.extents = kept
  }

  applyReset (offset: bigint): void {
    this.revision++
    this.tail.clear()
    this.extents = []
    this.cutFrom = 0n
    this.startOffset = this.endOffset = this.writtenEnd = offset
    this.#changed()
  }

  applyDelete (): void {
    this.deleted = true
    this.tail.clear()
    this.extents = []
    this.#core.dropLog(this)
    this.#core.retention.noteShrunk()
    this.#core.flusher.noteRemoved(this)
  }

  /** The state that a flush with these pieces leaves behind. */
  stateWith (pieces: readonly Piece[], active: number): LogState {
    return {
      name: this.name,
      number: this.number,
      reserve: this.reserve,
      damaged: this.damaged,
      start: this.startOffset,
      end: this.writtenEnd,
      extents: this.#extentsWith(pieces, active),
    }
  }

  #extentsWith (pieces: readonly Piece[], volume: number): Extents {
    let { extents } = this
    if (this.moving !== undefined) {
      extents = moved(extents, this.moving, this.startOffset,
        (extent, offset) => this.#bytesBelow(extent, offset))
    }
    for (const piece of pieces) {
      if (piece.next <= this.startOffset) continue
      const from = piece.base > this.startOffset ? piece.base : this.startOffset
      const { next: to, maxTimestamp } = piece
      const bytes = piece.bytes - bytesOfPieceBelow(piece, this.startOffset)
      extents = append(extents, { volume, keys: this.number, from, to, bytes, maxTimestamp })
    }
    return extents
  }

  /** The flush that took the captured pieces, cut as they may be since, is on the disk. */
  flushed (active: number): void {
    if (this.deleted) return
    this.extents = this.#extentsWith(this.tail.captured, active)
    this.tail.dropCaptured()
    this.moving = undefined
  }

  replayed (end: bigint): void {
    this.endOffset = this.writtenEnd = end
    this.#core.flusher.note(this)
  }

  restore (state: LogState): void {
    this.extents = state.extents
    this.damaged = state.damaged
    this.startOffset = state.start
    this.endOffset = this.writtenEnd = state.end
  }

  /** Header of the last batch, if any is left. */
  lastHeader (): Buffer | undefined {
    return this.endOffset > 0n ? this.headerAt(this.endOffset - 1n, true) : undefined
  }

  /** Header of the batch that holds `offset`, or of the last one below it. */
  headerAt (offset: bigint, orBelow = false): Buffer | undefined {
    return headerAt(this, this.#core, offset, orBelow)
  }

  get checkpoint (): Checkpoint | undefined { return this.#core.checkpoints.find(this) }

  onCheckpoint (take: () => Buffer | undefined, isDue = false): void {
    this.takeCheckpoint = take
    if (isDue) this.#core.checkpoints.noteDue(this)
  }

  checkpointSoon (): number { return this.#core.checkpoints.force(this) }
}
