/** Whole compactions, rule by rule (D25.13-19), and random logs against what they must come to. */
import t from 'tap'
import type { Test } from 'tap'
import { attribute } from '../../../protocol/records/attributes.ts'
import { isIntact } from '../../../protocol/records/batches.ts'
import * as header from '../../../protocol/records/header.ts'
import { deleteHorizonOf } from '../../../protocol/records/retain.ts'
import { LogInMemory } from './log-in-memory.ts'
import type { Pair, Settings } from './log-in-memory.ts'
import { Random } from '../../simulation/random.ts'

/** A log whose pairs are all in closed segments, with one more record in the active one. */
function closed (
  pairs: ReadonlyArray<readonly Pair[]>, settings: Partial<Settings> = {}
): LogInMemory {
  const log = new LogInMemory(settings)
  for (const each of pairs) log.append(each)
  return close(log)
}

function close (log: LogInMemory): LogInMemory {
  log.roll()
  log.append([['active', 'x']])
  return log
}

t.test('D25.14: of each key the last value stays, at its offset', async t => {
  const log = closed([[['a', '1'], ['b', '1']], [['a', '2'], ['c', '1']], [['b', '2']]])
  log.compact()
  t.equal(log.text, '2:a=2 3:c=1 4:b=2 5:active=x')
  t.equal(log.shape, '2-3x2 4-4x1 5-5x1', 'a batch without records is gone')
})

t.test('D25.18: a batch that loses records keeps its bounds', async t => {
  const log = closed([[['a', '1'], ['b', '1'], ['c', '1']], [['a', '2'], ['c', '2']]])
  const [before] = log.batches
  log.compact()
  t.equal(log.shape, '0-2x1 3-4x2 5-5x1')
  const [batch] = log.batches as [Buffer]
  t.ok(isIntact(batch))
  t.equal(header.leaderEpoch(batch), header.leaderEpoch(before as Buffer))
})

t.test('D25.14: keys are their bytes, and an empty one is a key', async t => {
  const log = closed([[['', '1'], ['a', '1']], [['', '2'], ['a ', '1']]])
  log.compact()
  t.equal(log.text, '1:a=1 2:=2 3:a =1 4:active=x')
})

t.test('D25.19: records without a key go', async t => {
  const log = closed([[[null, '1'], ['a', '1'], [null, null]]])
  log.compact()
  t.equal(log.text, '1:a=1 3:active=x')
})

t.test('D25.11: the active segment is not touched, nor does it count', async t => {
  const log = closed([[['a', '1']], [['b', '1']]])
  log.append([['a', '2']])
  log.compact()
  t.equal(log.text, '0:a=1 1:b=1 2:active=x 3:a=2')
})

t.test('D25.13: the pass ends where the map is full, and the next goes on there', async t => {
  const pairs: Pair[][] = [[['a', '1']], [['b', '1']], [['a', '2']], [['b', '2'], ['c', '1']], [['a', '3']]]
  const log = closed(pairs, { map: { bufferBytes: 24 * 3, loadFactor: 0.67 } })
  const first = log.compact()
  t.equal(first.end, 3n, 'two keys fit')
  t.equal(log.text, '2:a=2 3:b=2 4:c=1 5:a=3 6:active=x', 'the key that fitted still counts from above')
  const second = log.compact()
  t.equal(second.from, 3n)
  t.equal(second.end, 5n)
  t.equal(log.compact().end, 6n)
  t.equal(log.text, '3:b=2 4:c=1 5:a=3 6:active=x')
  t.equal(log.cleanable.firstDirtyOffset, 6n)
})

t.test('D25.15: a tombstone goes once its horizon has passed, and not before', async t => {
  const log = closed([[['a', '1'], ['b', '1']], [['a', null]]], { deleteRetentionMs: 500 })
  log.compact()
  t.equal(log.text, '1:b=1 2:a=- 3:active=x')
  const marked = log.batches[1] as Buffer
  t.equal(deleteHorizonOf(marked), BigInt(log.nowMs + 500))
  t.equal(log.seen()[1]?.timestamp, 1_000_000, 'its time is what it was')
  log.nowMs += 499
  t.same(log.compact().changed, [], 'the horizon does not move')
  t.equal(log.text, '1:b=1 2:a=- 3:active=x')
  log.nowMs += 1
  log.compact()
  t.equal(log.text, '1:b=1 3:active=x')
})

t.test('D25.15: a tombstone that is not the last of its key goes at once', async t => {
  const log = closed([[['a', null], ['b', '1']], [['a', '1']]])
  log.compact()
  t.equal(log.text, '1:b=1 2:a=1 3:active=x')
  t.equal(deleteHorizonOf(log.batches[0] as Buffer), undefined)
})

t.test('D25.15: delete.retention.ms without end keeps tombstones for ever', async t => {
  const log = closed([[['a', null]]], { deleteRetentionMs: Number.MAX_SAFE_INTEGER })
  log.compact()
  log.nowMs *= 1000
  log.compact()
  t.equal(log.text, '0:a=- 1:active=x')
})

t.test('D25.16: aborted data goes, and then its marker', async t => {
  const log = new LogInMemory({ deleteRetentionMs: 500 })
  log.appendAs(7, [['a', '1']])
  log.appendAs(8, [['a', 'aborted'], ['b', 'aborted']], true)
  log.appendAs(7, [['c', '1']])
  log.end(8, false)
  log.appendAs(8, [['d', '1']], true)
  log.end(8, true)
  close(log)
  log.compact()
  t.equal(log.text, '0:a=1 3:c=1 5:d=1 7:active=x', 'the value before the aborted one stays')
  t.equal(log.shape, '0-0x1 3-3x1 c4-4x1 5-5x1 c6-6x1 7-7x1')
  t.equal(log.state.aborted.entries.length, 1, 'until the marker was passed once without data')
  log.compact()
  t.same(log.state.aborted.entries, [])
  t.equal(deleteHorizonOf(log.batches[2] as Buffer), BigInt(log.nowMs + 500))
  log.nowMs += 500
  log.compact()
  t.equal(log.shape, '0-0x1 3-3x1 5-5x1 c6-6x1 7-7x1', 'the other marker has data still')
})

t.test('D25.16: a marker stays as long as the list names its transaction, whatever was interrupted', async t => {
  const log = new LogInMemory({ deleteRetentionMs: 500 })
  log.appendAs(8, [['a', 'aborted']], true)
  log.end(8, false)
  log.appendAs(8, [['b', '1']], true)
  log.end(8, true)
  log.appendAs(8, [['c', '1']], true)
  log.end(8, true)
  close(log)
  for (let pass = 0; pass < 4; pass++) {
    log.compactInterrupted()
    log.nowMs += 1000
    t.equal(log.text, '2:b=1 4:c=1 6:active=x', 'what was committed stays')
    t.match(log.shape, /^c1-1x1 /)
  }
  log.compact()
  t.same(log.state.aborted.entries, [])
  log.compact()
  t.equal(log.text, '2:b=1 4:c=1 6:active=x')
  t.match(log.shape, /^2-2x1 /, 'the marker went after the name')
})

t.test('D25.16: a marker of committed data goes after its data', async t => {
  const log = new LogInMemory({ deleteRetentionMs: 500 })
  log.appendAs(8, [['a', '1']], true)
  log.end(8, true)
  log.appendAs(8, [['a', '2']])
  close(log)
  log.compact()
  t.equal(log.shape, 'c1-1x1 2-2x1 3-3x1')
  t.equal(deleteHorizonOf(log.batches[0] as Buffer), undefined, 'its data was met in this pass')
  log.compact()
  t.equal(deleteHorizonOf(log.batches[0] as Buffer), BigInt(log.nowMs + 500))
  log.nowMs += 500
  log.compact()
  t.equal(log.shape, '2-2x1 3-3x1')
})

t.test('D25.16: an open transaction keeps everything from its segment on', async t => {
  const log = closed([[['a', '1']], [['a', '2']]])
  log.appendAs(8, [['b', '1']], true)
  close(log)
  log.append([['a', '3']])
  close(log)
  t.equal(log.lastStableOffset, 3n)
  t.equal(log.cleanable.firstUncleanableOffset, 2n)
  log.compact()
  t.equal(log.text, '1:a=2 2:active=x 3:b=1 4:active=x 5:a=3 6:active=x')
})

t.test('D25.16: data whose marker lies above the end of the map', async t => {
  const log = new LogInMemory({ map: { bufferBytes: 24 * 4, loadFactor: 0.5 } })
  log.appendAs(8, [['a', 'aborted']], true)
  log.append([['b', '1']])
  log.append([['c', '1']])
  log.append([['d', '1']])
  log.end(8, false)
  log.appendAs(8, [['e', '1']])
  close(log)
  t.equal(log.compact().end, 3n)
  t.equal(log.text, '1:b=1 2:c=1 3:d=1 5:e=1 6:active=x')
  t.equal(log.state.aborted.entries.length, 1, 'the marker was not passed')
  t.equal(log.compact().end, 6n)
  t.equal(log.shape, '1-1x1 2-2x1 3-3x1 c4-4x1 5-5x1 6-6x1')
  t.same(log.state.aborted.entries, [])
})

t.test('D25.17: the last batch of a live producer stays, empty if need be', async t => {
  const log = new LogInMemory()
  log.appendAs(7, [['a', '1'], ['b', '1']])
  log.appendAs(7, [['a', '2'], ['b', '2']])
  log.append([['a', '3'], ['b', '3']])
  close(log)
  log.compact()
  t.equal(log.shape, '2-3x0 4-5x2 6-6x1')
  const [empty] = log.batches as [Buffer]
  t.equal(empty.length, header.HEADER_SIZE)
  t.equal(header.lastSequence(empty), 3)
  t.same([...log.derived().producers.entries].map(({ producerId, epoch, batches }) =>
    ({ producerId, epoch, last: batches.at(-1)?.lastSequence })),
  [{ producerId: 7n, epoch: 0, last: 3 }])
  t.same(log.compact().changed, [])
  log.state.producers.expire(Number.MAX_SAFE_INTEGER, 0)
  log.compact()
  t.equal(log.shape, '4-5x2 6-6x1', 'the producer was forgotten')
})

t.test('D25.17: a producer of which only a marker is left keeps that', async t => {
  const log = new LogInMemory({ deleteRetentionMs: 0 })
  log.appendAs(7, [['a', '1']], true)
  log.end(7, false, 1)
  log.append([['b', '1']])
  close(log)
  log.compact()
  log.compact()
  log.compact()
  t.equal(log.shape, 'c1-1x0 2-2x1 3-3x1')
  t.equal(header.producerEpoch(log.batches[0] as Buffer), 1)
  t.same([...log.derived().producers.entries], [], 'an empty marker tells a reader of the log nothing')
})

t.test('D25.17: where the cleaned part ends, a batch stays', async t => {
  const log = new LogInMemory()
  log.append([['a', '1']])
  log.appendAs(8, [['a', 'aborted']], true)
  log.end(8, false)
  log.appendAs(8, [['b', 'aborted'], ['c', 'aborted']], true, 1)
  log.roll()
  log.end(8, false, 1)
  log.append([['active', 'x']])
  log.compact()
  t.equal(log.shape, '0-0x1 c2-2x1 3-4x0 c5-5x1 6-6x1')
})

t.test('D25.8: the sums of the segments are those of what is left, and small ones are joined', async t => {
  const log = new LogInMemory({ segmentBytes: 400 })
  for (let round = 0; round < 8; round++) {
    log.nowMs += 10
    log.append([['a', 'x'.repeat(100)], ['b', `${round}`]])
    log.append([[`${round}`, 'x'.repeat(60)]])
  }
  close(log)
  const bases = log.state.segments.all.length
  log.compact()
  const joinedOnce = log.state.segments.all.length
  sumsAreRight(t, log)
  t.equal(joinedOnce, bases, 'whole ones are not joined yet')
  log.nowMs += 5000
  log.compact()
  t.ok(log.state.segments.all.length < joinedOnce)
  sumsAreRight(t, log)
})

/** Each segment says what its batches say. */
function sumsAreRight (t: Test, log: LogInMemory): void {
  const { all } = log.state.segments
  const problems: string[] = []
  for (const [index, { baseOffset, bytes, maxTimestamp }] of all.entries()) {
    const end = all[index + 1]?.baseOffset ?? log.endOffset
    const batches = log.batches.filter(batch =>
      header.baseOffset(batch) >= baseOffset && header.baseOffset(batch) < end)
    const highest = batches.reduce((high, batch) => {
      const timestamp = header.maxTimestamp(batch)
      return timestamp > high ? timestamp : high
    }, -1n)
    const found = batches.reduce((sum, { length }) => sum + length, 0)
    if (bytes !== found || maxTimestamp !== highest) {
      problems.push(`${baseOffset}: ${bytes} ${maxTimestamp}, not ${found} ${highest}`)
    }
  }
  t.same(problems, [], 'the sums of the segments')
}

interface Story {
  log: LogInMemory
  below: (bound: number) => number
  open: Set<number>
  epochs: number[]
}

function step ({ log, below, open, epochs }: Story): void {
  const pairs: Pair[] = Array.from({ length: 1 + below(4) }, () => [
    below(30) === 0 ? null : `k${below(12)}`,
    below(5) === 0 ? null : `v${log.endOffset}-${below(1000)}`,
  ])
  log.nowMs += below(40)
  const id = below(3)
  const epoch = epochs[id] as number
  const codec = (['none', 'none', 'gzip', 'snappy', 'lz4', 'zstd'] as const)[below(6)] as 'none'
  const kind = below(10)
  if (kind < 5) log.append(pairs, { codec, ...(below(4) === 0 ? { timestampType: 'LogAppendTime' } : {}) })
  else if (kind < 8) {
    const transactional = open.has(id) || below(2) === 0
    if (transactional) open.add(id)
    log.appendAs(id, pairs, transactional, epoch)
  } else if (open.has(id)) {
    if (below(2) === 0) epochs[id] = epoch + 1
    log.end(id, below(2) === 0, epochs[id] as number)
    open.delete(id)
  } else if (below(3) === 0) log.roll()
}

/** The last record of each key that readers of committed data see, below `below`. */
function lastOf (
  log: LogInMemory, below: bigint
): Map<string, { offset: number, value: string | null }> {
  const last = new Map<string, { offset: number, value: string | null }>()
  for (const { key, offset, value } of log.seen({ committed: true, below })) {
    if (key !== null) last.set(key, { offset, value })
  }
  return last
}

function checkPass (t: Test, log: LogInMemory): void {
  const before = {
    last: lastOf(log, log.lastStableOffset),
    seen: new Map(log.seen().map(each => [each.offset, each])),
    batches: log.batches,
    stable: log.lastStableOffset,
    end: log.endOffset,
    producers: new Map([...log.derived().producers.entries].map(each => [each.producerId, each])),
  }
  const { end } = log.compact()
  const problems: string[] = []
  const above = (batches: Buffer[]): Buffer[] =>
    batches.filter(batch => header.lastOffset(batch) >= end)
  if (!Buffer.concat(above(log.batches)).equals(Buffer.concat(above(before.batches)))) problems.push('above the end')
  for (const each of log.seen()) {
    const was = before.seen.get(each.offset)
    if (JSON.stringify(was) !== JSON.stringify(each)) problems.push(`offset ${each.offset} is another`)
  }
  const after = lastOf(log, before.stable)
  for (const [key, { offset, value }] of before.last) {
    const now = after.get(key)
    if (value === null && now === undefined) continue
    if (now?.offset !== offset) problems.push(`${key} was ${value} at ${offset}, is ${now?.value} at ${now?.offset}`)
  }
  if (after.size > before.last.size) problems.push('a key is there again')
  const below =
    log.seen({ committed: true, below: end }).filter(({ offset }) => offset < Number(end))
  if (new Set(below.map(({ key }) => key)).size !== below.length) problems.push('a key is there twice')
  if (below.some(({ key }) => key === null)) problems.push('a record without a key is there')
  if (log.batches.some(batch => !isIntact(batch))) problems.push('a checksum is wrong')
  if (log.endOffset !== before.end || log.lastStableOffset !== before.stable) problems.push('a bound has moved')
  const derived = log.derived()
  if (derived.producers.firstOpenOffset !== log.state.producers.firstOpenOffset) problems.push('open transactions')
  for (const [id, { epoch, batches }] of before.producers) {
    const now = derived.producers.find(id)
    if (batches.length === 0) continue
    if (now?.epoch !== epoch || now.batches.at(-1)?.lastSequence !== batches.at(-1)?.lastSequence) {
      problems.push(`producer ${id}`)
    }
  }
  t.same(problems, [])
  sumsAreRight(t, log)
}

t.test('random logs, compacted at random moments with random limits, come to the last values', async t => {
  for (let seed = 1; seed <= 60; seed++) {
    await t.test(`seed ${seed}`, async t => {
      const random = new Random(seed)
      const below = (bound: number): number => random.int(bound)
      const log = new LogInMemory({
        segmentBytes: 300 + below(2000),
        deleteRetentionMs: below(3) * below(800),
        lagMsMin: below(2) * below(300),
        map: { bufferBytes: 24 * (8 + below(40)), loadFactor: 0.5 + below(4) / 10 },
      })
      const story: Story = { log, below, open: new Set(), epochs: [0, 0, 0] }
      for (let pass = 0; pass < 8; pass++) {
        for (let steps = below(60); steps > 0; steps--) step(story)
        checkPass(t, log)
      }
      // Where nothing comes any more, markers and horizons settle, and then nothing changes.
      log.settings = { ...log.settings, lagMsMin: 0, deleteRetentionMs: 100 }
      for (let pass = 0; pass < 200 && log.compact().end < log.cleanable.firstUncleanableOffset;) {
        pass++
      }
      for (let pass = 0; pass < 4; pass++) {
        log.nowMs += 1000
        checkPass(t, log)
      }
      const batches = log.batches
      t.same(log.compact().changed, [], 'a pass more changes nothing')
      t.same(log.batches, batches)
      const marked =
        log.batches.filter(batch => (header.attributesOf(batch) & attribute.deleteHorizon) !== 0)
      t.ok(marked.every(batch => header.lastOffset(batch) >= log.cleanable.firstUncleanableOffset ||
        header.recordsCount(batch) > 0))
    })
  }
})
