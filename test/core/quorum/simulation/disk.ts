/** A node's disk: what is written apart from what is flushed, so that a crash can lose the rest. */
import { batchesIn } from '../../../../protocol/records/batches.ts'
import { baseOffset, lastOffset, leaderEpoch } from '../../../../protocol/records/header.ts'
import type { SavedVote, SnapshotId } from '../../../../src/core/quorum/effects.ts'
import type { StoredSnapshot } from '../../../../src/core/quorum/log-view.ts'
import type { Recovered } from '../../../../src/core/quorum/quorum.ts'
import type { EpochStart } from '../../../../src/core/replica/leader-epochs.ts'
import type { Random } from './random.ts'

export interface StoredBatch {
  readonly base: bigint
  readonly end: bigint
  readonly epoch: number
  readonly bytes: Buffer
}

export interface KeptSnapshot extends StoredSnapshot { readonly bytes: Buffer }

export class SimulatedDisk {
  vote: SavedVote | undefined
  startOffset = 0n
  batches: StoredBatch[] = []
  flushedEnd = 0n
  snapshots: KeptSnapshot[] = []
  /** How often the end was cut off. */
  cuts = 0

  get endOffset (): bigint { return this.batches.at(-1)?.end ?? this.startOffset }

  append (bytes: Buffer): StoredBatch[] {
    const added: StoredBatch[] = []
    for (const batch of batchesIn(bytes)) {
      const stored = {
        base: baseOffset(batch),
        end: lastOffset(batch) + 1n,
        epoch: leaderEpoch(batch),
        bytes: batch,
      }
      if (stored.base !== this.endOffset) {
        throw new Error(`a batch at ${stored.base} behind a log that ends at ${this.endOffset}`)
      }
      this.batches.push(stored)
      added.push(stored)
    }
    return added
  }

  truncate (offset: bigint): void {
    this.cuts += 1
    this.batches = this.batches.filter(batch => batch.base < offset)
    if (this.flushedEnd > this.endOffset) this.flushedEnd = this.endOffset
  }

  flush (endOffset: bigint): void {
    const reached = endOffset < this.endOffset ? endOffset : this.endOffset
    if (reached > this.flushedEnd) this.flushedEnd = reached
  }

  at (offset: bigint): StoredBatch | undefined {
    let low = 0
    let high = this.batches.length - 1
    while (low <= high) {
      const middle = (low + high) >> 1
      const batch = this.batches[middle] as StoredBatch
      if (batch.end <= offset) low = middle + 1
      else if (batch.base > offset) high = middle - 1
      else return batch
    }
    return undefined
  }

  read (offset: bigint, end: bigint, bytesMax: number): Buffer {
    const parts: Buffer[] = []
    let bytes = 0
    for (let batch = this.at(offset); batch !== undefined; batch = this.at(batch.end)) {
      if (batch.base >= end || (bytes > 0 && bytes + batch.bytes.length > bytesMax)) break
      parts.push(batch.bytes)
      bytes += batch.bytes.length
    }
    return Buffer.concat(parts)
  }

  keepSnapshot (snapshot: KeptSnapshot): void {
    this.snapshots = [...this.snapshots, snapshot].slice(-2)
    this.startOffset = snapshot.endOffset
    this.batches = this.batches.filter(batch => batch.base >= snapshot.endOffset)
  }

  installSnapshot (snapshot: KeptSnapshot): void {
    this.cuts += 1
    this.snapshots = [snapshot]
    this.startOffset = this.flushedEnd = snapshot.endOffset
    this.batches = []
  }

  snapshot ({ endOffset, epoch }: SnapshotId): KeptSnapshot | undefined {
    return this.snapshots.find(kept => kept.endOffset === endOffset && kept.epoch === epoch)
  }

  /** Power is lost: of what was not flushed, a drawn number of whole batches remains. */
  loseUnflushed (random: Random): void {
    const flushed = this.batches.findIndex(batch => batch.end > this.flushedEnd)
    if (flushed >= 0) {
      this.batches.length = flushed + random.below(this.batches.length - flushed + 1)
    }
    this.flushedEnd = this.endOffset
  }

  recover (): Recovered {
    const epochs: EpochStart[] = []
    const newest = this.snapshots.at(-1)
    if (newest !== undefined) epochs.push({ epoch: newest.epoch, startOffset: newest.endOffset })
    for (const { base, epoch } of this.batches) {
      if (epochs.at(-1)?.epoch === epoch) continue
      if (epochs.at(-1)?.startOffset === base) epochs.pop()
      epochs.push({ epoch, startOffset: base })
    }
    return {
      vote: this.vote,
      startOffset: this.startOffset,
      endOffset: this.endOffset,
      epochs,
      snapshots: this.snapshots,
      snapshotVoters: { voters: undefined, kraftVersion: 0 },
      controlRecords: [],
    }
  }
}
