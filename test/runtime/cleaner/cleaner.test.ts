/**
 * The cleaner over a real store: what it cleans, in which order, and what a death leaves
 * (D25.11-19).
 */
import t from 'tap'
import { code } from '../../../protocol/errors.ts'
import * as header from '../../../protocol/records/header.ts'
import { sealBatch } from '../../../protocol/records/seal.ts'
import { writeBatch } from '../../../protocol/records/write.ts'
import { Pace } from '../../../src/runtime/cleaner/pace.ts'
import type { Partition } from '../../../src/runtime/replica/partition.ts'
import {
  append, batchesOf, compacted, CompactedTopics, fill, put, roll, START_MS, textOf,
} from './compacted-partition.ts'
import type { Pair } from './compacted-partition.ts'

const pairs: readonly Pair[] = [['a', '1'], ['b', '1'], ['a', '2'], ['c', '1'], ['b', null], ['a', '3']]
const CLEANED = '3:c=1 4:b=- 5:a=3 6:active=x'

/** Whatever holds, on the disk too. */
async function cleanAll ({ cleaner }: CompactedTopics): Promise<number> {
  let passes = 0
  while (await cleaner.cleanNext()) passes++
  return passes
}

t.test('a compacted topic comes to the last value of each key, and stays so', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted, others: { ...compacted, 'cleanup.policy': 'delete' } })
  await fill(topics.of('events'), pairs)
  await fill(topics.of('others'), pairs)
  const before = await textOf(topics.of('others'))
  t.equal(await cleanAll(topics), 1)
  t.equal(await textOf(topics.of('events')), CLEANED)
  t.equal(await textOf(topics.of('others')), before, 'topics that are not compacted are left alone')
  t.equal(topics.of('events').endOffset, 7n)
  t.equal(topics.of('events').startOffset, 0n)
  t.notOk(await topics.cleaner.cleanNext(), 'nothing is due')
  await append(topics.of('events'), [['c', '2']])
  t.notOk(await topics.cleaner.cleanNext(), 'the active segment does not count')
  await topics.kill()
  t.equal(await textOf(topics.of('events')), `${CLEANED} 7:c=2`)
  t.notOk(await topics.cleaner.cleanNext(), 'a new life knows up to where it is clean')
})

t.test('the sums of the segments last through a death', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  await fill(topics.of('events'), pairs)
  await cleanAll(topics)
  const sums = (partition: Partition) => partition.state.segments.all
    .map(({ baseOffset, bytes, maxTimestamp }) => ({ baseOffset, bytes, maxTimestamp }))
  const known = sums(topics.of('events'))
  const size = (await batchesOf(topics.of('events'))).reduce((sum, { length }) => sum + length, 0)
  t.equal(topics.of('events').state.segments.totalBytes, size)
  await topics.stop()
  await topics.start()
  t.same(sums(topics.of('events')), known)
})

t.test('D25.17: gaps and empty batches are served as they are', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  const events = topics.of('events')
  await append(events, [['a', '1'], ['b', '1']], START_MS, { producerId: 7n, producerEpoch: 0, baseSequence: 0 })
  await append(events, [['a', '2'], ['b', '2']], START_MS, { producerId: 7n, producerEpoch: 0, baseSequence: 2 })
  roll(events)
  await append(events, [['a', '3'], ['b', '3']], START_MS + 10)
  roll(events)
  await append(events, [['active', 'x']], START_MS + 20)
  await cleanAll(topics)
  const found = (await batchesOf(events)).map(batch =>
    [header.baseOffset(batch), header.lastOffset(batch), header.recordsCount(batch)])
  t.same(found, [[2n, 3n, 0], [4n, 5n, 2], [6n, 6n, 1]])
  t.equal(await textOf(events, 0n), '4:a=3 5:b=3 6:active=x', 'a reader in a gap gets what comes next')
  t.equal(await textOf(events, 5n), '4:a=3 5:b=3 6:active=x')
  const at = async (timestamp: bigint) => {
    const { errorCode, offset } = await events.offsetFor(timestamp, {
      currentLeaderEpoch: -1, replicaId: -1, readCommitted: false, version: 10,
    })
    return [errorCode, offset]
  }
  t.same(await at(BigInt(START_MS)), [code.NONE, 4n], 'what had this time is gone')
  t.same(await at(BigInt(START_MS + 10)), [code.NONE, 4n])
  t.same(await at(BigInt(START_MS + 11)), [code.NONE, 6n])
  t.same(await at(-3n), [code.NONE, 6n])
  t.same(await at(-2n), [code.NONE, 0n])
})

t.test('a producer can send again what was compacted, whatever happened in between', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  const batch = (sequence: number): Buffer => writeBatch([{
    timestamp: BigInt(START_MS), key: Buffer.from('k'), value: Buffer.from(`${sequence}`),
  }], { producerId: 7n, producerEpoch: 0, baseSequence: sequence })
  for (let sequence = 0; sequence < 7; sequence++) {
    await put(topics.of('events'), batch(sequence))
    roll(topics.of('events'))
  }
  await append(topics.of('events'), [['active', 'x']])
  t.equal(await cleanAll(topics), 1)
  t.equal(await textOf(topics.of('events')), '6:k=6 7:active=x')
  await topics.kill()
  for (const sequence of [2, 3, 4, 5, 6]) {
    t.equal(await put(topics.of('events'), batch(sequence)), BigInt(sequence), `sequence ${sequence} is a duplicate`)
  }
  await t.rejects(put(topics.of('events'), batch(1)), { message: `error ${code.OUT_OF_ORDER_SEQUENCE_NUMBER}` })
  t.equal(await put(topics.of('events'), batch(7)), 8n)
})

t.test('a pass changes nothing before a checkpoint of its own is on the disk', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  const events = topics.of('events')
  await fill(events, pairs)
  const { log } = events
  const rewrite = log.rewrite.bind(log)
  const known: Array<[number: number, isDurable: boolean]> = []
  log.rewrite = (...wanted) => {
    known.push([log.checkpoint?.number ?? 0, log.checkpoint?.isDurable ?? false])
    return rewrite(...wanted)
  }
  let least = 0
  for (let pass = 1; pass <= 2; pass++) {
    const before = log.checkpoint?.number ?? 0
    await cleanAll(topics)
    for (const [number, isDurable] of known.splice(0)) {
      t.ok(number > before && number > least, `pass ${pass}: it knows what the pass before has changed`)
      t.ok(isDurable)
    }
    least = log.checkpoint?.number ?? 0
    roll(events)
    await fill(events, pairs)
  }
  t.ok(least > 0)
})

t.test('D25.12: the dirtiest log comes first, and what is not dirty enough waits', async t => {
  const half = { ...compacted, 'min.cleanable.dirty.ratio': '0.5' }
  const topics = await CompactedTopics.open(t, { first: half, second: half, third: half })
  const ratio = (name: string) => topics.cleaner.rangeOf(topics.of(name)).dirtyRatio
  for (const name of ['first', 'second', 'third']) await fill(topics.of(name), pairs)
  t.equal(await cleanAll(topics), 3)
  const grow = async (name: string, count: number): Promise<void> => {
    for (let index = 0; index < count; index++) {
      roll(topics.of(name))
      await append(topics.of(name), [[`${index}`, 'v']])
    }
  }
  await grow('first', 2)
  await grow('second', 20)
  await grow('third', 10)
  t.ok(ratio('first') < 0.5 && ratio('third') > 0.5 && ratio('second') > ratio('third'))
  t.ok(await topics.cleaner.cleanNext())
  t.equal(ratio('second'), 0)
  t.ok(ratio('third') > 0.5)
  t.ok(await topics.cleaner.cleanNext())
  t.equal(ratio('third'), 0)
  t.notOk(await topics.cleaner.cleanNext())
  topics.configure('first', 'min.cleanable.dirty.ratio', '0.1')
  t.ok(await topics.cleaner.cleanNext(), 'a setting acts at the next run')
})

t.test('a log that nobody has asked for since the start is compacted as others are', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  await fill(topics.of('events'), pairs)
  const { log } = topics.of('events')
  const least = log.checkpointSoon()
  while (log.checkpoint?.isDurable !== true || log.checkpoint.number < least) {
    await new Promise(resolve => { setImmediate(resolve) })
  }
  topics.loads = false
  await topics.kill()
  t.notOk(topics.of('events').isLoaded)
  t.ok(await topics.cleaner.cleanNext())
  t.equal(await textOf(topics.of('events')), CLEANED)
})

t.test('D25.15: tombstones go with their topic\'s own delete.retention.ms', async t => {
  const topics = await CompactedTopics.open(t, { events: { ...compacted, 'delete.retention.ms': '60000' } })
  const events = topics.of('events')
  await fill(events, pairs)
  await cleanAll(topics)
  topics.nowMs += 59_999
  await again()
  t.match(await textOf(events), /^3:c=1 4:b=- 5:a=3/)
  topics.nowMs += 1
  await again()
  t.match(await textOf(events), /^3:c=1 5:a=3/)

  async function again (): Promise<void> {
    roll(events)
    await append(events, [['active', 'x']])
    t.ok(await topics.cleaner.cleanNext())
  }
})

t.test('D25.19: with delete as well, retention takes what is old', async t => {
  const topics = await CompactedTopics.open(t, {
    events: { ...compacted, 'cleanup.policy': 'compact,delete', 'retention.ms': '1000' },
  })
  const events = topics.of('events')
  await append(events, [['a', '1'], ['b', '1']], START_MS)
  roll(events)
  await append(events, [['a', '2']], START_MS + 1500)
  roll(events)
  await append(events, [['active', 'x']], START_MS + 5000)
  topics.nowMs += 5500
  await topics.replicas.applyRetention()
  t.equal(events.startOffset, 0n, 'of compacted topics the cleaner takes care')
  topics.cleaner.start()
  const moved = new Promise<void>(resolve => { events.watch(event => { if (event === 'start-moved') resolve() }) })
  await moved
  t.equal(events.startOffset, 3n)
  t.equal(await textOf(events), '3:active=x')
})

t.test('D25.19: a topic that was not compacted for a while begins at its start', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  const events = topics.of('events')
  await fill(events, pairs)
  await cleanAll(topics)
  t.equal(topics.cleaner.rangeOf(events).firstDirtyOffset, 6n)
  topics.configure('events', 'cleanup.policy', 'delete')
  await fill(events, [[null, 'no key'], ['c', '9']])
  await cleanAll(topics)
  topics.configure('events', 'cleanup.policy', 'compact')
  t.equal(topics.cleaner.rangeOf(events).firstDirtyOffset, 0n)
  await cleanAll(topics)
  t.equal(await textOf(events), '4:b=- 5:a=3 6:active=x 8:c=9 9:active=x', 'records without a key go')
})

t.test('what a deleted topic leaves is forgotten', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  await fill(topics.of('events'), pairs)
  await cleanAll(topics)
  t.equal([...topics.store.table.entries('cleaner/')].length, 1)
  topics.delete(topics.of('events').identity.topicId)
  await topics.cleaner.cleanNext()
  t.same([...topics.store.table.entries('cleaner/')], [])
})

t.test('D25.19: a log that cannot be compacted is set aside, and the others go on', async t => {
  const topics = await CompactedTopics.open(t, { bad: compacted, good: compacted })
  const bad = topics.of('bad')
  const batch = writeBatch([{ timestamp: BigInt(START_MS), key: Buffer.from('a'), value: Buffer.alloc(10) }])
  batch.writeInt32BE(2, header.at.recordsCount)
  sealBatch(batch)
  const facts = {
    producerId: -1n, producerEpoch: -1, firstSequence: -1, lastSequence: -1, isTransactional: false,
    maxTimestamp: BigInt(START_MS),
  }
  await bad.append(batch, facts, 1).written
  roll(bad)
  await fill(bad, pairs)
  await fill(topics.of('good'), pairs)
  const before = (await batchesOf(bad)).map(each => each.toString('hex'))
  for (let turn = 0; turn < 4; turn++) await topics.cleaner.cleanNext()
  t.same((await batchesOf(bad)).map(each => each.toString('hex')), before)
  t.equal(await textOf(topics.of('good')), CLEANED)
  const told = topics.lines.filter(line => line.startsWith('bad-0 cannot be compacted'))
  t.equal(told.length, 1, 'said once')
  t.match(told[0], /premature EOF/)
  await topics.stop()
  await topics.start()
  await topics.cleaner.cleanNext()
  t.equal(topics.lines.filter(line => line.startsWith('bad-0 cannot be compacted')).length, 2, 'until the next start')
})

t.test('a map that has no room for one batch is said to be too small', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  topics.settings = { ...topics.settings, map: { bufferBytes: 72, loadFactor: 0.9 } }
  await append(topics.of('events'), pairs)
  roll(topics.of('events'))
  await append(topics.of('events'), [['active', 'x']])
  t.notOk(await topics.cleaner.cleanNext())
  t.match(topics.lines.at(-1), /has more keys than log\.cleaner\.dedupe\.buffer\.size has room for/)
})

t.test('a pass with a small map and small reads comes as far, in several rounds', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  topics.settings =
    { ...topics.settings, map: { bufferBytes: 24 * 4, loadFactor: 0.9 }, readBytes: 1 }
  await fill(topics.of('events'), pairs)
  t.ok(await cleanAll(topics) >= 1)
  t.equal(await textOf(topics.of('events')), CLEANED)
})

t.test('a disk without space ends a pass, and the next one goes on', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  await fill(topics.of('events'), pairs)
  await topics.store.sync()
  topics.disk.capacityBytes = topics.disk.usedBytes
  // A pass may last until there is space: whoever lets go of it must still hear that it has
  // cleaned.
  let pass: Promise<void> | undefined
  let hasCleaned = false
  const clean = (): Promise<void> => pass ??= topics.cleaner.cleanNext().then(isDone => {
    hasCleaned ||= isDone
    pass = undefined
  })
  for (let turn = 0; turn < 3; turn++) await Promise.race([clean(), turns(200)])
  topics.disk.capacityBytes = Number.MAX_SAFE_INTEGER
  while (!hasCleaned) {
    await clean()
    await turns(20)
  }
  t.equal(await textOf(topics.of('events')), CLEANED)
  t.notOk(topics.lines.some(line => line.includes('cannot be compacted')))
})

async function turns (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('a log that is cut while it is compacted is looked at anew', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  const events = topics.of('events')
  await fill(events, pairs)
  const { rewrite } = events.log
  events.log.rewrite = async (range, batches) => {
    await events.log.truncate(6n)
    return rewrite.call(events.log, range, batches)
  }
  t.notOk(await topics.cleaner.cleanNext())
  t.notOk(topics.lines.some(line => line.includes('cannot be compacted')))
  t.equal(topics.cleaner.rangeOf(events).firstDirtyOffset, 0n)
  t.equal(await textOf(events), '0:a=1 1:b=1 2:a=2 3:c=1 4:b=- 5:a=3')
})

t.test('the work comes in slices of a few milliseconds', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  await topics.stop()
  // Each look at the clock takes a millisecond.
  let nowMs = 0
  let pauses = 0
  await topics.start({
    monotonicMs: () => nowMs++,
    setTimer: (delayMs, run) => {
      pauses++
      const timer = setTimeout(run, Math.min(delayMs, 1))
      return { cancel: () => { clearTimeout(timer) } }
    },
  })
  const events = topics.of('events')
  const many: Pair[] = Array.from({ length: 5_000 }, (_each, index) => [`${index % 700}`, 'x'.repeat(20)])
  await append(events, many)
  roll(events)
  await append(events, [['active', 'x']])
  t.ok(await topics.cleaner.cleanNext())
  t.equal((await textOf(events)).split(' ').length, 701)
  t.ok(pauses > 20, `${pauses} pauses over one batch`)
  t.ok(topics.cleaner.pace.longestMs <= 8, `at most ${topics.cleaner.pace.longestMs} looks at the clock in a slice`)
})

t.test('log.cleaner.io.max.bytes.per.second: bytes that come too soon wait', async t => {
  let nowMs = 1000
  const waits: number[] = []
  const pace = new Pace({
    monotonicMs: () => nowMs,
    setTimer: (delayMs, run) => {
      waits.push(delayMs)
      nowMs += delayMs
      queueMicrotask(run)
      return { cancel: () => {} }
    },
  })
  await pace.move(500, 1000)
  await pace.move(250, 1000)
  nowMs += 10_000
  await pace.move(1000, 1000)
  await pace.move(1e9, Number.MAX_VALUE)
  t.same(waits, [500, 250, 1000], 'an idle time is not made up for')
  pace.stop()
  await pace.move(1e9, 1)
  t.equal(waits.length, 3, 'what is stopped waits no more')
})

t.test('a stop in the middle of a pass ends it, and nothing is lost', async t => {
  const topics = await CompactedTopics.open(t, { events: compacted })
  topics.settings = { ...topics.settings, bytesPerSecond: 100 }
  await fill(topics.of('events'), pairs)
  topics.cleaner.start()
  while (topics.cleaner.current === undefined) await turns(1)
  await topics.stop()
  await topics.start()
  topics.settings = { ...topics.settings, bytesPerSecond: Infinity }
  await cleanAll(topics)
  t.equal(await textOf(topics.of('events')), CLEANED)
})
