/**
 * Runs a coordinator's machine over its partition of an internal topic (groups 2):
 *
 *   INITIAL -> LOADING -> ACTIVE          the log is replayed from its start to its end
 *              LOADING -> FAILED          it cannot be: requests are sent elsewhere
 *   ACTIVE  -> LOADING                    what was replayed ahead of a commit has to be undone
 *   any     -> CLOSED                     the partition is led elsewhere
 *
 * Decide, persist, replay: a decision's records are appended as one batch and replayed at once,
 * in the same turn; its reply goes out when the high watermark has passed them. That window is in
 * `#append` and `#waiting` alone. A batch that the log refuses has changed nothing that is
 * stored. One that fails later is undone by loading the shard again.
 *
 * Reads are operations without records. They are answered from memory, which may be ahead of the
 * high watermark, so their replies too wait until all that was appended before is committed:
 * nobody is told of a state that may yet be undone.
 */
import { code } from '../../../protocol/errors.ts'
import type { Answer, Decision, StoredRecord } from '../../core/decision.ts'
import { clientError, CoordinatorError, errorCodeOf } from './error.ts'
import type {
  CoordinatorLog, CoordinatorMachine, CoordinatorOptions,
} from './contract.ts'
import { loadMachine } from './load.ts'
import { partsOf } from './parts.ts'
import { Parked } from './parked.ts'
import type { Registration } from '../timers.ts'

export type CoordinatorState = 'INITIAL' | 'LOADING' | 'ACTIVE' | 'FAILED' | 'CLOSED'

interface Waiting {
  /** The last offset that has to be committed. */
  readonly offset: bigint
  timeoutAtMs: number
  readonly decision: Decision<unknown>
  readonly reply: Reply | undefined
}

interface Reply {
  resolve (value: unknown): void
  reject (error: CoordinatorError): void
}

export class Coordinator<Machine extends CoordinatorMachine> {
  readonly name: string
  readonly epoch: number
  readonly log: CoordinatorLog
  readonly #newMachine: () => Machine
  readonly #options: CoordinatorOptions
  readonly #registration: Registration
  #state: CoordinatorState = 'INITIAL'
  #machine: Machine
  /** Callbacks of an earlier load mean nothing any more. */
  #load = 0
  #lastWritten = -1n
  #lastCommitted = -1n
  /** In the order of their offsets, and of their time-outs. */
  #waiting: Waiting[] = []

  constructor (
    name: string, log: CoordinatorLog, epoch: number, newMachine: () => Machine,
    options: CoordinatorOptions,
  ) {
    this.name = name
    this.epoch = epoch
    this.log = log
    this.#newMachine = newMachine
    this.#options = options
    this.#machine = newMachine()
    this.#registration = options.timers.add({
      deadline: () => this.#deadline(),
      expire: nowMs => this.#expire(nowMs),
      clockSet: byMs => {
        for (const waiting of this.#waiting) waiting.timeoutAtMs += byMs
        this.#machine.clockSet(byMs)
      },
    })
  }

  get state (): CoordinatorState { return this.#state }

  /** Replays the log. Resolves when the coordinator is ACTIVE, FAILED or CLOSED. */
  async load (): Promise<void> {
    const load = ++this.#load
    const isCurrent = (): boolean => this.#load === load
    this.#state = 'LOADING'
    const machine = this.#machine = this.#newMachine()
    try {
      const loaded = await loadMachine(machine, this.log, this.#options, isCurrent)
      if (!loaded) return
    } catch (error) {
      if (!isCurrent()) return
      this.#state = 'FAILED'
      this.#options.log('error', `${this.name}: loading failed`, { error })
      return
    }
    this.#state = 'ACTIVE'
    this.#lastWritten = this.log.endOffset - 1n
    this.#lastCommitted = this.#lastWritten
    this.#followHighWatermark(isCurrent)
    this.#carryOut(machine.loaded(this.#options.timers.nowMs()), undefined)
    this.#registration.changed()
  }

  /** Led elsewhere from now on: whoever waits here is told to look there. */
  close (): void {
    if (this.#state === 'CLOSED') return
    this.#stop(code.NOT_COORDINATOR)
    this.#state = 'CLOSED'
    this.#registration.remove()
  }

  /**
   * Runs an operation whose reply waits for its commit. What the operation decides is decided, and
   * has its place in the log, before this returns. Rejects with a CoordinatorError.
   */
  write<R> (operation: (machine: Machine, nowMs: number) => Decision<R>): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      try {
        this.#carryOut(this.#decide(operation), { resolve: resolve as Reply['resolve'], reject })
      } catch (error) {
        reject(error)
      }
      this.#registration.changed()
    })
  }

  /** Runs an operation that answers by tickets. Throws a CoordinatorError if it is not run. */
  run (operation: (machine: Machine, nowMs: number) => Decision): void {
    this.#carryOut(this.#decide(operation), undefined)
    this.#registration.changed()
  }

  #ensureActive (): void {
    if (this.#state === 'ACTIVE') return
    const loading = this.#state === 'LOADING' || this.#state === 'INITIAL'
    throw new CoordinatorError(loading ? code.COORDINATOR_LOAD_IN_PROGRESS : code.NOT_COORDINATOR)
  }

  #decide<R> (operation: (machine: Machine, nowMs: number) => Decision<R>): Decision<R> {
    this.#ensureActive()
    try {
      return operation(this.#machine, this.#options.timers.nowMs())
    } catch (error) {
      this.#options.log('error', `${this.name}: an operation failed`, { error })
      throw new CoordinatorError(code.UNKNOWN_SERVER_ERROR, { cause: error })
    }
  }

  #carryOut (decision: Decision<unknown>, reply: Reply | undefined): void {
    deliver(decision.answers)
    if (decision.records.length > 0) {
      if (decision.isDivisible) this.#appendInParts(decision)
      else this.#append(decision, reply)
    } else if (reply !== undefined || decision.afterCommit !== undefined) {
      this.#wait(decision, reply)
    }
  }

  /** As many batches as the topic's limits ask for; the first that is refused is the last. */
  #appendInParts (decision: Decision<unknown>): void {
    const load = this.#load
    for (const records of partsOf(decision.records, this.log.batchBytesMax)) {
      if (this.#load !== load || !this.#append({ ...decision, records }, undefined)) return
    }
  }

  /** Says whether the log has taken the records. */
  #append (decision: Decision<unknown>, reply: Reply | undefined): boolean {
    const { records, replay } = decision
    const load = this.#load
    const baseOffset = this.log.endOffset
    const appended = this.#appendToLog(records)
    if (this.log.endOffset === baseOffset) {
      // Refused: nothing of it is stored anywhere, and the reason is on its way.
      appended.then(
        () => {
          this.#reload(load, code.NOT_COORDINATOR)
          reply?.reject(new CoordinatorError(code.NOT_COORDINATOR))
        },
        error => {
          this.#options.notices.warn(`${this.name}: nothing was written: ${messageOf(error)}`)
          if (this.#load !== load) reply?.reject(new CoordinatorError(code.NOT_COORDINATOR))
          else this.#fail(decision, reply, errorCodeOf(error), false)
          this.#registration.changed()
        })
      return false
    }
    this.#lastWritten = this.log.endOffset - 1n
    this.#wait(decision, reply)
    appended.then(
      ({ lastOffset }) => { if (this.#load === load) this.#committed(lastOffset) },
      error => this.#reload(load, errorCodeOf(error)))
    if (this.log.endOffset !== baseOffset + BigInt(records.length)) {
      this.#reload(load, code.NOT_COORDINATOR)
    } else if (replay) {
      this.#replay(records, baseOffset)
    }
    return true
  }

  async #appendToLog (records: readonly StoredRecord[]): Promise<{ lastOffset: bigint }> {
    return this.log.appendAsCoordinator(records, this.#options.timers.nowMs())
  }

  #replay (records: readonly StoredRecord[], baseOffset: bigint): void {
    let offset = baseOffset
    try {
      for (const record of records) {
        this.#machine.replay(record, { offset: offset++, producerId: -1n })
      }
    } catch (error) {
      this.#options.log('error', `${this.name}: a record cannot be replayed`, { error })
      this.#reload(this.#load, code.UNKNOWN_SERVER_ERROR)
    }
  }

  #wait (decision: Decision<unknown>, reply: Reply | undefined): void {
    if (this.#lastWritten <= this.#lastCommitted) {
      this.#complete(decision, reply)
      return
    }
    const timeoutAtMs = this.#options.timers.nowMs() + this.#options.commitTimeoutMs
    this.#waiting.push({ offset: this.#lastWritten, timeoutAtMs, decision, reply })
  }

  /** The high watermark has passed this offset. */
  #committed (offset: bigint): void {
    if (offset <= this.#lastCommitted) return
    this.#lastCommitted = offset
    const load = this.#load
    const count = this.#waiting.findIndex(waiting => waiting.offset > offset)
    const done = this.#waiting.splice(0, count < 0 ? this.#waiting.length : count)
    for (const { decision, reply } of done) {
      if (this.#load === load) this.#complete(decision, reply)
      else reply?.reject(new CoordinatorError(code.NOT_COORDINATOR))
    }
    this.#registration.changed()
  }

  #complete (decision: Decision<unknown>, reply: Reply | undefined): void {
    reply?.resolve(decision.reply)
    this.#follow(() => decision.afterCommit?.(this.#options.timers.nowMs()))
  }

  #fail (
    decision: Decision<unknown>, reply: Reply | undefined, errorCode: number, kept: boolean,
  ): void {
    const failure = { errorCode: clientError(errorCode), kept }
    this.#follow(() => decision.afterFailure?.(failure, this.#options.timers.nowMs()))
    reply?.reject(new CoordinatorError(errorCode))
  }

  /** Carries out what nobody asked for: a bug in there may not take the broker down. */
  #follow (next: () => Decision | undefined): void {
    try {
      const decision = next()
      if (decision !== undefined) this.#carryOut(decision, undefined)
    } catch (error) {
      this.#options.log('error', `${this.name}: a transition failed`, { error })
    }
  }

  /** What memory has may not be what the log will have: only the log can tell. */
  #reload (load: number, errorCode: number): void {
    if (this.#load !== load || this.#state !== 'ACTIVE') return
    this.#options.log('warn', `${this.name}: loads again`, { errorCode })
    this.#stop(errorCode)
    void this.load()
  }

  /** Everybody who waits learns of the error; what the machine decides about it is not stored. */
  #stop (errorCode: number): void {
    this.#state = 'FAILED'
    this.#load += 1
    const nowMs = this.#options.timers.nowMs()
    const failure = { errorCode: clientError(errorCode), kept: false }
    for (const { decision, reply } of this.#waiting.splice(0)) {
      this.#follow(() => {
        deliver(decision.afterFailure?.(failure, nowMs).answers ?? [])
        return undefined
      })
      reply?.reject(new CoordinatorError(errorCode))
    }
    deliver(this.#machine.unload(nowMs))
  }

  #deadline (): number | undefined {
    if (this.#state !== 'ACTIVE') return undefined
    const ofMachine = this.#machine.deadline()
    const ofWaiting = this.#waiting[0]?.timeoutAtMs
    if (ofMachine === undefined || ofWaiting === undefined) return ofMachine ?? ofWaiting
    return Math.min(ofMachine, ofWaiting)
  }

  #expire (nowMs: number): void {
    while (this.#state === 'ACTIVE') {
      const waiting = this.#waiting[0]
      if (waiting === undefined || waiting.timeoutAtMs > nowMs) break
      this.#waiting.shift()
      // The records stay in the log, and in memory: they may be committed yet.
      this.#fail(waiting.decision, waiting.reply, code.REQUEST_TIMED_OUT, true)
    }
    if (this.#state !== 'ACTIVE') return
    const load = this.#load
    const decisions = this.#machine.expire(nowMs)[Symbol.iterator]()
    for (let more = true; more && this.#load === load;) {
      this.#follow(() => {
        more = false
        const { done, value } = decisions.next()
        more = done !== true
        return more ? value : undefined
      })
    }
  }

  /** After an election the end of the log may be ahead of the high watermark for a while. */
  #followHighWatermark (isCurrent: () => boolean): void {
    const log = this.log
    if (log.highWatermark > this.#lastWritten || log.whenCommitted === undefined) return
    this.#lastCommitted = log.highWatermark - 1n
    const lastLoaded = this.#lastWritten
    log.whenCommitted(lastLoaded + 1n).then(
      () => { if (isCurrent()) this.#committed(lastLoaded) },
      // Only the loss of leadership can come in between, and that is told by `close`.
      () => {})
  }
}

function messageOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function deliver (answers: readonly Answer[]): void {
  for (const { ticket, response } of answers) (ticket as Parked<unknown>).answer(response)
}
