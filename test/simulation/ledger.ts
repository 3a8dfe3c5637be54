/**
 * What every log must hold, by what clients were told (AckedDurable, ConsistentRead,
 * PowerLossPrefix of correctness.md 2.11). One ledger a partition: which value each offset has, up
 * to where a kill may take nothing, and up to where not even a power loss may.
 */
import { ViolationError } from './world.ts'

interface Entry {
  readonly value: string
  /** Leader epoch; unknown while only the producer was told of the offset. */
  epoch: number | undefined
}

interface Recovery {
  /** The life that found it. */
  readonly life: number
  readonly end: number
  /** A power loss in default mode: what lay above `end` was taken back. */
  readonly mayShrink: boolean
  /** The highest log start that anybody was told before. */
  readonly startBefore: number
}

export class LogLedger {
  readonly key: string
  readonly isFlushed: boolean
  readonly #entries: Array<Entry | undefined> = []
  /** What a power loss took back: offset and leader epoch still name one value (KIP-320). */
  readonly #past = new Map<string, string>()
  readonly #recoveries: Recovery[] = []
  /** Everything below was acknowledged or read: no kill takes it. */
  told = 0
  /** Everything below was in a flush that ended: nothing takes it. */
  flushedEnd = 0
  /** The flush under way began after this end. */
  nextFlushedEnd = 0
  /** A deletion was asked for: nothing is promised any more. */
  isDeleted = false
  /** The highest log start that anybody was told. */
  startOffset = 0

  constructor (key: string, isFlushed: boolean) {
    this.key = key
    this.isFlushed = isFlushed
  }

  /** A power loss may have taken something back: how often. */
  get losses (): number { return this.#ends.length }
  get hasLost (): boolean { return this.losses > 0 }

  /** Up to where the log lasted through every loss but the first `known`: it grows in between. */
  keptEnd (known: number): number { return Math.min(...this.#ends.slice(known)) }

  get #ends (): number[] {
    return this.#recoveries.filter(({ mayShrink }) => mayShrink).map(({ end }) => end)
  }

  valueAt (offset: number): string | undefined { return this.#entries[offset]?.value }

  /** Whether what a life told about this offset holds still. */
  survives (offset: number, life: number): boolean {
    return !this.#recoveries.some(
      found => found.life > life && found.mayShrink && offset >= found.end
    )
  }

  /** Whether retention dropped what a life told of; a power loss may have brought it back since. */
  isDropped (offset: number, life: number): boolean {
    return offset < this.startOffset ||
      this.#recoveries.some(found => found.life > life && offset < found.startBefore)
  }

  /** A client was told, in that life, that the offset has this value. */
  learn (offset: number, value: string, epoch: number | undefined, life: number): void {
    if (epoch !== undefined) this.#learnPast(offset, value, epoch)
    for (const found of this.#recoveries) {
      if (found.life <= life || offset < found.end) continue
      if (found.mayShrink) return
      throw new ViolationError('acked-durable',
        `${this.key}: life ${life} told of offset ${offset} (${value}), life ${found.life} found ` +
        `the log end at ${found.end}`)
    }
    const known = this.#entries[offset]
    if (known !== undefined && known.value !== value) {
      throw new ViolationError('consistent-read',
        `${this.key}: offset ${offset} was ${known.value}, and is ${value}`)
    }
    this.#entries[offset] = { value, epoch: epoch ?? known?.epoch }
    this.told = Math.max(this.told, offset + 1)
  }

  #learnPast (offset: number, value: string, epoch: number): void {
    const name = `${offset}/${epoch}`
    const before = this.#past.get(name)
    if (before !== undefined && before !== value) {
      throw new ViolationError('consistent-read',
        `${this.key}: offset ${offset} of leader epoch ${epoch} was ${before}, and is ${value}`)
    }
    this.#past.set(name, value)
  }

  /** A flush of the store has ended: what lay below when it began is safe. */
  flushed (highWatermark: number): void {
    this.flushedEnd = Math.max(this.flushedEnd, this.nextFlushedEnd)
    this.nextFlushedEnd = highWatermark
  }

  /** The log as a start found it, from its start offset; `lostPower`: the machine had died. */
  recovered (life: number, found: FoundLog, lostPower: boolean): void {
    const { start, end } = found
    const mayShrink = lostPower && !this.isFlushed
    const bound = mayShrink ? this.flushedEnd : this.told
    if (end < bound && !this.isDeleted) {
      throw new ViolationError('acked-durable',
        `${this.key}: the log ends at ${end} after a ${lostPower ? 'power loss' : 'kill'}; ` +
        `${bound} is promised (told ${this.told}, flushed ${this.flushedEnd})`)
    }
    for (const [offset, { value, epoch }] of found.records) {
      const known = this.#entries[offset]
      if (known !== undefined && (known.value !== value ||
        (known.epoch !== undefined && known.epoch !== epoch))) {
        throw new ViolationError('power-loss-prefix',
          `${this.key}: offset ${offset} was ${known.value} of epoch ${known.epoch}, ` +
          `and is ${value} of epoch ${epoch}`)
      }
    }
    this.#recoveries.push({ life, end, mayShrink, startBefore: this.startOffset })
    if (!mayShrink && !this.isDeleted) return
    this.#entries.length = Math.min(this.#entries.length, end)
    this.told = Math.min(this.told, end)
    this.nextFlushedEnd = Math.min(this.nextFlushedEnd, end)
    this.startOffset = Math.min(this.startOffset, start)
  }
}

/** A whole log as it is stored. */
export interface FoundLog {
  readonly start: number
  readonly end: number
  readonly records: ReadonlyMap<number, { value: string, epoch: number }>
}

export class Ledger {
  readonly #logs = new Map<string, LogLedger>()

  get all (): Iterable<LogLedger> { return this.#logs.values() }

  /** `key` is the log's name: topic id and partition. */
  of (key: string, isFlushed: () => boolean): LogLedger {
    let log = this.#logs.get(key)
    if (log === undefined) this.#logs.set(key, log = new LogLedger(key, isFlushed()))
    return log
  }

  find (key: string): LogLedger | undefined { return this.#logs.get(key) }

  /** Every partition of the topic. */
  deleted (topicId: string): void {
    for (const log of this.#logs.values()) {
      if (log.key.startsWith(`${topicId}-`)) log.isDeleted = true
    }
  }
}
