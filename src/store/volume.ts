/**
 * One volume: an environment with runs of small batches and places of large ones, and the journal
 * files kept for it. It takes flushes until it is sealed, then it is only read (storage.md 4.1.4).
 */
import { baseOffset, batchSize, HEADER_SIZE } from '../../protocol/records/header.ts'
import type { Disk, KeyValueEnvironment } from './disk.ts'
import { StoreError } from './error.ts'
import type { Extent } from './extents.ts'
import type { Journal, JournalFile } from './journal.ts'
import {
  batchKey, decodeIndex, decodePlace, firstKey, indexLog, offsetOfKey
} from './keys.ts'
import type { Place } from './keys.ts'
import type { Pool, PooledBuffer } from './pool.ts'
import { batchEnd } from './read.ts'
import type { ReadBuilder } from './read.ts'
import { headerIn } from './tail.ts'
import { Users } from './users.ts'

const KEYS_A_READ = 256
/** Large batches with no more than this between them are read in one go. */
const GAP_BYTES = 8 * 1024
/** What more than this takes is memory of its own, whose pages are new each time. */
const SPAN_BYTES = 1024 * 1024

/** What the keys of one read are for at least: places of large batches, and runs of small ones. */
const KEY_BYTES_MIN = 8 * 1024

/** Part of one large batch. */
export interface SliceOf {
  readonly keys: number
  readonly offset: bigint
  /** Of the whole batch. */
  readonly length: number
  readonly at: number
  readonly bytes: number
}

/** A stretch of one read: bytes at hand, or places in one file that one read covers. */
interface Part { buffer: PooledBuffer | undefined, file: JournalFile | undefined, places: Place[] }

export class Volume {
  readonly number: number
  readonly path: string
  sealed = false
  /** Payload bytes put into it. */
  bytes = 0
  createdMs = 0
  /** Journal files with its large batches: bytes in each. */
  readonly files = new Map<number, number>()
  /** Reads under way off the event loop: it must not be closed or unlinked. */
  readonly readers = new Users()
  #kept: KeyValueEnvironment | undefined
  /** What is kept only reads. */
  #isReader = false
  #hasEnded = false
  readonly #disk: Disk
  readonly #mapBytes: number

  constructor (number: number, path: string, disk: Disk, mapBytes: number) {
    this.number = number
    this.path = path
    this.#disk = disk
    this.#mapBytes = mapBytes
  }

  get isOpen (): boolean { return this.#kept !== undefined }

  /** Throws CLOSED where it would have to be opened again and the store is closing. */
  get environment (): KeyValueEnvironment {
    if (this.#kept === undefined && this.#hasEnded) throw new StoreError('CLOSED', `${this.path} is closed`)
    if (this.#kept === undefined) {
      this.#isReader = this.sealed
      this.#kept =
        this.#disk.openEnvironment(this.path, { mapBytes: this.#mapBytes, readOnly: this.sealed })
    }
    return this.#kept
  }

  /** While this is set nothing may be read: an environment is never opened twice (4.1.10). */
  closing: Promise<void> | undefined

  /** The store closes: it is not opened any more, and closes once the last reader is done. */
  async end (): Promise<void> {
    this.#hasEnded = true
    await this.readers.gone()
    await this.close()
  }

  async close (): Promise<void> {
    const kept = this.#kept
    this.#kept = undefined
    if (kept === undefined) return this.closing
    if (this.#isReader) return kept.close()
    this.closing = kept.close()
    await this.closing
    this.closing = undefined
  }

  /** Key of the value that may hold `offset`: the last one that begins at or before it. */
  floorKey (log: number, offset: bigint): Buffer | undefined {
    const range = { start: batchKey(log, offset), end: firstKey(log), reverse: true, limit: 1 }
    return this.environment.keys(range)[0]
  }

  /** Keys of the values from the one that may hold `from` on, up to base offset `to`. */
  keysFrom (log: number, from: bigint, to: bigint, limit?: number): Buffer[] {
    const start = this.floorKey(log, from) ?? batchKey(log, from)
    const range = { start, end: batchKey(log, to) }
    return this.environment.keys(limit === undefined ? range : { ...range, limit })
  }

  /** Reads what is hot at once, on the event loop. */
  read (extent: Extent, into: ReadBuilder, journal: Journal, pool: Pool): void {
    while (!into.full && into.offset < extent.to && into.offset < into.end) {
      const before = into.offset
      const keys = this.#keysFor(extent, into)
      const parts: Part[] = []
      try {
        this.#gather(parts, keys, into, journal, pool)
        for (const part of parts) {
          part.buffer ??= this.#readPlaces(part, journal, pool)
          this.#take(part, into, extent.to)
        }
      } finally {
        letGo(parts)
      }
      if (into.isDeferring && into.offset === before) this.#count(keys, into, extent.to)
      if (into.offset === before) break
    }
    if (!into.full && into.offset < extent.to && into.offset < into.end) into.offset = extent.to
  }

  /** The same, with every page and place loaded off the event loop first. */
  async readCold (
    extent: Extent, into: ReadBuilder, journal: Journal, pool: Pool
  ): Promise<void> {
    this.readers.enter()
    const parts: Part[] = []
    try {
      await this.closing
      const before = into.offset
      const keys = this.#keysFor(extent, into)
      await this.environment.prefetch(keys)
      this.#gather(parts, keys, into, journal, pool)
      for (const part of parts) {
        part.buffer ??= await this.#readPlacesAsync(part, journal, pool)
        this.#take(part, into, extent.to)
      }
      if (into.isDeferring && into.offset === before) this.#count(keys, into, extent.to)
      if (!into.full && into.offset === before) into.offset = extent.to
    } finally {
      letGo(parts)
      this.readers.leave()
    }
  }

  /** The first of them may end before the offset: so there are two at least. */
  #keysFor (extent: Extent, into: ReadBuilder): Buffer[] {
    const to = into.end < extent.to ? into.end : extent.to
    const wanted = into.isDeferring
      ? KEYS_A_READ
      : 2 + Math.ceil(Math.max(0, into.roomAtHand) / KEY_BYTES_MIN)
    return this.keysFrom(extent.keys, into.offset, to, Math.min(wanted, KEYS_A_READ))
  }

  /** Counts batches that are read when their turn has come. */
  #count (keys: readonly Buffer[], into: ReadBuilder, limit: bigint): void {
    for (const key of keys) {
      if (into.full) return
      const value = this.environment.getFast(key)
      if (value === undefined) continue
      const place = decodePlace(value)
      if (place === undefined) into.take(value, undefined, limit, endOfRun(value, NOWHERE))
      else if (place.last >=
        into.offset) into.defer(offsetOfKey(key), place.length, place.last + 1n)
    }
  }

  /** So many bytes from `at` on of the batch that begins at `offset`. */
  slice (place: SliceOf, journal: Journal, pool: Pool): PooledBuffer | Promise<PooledBuffer> {
    if (!this.sealed && this.closing === undefined) {
      return this.#sliceNow(place, journal, pool, false)
    }
    return this.#sliceCold(place, journal, pool)
  }

  async #sliceCold (place: SliceOf, journal: Journal, pool: Pool): Promise<PooledBuffer> {
    this.readers.enter()
    try {
      await this.closing
      const key = this.floorKey(place.keys, place.offset)
      if (key !== undefined) await this.environment.prefetch([key])
      return await this.#sliceNow(place, journal, pool, true)
    } finally {
      this.readers.leave()
    }
  }

  #sliceNow (
    { keys, offset, length, at, bytes }: SliceOf, journal: Journal, pool: Pool, isCold: boolean
  ): PooledBuffer | Promise<PooledBuffer> {
    const key = this.floorKey(keys, offset)
    const value = key === undefined ? undefined : this.environment.getFast(key)
    const place = value === undefined ? undefined : decodePlace(value)
    const isSame = key !== undefined && offsetOfKey(key) === offset &&
      (place?.length ?? value?.length) === length
    if (value === undefined || !isSame) {
      throw new StoreError('GONE', `${this.path}: the batch at offset ${offset} is no longer as it was`)
    }
    if (place === undefined) {
      const buffer = pool.take(bytes)
      value.copy(buffer.bytes, 0, at, at + bytes)
      return buffer
    }
    const file = journal.files.get(place.file)
    if (file === undefined) throw missingFile(place)
    const position = Number(place.position) + at
    return isCold
      ? journal.takeAsync(file, position, bytes, pool)
      : journal.take(file, position, bytes, pool)
  }

  /** Copies runs (the environment's own memory is gone with the next call) and groups places. */
  #gather (
    parts: Part[], keys: readonly Buffer[], into: ReadBuilder, journal: Journal, pool: Pool
  ): void {
    let planned = into.bytes
    const room = Math.min(into.maxBytes, into.atHandMax)
    for (const key of keys) {
      if (into.isDeferring || (planned >= room && planned > 0)) break
      const value = this.environment.getFast(key)
      if (value === undefined) continue
      const place = decodePlace(value)
      if (place === undefined) {
        const from = firstAt(value, into.offset)
        const length = value.length - from
        if (length === 0) continue
        const buffer = pool.take(length)
        value.copy(buffer.bytes, 0, from)
        parts.push({ buffer, file: undefined, places: [{ ...NOWHERE, length }] })
        planned += length
        continue
      }
      if (place.last < into.offset) continue
      if (planned > 0 && planned + place.length > into.maxBytes) {
        if (parts.length === 0) into.stopAt(offsetOfKey(key))
        break
      }
      const isOver = parts.length > 0
        ? into.isTooLarge(place.length, planned - into.bytes)
        : into.mustDefer(place.length)
      if (isOver) break
      planned += place.length
      this.#group(parts, place, journal)
    }
  }

  #group (parts: Part[], place: Place, journal: Journal): void {
    const file = journal.files.get(place.file)
    if (file === undefined) throw missingFile(place)
    const part = parts[parts.length - 1]
    const last = part?.places[part.places.length - 1]
    if (part?.file === file && last !== undefined) {
      const gap = place.position - last.position - BigInt(last.length)
      const end = place.position + BigInt(place.length)
      const span = end - (part.places[0] as Place).position
      if (gap >= 0n && gap <= GAP_BYTES && span <= SPAN_BYTES) {
        part.places.push(place)
        return
      }
    }
    parts.push({ buffer: undefined, file, places: [place] })
  }

  #readPlaces (part: Part, journal: Journal, pool: Pool): PooledBuffer {
    const { file, position, bytes } = spanOf(part)
    return journal.take(file, position, bytes, pool)
  }

  #readPlacesAsync (part: Part, journal: Journal, pool: Pool): Promise<PooledBuffer> {
    const { file, position, bytes } = spanOf(part)
    return journal.takeAsync(file, position, bytes, pool)
  }

  #take (part: Part, into: ReadBuilder, limit: bigint): void {
    const { buffer } = part
    const first = part.places[0]
    for (const place of part.places) {
      if (into.full || first === undefined || buffer === undefined) break
      const from = Number(place.position - first.position)
      const run = buffer.bytes.subarray(from, from + place.length)
      into.take(run, buffer, limit, endOfRun(run, place))
    }
    part.buffer = undefined
    buffer?.release()
  }

  /** The first batch of the extent with a last offset at or above `offset`. */
  firstDropped (extent: Extent, offset: bigint): bigint | undefined {
    for (const key of this.keysFrom(extent.keys, offset, extent.to, 2)) {
      const value = this.environment.getFast(key)
      if (value === undefined) continue
      const place = decodePlace(value)
      if (place !== undefined) {
        if (place.last >= offset) return offsetOfKey(key)
        continue
      }
      for (let at = 0; at < value.length; at += batchSize(value, at)) {
        if (batchEnd(value, at) > offset) return baseOffset(value, at)
      }
    }
    return undefined
  }

  /** Header of the last batch under these keys that begins at or below `offset`. */
  headerAt (keys: number, offset: bigint, journal: Journal): Buffer | undefined {
    const key = this.floorKey(keys, offset)
    const value = key === undefined ? undefined : this.environment.get(key)
    if (value === undefined) return undefined
    const place = decodePlace(value)
    if (place === undefined) return headerIn(value, offset)
    const file = journal.files.get(place.file)
    if (file === undefined) return undefined
    const header = Buffer.alloc(HEADER_SIZE)
    journal.fill(file, header, Number(place.position))
    return header
  }

  /** Bytes of the extent's batches that end at or below `offset`. */
  bytesBelow (extent: Extent, offset: bigint): number {
    let bytes = 0
    for (const key of this.keysFrom(indexLog(extent.keys), extent.from, offset)) {
      const entry = decodeIndex(this.environment.get(key) as Buffer)
      const base = offsetOfKey(key)
      if (entry.next <= offset && base >= extent.from) bytes += Number(entry.bytes)
      else {
        const from = base > extent.from ? base : extent.from
        const to = entry.next < offset ? entry.next : offset
        bytes += this.walkBytes(extent.keys, from, to)
      }
    }
    return Math.min(bytes, extent.bytes)
  }

  /** Bytes of the batches under these keys that end within [from, to). */
  walkBytes (log: number, from: bigint, to: bigint): number {
    let bytes = 0
    for (const key of this.keysFrom(log, from, to)) {
      const value = this.environment.getFast(key) as Buffer
      const place = decodePlace(value)
      if (place !== undefined) {
        if (place.last >= from && place.last < to) bytes += place.length
        continue
      }
      for (let at = 0; at < value.length; at += batchSize(value, at)) {
        if (batchEnd(value, at) > from && batchEnd(value, at) <= to) bytes += batchSize(value, at)
      }
    }
    return bytes
  }
}

const NOWHERE: Place = {
  file: 0, position: 0n, length: 0, last: -1n, maxTimestamp: -1n, epoch: 0,
}

function missingFile ({ file }: Place): StoreError {
  return new StoreError('CORRUPT', `journal file ${file} is missing: fetch the replica again`)
}

/** A read that fails on its way has no use for what it has gathered. */
function letGo (parts: readonly Part[]): void {
  for (const { buffer } of parts) buffer?.release()
}

/** Where the batch begins that holds `offset`, or the first one behind it. */
function firstAt (run: Buffer, offset: bigint): number {
  let at = 0
  while (at < run.length && batchEnd(run, at) <= offset) at += batchSize(run, at)
  return at
}

function endOfRun (run: Buffer, place: Place): bigint {
  if (place.last >= 0n) return place.last + 1n
  let next = 0n
  for (let at = 0; at < run.length; at += batchSize(run, at)) next = batchEnd(run, at)
  return next
}

function spanOf (part: Part): { file: JournalFile, position: number, bytes: number } {
  const first = part.places[0]
  const last = part.places[part.places.length - 1]
  const { file } = part
  if (first === undefined || last === undefined || file === undefined) {
    throw new Error('a part without places has nothing to read')
  }
  const position = Number(first.position)
  return { file, position, bytes: Number(last.position) + last.length - position }
}
