/**
 * Drives the quorum machine with the store's metadata log, a clock and a transport, and gives the
 * rest of the broker one ordered sequence of committed batches. The same code for one voter and
 * for five; contract in `quorum-contract.ts`.
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import type {
  Effect, IncomingRequest, QuorumApi, QuorumMessage, ResponseWritten, SnapshotId,
} from '../../core/quorum/effects.ts'
import { Quorum } from '../../core/quorum/quorum.ts'
import type { Recovered } from '../../core/quorum/quorum.ts'
import type { QuorumOptions } from '../../core/quorum/state.ts'
import type { ReplicaFacts } from '../../core/quorum/describe.ts'
import type { StoredSnapshot } from '../../core/quorum/log-view.ts'
import type { VoterSet } from '../../core/quorum/voters.ts'
import type { Log, Table } from '../../store/contract.ts'
import type { Environment, LogLevel, Timer } from '../environment.ts'
import { decodeSnapshot, encodeSnapshot } from './checkpoint.ts'
import type { SnapshotContent } from './checkpoint.ts'
import { NotLeaderError } from './contract.ts'
import type {
  CommitListener, LeaderAndEpoch, LeaderListener, QuorumDescription, QuorumRuntime, QuorumTransport,
} from './contract.ts'
import { Delivery } from './delivery.ts'
import { EffectQueue } from './effects.ts'
import { scanLog } from './log.ts'
import { loadVote, snapshotName, TableSnapshots } from './snapshots.ts'

/** The metadata log's name in the store, and the prefix of its keys in the table. */
export const METADATA_LOG = '__cluster_metadata-0'

/** Snapshots kept beside the newest one, for downloads that still run (2.10.12). */
const SNAPSHOTS_KEPT = 2
/** Longest wait for the voters to hear that the leader leaves: the process ends within a second. */
const STOP_MS = 500

export interface QuorumNeeds {
  readonly options: QuorumOptions
  /** The store's log METADATA_LOG, opened with `reserve`. */
  readonly log: Log
  readonly table: Table
  /** The store's `sync`. */
  sync (): Promise<void>
  /** Timestamps are wall time; all that is waited for goes by the clock that nobody sets. */
  readonly clock: Pick<Environment, 'nowMs' | 'monotonicMs' | 'setTimer'>
  readonly transport: QuorumTransport
  /** R-S2, 2.10.7: the process must stop. Called at most once. */
  onFailed (error: unknown): void
  report (level: LogLevel, message: string, fields?: object): void
}

interface Answering {
  readonly resolve: (response: ResponseWritten<never>) => void
  readonly reject: (error: Error) => void
}

export class RunningQuorum implements QuorumRuntime {
  readonly #needs: QuorumNeeds
  readonly #delivery: Delivery
  readonly #snapshots: TableSnapshots
  readonly #requests = new Map<number, Answering>()
  #quorum: Quorum | undefined
  #effects: EffectQueue | undefined
  #nextRequestId = 1
  #timer: (Timer & { readonly dueMs: number }) | undefined
  #stopping: (() => void) | undefined
  /** The store may not be closed under a snapshot that is being written. */
  #writing: Promise<void> = Promise.resolve()
  #isOver = false

  constructor (needs: QuorumNeeds) {
    this.#needs = needs
    this.#delivery = new Delivery(needs.log, error => { this.#fail(error) })
    this.#snapshots = new TableSnapshots(needs.table, METADATA_LOG)
  }

  async start (): Promise<void> {
    const { options, log, table, transport, clock, report } = this.#needs
    await this.#snapshots.removeLeftovers()
    const recovered = await this.#recover()
    const quorum = this.#quorum = new Quorum(options, recovered)
    const effects = this.#effects = new EffectQueue({
      quorum,
      nodeId: options.nodeId,
      log,
      table,
      prefix: METADATA_LOG,
      snapshots: this.#snapshots,
      delivery: this.#delivery,
      transport,
      sync: () => this.#needs.sync(),
      nowMs: () => clock.nowMs(),
      input: tell => { this.#input(tell) },
      answer: (requestId, response) => { this.#answer(requestId, response) },
      onFailed: error => { this.#fail(error) },
      report: (level, message, fields) => { report(level, message, fields) },
    })
    this.#input((machine, monotonicMs) => machine.start(monotonicMs))
    await effects.whenIdle()
  }

  /** The newest snapshot first, then the log behind it: start does not grow with history. */
  async #recover (): Promise<Recovered> {
    const { log, table, sync } = this.#needs
    const snapshots = this.#snapshots.list()
    const newest = snapshots.at(-1)
    let content: SnapshotContent | undefined
    if (newest !== undefined) {
      content = this.#load(newest)
      await this.#alignWith(newest)
    }
    await sync()
    const scanned = await scanLog(log)
    this.#delivery.startAt(scanned.startOffset)
    if (newest !== undefined && content !== undefined) this.#delivery.load(newest, content.records)
    const { epochs } = scanned
    const snapshotEpoch = newest !== undefined && epochs[0]?.startOffset !== newest.endOffset
      ? [{ epoch: newest.epoch, startOffset: newest.endOffset }]
      : []
    return {
      ...scanned,
      vote: loadVote(table, METADATA_LOG),
      epochs: [...snapshotEpoch, ...epochs],
      snapshots,
      snapshotVoters: content ?? { voters: undefined, kraftVersion: 0 },
    }
  }

  #load (snapshot: StoredSnapshot): SnapshotContent {
    try {
      const bytes = this.#snapshots.read(snapshot, 0, snapshot.sizeBytes)
      return decodeSnapshot(bytes ?? Buffer.alloc(0))
    } catch (cause) {
      throw new Error(`the metadata snapshot ${snapshotName(snapshot)} is damaged: ` +
        'a node of a larger quorum can start again from an empty directory', { cause })
    }
  }

  /** Finishes what a crash between the snapshot and the log's change left undone. */
  async #alignWith (newest: SnapshotId): Promise<void> {
    const { log } = this.#needs
    const { epochs } = await scanLog(log)
    const lastEpoch = epochs.at(-1)?.epoch ?? newest.epoch
    const isBehind = log.endOffset < newest.endOffset || lastEpoch < newest.epoch
    if (isBehind) await log.reset(newest.endOffset)
    else if (log.startOffset < newest.endOffset) await log.advanceStart(newest.endOffset)
  }

  async stop (): Promise<void> {
    const { clock } = this.#needs
    if (this.#quorum !== undefined && !this.#isOver) {
      await new Promise<void>(resolve => {
        // The voters that do not answer by then find out by their fetch timeout.
        const timer = clock.setTimer(STOP_MS, resolve)
        this.#stopping = () => {
          timer.cancel()
          resolve()
        }
        this.#input((quorum, monotonicMs) => quorum.stop(monotonicMs))
      })
    }
    this.#end()
    await this.#writing
  }

  get leader (): LeaderAndEpoch | undefined {
    const leader = this.#quorum?.leader
    return leader === undefined || leader.id < 0 ? undefined : leader
  }

  get isLeader (): boolean { return this.#delivery.isLeader }
  get highWatermark (): bigint { return this.#quorum?.highWatermark ?? 0n }
  get endOffset (): bigint { return this.#quorum?.endOffset ?? this.#needs.log.endOffset }

  get voters (): VoterSet { return this.#quorum?.voters ?? this.#needs.options.voters }

  append (
    records: readonly Buffer[], epoch: number
  ): { baseOffset: bigint, lastOffset: bigint, committed: Promise<void> } {
    if (records.length === 0) throw new RangeError('a batch of metadata needs a record')
    const appended = this.#isOver
      ? undefined
      : this.#quorum?.append(records, epoch, this.#needs.clock.monotonicMs())
    if (appended === undefined) {
      throw new NotLeaderError(`node ${this.#needs.options.nodeId} does not lead epoch ${epoch}`)
    }
    const { baseOffset, effects } = appended
    const lastOffset = baseOffset + BigInt(records.length) - 1n
    const committed = this.#delivery.wait(lastOffset, epoch)
    this.#perform(effects)
    return { baseOffset, lastOffset, committed }
  }

  get kraftVersion (): number { return this.#quorum?.kraftVersion ?? 0 }

  async raiseKraftVersion (version: number, epoch: number): Promise<void> {
    const raised = this.#isOver
      ? undefined
      : this.#quorum?.raiseKraftVersion(version, epoch, this.#needs.clock.monotonicMs())
    if (raised === undefined) throw new KafkaError(code.NOT_CONTROLLER)
    if ('unknownVoter' in raised) {
      throw new KafkaError(code.INVALID_UPDATE_VERSION,
        `the directory of voter ${raised.unknownVoter} is not known yet`)
    }
    const committed = this.#delivery.wait(raised.lastOffset, epoch)
    this.#perform(raised.effects)
    await committed.catch(() => { throw new KafkaError(code.NOT_CONTROLLER) })
  }

  onCommit (listener: CommitListener): void { this.#delivery.onCommit(listener) }
  onLeaderChange (listener: LeaderListener): void { this.#delivery.onLeaderChange(listener) }

  snapshot (records: readonly Buffer[], id: SnapshotId): Promise<void> {
    const written = this.#snapshot(records, id)
    this.#writing = Promise.allSettled([this.#writing, written]).then(() => {})
    return written
  }

  async #snapshot (records: readonly Buffer[], { endOffset, epoch }: SnapshotId): Promise<void> {
    const quorum = this.#quorum
    const { log, clock } = this.#needs
    const newest = quorum?.latestSnapshot?.endOffset ?? 0n
    if (quorum === undefined || endOffset > this.#delivery.offset || endOffset <= newest ||
      quorum.epochAt(endOffset - 1n) !== epoch) {
      throw new RangeError(`no committed batch ends at ${endOffset} in epoch ${epoch}`)
    }
    const bytes = encodeSnapshot({ records, ...quorum.votersAt(endOffset) }, {
      id: { endOffset, epoch },
      lastContainedLogTimestamp: this.#delivery.lastTimestamp,
      nowMs: clock.nowMs(),
    })
    const stored = await this.#snapshots.write({ endOffset, epoch }, bytes)
    await log.advanceStart(endOffset)
    this.#input((machine, monotonicMs) => machine.snapshotTaken(stored, monotonicMs))
    for (const old of this.#snapshots.list().slice(0, -SNAPSHOTS_KEPT)) {
      await this.#snapshots.remove(old)
    }
  }

  handle<A extends QuorumApi> (
    message: Extract<IncomingRequest, { api: A }>
  ): Promise<ResponseWritten<A>> {
    return new Promise((resolve, reject) => {
      if (this.#isOver || this.#quorum === undefined) {
        return reject(new Error('the quorum is not running'))
      }
      const requestId = this.#nextRequestId
      this.#nextRequestId += 1
      this.#requests.set(requestId, { resolve: resolve as never, reject })
      const told = { is: 'request', requestId, ...(message as IncomingRequest) } as QuorumMessage
      this.#input((quorum, monotonicMs) => quorum.step(told, monotonicMs))
    })
  }

  describe (): QuorumDescription | undefined {
    const { clock } = this.#needs
    const facts = this.#quorum?.describe(clock.monotonicMs())
    if (facts === undefined) return undefined
    const aheadMs = clock.nowMs() - clock.monotonicMs()
    const described = (replica: ReplicaFacts) => describedReplica(replica, aheadMs)
    return {
      partitionIndex: 0,
      errorMessage: '',
      leaderId: facts.leaderId,
      leaderEpoch: facts.epoch,
      highWatermark: facts.highWatermark,
      currentVoters: facts.voters.map(described),
      observers: facts.observers.map(described),
    }
  }

  #input (tell: (quorum: Quorum, monotonicMs: number) => Effect[]): void {
    if (this.#quorum === undefined || this.#isOver) return
    this.#perform(tell(this.#quorum, this.#needs.clock.monotonicMs()))
  }

  #perform (effects: readonly Effect[]): void {
    this.#effects?.add(effects)
    if (this.#isOver || this.#quorum === undefined) return
    if (this.#quorum.isStopped) this.#stopping?.()
    this.#setTimer(this.#quorum.deadline())
  }

  /** One timer for the machine; it is left alone when it comes early enough. */
  #setTimer (deadlineMs: number): void {
    const { clock } = this.#needs
    if (this.#timer !== undefined && this.#timer.dueMs <= deadlineMs) return
    this.#timer?.cancel()
    this.#timer = undefined
    if (deadlineMs === Infinity) return
    const timer = clock.setTimer(Math.max(0, deadlineMs - clock.monotonicMs()), () => {
      this.#timer = undefined
      this.#input((quorum, monotonicMs) => quorum.tick(monotonicMs))
    })
    this.#timer = { dueMs: deadlineMs, cancel: () => { timer.cancel() } }
  }

  #answer (requestId: number, response: ResponseWritten<never>): void {
    this.#requests.get(requestId)?.resolve(response)
    this.#requests.delete(requestId)
  }

  #fail (error: unknown): void {
    if (this.#isOver) return
    this.#end()
    this.#needs.report('error', 'the metadata quorum has failed', { error })
    this.#needs.onFailed(error)
  }

  #end (): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#effects?.stop()
    this.#delivery.stop()
    for (const { reject } of this.#requests.values()) reject(new Error('the quorum has stopped'))
    this.#requests.clear()
    this.#stopping?.()
  }
}

/**
 * The machine's times are of the clock that nobody sets; `aheadMs` is what the wall clock is ahead
 * of it.
 */
function describedReplica (replica: ReplicaFacts, aheadMs: number): QuorumDescription['currentVoters'][number] {
  const wallMs = (ms: number): bigint => ms < 0 ? -1n : BigInt(Math.round(ms + aheadMs))
  return {
    replicaId: replica.id,
    replicaDirectoryId: replica.directoryId,
    logEndOffset: replica.logEndOffset,
    lastFetchTimestamp: wallMs(replica.lastFetchMs),
    lastCaughtUpTimestamp: wallMs(replica.lastCaughtUpMs),
  }
}
