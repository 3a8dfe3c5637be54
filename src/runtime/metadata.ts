/** Feeds the image with what the quorum commits, tells the rooms what changed, and takes snapshots. */
import { decodeMetadata, encodeMetadata } from '../../protocol/stored/framing.ts'
import type { MetadataDelta } from '../core/metadata/delta.ts'
import { MetadataImage } from '../core/metadata/image.ts'
import type { Environment } from './environment.ts'
import type { Committed, QuorumRuntime } from './quorum/contract.ts'

export interface SnapshotLimits {
  /** metadata.log.max.record.bytes.between.snapshots */
  bytesMax: number
  /** Ottla's own: replaying so many records stays well below the time that a start may take. */
  recordsMax: number
}

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
    if (this.#bytes >= this.#limits.bytesMax || this.#records >= this.#limits.recordsMax) this.#snapshot()
  }

  #applyBatch (committed: Extract<Committed, { kind: 'batch' }>, entries: ReturnType<typeof decodeMetadata>[]) {
    if (entries.length === 0) {
      this.image.advance(committed.lastOffset, committed.epoch)
      return undefined
    }
    return this.image.apply({ baseOffset: committed.baseOffset, leaderEpoch: committed.epoch, entries })
  }

  /** KIP-630: start-up loads the snapshot and replays only what came after it. */
  #snapshot (): void {
    if (this.#snapshotting || this.image.inTransaction) return
    this.#snapshotting = true
    this.#bytes = this.#records = 0
    const id = { endOffset: this.image.lastAppliedOffset + 1n, epoch: this.image.lastAppliedEpoch }
    const records = this.image.toRecords().map(encodeMetadata)
    this.#quorum.snapshot(records, id)
      .catch(error => { this.#environment.log('warn', 'no snapshot of the metadata was taken', { error }) })
      .finally(() => { this.#snapshotting = false })
  }
}
