/**
 * What a pass leaves of a log's segments: their sums, from which retention and the next pass are
 * reckoned, and the small ones joined up to segment.bytes, as Kafka does.
 */
import { baseOffset, maxTimestamp } from '../../../protocol/records/header.ts'
import type { Segment, SegmentLimits } from '../replica/segments.ts'
import type { Stretch } from './stretches.ts'

/** Offsets that one segment's relative offsets can express. */
const OFFSET_SPAN_MAX = 2n ** 31n - 1n

interface Sums { bytes: number, maxTimestamp: bigint, firstTimestamp: bigint }

export class CleanedSegments {
  /** As they were when the pass began. */
  readonly #before: readonly Segment[]
  readonly #sums: Sums[]
  readonly #end: bigint
  readonly #limits: Pick<SegmentLimits, 'bytesMax'>
  /** Of the segment that the last batch was in. */
  #at = 0

  /** The segments that begin below `end`, which is a segment's base. */
  constructor (segments: readonly Segment[], end: bigint, limits: Pick<SegmentLimits, 'bytesMax'>) {
    this.#before =
      segments.filter(segment => segment.baseOffset < end).map(segment => ({ ...segment }))
    this.#sums = this.#before.map(() => ({ bytes: 0, maxTimestamp: -1n, firstTimestamp: -1n }))
    this.#end = end
    this.#limits = limits
  }

  /** The segments' end: what begins there is as it was. */
  get end (): bigint { return this.#end }

  /** The next stretch, once it is as it says. */
  add ({ batches }: Pick<Stretch, 'batches'>): void {
    for (const batch of batches) {
      const sums = this.#sumsAt(baseOffset(batch))
      if (sums === undefined) return
      const timestamp = maxTimestamp(batch)
      if (sums.bytes === 0) sums.firstTimestamp = timestamp
      if (timestamp > sums.maxTimestamp) sums.maxTimestamp = timestamp
      sums.bytes += batch.length
    }
  }

  #sumsAt (offset: bigint): Sums | undefined {
    while ((this.#before[this.#at + 1]?.baseOffset ?? this.#end) <= offset) this.#at += 1
    return this.#sums[this.#at]
  }

  /** What takes their place once every stretch was added. */
  joined (): Segment[] {
    const joined: Segment[] = []
    for (let first = 0; first < this.#before.length;) {
      const next = this.#groupEnd(first)
      joined.push(this.#join(first, next))
      first = next
    }
    return joined
  }

  /** Kafka groups by the sizes before the pass. */
  #groupEnd (first: number): number {
    const { baseOffset: base } = this.#before[first] as Segment
    let bytes = (this.#before[first] as Segment).bytes
    let next = first + 1
    for (; next < this.#before.length; next++) {
      const segment = this.#before[next] as Segment
      const end = this.#before[next + 1]?.baseOffset ?? this.#end
      if (bytes + segment.bytes > this.#limits.bytesMax) break
      if (segment.bytes > 0 && end - 1n - base > OFFSET_SPAN_MAX) break
      bytes += segment.bytes
    }
    return next
  }

  #join (first: number, next: number): Segment {
    const { baseOffset: base, createdMs } = this.#before[first] as Segment
    const { modifiedMs } = this.#before[next - 1] as Segment
    const joined: Segment = {
      baseOffset: base, bytes: 0, maxTimestamp: -1n, firstTimestamp: -1n, createdMs, modifiedMs,
    }
    for (const sums of this.#sums.slice(first, next)) {
      if (joined.bytes === 0) joined.firstTimestamp = sums.firstTimestamp
      if (sums.maxTimestamp > joined.maxTimestamp) joined.maxTimestamp = sums.maxTimestamp
      joined.bytes += sums.bytes
    }
    return joined
  }
}
