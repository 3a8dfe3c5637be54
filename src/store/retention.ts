/**
 * When volumes end: sealing by size and age, copying the few survivors of an almost dead volume
 * forward, inlining the large batches of journal files that are mostly small ones, and unlinking
 * what nothing points to any more (storage.md 4.1.4). Nothing is deleted in place.
 */
import type { Mutation } from './disk.ts'
import { StoreError } from './error.ts'
import type { Extent } from './extents.ts'
import { putForward } from './forward.ts'
import type { ForwardNeeds } from './forward.ts'
import type { LogNeeds, StoredLog } from './log.ts'
import { ReadBuilder } from './read.ts'
import { forgetVolume } from './volumes.ts'
import type { Volume } from './volume.ts'

/** A new volume is not begun with less than this left. */
const NEW_VOLUME_BYTES = 4 * 1024 * 1024

interface Needs extends ForwardNeeds, Pick<LogNeeds, 'environment' | 'journal' | 'readPool'> {
  readonly directory: string
  readonly logsByNumber: ReadonlyMap<number, StoredLog>
  readonly flusher: ForwardNeeds['flusher'] & {
    also (mutation: Mutation): void
    noteAgain (): void
    noteSoon (): void
  }
  readonly rewriter: { isBusy (log: StoredLog): boolean, hasBusy (): boolean }
}

export class Retention {
  readonly #core: Needs

  /** Some log has lost something since it was last looked for dead and dying volumes. */
  #shrunk = true
  #due = false
  #sealAsked = false
  /** What is left of them stays where it is. */
  readonly #unreadable = new WeakSet<StoredLog>()

  constructor (core: Needs) { this.#core = core }

  noteShrunk (): void { this.#shrunk = true }

  sealIsDue (): boolean {
    const { active } = this.#core.volumes
    const { volumeBytes, volumeAgeMs } = this.#core.options
    if (active.bytes === 0) return false
    const { disk } = this.#core.environment
    if (disk.freeBytes(this.#core.directory) < NEW_VOLUME_BYTES) return false
    return active.bytes >= volumeBytes || this.#sealAsked ||
      this.#core.environment.nowMs() - active.createdMs >= volumeAgeMs
  }

  /**
   * The next flush seals the active volume if that pays: what compaction is about to replace in it
   * gives its space back only when the whole volume goes. True when it will be sealed.
   */
  askForSeal (): boolean {
    this.#sealAsked = this.#core.volumes.active.bytes >= this.#core.options.rewriteSealBytes
    return this.#sealAsked
  }

  /** A new volume has begun. */
  sealed (): void {
    this.#sealAsked = false
    this.#shrunk = true
  }

  /** The sealed volume that is worth copying, and the first log with something alive in it. */
  #candidate (): { volume: Volume, log: StoredLog, extent: Extent } | undefined {
    const { volumes, options, logsByNumber } = this.#core
    if (volumes.all.size < 2) return undefined
    const alive = volumes.alive()
    for (const volume of volumes.all.values()) {
      const bytes = alive.get(volume.number) ?? 0
      if (!volume.sealed || bytes === 0 || bytes >= volume.bytes * options.aliveRatioMin) continue
      for (const log of logsByNumber.values()) {
        // what compaction is about to replace is not worth copying, and must not stand in its way
        if (this.#core.rewriter.isBusy(log) || this.#unreadable.has(log)) continue
        const extent = log.extents.find(({ volume: number, bytes: weight }) =>
          number === volume.number && weight > 0)
        if (extent !== undefined) return { volume, log, extent }
      }
    }
    return undefined
  }

  /**
   * Reads the next slice of survivors; what is returned puts it into the flush, if the log still
   * has it by then. Smaller ones become runs, large ones are written to the journal again.
   */
  async prepare (): Promise<() => Mutation[]> {
    this.#due = this.#shrunk
    this.#shrunk = false
    const found = this.#due ? this.#candidate() : undefined
    if (found === undefined) return () => []
    const core = this.#core
    const { volume, log, extent } = found
    const from = extent.from > log.startOffset ? extent.from : log.startOffset
    const into = new ReadBuilder(log, from, {
      end: extent.to, maxBytes: core.options.copySliceBytes, firstWhole: true, atHandMax: Infinity,
    })
    try {
      await volume.readCold(extent, into, core.journal, core.readPool)
    } catch (error) {
      into.abandon()
      log.noteUnreadable(error, from)
      this.#unreadable.add(log)
      return () => []
    }
    const read = into.finish()
    const bytes = Buffer.concat(read.chunks)
    read.release()
    return () => this.#copy(log, volume, bytes, { from: extent.from, to: into.offset })
  }

  #copy (
    log: StoredLog, volume: Volume, bytes: Buffer, range: { from: bigint, to: bigint }
  ): Mutation[] {
    const still = log.extents.find(extent => extent.volume === volume.number &&
      extent.from <= range.from && extent.to >= range.to)
    if (log.deleted || still === undefined) return []
    try {
      return putForward(this.#core, log, bytes, { keys: still.keys, ...range })
    } catch (error) {
      if (error instanceof StoreError && error.code === 'DISK_FULL') return []
      throw error
    }
  }

  /** Unlinks sealed volumes that no flushed state points to; goes on copying while that pays. */
  async removeDead (): Promise<void> {
    if (!this.#due) return
    const { volumes, journal, flusher } = this.#core
    const alive = volumes.alive()
    for (const volume of [...volumes.all.values()]) {
      if (!volume.sealed || alive.has(volume.number)) continue
      if (volume.readers.any) {
        this.#shrunk = true
        continue
      }
      await volumes.remove(volume)
      for (const number of volume.files.keys()) journal.dropPlaces(number)
      flusher.also(forgetVolume(volume.number))
    }
    const goesOn = this.#candidate() !== undefined
    if (!goesOn && !this.#core.rewriter.hasBusy()) return
    this.#shrunk = true
    if (goesOn) flusher.noteSoon()
    else flusher.noteAgain()
  }
}
