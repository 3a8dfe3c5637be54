/**
 * When volumes end: sealing by size and age, copying the few survivors of an almost dead volume
 * forward, inlining the large batches of journal files that are mostly small ones, and unlinking
 * what nothing points to any more (storage.md 4.1.4). Nothing is deleted in place.
 */
import { batchSize, lastOffset, maxTimestamp, baseOffset } from '../../protocol/records/header.ts'
import type { Mutation } from './disk.ts'
import { StoreError } from './error.ts'
import type { Extent } from './extents.ts'
import { batchKey, encodeIndex, encodePlace, indexLog } from './keys.ts'
import type { StoredLog } from './log.ts'
import { ReadBuilder } from './read.ts'
import type { StoreCore } from './store-core.ts'
import { largePiece } from './tail.ts'
import { forgetVolume } from './volumes.ts'
import type { Volume } from './volume.ts'

/** A stretch of one log that a flush moves to the active volume. */
export interface Copying { source: number, extent: Extent }

/** A new volume is not begun with less than this left. */
const NEW_VOLUME_BYTES = 4 * 1024 * 1024

export class Retention {
  private readonly core: StoreCore

  /** Some log has lost something since it was last looked for dead and dying volumes. */
  private shrunk = true
  private due = false

  constructor (core: StoreCore) { this.core = core }

  noteShrunk (): void { this.shrunk = true }

  sealIsDue (): boolean {
    const { active } = this.core.volumes
    const { volumeBytes, volumeAgeMs } = this.core.options
    if (active.bytes === 0) return false
    const { disk } = this.core.environment
    if (disk.freeBytes(this.core.directory) < NEW_VOLUME_BYTES) return false
    return active.bytes >= volumeBytes ||
      this.core.environment.nowMs() - active.createdMs >= volumeAgeMs
  }

  /** The sealed volume that is worth copying, and the first log with something alive in it. */
  private candidate (): { volume: Volume, log: StoredLog, extent: Extent } | undefined {
    const { volumes, options, logsByNumber } = this.core
    if (volumes.all.size < 2) return undefined
    const alive = volumes.alive()
    for (const volume of volumes.all.values()) {
      const bytes = alive.get(volume.number) ?? 0
      if (!volume.sealed || bytes === 0 || bytes >= volume.bytes * options.aliveRatioMin) continue
      for (const log of logsByNumber.values()) {
        const extent = log.extents.find(({ volume: number }) => number === volume.number)
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
    this.due = this.shrunk
    this.shrunk = false
    const found = this.due ? this.candidate() : undefined
    if (found === undefined) return () => []
    const { core } = this
    const { volume, log, extent } = found
    const from = extent.from > log.startOffset ? extent.from : log.startOffset
    const into = new ReadBuilder(from, extent.to, core.options.copySliceBytes, true)
    await volume.readCold(log.number, extent, into, core.journal, core.readPool)
    const read = into.finish()
    const bytes = Buffer.concat(read.chunks)
    read.release()
    return () => this.copy(log, volume, bytes, { from: extent.from, to: into.offset })
  }

  private copy (
    log: StoredLog, volume: Volume, bytes: Buffer, range: { from: bigint, to: bigint }
  ): Mutation[] {
    const still = log.extents.some(extent => extent.volume === volume.number &&
      extent.from <= range.from && extent.to >= range.to)
    if (log.deleted || !still) return []
    try {
      return this.copyStill(log, volume, bytes, range)
    } catch (error) {
      if (error instanceof StoreError && error.code === 'DISK_FULL') return []
      throw error
    }
  }

  private copyStill (
    log: StoredLog, volume: Volume, bytes: Buffer, range: { from: bigint, to: bigint }
  ): Mutation[] {
    const { core } = this
    const { active } = core.volumes
    const mutations: Mutation[] = []
    let highest = -1n
    let run = { base: 0n, from: 0, to: 0 }
    const endRun = (): void => {
      if (run.to > run.from) {
        const value = bytes.subarray(run.from, run.to)
        mutations.push({ key: batchKey(log.number, run.base), value })
      }
    }
    for (let at = 0; at < bytes.length;) {
      const size = batchSize(bytes, at)
      const batch = bytes.subarray(at, at + size)
      if (maxTimestamp(batch) > highest) highest = maxTimestamp(batch)
      if (size >= core.options.largeBatchBytes) {
        endRun()
        mutations.push(this.copyLarge(log, batch))
        run = { base: 0n, from: at + size, to: at + size }
      } else {
        if (run.to > run.from && run.to - run.from + size > core.options.chunkBytes) {
          endRun()
          run = { base: 0n, from: at, to: at }
        }
        if (run.to === run.from) run = { base: baseOffset(batch), from: at, to: at }
        run.to = at + size
      }
      at += size
    }
    endRun()
    if (bytes.length > 0) {
      mutations.push({
        key: batchKey(indexLog(log.number), baseOffset(bytes)),
        value: encodeIndex({
          next: range.to, bytes: BigInt(bytes.length), maxTimestamp: highest,
        }),
      })
    }
    active.bytes += bytes.length
    log.copying = {
      source: volume.number,
      extent: {
        volume: active.number,
        from: range.from,
        to: range.to,
        bytes: bytes.length,
        maxTimestamp: highest,
      },
    }
    core.flusher.note(log)
    return mutations
  }

  /** Written once more, by a turn of its own that recovery passes over. */
  private copyLarge (log: StoredLog, batch: Buffer): Mutation {
    const { core } = this
    const base = baseOffset(batch)
    const piece = largePiece(batch, base, lastOffset(batch) + 1n)
    core.writer.copy(log.number, base, piece)
    const { file } = piece
    if (file === undefined) throw new Error('a copied batch has no place')
    file.placeBytes += piece.bytes
    core.volumes.active.files.set(file.number, file.placeBytes)
    return {
      key: batchKey(log.number, base),
      value: encodePlace({
        file: file.number,
        position: BigInt(piece.position),
        length: piece.bytes,
        last: piece.next - 1n,
        maxTimestamp: piece.maxTimestamp,
        epoch: piece.epoch,
      }),
    }
  }

  /** Unlinks sealed volumes that no flushed state points to; goes on copying while that pays. */
  async removeDead (): Promise<void> {
    if (!this.due) return
    const { volumes, journal, flusher } = this.core
    const alive = volumes.alive()
    for (const volume of [...volumes.all.values()]) {
      if (!volume.sealed || alive.has(volume.number)) continue
      if (volume.busy > 0) {
        this.shrunk = true
        continue
      }
      await volumes.remove(volume)
      for (const number of volume.files.keys()) journal.dropPlaces(number)
      flusher.also(forgetVolume(volume.number))
    }
    if (this.candidate() !== undefined) {
      this.shrunk = true
      flusher.noteAgain()
    }
  }
}
