/**
 * The last offset of each key, in typed arrays: 24 bytes a key whatever its length, because keys
 * are told apart by 128 bits of a hash (D25.13-14). One open-addressing table with linear probes:
 * at 90 % full a probe reads a few neighbours of one cache line.
 */

/** A hash of 128 bits of the key, put into four words. */
export type KeyHash = (key: Uint8Array, into: Uint32Array) => void

export const SLOT_BYTES = 24
const SLOT_WORDS = SLOT_BYTES / Uint32Array.BYTES_PER_ELEMENT
/** Kafka gives no map more, whatever `log.cleaner.dedupe.buffer.size` says. */
const BUFFER_BYTES_MAX = 2 ** 31 - 1
const WORD_SPAN = 2 ** 32

export interface MapSize {
  /** `log.cleaner.dedupe.buffer.size` */
  readonly bufferBytes: number
  /** `log.cleaner.io.buffer.load.factor` */
  readonly loadFactor: number
}

/** Keys that a map of this size may hold: one slot always stays empty, or no probe would end. */
export function keysMax ({ bufferBytes, loadFactor }: MapSize): number {
  const slots = Math.floor(Math.min(bufferBytes, BUFFER_BYTES_MAX) / SLOT_BYTES)
  return Math.max(0, Math.min(Math.floor(slots * loadFactor), slots - 1))
}

export class OffsetMap {
  /** Offsets are kept as distances from this one. */
  readonly from: bigint
  readonly keysMax: number
  readonly #slots: number
  readonly #words: Uint32Array
  #size = 0

  /** For the offsets in [from, end): allocated no larger than they can need. */
  constructor (from: bigint, end: bigint, size: MapSize) {
    this.from = from
    const offsets = end > from ? Number(end - from) : 0
    this.keysMax = Math.min(keysMax(size), offsets)
    this.#slots = Math.ceil(this.keysMax / size.loadFactor) + 1
    this.#words = new Uint32Array(this.#slots * SLOT_WORDS)
  }

  get size (): number { return this.#size }

  /** Notes that the key is at this distance from `from`; false: it is new, and the map is full. */
  put (hash: Uint32Array, distance: number): boolean {
    const words = this.#words
    const at = this.#find(hash)
    if (isEmpty(words, at)) {
      if (this.#size >= this.keysMax) return false
      this.#size += 1
      words.set(hash, at)
    }
    // One more, so that nothing is told apart from the first offset.
    const stored = distance + 1
    words[at + 4] = Math.floor(stored / WORD_SPAN)
    words[at + 5] = stored % WORD_SPAN
    return true
  }

  /** The key's distance from `from`, -1 if it is not there. */
  get (hash: Uint32Array): number {
    const words = this.#words
    const at = this.#find(hash)
    return (words[at + 4] as number) * WORD_SPAN + (words[at + 5] as number) - 1
  }

  /** Where the key's slot begins, or the empty one that it would get. */
  #find (hash: Uint32Array): number {
    const words = this.#words
    const end = words.length
    const [first, second, third, fourth] = hash as unknown as [number, number, number, number]
    let at = Math.floor(first / WORD_SPAN * this.#slots) * SLOT_WORDS
    while (!isEmpty(words, at) && (words[at] !== first || words[at + 1] !== second ||
      words[at + 2] !== third || words[at + 3] !== fourth)) {
      at += SLOT_WORDS
      if (at === end) at = 0
    }
    return at
  }
}

function isEmpty (words: Uint32Array, at: number): boolean {
  return words[at + 5] === 0 && words[at + 4] === 0
}
