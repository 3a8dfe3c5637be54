/** What the machine knows of the metadata log, which stays outside: offsets, epochs, snapshots. */
import { LeaderEpochs } from '../replica/leader-epochs.ts'
import type { EpochStart } from '../replica/leader-epochs.ts'
import type { SnapshotId } from './effects.ts'

export interface StoredSnapshot extends SnapshotId { readonly sizeBytes: number }

/** 2.10.12: the newest snapshot, and the one before for downloads that still run. */
const SNAPSHOTS_KEPT = 2

export interface LogBounds {
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly epochs: readonly EpochStart[]
  /** Oldest first. */
  readonly snapshots: readonly StoredSnapshot[]
}

/** How a follower's position relates to this log. */
export type Position =
  | { readonly kind: 'valid' }
  | { readonly kind: 'diverging', readonly epoch: number, readonly endOffset: bigint }
  | { readonly kind: 'snapshot', readonly id: SnapshotId }

const VALID: Position = { kind: 'valid' }

export class LogView {
  startOffset: bigint
  endOffset: bigint
  /** Readable below. Invariant: flushedOffset <= writtenOffset <= endOffset. */
  writtenOffset: bigint
  /** Durable below: all that this node may count or acknowledge (2.10.8). */
  flushedOffset: bigint
  /** Grows with each truncation, so that a report about what was cut off is not believed. */
  generation = 0
  epochs: LeaderEpochs
  snapshots: StoredSnapshot[]

  constructor ({ startOffset, endOffset, epochs, snapshots }: LogBounds) {
    this.startOffset = startOffset
    this.endOffset = endOffset
    this.writtenOffset = endOffset
    this.flushedOffset = endOffset
    this.epochs = new LeaderEpochs(epochs)
    this.snapshots = [...snapshots]
  }

  get latestSnapshot (): StoredSnapshot | undefined { return this.snapshots.at(-1) }
  /** The epoch of the last record; 0 for a log that never had one. */
  get lastEpoch (): number { return this.epochs.latest?.epoch ?? this.latestSnapshot?.epoch ?? 0 }

  append (endOffset: bigint, epoch: number): void {
    this.epochs.assign(epoch, this.endOffset)
    this.endOffset = endOffset
  }

  written (endOffset: bigint, generation: number): void {
    if (generation === this.generation && endOffset > this.writtenOffset) {
      this.writtenOffset = smaller(endOffset, this.endOffset)
    }
  }

  flushed (endOffset: bigint, generation: number): void {
    this.written(endOffset, generation)
    if (generation === this.generation && endOffset > this.flushedOffset) {
      this.flushedOffset = smaller(endOffset, this.endOffset)
    }
  }

  truncate (offset: bigint): void {
    this.generation += 1
    this.endOffset = smaller(this.endOffset, offset)
    this.writtenOffset = smaller(this.writtenOffset, offset)
    this.flushedOffset = smaller(this.flushedOffset, offset)
    this.epochs.truncateFromEnd(offset)
  }

  /** The snapshot replaces the log (2.10.12): nothing stands in it but the snapshot's end. */
  reset (snapshot: StoredSnapshot): void {
    this.startOffset = this.endOffset = snapshot.endOffset
    this.writtenOffset = this.flushedOffset = snapshot.endOffset
    this.epochs = new LeaderEpochs([{ epoch: snapshot.epoch, startOffset: snapshot.endOffset }])
    this.snapshots = [snapshot]
  }

  /** A snapshot of this log itself: the log below it may go. */
  snapshotTaken (snapshot: StoredSnapshot): void {
    this.snapshots = [...this.snapshots, snapshot].slice(-SNAPSHOTS_KEPT)
    this.startOffset = snapshot.endOffset
    this.epochs.truncateFromStart(snapshot.endOffset)
  }

  /** Where `epoch` ends here; for one that is not known, the nearest below or this log's end. */
  endOffsetFor (epoch: number): { epoch: number, endOffset: bigint } {
    const found = this.epochs.endOffsetFor(epoch, this.endOffset)
    return found.epoch < 0 ? { epoch: this.lastEpoch, endOffset: this.endOffset } : found
  }

  /** 2.1.3 and 2.10.12, for a follower that has everything below `offset`, the last in `epoch`. */
  positionOf (offset: bigint, epoch: number): Position {
    const snapshot = this.latestSnapshot
    if (snapshot !== undefined && (offset === 0n || offset < this.startOffset ||
      epoch < snapshot.epoch || (offset === this.startOffset && epoch !== snapshot.epoch))) {
      return { kind: 'snapshot', id: { endOffset: snapshot.endOffset, epoch: snapshot.epoch } }
    }
    if (offset === 0n && this.startOffset === 0n && epoch === 0) return VALID
    const own = this.endOffsetFor(epoch)
    if (own.epoch === epoch && offset <= own.endOffset) return VALID
    return { kind: 'diverging', ...own }
  }

  /** 2.1.4: where to cut, told by the leader that `epoch` ends at `endOffset` in its log. */
  truncationFor ({ epoch, endOffset }: { epoch: number, endOffset: bigint }): bigint {
    const own = this.endOffsetFor(epoch)
    return own.epoch === epoch ? smaller(own.endOffset, endOffset) : own.endOffset
  }
}

function smaller (one: bigint, other: bigint): bigint { return one < other ? one : other }
