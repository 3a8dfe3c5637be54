/**
 * Checkpoints of state that owners derive from their logs: taken while a flush is fixed, kept in
 * the table after that flush is on the disk, so that none is ever ahead of its log.
 */
import assert from 'node:assert'
import { s32be, struct, u32be } from 'buffer-layout'
import { at, baseOffset, leaderEpoch } from '../../protocol/records/header.ts'
import { s64be } from '../../protocol/records/int64.ts'
import type { Checkpoint } from './contract.ts'
import type { LogNeeds, StoredLog } from './log.ts'
import type { StoredTable } from './table.ts'

interface Needs extends Pick<LogNeeds, 'flusher' | 'options' | 'volumes' | 'writer'> {
  readonly closing: boolean
  readonly keptTable: StoredTable
}

interface CheckpointHead { offset: bigint, base: bigint, epoch: number, crc: number }

const headLayout = struct<CheckpointHead>([
  s64be('offset'), s64be('base'), s32be('epoch'), u32be('crc'),
])
assert.equal(headLayout.span, 24)

export interface TakenCheckpoint { log: StoredLog, value: Buffer, number: number }

export class Checkpoints {
  readonly #due = new Set<StoredLog>()
  readonly #forced = new Set<StoredLog>()
  /** On their way to the disk. */
  readonly #unsettled = new Set<Buffer>()
  /** Those of this run of the store, in the order in which they were taken. */
  readonly #numbers = new WeakMap<Buffer, number>()
  #lastNumber = 0
  #bytes = 0
  readonly #core: Needs

  constructor (core: Needs) { this.#core = core }

  /**
   * With the next flush, however little was appended since the last one; the least number that it
   * can have. A flush under way may yet keep one that was taken before, with a smaller number.
   */
  force (log: StoredLog): number {
    this.#forced.add(log)
    this.#core.flusher.note(log)
    return this.#lastNumber + 1
  }

  /** One is taken the next time that some are. */
  noteDue (log: StoredLog): void { this.#due.add(log) }

  /** Called while a flush is fixed; `logs` are those that it carries. */
  take (logs: readonly StoredLog[]): TakenCheckpoint[] {
    const core = this.#core
    for (const log of logs) if (log.takeCheckpoint !== undefined) this.#due.add(log)
    if (core.writer.bytesAppended - this.#bytes >= core.options.checkpointBytes || core.closing) {
      this.#bytes = core.writer.bytesAppended
      this.#forced.clear()
      return this.#taken(this.#due)
    }
    for (const log of this.#forced) this.#due.delete(log)
    return this.#taken(this.#forced)
  }

  #taken (logs: Set<StoredLog>): TakenCheckpoint[] {
    const taken: TakenCheckpoint[] = []
    for (const log of logs) {
      if (log.deleted || log.takeCheckpoint === undefined) continue
      const state = log.takeCheckpoint()
      // its owner is deriving the state again: another time
      if (state === undefined) continue
      const last = this.#lastHeaderOf(log)
      if (last === 'damaged') continue
      const head = Buffer.alloc(headLayout.span)
      headLayout.encode({
        offset: log.endOffset,
        base: last === undefined ? -1n : baseOffset(last),
        epoch: last === undefined ? -1 : leaderEpoch(last),
        crc: last === undefined ? 0 : last.readUInt32BE(at.crc),
      }, head)
      taken.push({ log, value: Buffer.concat([head, state]), number: ++this.#lastNumber })
    }
    logs.clear()
    return taken
  }

  #lastHeaderOf (log: StoredLog): Buffer | 'damaged' | undefined {
    try {
      return log.lastHeader()
    } catch (error) {
      log.noteUnreadable(error, log.endOffset)
      return 'damaged'
    }
  }

  /** The data below them is on the disk now. */
  keep (taken: readonly TakenCheckpoint[]): void {
    for (const { log, value, number } of taken) {
      if (log.deleted) continue
      // a log that was cut meanwhile: the check at open would refuse it, so it need not be written
      const { offset } = headLayout.decode(value)
      if (offset > log.endOffset) continue
      this.#unsettled.add(value)
      this.#numbers.set(value, number)
      this.#core.keptTable.keepCheckpoint(log.number, value)
        .then(() => { this.#unsettled.delete(value) }, () => {}) // the guard has told
    }
  }

  /**
   * The newest checkpoint, if it is not ahead of the log and its last batch is still the same; none
   * while a volume is being closed for its sealing, which cannot be read.
   */
  find (log: StoredLog): Checkpoint | undefined {
    if (!this.#core.volumes.isSettled) return undefined
    const value = this.#core.keptTable.checkpointOf(log.number)
    if (value === undefined || value.length < headLayout.span) return undefined
    const { offset, base, epoch, crc } = headLayout.decode(value)
    if (offset > log.endOffset || offset < log.startOffset) return undefined
    const found = {
      offset,
      state: value.subarray(headLayout.span),
      number: this.#numbers.get(value) ?? 0,
      isDurable: !this.#unsettled.has(value),
    }
    if (base < 0n) return found
    const header = log.headerAt(base)
    if (header === undefined) return base < log.startOffset ? found : undefined
    const same = baseOffset(header) === base && leaderEpoch(header) === epoch &&
      header.readUInt32BE(at.crc) === crc
    return same ? found : undefined
  }
}
