/** The store's own state, which a start derives from its files: logs, volumes, the table. */
import type { Checkpoints } from '../../src/store/checkpoints.ts'
import type { Extents } from '../../src/store/extents.ts'
import type { Flusher } from '../../src/store/flusher.ts'
import type { Journal } from '../../src/store/journal.ts'
import type { StoredLog } from '../../src/store/log.ts'
import type { Store } from '../../src/store/store.ts'
import type { Volumes } from '../../src/store/volumes.ts'
import type { Writer } from '../../src/store/writer.ts'

interface Parts {
  readonly logs: ReadonlyMap<string, StoredLog>
  readonly volumes: Volumes
  readonly journal: Journal
  readonly writer: Writer
  readonly flusher: Flusher
  readonly checkpoints: Checkpoints
  readonly nextLogNumber: number
}

export interface LogFacts {
  readonly number: number
  readonly reserve: boolean
  readonly damaged: boolean
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly byteSize: number
}

export interface VolumeFacts {
  readonly bytes: number
  readonly sealed: boolean
  /** Journal files with its large batches, and the bytes of those. */
  readonly files: string
}

export interface StoreState {
  readonly logs: ReadonlyMap<string, LogFacts>
  readonly volumes: ReadonlyMap<number, VolumeFacts>
  readonly active: number
  /** Of the active volume: it is sealed by its age. */
  readonly createdMs: number
  /** Bytes of batches that no flush has taken. */
  readonly pendingBytes: number
  readonly generation: number
  readonly nextLogNumber: number
  readonly table: ReadonlyMap<string, string>
  /** A turn or a flush is under way: what it does is there in part. */
  readonly isWriting: boolean
  readonly isFlushing: boolean
}

/** Parts of the open store that its contract does not show. */
function partsOf (store: Store): Parts { return store as unknown as Parts }

export function storeState (store: Store): StoreState {
  const { logs, volumes, writer, flusher, nextLogNumber } = partsOf(store)
  const active = volumes.all.get(Math.max(0, ...volumes.all.keys()))
  let pendingBytes = 0
  for (const { tail } of logs.values()) {
    for (const { bytes, flushing } of tail.pieces) if (!flushing) pendingBytes += bytes
  }
  return {
    logs: new Map([...logs].map(([name, log]) => [name, logFacts(log)])),
    volumes: new Map([...volumes.all].map(([number, { bytes, sealed, files }]) =>
      [number, { bytes, sealed, files: [...files].sort().join(' ') }])),
    active: active?.number ?? 0,
    createdMs: active?.createdMs ?? 0,
    pendingBytes,
    generation: writer.generation,
    nextLogNumber,
    table: new Map([...store.table.entries('')].map(([key, value]) => [key, value.toString('latin1')])),
    isWriting: !writer.turn.isEmpty,
    isFlushing: flusher.isRunning,
  }
}

function logFacts (log: StoredLog): LogFacts {
  const { number, reserve, damaged, startOffset, writtenEnd, byteSize } = log
  return { number, reserve, damaged, startOffset, endOffset: writtenEnd, byteSize }
}

/** Files below the store's directory, and those of them that it knows of. */
export function filesOf (store: Store): { journal: string[], volumes: string[] } {
  const { journal, volumes } = partsOf(store)
  return {
    journal: [...journal.files.values()].map(({ path }) => path).sort(),
    volumes: [...volumes.all.values()].map(({ path }) => path).sort(),
  }
}

/** Bytes of large batches in each journal file, as its volumes say and as the journal says. */
export function keptFiles (store: Store): { bySum: string, byJournal: string } {
  const { journal, volumes } = partsOf(store)
  const sums = new Map<number, number>()
  for (const { files } of volumes.all.values()) {
    for (const [file, bytes] of files) sums.set(file, (sums.get(file) ?? 0) + bytes)
  }
  const kept = [...journal.files.values()].filter(({ placeBytes }) => placeBytes > 0)
  const list = (entries: Array<[number, number]>): string =>
    entries.sort(([left], [right]) => left - right).map(([file, bytes]) => `${file}: ${bytes}`).join(', ')
  return { bySum: list([...sums]),
    byJournal: list(kept.map(({ number, placeBytes }) => [number, placeBytes])) }
}

/** Extents of a log that lie in volumes that are not there. */
export function lostExtents (store: Store): string[] {
  const { logs, volumes } = partsOf(store)
  const lost = (extents: Extents): boolean =>
    extents.some(({ volume, bytes }) => bytes > 0 && !volumes.all.has(volume))
  return [...logs.values()].filter(({ extents }) => lost(extents)).map(({ name }) => name)
}
