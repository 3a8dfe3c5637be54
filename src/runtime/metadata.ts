/**
 * Feeds the image with what the quorum commits, tells the rooms what changed, and takes snapshots.
 */
import { decodeMetadata, encodeMetadata } from '../../protocol/stored/framing.ts'
import type { MetadataDelta } from '../core/metadata/delta.ts'
import { MetadataImage } from '../core/metadata/image.ts'
import type { Environment, Timer } from './environment.ts'
import type { Committed, QuorumRuntime } from './quorum/contract.ts'

export interface SnapshotLimits {
  /** metadata.log.max.record.bytes.between.snapshots */
  bytesMax: number
  /** Ottla's own: replaying so many records stays well below the time that a start may take. */
  recordsMax: number
}

/** A start, and whoever made so many changes, have better things to do first. */
const SNAPSHOT_DELAY_MS = 1000
/** Of a broker that is killed again and again before that, the log must not grow for ever. */
const OVERDUE_FACTOR = 4
const RECORDS_IN_A_TURN = 1000

export type DeltaListener = (delta: MetadataDelta, image: MetadataImage) => void

export class MetadataRuntime {
  readonly image = new MetadataImage()
  readonly #quorum: QuorumRuntime
  readonly #environment: Environment
  readonly #limits: SnapshotLimits
  readonly #listeners: DeltaListener[] = []
  #bytes = 0
  #records = 0
  #snapshotting = false
  #timer: Timer | undefined
  #stopped = false

  constructor (quorum: QuorumRuntime, environment: Environment, limits: SnapshotLimits) {
    this.#quorum = quorum
    this.#environment = environment
    this.#limits = limits
    quorum.onCommit(committed => { this.#apply(committed) })
  }

  /** Called in order with every committed batch, after the image has it. */
  onDelta (listener: DeltaListener): void { this.#listeners.push(listener) }

  #apply (committed: Committed): void {
    const entries = committed.records.map(decodeMetadata)
    const delta = committed.kind === 'snapshot'
      ? this.image.load(entries, committed.id.endOffset - 1n, committed.id.epoch)
      : this.#applyBatch(committed, entries)
    if (delta === undefined) return
    for (const listener of this.#listeners) listener(delta, this.image)
    if (committed.kind === 'snapshot') {
      this.#bytes = this.#records = 0
      return
    }
    this.#records += entries.length
    for (const record of committed.records) this.#bytes += record.length
    if (this.#isDue(1) && !this.#snapshotting) this.#snapshotSoon()
  }

  #applyBatch (committed: Extract<Committed, { kind: 'batch' }>, entries: ReturnType<typeof decodeMetadata>[]) {
    if (entries.length === 0) {
      this.image.advance(committed.lastOffset, committed.epoch)
      return undefined
    }
    return this.image.apply(
      { baseOffset: committed.baseOffset, leaderEpoch: committed.epoch, entries }
    )
  }

  #isDue (factor: number): boolean {
    const { bytesMax, recordsMax } = this.#limits
    return this.#bytes >= factor * bytesMax || this.#records >= factor * recordsMax
  }

  /** KIP-630: start-up loads the snapshot and replays only what came after it. */
  #snapshotSoon (): void {
    const delayMs = this.#isDue(OVERDUE_FACTOR) ? 0 : SNAPSHOT_DELAY_MS
    this.#timer ??= this.#environment.setTimer(delayMs, () => {
      this.#timer = undefined
      this.#snapshot()
        .catch((error: unknown) => { this.#environment.log('warn', 'no snapshot of the metadata was taken', { error }) })
        .finally(() => { this.#snapshotting = false })
    })
  }

  async #snapshot (): Promise<void> {
    // The records that a transaction holds count with its end.
    if (this.image.inTransaction || this.#stopped) return
    this.#snapshotting = true
    this.#bytes = this.#records = 0
    const id = { endOffset: this.image.lastAppliedOffset + 1n, epoch: this.image.lastAppliedEpoch }
    const entries = this.image.toRecords()
    const records: Buffer[] = []
    for (const entry of entries) {
      records.push(encodeMetadata(entry))
      if (records.length % RECORDS_IN_A_TURN === 0) await this.#turn()
    }
    if (!this.#stopped) await this.#quorum.snapshot(records, id)
  }

  /**
   * Others have theirs in between: the metadata of a large cluster takes a second to write down.
   */
  #turn (): Promise<void> {
    return new Promise(resolve => { this.#environment.atTurnEnd(resolve) })
  }

  stop (): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
