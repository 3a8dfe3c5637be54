/** Which stretch may be compacted, and when (D25.11-12): tables over a few segments. */
import t from 'tap'
import { cleanable } from '../../../src/core/compaction/cleanable.ts'
import type { CompactionLimits, LogBounds } from '../../../src/core/compaction/cleanable.ts'
import { keysMax, OffsetMap } from '../../../src/core/compaction/offset-map.ts'
import type { Segment } from '../../../src/core/replica/segments.ts'
import { Random } from '../../simulation/random.ts'
import { md5 } from './log-in-memory.ts'

const NOW = 10_000

/** Base offset, bytes, highest timestamp, and the first batch's. */
function segment (
  baseOffset: bigint, bytes: number, maxTimestamp = 100n, firstTimestamp = maxTimestamp
): Segment {
  return { baseOffset, bytes, maxTimestamp, firstTimestamp, createdMs: 0, modifiedMs: 7_000 }
}

/** Three closed segments of 100 bytes, and the active one. */
const segments = [segment(0n, 100), segment(10n, 100), segment(20n, 100), segment(30n, 50)]
const bounds: LogBounds = {
  startOffset: 0n, endOffset: 40n, lastStableOffset: 40n, firstDirtyOffset: undefined,
}
const limits: CompactionLimits = { lagMsMin: 0n, lagMsMax: (1n << 63n) - 1n, dirtyRatioMin: 0.5 }

interface Row {
  what: string
  bounds?: Partial<LogBounds>
  limits?: Partial<CompactionLimits>
  segments?: Segment[]
  result: [firstDirty: bigint, firstUncleanable: bigint, ratio: number, isDue: boolean]
}

const table: Row[] = [
  { what: 'a new log is dirty up to the active segment', result: [0n, 30n, 1, true] },
  { what: 'no segment at all', segments: [], bounds: { endOffset: 0n, lastStableOffset: 0n }, result: [0n, 0n, 0, false] },
  { what: 'only the active segment', segments: [segment(0n, 100)], result: [0n, 0n, 0, false] },
  { what: 'the last pass came to 20', bounds: { firstDirtyOffset: 20n }, result: [20n, 30n, 1 / 3, false] },
  { what: 'the ratio must be exceeded', bounds: { firstDirtyOffset: 10n }, limits: { dirtyRatioMin: 2 / 3 }, result: [10n, 30n, 2 / 3, false] },
  { what: 'and is', bounds: { firstDirtyOffset: 10n }, limits: { dirtyRatioMin: 0.66 }, result: [10n, 30n, 2 / 3, true] },
  { what: 'ratio 0 wants one dirty byte', bounds: { firstDirtyOffset: 30n }, limits: { dirtyRatioMin: 0 }, result: [30n, 30n, 0, false] },
  { what: 'a pass that ended inside a segment', bounds: { firstDirtyOffset: 15n }, result: [15n, 30n, 0.5, false] },
  { what: 'a mark below the start', bounds: { startOffset: 20n, firstDirtyOffset: 10n }, segments: segments.slice(2), result: [20n, 30n, 1, true] },
  { what: 'a mark above the end: the log was cut', bounds: { firstDirtyOffset: 41n }, result: [0n, 30n, 1, true] },
  { what: 'a transaction is open in the last closed segment', bounds: { lastStableOffset: 25n }, result: [0n, 20n, 1, true] },
  { what: 'one is open at a segment\'s base', bounds: { lastStableOffset: 20n }, result: [0n, 20n, 1, true] },
  { what: 'one is open in the first segment', bounds: { lastStableOffset: 5n }, result: [0n, 0n, 0, false] },
  { what: 'one is open below the mark', bounds: { lastStableOffset: 5n, firstDirtyOffset: 20n }, result: [20n, 20n, 0, false] },
  { what: 'one is open in the active segment', bounds: { lastStableOffset: 35n }, result: [0n, 30n, 1, true] },
  {
    what: 'min.compaction.lag.ms keeps young segments back, and all above them',
    segments: [segment(0n, 100), segment(10n, 100, 9_600n), segment(20n, 100), segment(30n, 50)],
    limits: { lagMsMin: 500n },
    result: [0n, 10n, 1, true],
  },
  {
    what: 'of several young ones the first keeps back',
    segments: [segment(0n, 100), segment(10n, 100, 9_600n), segment(20n, 100, 9_600n),
      segment(30n, 50)],
    limits: { lagMsMin: 500n },
    result: [0n, 10n, 1, true],
  },
  {
    what: 'a segment just old enough is not kept back',
    segments: [segment(0n, 100), segment(10n, 100, 9_500n), segment(20n, 100), segment(30n, 50)],
    limits: { lagMsMin: 500n },
    result: [0n, 30n, 1, true],
  },
  {
    what: 'a clean young segment is nobody\'s business',
    segments: [segment(0n, 100, 9_900n), segment(10n, 100), segment(20n, 100), segment(30n, 50)],
    bounds: { firstDirtyOffset: 10n },
    limits: { lagMsMin: 500n },
    result: [10n, 30n, 2 / 3, true],
  },
  {
    what: 'without timestamps the clock of the last append counts',
    segments: [segment(0n, 100, -1n), segment(10n, 100), segment(30n, 50)],
    limits: { lagMsMin: 3_001n },
    result: [0n, 0n, 0, false],
  },
  {
    what: 'max.compaction.lag.ms: a small dirty segment that has waited long enough',
    segments: [segment(0n, 900), segment(20n, 10, 9_999n, 4_999n), segment(30n, 50)],
    bounds: { firstDirtyOffset: 20n },
    limits: { lagMsMax: 5_000n },
    result: [20n, 30n, 10 / 910, true],
  },
  {
    what: 'it has not',
    segments: [segment(0n, 900), segment(20n, 10, 9_999n, 5_000n), segment(30n, 50)],
    bounds: { firstDirtyOffset: 20n },
    limits: { lagMsMax: 5_000n },
    result: [20n, 30n, 10 / 910, false],
  },
  {
    what: 'what has waited lies in a clean segment',
    segments: [segment(0n, 900, 9_999n, 1n), segment(20n, 10, 9_999n), segment(30n, 50)],
    bounds: { firstDirtyOffset: 20n },
    limits: { lagMsMax: 5_000n },
    result: [20n, 30n, 10 / 910, false],
  },
  {
    what: 'what has waited may not be compacted yet',
    segments: [segment(0n, 900), segment(20n, 10, 9_999n, 1n), segment(30n, 50)],
    bounds: { firstDirtyOffset: 20n, lastStableOffset: 22n },
    limits: { lagMsMax: 5_000n },
    result: [20n, 20n, 0, false],
  },
]

t.test('D25.11-12: the dirty stretch, and whether it is due', async t => {
  for (const row of table) {
    const found = cleanable(row.segments ?? segments, { ...bounds, ...row.bounds },
      { ...limits, ...row.limits }, NOW)
    const { firstDirtyOffset, firstUncleanableOffset, dirtyRatio, isDue } = found
    t.same([firstDirtyOffset, firstUncleanableOffset, dirtyRatio, isDue], row.result, row.what)
  }
})

t.test('D25.13: the map has a slot of 24 bytes a key, and never fills the last', async t => {
  t.equal(keysMax({ bufferBytes: 134217728, loadFactor: 0.9 }), 5033164)
  t.equal(keysMax({ bufferBytes: 240, loadFactor: 1 }), 9)
  t.equal(keysMax({ bufferBytes: 23, loadFactor: 0.9 }), 0)
  t.equal(new OffsetMap(5n, 105n, { bufferBytes: 134217728, loadFactor: 0.9 }).keysMax, 100, 'no more than offsets')
  t.equal(new OffsetMap(5n, 5n, { bufferBytes: 134217728, loadFactor: 0.9 }).keysMax, 0)
})

t.test('the map gives what was put last, and refuses only new keys', async t => {
  for (const loadFactor of [0.1, 0.5, 0.9, 1]) {
    const random = new Random(7)
    const size = { bufferBytes: 24 * 500, loadFactor }
    const map = new OffsetMap(1_000_000_000_000n, 1_000_000_010_000n, size)
    const model = new Map<string, number>()
    const words = new Uint32Array(4)
    const at = (key: string): Uint32Array => { md5(Buffer.from(key), words); return words }
    let refused = 0
    for (let distance = 0; distance < 10_000; distance++) {
      const key = `key-${random.int(900)}`
      if (map.put(at(key), distance * 1_000_000)) model.set(key, distance * 1_000_000)
      else {
        refused++
        if (model.has(key)) t.fail(`${key} is not new`)
      }
    }
    t.equal(map.size, model.size)
    t.equal(map.size, map.keysMax, `load factor ${loadFactor}`)
    t.ok(refused > 0)
    for (let key = 0; key < 900; key++) {
      const found = map.get(at(`key-${key}`))
      if (found !== (model.get(`key-${key}`) ?? -1)) t.fail(`key-${key} is at ${found}`)
    }
  }
})

t.test('hashes that begin alike are told apart, also around the end of the table', async t => {
  const map = new OffsetMap(0n, 100n, { bufferBytes: 24 * 8, loadFactor: 0.9 })
  const hashes =
    Array.from({ length: 7 }, (_each, index) => Uint32Array.of(0xffffffff, 0, index, 1))
  for (const [index, hash] of hashes.entries()) t.ok(map.put(hash, index))
  for (const [index, hash] of hashes.entries()) t.equal(map.get(hash), index)
  t.equal(map.get(Uint32Array.of(0xffffffff, 0, 9, 1)), -1)
  t.equal(map.get(new Uint32Array(4)), -1, 'a hash of zeros is like any other')
})
