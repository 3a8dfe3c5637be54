/**
 * A journal file is kept for its large batches alone. Where they are less than half of it, they are
 * put into the active volume as values, in slices, and the file is used again (storage.md 4.1.4).
 */
import type { Mutation } from './disk.ts'
import type { Journal, JournalFile } from './journal.ts'
import { FILE_HEADER_SIZE, isLarge } from './journal-format.ts'
import { batchKey, decodePlace } from './keys.ts'
import type { StoreOptions } from './options.ts'
import { entriesOf, turnsOf } from './recovery.ts'
import type { FoundTurn } from './recovery.ts'
import type { Volumes } from './volumes.ts'

/** LMDB values stay well below 16 MB (storage.md 5). */
const VALUE_BYTES_MAX = 8 * 1024 * 1024

interface Needs {
  readonly journal: Journal
  readonly volumes: Volumes
  readonly options: StoreOptions
  readonly flusher: { noteAgain (): void }
}

interface Inlining {
  file: JournalFile
  turns: Generator<FoundTurn>
  isWhole: boolean
  /** Of the places in the file that were found. */
  bytes: number
}

export class Inline {
  readonly #seen = new Set<number>()
  readonly #queue: JournalFile[] = []
  #current: Inlining | undefined
  #done: JournalFile | undefined
  readonly #core: Needs

  constructor (core: Needs) { this.#core = core }

  /** Looks at files whose last turn is flushed, once each. */
  consider (covered: bigint): void {
    const { journal, volumes } = this.#core
    for (const [number, placeBytes] of volumes.active.files) {
      const file = journal.files.get(number)
      if (file === undefined || this.#seen.has(number)) continue
      if (file === journal.current || file.lastTurn > covered) continue
      this.#seen.add(number)
      if (placeBytes * 2 < journal.open(file).size()) this.#queue.push(file)
    }
    if (this.#current !== undefined || this.#queue.length > 0) this.#core.flusher.noteAgain()
  }

  /** What the next slice puts; belongs in front of everything else that the flush does. */
  slice (): Mutation[] {
    const core = this.#core
    if (this.#current === undefined) {
      const file = this.#queue.shift()
      if (file === undefined) return []
      const { journal } = core
      // opened anew for each slice: between two of them its descriptor may be given up
      const turns = turnsOf({
        read: (into, position) => journal.open(file).read(into, position),
        size: () => journal.open(file).size(),
      }, FILE_HEADER_SIZE)
      this.#current = { file, turns, isWhole: true, bytes: 0 }
    }
    const mutations: Mutation[] = []
    for (let bytes = 0; bytes < core.options.copySliceBytes;) {
      const { value: turn } = this.#current.turns.next()
      if (turn === undefined) {
        this.#finish(this.#current)
        break
      }
      bytes += this.#inlineTurn(this.#current, turn as FoundTurn, mutations)
    }
    return mutations
  }

  #inlineTurn (inlining: Inlining, turn: FoundTurn, mutations: Mutation[]): number {
    let bytes = 0
    const { environment } = this.#core.volumes.active
    for (const { entry, at } of entriesOf(turn)) {
      if (!isLarge(entry)) continue
      const key = batchKey(entry.log, entry.offset)
      const stored = environment.getFast(key)
      const place = stored === undefined ? undefined : decodePlace(stored)
      const position = BigInt(turn.position + at)
      if (place?.file !== inlining.file.number || place.position !== position) continue
      if (entry.length > VALUE_BYTES_MAX) {
        inlining.isWhole = false
        continue
      }
      const value = Buffer.from(turn.bytes.subarray(at, at + entry.length))
      mutations.push({ key, value })
      bytes += entry.length
    }
    inlining.bytes += bytes
    return bytes
  }

  #finish ({ file, isWhole, bytes }: Inlining): void {
    this.#current = undefined
    // a power loss may have torn an early turn, which no volume needs: the places behind it stay
    if (!isWhole || bytes < file.placeBytes) return
    this.#done = file
    // the volume's record in this flush names the file no more
    this.#core.volumes.active.files.delete(file.number)
  }

  /** The flush with the last slice is on the disk: nothing points into the file any more. */
  flushed (): void {
    const file = this.#done
    this.#done = undefined
    if (file === undefined) return
    this.#core.journal.dropPlaces(file.number)
    this.#seen.delete(file.number)
  }

  /** The volume is sealed: what was not inlined stays as it is. */
  sealed (): void {
    this.#queue.length = 0
    this.#current = undefined
    this.#seen.clear()
  }
}
