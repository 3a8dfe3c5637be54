/** How old a segment is, and what goes with it (D25.6-9). */
import t from 'tap'
import { Segments, segmentTime } from '../../../src/core/replica/segments.ts'
import type { RetentionLimits, Segment } from '../../../src/core/replica/segments.ts'

const NOW = 100_000

function segment (baseOffset: bigint, fields: Partial<Segment> = {}): Segment {
  return { baseOffset, bytes: 100, maxTimestamp: 1n, firstTimestamp: 1n, createdMs: 0,
    modifiedMs: NOW, ...fields }
}

t.test('D25.6: a segment is as old as its latest record, and time 0 is a time', async t => {
  t.equal(segmentTime(segment(0n, { maxTimestamp: 7n })), 7n)
  t.equal(segmentTime(segment(0n, { maxTimestamp: 0n })), 0n)
  t.equal(segmentTime(segment(0n, { maxTimestamp: -1n })), BigInt(NOW), 'without one, as its last write')
})

t.test('D25.8-9: what a run of retention lets go', async t => {
  const three = [segment(0n), segment(10n, { maxTimestamp: 90_000n }), segment(20n)]
  const never: RetentionLimits = { bytes: -1n, ms: -1n, deletes: true }
  const bounds = { startOffset: 0n, highWatermark: 30n, endOffset: 30n, bytesMax: Infinity }
  const cases: Array<[what: string, limits: Partial<RetentionLimits>, where: Partial<typeof bounds>,
    start: bigint]> = [
      ['no limit', {}, {}, 0n],
      ['exactly the limit', { bytes: 300n }, {}, 0n],
      ['a byte short of a segment too many', { bytes: 201n }, {}, 0n],
      ['one too many', { bytes: 200n }, {}, 10n],
      ['one and a part too many', { bytes: 101n }, {}, 10n],
      ['nothing may stay', { bytes: 0n }, {}, 30n],
      ['a log that weighs less than its sums', { bytes: 200n }, { bytesMax: 250 }, 0n],
      ['old: up to the first that is not', { ms: 50_000n }, {}, 10n],
      ['all are old', { ms: 5_000n }, {}, 30n],
      ['exactly as old as allowed', { ms: 99_999n }, {}, 0n],
      ['the end is not committed', { bytes: 0n }, { highWatermark: 29n }, 20n],
      ['nothing is deleted', { bytes: 0n, ms: 0n, deletes: false }, {}, 0n],
      ['the start is in a segment that stays', { bytes: 200n }, { startOffset: 15n }, 15n],
    ]
  for (const [what, limits, change, start] of cases) {
    t.equal(new Segments(three).retain({ ...never, ...limits }, { ...bounds, ...change }, NOW),
      start, what)
  }
})
