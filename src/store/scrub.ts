/**
 * Bit rot (R-S5): neither LMDB nor the file system notices a flipped bit, so every stored batch is
 * read again and its checksum compared, a little at a time. A damaged log is marked and told,
 * never mended here: its replica is fetched again (R-S6).
 */
import { batchSize, lastOffset } from '../../protocol/records/header.ts'
import { batchIsIntact } from './checksum.ts'
import type { LogRead } from './contract.ts'
import type { LogNeeds, StoredLog } from './log.ts'

const STEPS_PER_SECOND = 4

interface Needs extends Pick<LogNeeds, 'environment' | 'guard' | 'options'> {
  readonly closing: boolean
  readonly logs: ReadonlyMap<string, StoredLog>
}

export class Scrub {
  #timer: { cancel (): void } | undefined
  #queue: StoredLog[] = []
  #offset = 0n
  readonly #core: Needs

  constructor (core: Needs) { this.#core = core }

  start (): void {
    if (this.#core.options.scrubBytesPerSecond <= 0) return
    this.#timer = this.#core.environment.setTimer(1000 / STEPS_PER_SECOND, () => {
      this.step().catch((error: unknown) => {
        if (this.#core.closing) return
        this.#core.environment.log('error', `the scrub of stored batches stopped: ${String(error)}`)
      })
    })
  }

  stop (): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Checks the next slice of one log; after the last log it begins anew. */
  async step (): Promise<void> {
    const core = this.#core
    if (core.closing || core.guard.failure !== undefined) return
    const log = this.#next()
    if (log !== undefined) await this.#check(log)
    if (!core.closing) this.start()
  }

  #next (): StoredLog | undefined {
    for (;;) {
      const log = this.#queue[0]
      if (log === undefined) break
      if (this.#offset < log.startOffset) this.#offset = log.startOffset
      if (!log.deleted && !log.damaged && this.#offset < log.writtenEnd) return log
      this.#queue.shift()
      this.#offset = 0n
    }
    this.#queue = [...this.#core.logs.values()].filter(({ damaged }) => !damaged)
    return undefined
  }

  async #check (log: StoredLog): Promise<void> {
    const bytes = this.#core.options.scrubBytesPerSecond / STEPS_PER_SECOND
    const end = log.writtenEnd
    const read = await this.#read(log, end, bytes)
    if (read === undefined) return
    try {
      if (read.bytes === 0) this.#offset = end
      for (const chunk of read.chunks) {
        for (let at = 0; at < chunk.length; at += batchSize(chunk, at)) {
          if (!batchIsIntact(chunk, at, batchSize(chunk, at))) return log.noteDamage('a stored batch has a bad checksum', this.#offset)
          this.#offset = lastOffset(chunk, at) + 1n
        }
      }
    } finally {
      read.release()
    }
  }

  /** Undefined where what is stored is not there: that is damage as well. */
  async #read (log: StoredLog, end: bigint, bytes: number): Promise<LogRead | undefined> {
    try {
      return await log.read(this.#offset, end, bytes, true)
    } catch (error) {
      log.noteUnreadable(error, this.#offset)
      return undefined
    }
  }
}
