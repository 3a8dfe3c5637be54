/** What a start takes from a checkpoint is what was: all of it, whenever it is read (D25.3). */
import t from 'tap'
import { LogState } from '../../../src/core/replica/log-state.ts'
import type { LoggedBatch } from '../../../src/core/replica/log-state.ts'

const limits = { bytesMax: 250, ageMsMax: 1_000_000, jitterMsMax: 0 }
const NO_PRODUCER = {
  producerId: -1n, producerEpoch: -1, firstSequence: -1, lastSequence: -1, isTransactional: false,
}

function batch (baseOffset: bigint, fields: Partial<LoggedBatch> = {}): LoggedBatch {
  const lastOffset = baseOffset + 9n
  return {
    ...NO_PRODUCER, baseOffset, lastOffset, bytes: 100, leaderEpoch: 3,
    maxTimestamp: 50n, ...fields,
  }
}

/**
 * Two epochs, three segments, two producers of which one has a transaction open, one aborted
 * transaction.
 */
function busyState (): LogState {
  const state = new LogState()
  const producer = (producerId: bigint, firstSequence: number) =>
    ({ producerId, producerEpoch: 2, firstSequence, lastSequence: firstSequence +
      9, isTransactional: true })
  const end = { producerId: 7n, producerEpoch: 2, coordinatorEpoch: 4, committed: false,
    offset: 20n, timestamp: 60n }
  const batches = [
    batch(0n), batch(10n, producer(7n, 0)), batch(20n, { lastOffset: 20n, end }),
    batch(21n, { leaderEpoch: 5, maxTimestamp: -1n }), batch(31n, producer(8n, 0)),
    batch(41n, producer(7n, 10)),
  ]
  for (const [index, each] of batches.entries()) {
    state.replay(each, { limits, nowMs: 1_000 + index, random: 0 })
  }
  return state
}

function told ({ epochs, segments, producers, aborted }: LogState) {
  return { epochs: epochs.entries, segments: segments.all, producers: [...producers.entries],
    aborted: aborted.entries }
}

t.test('D25.3: a state that was stored and read is the same, times of segments included', async t => {
  const state = busyState()
  const before = told(state)
  t.equal(before.segments.length, 3)
  const times = before.segments.map(({ createdMs, modifiedMs }) => [createdMs, modifiedMs])
  t.same(times, [[1000, 1001], [1002, 1003], [1004, 1005]])
  t.same(before.aborted,
    [{ producerId: 7n, firstOffset: 10n, lastOffset: 20n, lastStableOffset: 21n }])
  const read = LogState.decode(state.encode())
  t.same(told(read), before)
  t.equal(read.producers.firstOpenOffset, 31n)
  t.same(told(LogState.decode(read.encode())), before)
})

t.test('D25.4: the log start moves on: what begins below it is there as far as it reaches above', async t => {
  const state = busyState()
  state.startAt(21n, 51n)
  t.same(state.epochs.entries, [{ epoch: 5, startOffset: 21n }])
  t.same(state.aborted.entries, [])
  const within = busyState()
  within.startAt(15n, 51n)
  t.same(within.epochs.entries, [{ epoch: 3, startOffset: 15n }, { epoch: 5, startOffset: 21n }])
  t.same(within.segments.all.map(({ baseOffset }) => baseOffset), [0n, 20n, 31n])
  t.same(within.aborted.entries.map(({ lastOffset }) => lastOffset), [20n], 'its marker is above')
})

t.test('D6.23: an aborted transaction is told to whoever reads its first or its last offset', async t => {
  const { aborted } = busyState()
  const cases: Array<[from: bigint, end: bigint, count: number]> = [
    [0n, 10n, 0], [0n, 11n, 1], [15n, 16n, 1], [20n, 21n, 1], [21n, 30n, 0],
  ]
  for (const [from, end, count] of cases) t.equal(aborted.between(from, end).length, count, `${from} to ${end}`)
})
