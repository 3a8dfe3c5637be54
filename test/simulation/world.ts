/** What the parts of one simulation share: time, chance, the disk, the verdict. */
import type { Environment, LogLevel } from '../../src/runtime/environment.ts'
import { md5 } from '../../src/process-environment.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { defaults } from '../../src/store/options.ts'
import type { RareStateName } from './coverage.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'
import type { Swarm } from './swarm.ts'
import '../support/memory-watch.ts'

export interface Violation { readonly invariant: string, readonly detail: string }

/** Thrown to end a run at once: an invariant is broken. */
export class ViolationError extends Error {
  readonly invariant: string

  constructor (invariant: string, detail: string) {
    super(detail)
    this.name = 'ViolationError'
    this.invariant = invariant
  }
}

/** Wall clock at the beginning: any day does. */
const BEGINNING_MS = 1_800_000_000_000
const LINES_KEPT = 40
const DID_NOT_END = ' did not end within '
/** Rare states that the broker itself tells of. */
const TOLD: ReadonlyArray<[words: string, state: RareStateName]> = [
  [': loads again', 'coordinator loaded again'],
  [DID_NOT_END, 'sync that does not end'],
  [' was compacted', 'log compacted'],
]

export class World {
  readonly swarm: Swarm
  readonly random: Random
  readonly scheduler: Scheduler
  readonly disk: MemoryDisk
  violation: Violation | undefined
  /** Faults are on, and clients go on sending. */
  isSafetyPhase = true
  /** Everything is done: clients end. */
  isOver = false
  /** How far the broker's wall clock is from the true time. */
  skewMs = 0
  /** What a sync takes beyond its ordinary time. */
  diskDelayMs = 0
  /** Until when something was wrong with the disk: a start may fail of it. */
  troubledUntilMs = -1
  /** The last lines that the broker logged, for the report. */
  readonly lines: string[] = []
  readonly checks: Array<() => void> = []
  /** Rare paths that were taken, and how often: a path that never is taken is not tested. */
  readonly marks = new Map<string, number>()

  constructor (swarm: Swarm) {
    this.swarm = swarm
    this.random = new Random(swarm.seed ^ 0x5eed5eed)
    this.scheduler = new Scheduler(this.random.fork(), () => { this.#afterEvent() })
    const diskRandom = this.random.fork()
    this.disk = new MemoryDisk({
      setTimer: (_delayMs, run) => this.scheduler.after(
        diskRandom.within(0, swarm.diskMs) + diskRandom.next() * this.diskDelayMs, 'disk', run),
    })
  }

  get clientNowMs (): number { return Math.floor(BEGINNING_MS + this.scheduler.nowMs) }

  #afterEvent (): void {
    if (this.violation !== undefined) return
    const [misuse] = this.disk.misuses
    if (misuse !== undefined) this.fail('handles-in-use', misuse)
    for (const check of this.checks) check()
  }

  /** The first broken invariant decides; the run ends after this event. */
  fail (invariant: string, detail: string): void {
    this.violation ??= { invariant, detail }
  }

  /** Runs a client to its end; one that throws is a bug of the simulation. */
  spawn (name: string, run: () => Promise<void>): Promise<void> {
    return run().catch((error: unknown) => {
      if (error instanceof ViolationError) this.fail(error.invariant, `${name}: ${error.message}`)
      else this.fail('client-failed', `${name}: ${(error as Error).stack ?? String(error)}`)
    })
  }

  /** What one life of the broker sees of the world outside; nothing of it runs after its death. */
  environmentOf (isAlive: () => boolean): Environment {
    const random = this.random.fork()
    return {
      nowMs: () => Math.floor(BEGINNING_MS + this.scheduler.nowMs + this.skewMs),
      monotonicMs: () => this.scheduler.nowMs,
      setTimer: (delayMs, run) =>
        this.scheduler.after(delayMs, 'timer', () => { if (isAlive()) run() }),
      atTurnEnd: run => { this.scheduler.atTurnEnd(() => { if (isAlive()) run() }) },
      random: () => random.next(),
      resolves: async () => false,
      md5,
      newUuid: () => uuidOf(random.bytes(16)),
      newId: () => idOf(random),
      log: (level, message, fields) => { this.#log(level, message, fields) },
    }
  }

  #log (level: LogLevel, message: string, fields: object | undefined): void {
    for (const [words, state] of TOLD) if (message.includes(words)) this.reached(state)
    // A sync that hangs is told of when its time is over.
    const lateMs = message.includes(DID_NOT_END) ? defaults.syncTimeoutMs : 0
    if (level === 'error' && this.troubledUntilMs < this.scheduler.nowMs - lateMs) this.fail('nothing-went-wrong', message)
    if (level === 'debug') return
    const { error } = (fields ?? {}) as { error?: unknown }
    const why = error instanceof Error ? `: ${error.stack ?? error.message}` : ''
    this.tell(`${level} ${message}${why}`)
  }

  reached (name: RareStateName): void { this.mark(name) }

  mark (name: string): void { this.marks.set(name, (this.marks.get(name) ?? 0) + 1) }

  /** A line for the report of a broken invariant. */
  tell (line: string): void {
    this.lines.push(`${this.scheduler.nowMs.toFixed(3)} ${line}`)
    if (this.lines.length > LINES_KEPT) this.lines.shift()
  }
}

function uuidOf (bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

function idOf (random: Random): string {
  for (;;) {
    const id = random.bytes(16).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}
