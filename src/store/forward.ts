/**
 * Puts stored batches into the active volume once more, for a log that moves them there: survivors
 * of a dying volume, or what compaction leaves. Small ones become runs, large ones are written to
 * the journal again by a turn of their own, which recovery passes over (storage.md 4.1.4).
 */
import { baseOffset, batchSize, lastOffset, maxTimestamp } from '../../protocol/records/header.ts'
import type { Mutation } from './disk.ts'
import { batchKey, encodeIndex, encodePlace, indexLog } from './keys.ts'
import type { LogNeeds, StoredLog } from './log.ts'
import { largePiece } from './tail.ts'
import type { Piece } from './tail.ts'

/** What putting batches forward uses of the store. */
export type ForwardNeeds = Pick<LogNeeds, 'flusher' | 'options' | 'volumes' | 'writer'>

/** Where the batches go: offsets [from, to) under `keys`. */
export interface Target { keys: number, from: bigint, to: bigint }

/**
 * Makes the mutations for whole batches in offset order, and notes the move in the log, which the
 * flush with these mutations makes true. Throws DISK_FULL or FAILED with the log as it was.
 */
export function putForward (
  core: ForwardNeeds, log: StoredLog, bytes: Buffer, target: Target
): Mutation[] {
  const { keys, from, to } = target
  const { active } = core.volumes
  const mutations: Mutation[] = []
  let highest = -1n
  let run = { base: 0n, from: 0, to: 0 }
  const endRun = (): void => {
    if (run.to === run.from) return
    mutations.push({ key: batchKey(keys, run.base), value: bytes.subarray(run.from, run.to) })
  }
  for (let at = 0; at < bytes.length;) {
    const size = batchSize(bytes, at)
    const batch = bytes.subarray(at, at + size)
    if (maxTimestamp(batch) > highest) highest = maxTimestamp(batch)
    if (size >= core.options.largeBatchBytes) {
      endRun()
      mutations.push(putLarge(core, keys, batch))
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
    const index = { next: to, bytes: BigInt(bytes.length), maxTimestamp: highest }
    mutations.push({ key: batchKey(indexLog(keys), baseOffset(bytes)), value: encodeIndex(index) })
  }
  active.bytes += bytes.length
  log.moving = {
    volume: active.number, keys, from, to, bytes: bytes.length, maxTimestamp: highest,
  }
  core.flusher.note(log)
  return mutations
}

function putLarge (core: ForwardNeeds, keys: number, batch: Buffer): Mutation {
  const base = baseOffset(batch)
  const piece = largePiece(batch, base, lastOffset(batch) + 1n)
  core.writer.copy(keys, base, piece)
  const { file } = piece
  if (file === undefined) throw new Error('a copied batch has no place')
  file.placeBytes += piece.bytes
  core.volumes.active.files.set(file.number, file.placeBytes)
  return { key: batchKey(keys, base), value: placeOf(piece, file.number) }
}

/** Where a large batch lies whose turn is written, as the volume keeps it. */
export function placeOf (piece: Piece, file: number): Buffer {
  return encodePlace({
    file,
    position: BigInt(piece.position),
    length: piece.bytes,
    last: piece.next - 1n,
    maxTimestamp: piece.maxTimestamp,
    epoch: piece.epoch,
  })
}
