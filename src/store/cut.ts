/**
 * Cutting the end of a log off in the active volume: the one exception to append-only (storage.md
 * 4.1.4).
 */
import { baseOffset, batchSize } from '../../protocol/records/header.ts'
import type { Mutation } from './disk.ts'
import { batchKey, decodeIndex, decodePlace, encodeIndex, firstKey, indexLog, offsetOfKey } from './keys.ts'
import type { Volume } from './volume.ts'

/**
 * What removes every batch from base offset `base` on. Only for the active volume, and for the
 * log's own keys: no offset is put again under a rewrite's.
 */
export function cutFrom (volume: Volume, log: number, base: bigint): Mutation[] {
  const mutations: Mutation[] = []
  const { environment } = volume
  for (const number of [log, indexLog(log)]) {
    const range = { start: batchKey(number, base), end: firstKey(number + 1) }
    for (const key of environment.keys(range)) mutations.push({ key, value: undefined })
  }
  const floor = base > 0n ? volume.floorKey(log, base - 1n) : undefined
  const run = floor === undefined ? undefined : environment.get(floor)
  if (floor !== undefined && run !== undefined && decodePlace(run) === undefined) {
    let keep = 0
    while (keep < run.length && baseOffset(run, keep) < base) keep += batchSize(run, keep)
    if (keep < run.length) mutations.push({ key: floor, value: run.subarray(0, keep) })
  }
  const index = base > 0n ? volume.floorKey(indexLog(log), base - 1n) : undefined
  const entry = index === undefined ? undefined : environment.get(index)
  if (index !== undefined && entry !== undefined) {
    const { next, maxTimestamp } = decodeIndex(entry)
    const bytes = BigInt(volume.walkBytes(log, offsetOfKey(index), base))
    const value = encodeIndex({ next: next < base ? next : base, bytes, maxTimestamp })
    mutations.push({ key: index, value })
  }
  return mutations
}
