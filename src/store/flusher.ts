/**
 * Carries the tails into the active volume: every flushIntervalMs, or when enough is pending; one
 * flush at a time. Batches, places, the state of their logs and the last turn that all this covers
 * are one transaction; journal files are free only when it is on the disk (R-S10).
 */
import type { Checkpoints } from './checkpoints.ts'
import { cutFrom } from './cut.ts'
import type { Mutation } from './disk.ts'
import { placeOf } from './forward.ts'
import { StoreError } from './error.ts'
import { isDiskFull } from './guard.ts'
import type { Inline } from './inline.ts'
import { batchKey, encodeIndex, indexLog, meta, metaKey } from './keys.ts'
import type { LogNeeds, StoredLog } from './log.ts'
import type { PooledBuffer } from './pool.ts'
import type { Retention } from './retention.ts'
import type { Rewriter } from './rewrite.ts'
import { encodeCovered } from './state.ts'
import type { CoveredState, LogState } from './state.ts'
import { runOf } from './tail.ts'
import type { Piece } from './tail.ts'
import { forgetLog, volumeRecord } from './volumes.ts'

interface Needs extends Omit<LogNeeds, 'checkpoints' | 'flusher' | 'retention' | 'rewriter' | 'search'> {
  readonly directory: string
  readonly retention: Retention
  readonly rewriter: Rewriter
  readonly inline: Inline
  readonly checkpoints: Checkpoints
  readonly nextLogNumber: number
  /** The last flush is being made. */
  readonly closing: boolean
  noteDiskFull (what: string): void
  /** Tells those who wait that the pressure has gone. */
  relieve (): void
}

/** What one flush carries, fixed at one moment. */
interface Captured {
  mutations: Mutation[]
  covered: CoveredState
  logs: StoredLog[]
  states: LogState[]
  removed: number[]
  held: PooledBuffer[]
  bytes: number
  places: boolean
  seal: boolean
}

const RETRY_MS = 500
/** Between two slices of copying: at most half of the time is theirs. */
const SOON_MS = 20
/** Pages of the tree that a transaction copies, beside what it puts. */
const FLUSH_MARGIN_BYTES = 256 * 1024

export class Flusher {
  flushes = 0
  #dirty: StoredLog[] = []
  #removed: number[] = []
  #extra: Mutation[] = []
  #timer: { cancel (): void } | undefined
  #running: Promise<void> | undefined
  #again = false
  #largeBytes = 0
  readonly #core: Needs

  constructor (core: Needs) { this.#core = core }

  get isRunning (): boolean { return this.#running !== undefined }

  /** A log has something that no volume has yet. */
  note (log: StoredLog): void {
    if (log.isDirty) return
    log.isDirty = true
    this.#dirty.push(log)
    this.noteAgain()
  }

  /** Something is left to do although no log has anything new. */
  noteAgain (): void { this.#timer ??= this.#startIn(this.#core.options.flushIntervalMs) }

  /** The same, but sooner: others get the disk in between, and then it goes on. */
  noteSoon (): void {
    this.#timer?.cancel()
    this.#timer = this.#startIn(Math.min(SOON_MS, this.#core.options.flushIntervalMs))
  }

  #startIn (delayMs: number): { cancel (): void } {
    return this.#core.environment.setTimer(delayMs, () => {
      this.#timer = undefined
      this.start()
    })
  }

  /** Joins the next flush, whenever that is. */
  also (mutation: Mutation): void { this.#extra.push(mutation) }

  noteRemoved (log: StoredLog): void {
    this.note(log)
    this.#removed.push(log.number)
  }

  /** Called after every turn: enough is pending, or not. */
  turnWritten (largeBytes: number): void {
    this.#largeBytes += largeBytes
    const { flushBytes } = this.#core.options
    if (this.#core.pool.heldBytes >= flushBytes || this.#largeBytes >= flushBytes * 2) this.start()
  }

  /** A flush in the background, unless one is under way: then another one after it. */
  start (): void {
    if (this.#core.guard.failure !== undefined || this.#core.closing) return
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    this.flush().catch((error: unknown) => {
      this.#core.guard.fail('a flush could not be made', error)
    })
  }

  /**
   * Resolves when everything appended before the call is in a volume, on the disk. Rejects with
   * CLOSED.
   */
  async flush (): Promise<void> {
    while (this.#running !== undefined) await this.#running
    if (this.#core.closing) throw new StoreError('CLOSED', 'the store is closing')
    await this.#flush()
  }

  /** The store closes: whoever asks for a flush from now on is told CLOSED. */
  async flushLast (): Promise<void> {
    while (this.#running !== undefined) await this.#running
    await this.#flush()
  }

  async #flush (): Promise<void> {
    this.#again = false
    const run = this.#run()
    this.#running = run
    try {
      await run
    } finally {
      this.#running = undefined
    }
    if (this.#again) this.start()
  }

  stop (): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  async #run (): Promise<void> {
    const core = this.#core
    if (core.guard.failure !== undefined) throw core.guard.failure
    this.#timer?.cancel()
    this.#timer = undefined
    const copy = await core.retention.prepare()
    await this.#quiet()
    const captured = this.#capture(copy)
    const checkpoints = core.checkpoints.take(captured.logs)
    try {
      // R-S10: the places that this transaction commits must be readable after a power loss
      if (captured.places && core.options.mutant !== 'place-before-sync') await core.journal.sync()
      await this.#put(captured.mutations)
    } finally {
      for (const buffer of captured.held) buffer.release()
    }
    await this.#quiet()
    this.#complete(captured)
    this.flushes++
    if (captured.seal) {
      await core.volumes.roll()
      core.inline.sealed()
      core.retention.sealed()
    }
    core.inline.consider(captured.covered.turn)
    core.checkpoints.keep(checkpoints)
    await core.retention.removeDead()
    if (core.journal.hasSpareFiles && !core.closing) this.noteAgain()
    core.relieve()
  }

  /** What a move leaves of an extent is weighed in its volume, which must not be closing. */
  #quiet (): Promise<void> { return this.#core.volumes.settled() }

  #capture (copy: () => Mutation[]): Captured {
    const core = this.#core
    core.writer.writeTurn()
    let seal = core.retention.sealIsDue()
    const copies = copy()
    copies.push(...core.rewriter.take())
    // files must belong to one volume: what follows the last flush of a volume goes elsewhere
    seal = seal && core.journal.rotated()
    const file = core.journal.current
    const captured: Captured = {
      mutations: core.inline.slice(),
      covered: {
        ...core.volumes.covered,
        generation: core.writer.generation,
        turn: core.writer.lastTurn,
        file: file?.number ?? 0,
        position: BigInt(file?.end ?? 0),
        nextLogNumber: core.nextLogNumber,
      },
      logs: [],
      states: [],
      removed: this.#removed,
      held: [],
      bytes: 0,
      places: copies.length > 0,
      seal,
    }
    this.#removed = []
    this.#largeBytes = 0
    const logs = this.#dirty
    this.#dirty = []
    for (const log of logs) this.#captureLog(log, captured)
    captured.mutations.push(...copies)
    for (const number of captured.removed) captured.mutations.push(...forgetLog(number))
    captured.mutations.push(...this.#extra.splice(0), volumeRecord(core.volumes.active),
      { key: metaKey(meta.covered), value: encodeCovered(captured.covered) })
    return captured
  }

  #captureLog (log: StoredLog, captured: Captured): void {
    log.isDirty = false
    if (log.deleted) return
    const { volumes } = this.#core
    const { mutations } = captured
    if (log.cutFrom !== undefined) {
      mutations.push(...cutFrom(volumes.active, log.number, log.cutFrom))
      log.cutFrom = undefined
    }
    const pieces = log.tail.capture()
    for (const piece of pieces) this.#capturePiece(log, piece, captured)
    this.#captureIndex(log, pieces, captured)
    const state = log.stateWith(pieces, volumes.active.number)
    mutations.push(...volumes.logMutations(state))
    captured.logs.push(log)
    captured.states.push(state)
  }

  #capturePiece (log: StoredLog, piece: Piece, captured: Captured): void {
    const { active } = this.#core.volumes
    const key = batchKey(log.number, piece.base)
    active.bytes += piece.bytes
    captured.bytes += piece.bytes
    if (piece.buffer !== undefined) {
      captured.held.push(piece.buffer.retain())
      captured.mutations.push({ key, value: runOf(piece) })
      return
    }
    const { file } = piece
    if (file === undefined) throw new Error('a large batch was flushed before its turn')
    file.placeBytes += piece.bytes
    active.files.set(file.number, file.placeBytes)
    captured.places = true
    captured.mutations.push({ key, value: placeOf(piece, file.number) })
  }

  #captureIndex (log: StoredLog, pieces: readonly Piece[], captured: Captured): void {
    const first = pieces[0]
    const last = pieces[pieces.length - 1]
    if (first === undefined || last === undefined) return
    let bytes = 0
    let maxTimestamp = -1n
    for (const piece of pieces) {
      bytes += piece.bytes
      if (piece.maxTimestamp > maxTimestamp) maxTimestamp = piece.maxTimestamp
    }
    captured.mutations.push({
      key: batchKey(indexLog(log.number), first.base),
      value: encodeIndex({ next: last.next, bytes: BigInt(bytes), maxTimestamp }),
    })
  }

  /** A full disk is waited out: the journal has everything. Any other error is final (R-S2). */
  async #put (mutations: readonly Mutation[]): Promise<void> {
    const core = this.#core
    let bytes = 0
    for (const { value } of mutations) bytes += value?.length ?? 0
    const needed = bytes * 2 + FLUSH_MARGIN_BYTES
    for (;;) {
      if (core.environment.disk.freeBytes(core.directory) >= needed) {
        const { committed, flushed } = core.volumes.active.environment.apply(mutations)
        const error = await core.guard.timed('a commit into the volume', committed)
          .then(() => undefined, (failure: unknown) => failure)
        if (error === undefined) return core.guard.within('a flush into the volume', flushed)
        // LMDB reports a short write as an I/O error: only a disk that is full excuses it
        const isFull = isDiskFull(error) ||
          core.environment.disk.freeBytes(core.directory) < needed
        if (!isFull) throw core.guard.fail('a commit into the volume failed', error)
      }
      core.noteDiskFull('a flush into the volume waits for space')
      await new Promise<void>(resolve => { core.environment.setTimer(RETRY_MS, resolve) })
      if (core.guard.failure !== undefined) throw core.guard.failure
    }
  }

  #complete (captured: Captured): void {
    const core = this.#core
    const { volumes } = core
    const active = volumes.active.number
    volumes.covered = captured.covered
    for (const number of captured.removed) volumes.states.delete(number)
    for (const state of captured.states) volumes.states.set(state.number, state)
    for (const log of captured.logs) log.flushed(active)
    core.rewriter.flushed()
    core.inline.flushed()
    core.journal.release(captured.covered.turn)
    if (core.closing || captured.bytes === 0) core.journal.trimFree()
  }
}
