/**
 * One replica with its log: append as leader, the high watermark, and those who wait for it.
 * Every offset is decided before the first await; memory runs ahead of the journal until the turn
 * is written, and a turn that fails takes the derived state back to the log by loading it anew.
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { stamp } from '../../../protocol/records/header.ts'
import { LogState } from '../../core/replica/log-state.ts'
import type { ProduceOutcome } from '../../core/replica/produce-outcome.ts'
import type { AbortedTransaction } from '../../core/replica/aborted-transactions.ts'
import type { Log, LogRead } from '../../store/store.ts'
import { StoreError } from '../../store/store.ts'
import type { Environment } from '../environment.ts'
import type {
  Appended, DeletedRecords, EpochEnd, LeadingReplica, OffsetQuery, PartitionEvent,
  PartitionIdentity, ProduceOptions, SegmentQuery, ServedReplica, UnplacedBatch,
} from './contract.ts'
import { deleteRecords } from './delete-records.ts'
import { endOfEpoch } from './epoch-end.ts'
import type { LoadTurns } from './load-turns.ts'
import { loadLogState } from './partition-load.ts'
import { OffsetWaiters } from './offset-waiters.ts'
import { offsetFor, segmentStarts } from './list-offsets.ts'
import { produce } from './produce.ts'
import type { TopicSettings } from './topic-settings.ts'

/** What the controller decided about the partition. */
export interface Leadership {
  readonly leaderId: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

/** What the partitions of a broker have in common. */
export interface PartitionHost {
  readonly nodeId: number
  readonly environment: Environment
  readonly loads: LoadTurns
}

export class Partition implements LeadingReplica, ServedReplica {
  readonly identity: PartitionIdentity
  readonly log: Log
  settings: TopicSettings
  leadership: Leadership | undefined
  readonly nodeId: number
  readonly #environment: Environment
  readonly #loads: LoadTurns
  /** Undefined until somebody asks for what it tells: a start does not wait for it. */
  #state: LogState | undefined
  #loading: Promise<void> | undefined
  /**
   * The end of what the journal has (with flush: what is synced): this replica's own end (R-S1).
   */
  #ownEnd: bigint
  #highWatermark: bigint
  #unflushedRecords = 0n
  #available = true
  #isReloading = false
  /** For the high watermark. */
  readonly #committing = new OffsetWaiters()
  /** For this replica's own end. */
  readonly #writing = new OffsetWaiters()
  readonly #watchers = new Set<(event: PartitionEvent) => void>()
  /** Bytes written below the high watermark since the partition was opened: fetches wait by it. */
  committedBytes = 0
  /** A large compressed batch is being checked off the loop: later appends wait for their turn. */
  checking: Promise<void> | undefined
  #unsettled: Array<{ lastOffset: bigint, bytes: number }> = []
  gone = false

  constructor (
    identity: PartitionIdentity, host: PartitionHost, log: Log, settings: TopicSettings
  ) {
    const { nodeId, environment, loads } = host
    this.identity = identity
    this.nodeId = nodeId
    this.log = log
    this.settings = settings
    this.#environment = environment
    this.#loads = loads
    this.#ownEnd = this.#highWatermark = log.endOffset
    // Of a log that never had a record there is nothing to load.
    if (log.endOffset === 0n) this.#derived(new LogState(), false)
  }

  get isLoaded (): boolean { return this.#state !== undefined }
  get state (): LogState {
    if (this.#state === undefined) throw new Error(`${this.name} is asked before it is loaded`)
    return this.#state
  }

  whenLoaded (): Promise<void> | undefined {
    if (this.#state !== undefined) return undefined
    return this.#loading ??= this.#loads.run(() => this.#derive('cannot be read'))
  }

  get name (): string { return `${this.identity.topic}-${this.identity.index}` }
  get startOffset (): bigint { return this.log.startOffset }
  get endOffset (): bigint { return this.log.endOffset }
  get highWatermark (): bigint { return this.#highWatermark }
  get leaderEpoch (): number { return this.leadership?.leaderEpoch ?? -1 }
  get isLeader (): boolean { return this.leadership?.leaderId === this.nodeId && !this.gone }
  /**
   * 2.3.3: in-sync replicas enough for acks=all; min.insync.replicas counts at most all replicas.
   */
  get hasEnoughReplicas (): boolean {
    const { isr, replicas } = this.leadership ?? { isr: [], replicas: [] }
    return isr.length >= Math.min(this.settings.minInsyncReplicas, replicas.length)
  }

  /** Another replica of this partition, by the controller. */
  hasFollower (replicaId: number): boolean {
    return replicaId !== this.nodeId && this.leadership?.replicas.includes(replicaId) === true
  }

  get available (): boolean { return this.#available && !this.gone }

  /** D25.5: nobody reads committed data above the first undecided transaction. */
  get lastStableOffset (): bigint {
    const open = this.state.producers.firstOpenOffset
    return open !== undefined && open < this.#highWatermark ? open : this.#highWatermark
  }

  /** Follows the controller. A new leader notes (epoch, log end) even without records (KIP-279). */
  lead (leadership: Leadership): void {
    const known = this.leadership
    this.leadership = leadership
    if (leadership.leaderId === this.nodeId && known?.leaderEpoch !== leadership.leaderEpoch) {
      this.#state?.epochs.assign(leadership.leaderEpoch, this.log.endOffset)
    }
    this.#advance()
    // D5.33: whoever leads now decides what becomes of the records.
    if (!this.isLeader) this.#failWaiters(-1n, code.NOT_LEADER_OR_FOLLOWER)
    this.#tell('leadership')
  }

  /** A client's batch: checked by D5.11-30, appended, answered when acks asks for it. */
  produce (batch: Buffer, options: ProduceOptions): ProduceOutcome | Promise<ProduceOutcome> {
    return produce(this, batch, options, this.#environment)
  }

  /**
   * Appends one checked batch as leader: stamps it, hands it to this turn's journal write, and
   * notes what follows from it. Throws KafkaError when the partition cannot take it.
   */
  append (batch: Buffer, facts: UnplacedBatch, count: number): Appended {
    this.ensureLeader()
    const { state } = this
    const baseOffset = this.log.endOffset
    const lastOffset = baseOffset + BigInt(count - 1)
    stamp(batch, baseOffset, this.leaderEpoch)
    const durable = this.#mustFlush(BigInt(count))
    const written = this.#toLog(batch, durable)
    const bytes = batch.length
    state.replay({ ...facts, baseOffset, lastOffset, leaderEpoch: this.leaderEpoch, bytes }, {
      limits: this.settings.segment,
      nowMs: this.#environment.nowMs(),
      random: this.settings.segment.jitterMsMax === 0 ? 0 : this.#environment.random(),
    })
    this.#unsettled.push({ lastOffset, bytes })
    return { baseOffset, lastOffset, written: written.then(() => { this.#written(lastOffset) },
      error => { throw this.#failed(error) }) }
  }

  /** A store that is closing or has failed refuses at once. */
  #toLog (batch: Buffer, durable: boolean): Promise<void> {
    try {
      return this.log.append(batch, durable)
    } catch (error) {
      if (error instanceof StoreError) throw new KafkaError(code.KAFKA_STORAGE_ERROR)
      throw error
    }
  }

  /** flush.messages: N=1 answers after the fdatasync, others sync after every N records (0.2). */
  #mustFlush (count: bigint): boolean {
    const every = this.settings.flushMessages
    if (every === 1n) return true
    this.#unflushedRecords += count
    if (this.#unflushedRecords < every) return false
    this.#unflushedRecords = 0n
    return true
  }

  #written (lastOffset: bigint): void {
    if (lastOffset < this.#ownEnd) return
    this.#ownEnd = lastOffset + 1n
    this.#writing.reached(this.#ownEnd)
    this.#advance()
  }

  /** 2.3.1: the smallest end over the in-sync replicas; alone, that is this replica's own. */
  #advance (): void {
    if (!this.isLeader || this.#ownEnd <= this.#highWatermark) return
    this.#highWatermark = this.#ownEnd
    const unsettled = this.#unsettled
    let settled = 0
    for (const { lastOffset, bytes } of unsettled) {
      if (lastOffset >= this.#highWatermark) break
      this.committedBytes += bytes
      settled++
    }
    if (settled > 0) unsettled.splice(0, settled)
    this.#committing.reached(this.#highWatermark)
    this.#tell('appended')
  }

  /** Resolves when the high watermark has reached `offset`; rejects when leadership ends first. */
  reached (offset: bigint): Promise<void> {
    if (this.#highWatermark >= offset) return Promise.resolve()
    if (!this.isLeader) return Promise.reject(this.#notLeading())
    return this.#committing.wait(offset)
  }

  /** Resolves when this replica has written everything below `offset`. */
  written (offset: bigint): Promise<void> {
    return this.#ownEnd >= offset ? Promise.resolve() : this.#writing.wait(offset)
  }

  #failWaiters (end: bigint, errorCode: number): void {
    this.#committing.failAbove(end, errorCode)
    this.#writing.failAbove(end, errorCode)
  }

  /** The turn was refused: what ran ahead of it is derived again from the log (D25, R-S9). */
  #failed (error: unknown): KafkaError {
    if (!(error instanceof StoreError)) throw error
    // A producer that sent the batch again must not be answered by others who take its offsets.
    this.#failWaiters(this.log.endOffset, code.KAFKA_STORAGE_ERROR)
    if (!this.#isReloading) void this.#reload()
    return new KafkaError(code.KAFKA_STORAGE_ERROR)
  }

  async #reload (): Promise<void> {
    this.#isReloading = true
    this.#available = false
    this.#unsettled = []
    await this.#derive('cannot be read again after a failed write')
    this.#isReloading = false
  }

  /** Of what could not be derived there is no checkpoint: the next start looks at the log again. */
  #derived (state: LogState, isBehind: boolean): void {
    this.#state = state
    this.log.onCheckpoint(() => this.#available ? this.#state?.encode() : undefined, isBehind)
  }

  /** Never rejects: a partition whose log cannot be read is offline (D5.12). */
  async #derive (problem: string): Promise<void> {
    try {
      const { state, isBehind } =
        await loadLogState(this.log, this.settings.segment, this.#environment)
      if (this.isLeader) state.epochs.assign(this.leaderEpoch, this.log.endOffset)
      this.#derived(state, isBehind)
      this.#available = true
    } catch (error) {
      this.#available = false
      this.#state ??= new LogState()
      // A store that is closed, or has failed, says so by itself, and not once for each log.
      const isTold = error instanceof StoreError && (error.code === 'CLOSED' || error.code === 'FAILED')
      if (!this.gone && !isTold) this.#environment.log('error', `${this.name} ${problem}`, { error })
    }
  }

  /** D5.12, D6.12: offline, then leadership. */
  ensureLeader (): void {
    this.ensureAvailable()
    if (!this.isLeader) throw this.#notLeading()
  }

  ensureAvailable (): void {
    if (!this.gone && !this.#available) throw new KafkaError(code.KAFKA_STORAGE_ERROR)
  }

  #notLeading (): KafkaError {
    return new KafkaError(this.gone ? code.UNKNOWN_TOPIC_OR_PARTITION : code.NOT_LEADER_OR_FOLLOWER)
  }

  /** Whole batches from `offset` up to `bound`; see Log.read. */
  read (
    offset: bigint, bound: bigint, bytesMax: number, firstWhole: boolean, atHandMax?: number
  ): LogRead | Promise<LogRead> {
    return this.log.read(offset, bound, bytesMax, firstWhole, atHandMax)
  }

  /** ListOffsets: see `list-offsets.ts`. */
  offsetFor (timestamp: bigint, query: OffsetQuery): ReturnType<typeof offsetFor> {
    return offsetFor(this, timestamp, query)
  }

  /** ListOffsets v0: see `list-offsets.ts`. */
  async segmentStarts (
    timestamp: bigint, query: SegmentQuery
  ): Promise<ReturnType<typeof segmentStarts>> {
    await this.whenLoaded()
    return segmentStarts(this, timestamp, query, this.#environment.nowMs())
  }

  abortedBetween (from: bigint, end: bigint): AbortedTransaction[] {
    return this.state.aborted.between(from, end)
  }

  /** DeleteRecords and retention: the log start moves forward, never past the high watermark. */
  async advanceStart (offset: bigint): Promise<void> {
    await this.whenLoaded()
    if (offset <= this.log.startOffset) return
    await this.log.advanceStart(offset)
    this.state.startAt(this.log.startOffset, this.log.endOffset)
    this.#tell('start-moved')
  }

  /** DeleteRecords: see `delete-records.ts`. */
  deleteRecords (offset: bigint): Promise<DeletedRecords> { return deleteRecords(this, offset) }

  /** OffsetForLeaderEpoch: see `epoch-end.ts`. */
  async endOfEpoch (epoch: number, currentLeaderEpoch: number): Promise<EpochEnd> {
    await this.whenLoaded()
    return endOfEpoch(this, epoch, currentLeaderEpoch)
  }

  /** Calls back when something happened that a waiting fetch looks at; answers how to stop that. */
  watch (watcher: (event: PartitionEvent) => void): () => void {
    this.#watchers.add(watcher)
    return () => { this.#watchers.delete(watcher) }
  }

  /** Fetches that wait for more, and those who wait for an offset. */
  get waiterCount (): number {
    return this.#watchers.size + this.#committing.count + this.#writing.count
  }

  #tell (event: PartitionEvent): void {
    if (this.#watchers.size === 0) return
    for (const watcher of [...this.#watchers]) watcher(event)
  }

  /** The topic was deleted: requests that wait here end with an error (D12.6). */
  remove (): void {
    this.gone = true
    this.#failWaiters(-1n, code.UNKNOWN_TOPIC_OR_PARTITION)
    this.#tell('gone')
  }
}
