/** What must hold after every event (correctness.md 2.11), with the names of the TLA+ texts. */
import type { SavedVote } from '../../../../src/core/quorum/effects.ts'
import type { SimulatedDisk, StoredBatch } from './disk.ts'

export class Violation extends Error {
  readonly invariant: string

  constructor (invariant: string, message: string) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
  }
}

interface Written { readonly bytes: Buffer, readonly previousEpoch: number }

/** The facts of the whole run, which no node knows. */
export class Invariants {
  readonly #leaders = new Map<number, string>()
  readonly #written = new Map<string, Written>()
  readonly #durableEpochs = new Map<number, number>()
  /** Committed batches in order: the ghost log. */
  readonly committed: StoredBatch[] = []

  get committedEnd (): bigint { return this.committed.at(-1)?.end ?? 0n }

  /** ElectionSafety: one leader an epoch, in one life. LeaderCompleteness: with all committed. */
  leaderElected (node: { name: string, disk: SimulatedDisk }, epoch: number): void {
    const other = this.#leaders.get(epoch)
    if (other !== undefined) {
      throw new Violation('ElectionSafety', `${other} and ${node.name} lead epoch ${epoch}`)
    }
    this.#leaders.set(epoch, node.name)
    const last = this.committed.at(-1)
    if (last === undefined || node.disk.startOffset >= last.end) return
    if (node.disk.at(last.base)?.epoch !== last.epoch) {
      throw new Violation('LeaderCompleteness',
        `${node.name} leads epoch ${epoch} without the committed offset ${last.base}`)
    }
  }

  /** LogMatching: an offset and an epoch name one batch, and one history before it. */
  written (name: string, disk: SimulatedDisk, batch: StoredBatch): void {
    const previousEpoch = disk.at(batch.base - 1n)?.epoch ?? disk.snapshots.at(-1)?.epoch ?? -1
    const key = `${batch.base}@${batch.epoch}`
    const known = this.#written.get(key)
    if (known === undefined) {
      this.#written.set(key, { bytes: batch.bytes, previousEpoch })
    } else if (!known.bytes.equals(batch.bytes) || known.previousEpoch !== previousEpoch) {
      throw new Violation('LogMatching', `${name} has another batch or history at ${key}`)
    }
  }

  /** Durability, AckedDurable: what is told to be committed stays, and a majority flushed it. */
  highWatermarkAdvanced (
    node: { name: string, disk: SimulatedDisk }, offset: bigint, voters: readonly SimulatedDisk[]
  ): void {
    const { disk, name } = node
    this.#compareWithCommitted(name, disk, offset)
    while (this.committedEnd < offset) {
      const batch = disk.at(this.committedEnd)
      if (batch === undefined) {
        throw new Violation('Durability', `${name} commits ${offset} without ${this.committedEnd}`)
      }
      this.committed.push(batch)
    }
    const last = this.committed.at(-1)
    if (last === undefined) return
    const holders = voters.filter(voter => voter.startOffset >= last.end ||
      (voter.flushedEnd >= last.end && voter.at(last.base)?.epoch === last.epoch)).length
    if (holders * 2 <= voters.length) {
      throw new Violation('AckedDurable',
        `${name} commits ${last.base}, flushed by ${holders} of ${voters.length} voters`)
    }
  }

  /** CommitOwnEpoch: older records are committed only with one of the leader's epoch (2.10.3). */
  leaderCommitted (node: { name: string }, epoch: number): void {
    const last = this.committed.at(-1)
    if (last !== undefined && last.epoch < epoch) {
      throw new Violation('CommitOwnEpoch',
        `${node.name} commits up to ${last.base} of epoch ${last.epoch} in epoch ${epoch}`)
    }
  }

  #compareWithCommitted (name: string, disk: SimulatedDisk, offset: bigint): void {
    const end = offset < this.committedEnd ? offset : this.committedEnd
    // By LogMatching, the last one stands for all before it.
    const batch = this.#committedAt(end - 1n)
    if (batch === undefined || batch.base < disk.startOffset) return
    const own = disk.at(batch.base)
    if (own === undefined || own.epoch !== batch.epoch || !own.bytes.equals(batch.bytes)) {
      throw new Violation('Durability', `${name} has not what was committed at ${batch.base}`)
    }
  }

  #committedAt (offset: bigint): StoredBatch | undefined {
    return this.committed.findLast(batch => batch.base <= offset && offset < batch.end)
  }

  /** EpochMonotone, in the flushed state. */
  voteSaved (id: number, vote: SavedVote): void {
    const before = this.#durableEpochs.get(id) ?? -1
    if (vote.epoch < before) {
      throw new Violation('EpochMonotone', `node ${id} goes from epoch ${before} to ${vote.epoch}`)
    }
    this.#durableEpochs.set(id, vote.epoch)
  }

  /** PersistBeforeReply: no epoch and no vote is told that a crash could take back. */
  told (name: string, disk: SimulatedDisk, facts: { epoch: number, votedFor?: number }): void {
    const { vote } = disk
    if (facts.epoch > (vote?.epoch ?? 0)) {
      throw new Violation('PersistBeforeReply', `${name} tells of epoch ${facts.epoch} unsaved`)
    }
    if (facts.votedFor !== undefined && vote?.epoch === facts.epoch &&
      vote.votedId !== facts.votedFor) {
      throw new Violation('PersistBeforeReply',
        `${name} tells of its vote for ${facts.votedFor} in epoch ${facts.epoch} unsaved`)
    }
  }
}
