/** Settings of topics at work: when they begin to act, and that they end with their topic. */
import t from 'tap'
import { batchesOf, batchOf, fetchOne, produce } from '../../support/producing.ts'
import { RawBroker, START_MS } from '../../support/raw-broker.ts'

/** So many turns of the event loop: what the store does by itself is done then. */
async function turns (count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => { setImmediate(resolve) })
}

t.test('flush.messages=3: an fdatasync after every third record, and none before', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('a', 1, { 'flush.messages': '3' })
  const before = raw.store.stats().syncs
  const syncsAfter = async (records: number): Promise<number> => {
    await produce(client, 'a', batchOf(Array.from({ length: records }, () => 'x')))
    await turns()
    return raw.store.stats().syncs - before
  }
  t.same([await syncsAfter(1), await syncsAfter(1), await syncsAfter(1)], [0, 0, 1])
  t.same([await syncsAfter(2), await syncsAfter(1)], [1, 2], 'records are counted, not batches')
  t.equal(await syncsAfter(7), 3, 'a batch of more is flushed once')
})

t.test('flush.ms: no later than that, and no longer than its topic is there', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  await raw.topic('quick', 1, { 'flush.ms': '10' })
  await raw.topic('slow')
  const syncsIn = async (ms: number): Promise<number> => {
    const before = raw.store.stats().syncs
    await produce(client, 'slow', batchOf(['x']))
    raw.clock.advance(ms)
    await turns()
    return raw.store.stats().syncs - before
  }
  t.same([await syncsIn(9), await syncsIn(1)], [0, 1])
  await raw.deleteTopic('quick')
  await turns()
  t.equal(await syncsIn(100), 0, 'nobody asks for it any more')
  await raw.topic('quick')
  t.equal(await syncsIn(100), 0, 'nor does a topic of the same name')
})

t.test('max.compaction.lag.ms, min.compaction.lag.ms, min.cleanable.dirty.ratio: when a topic is compacted', async t => {
  const raw = await RawBroker.start(t, { 'log.cleaner.backoff.ms': 100n })
  const client = await raw.client()
  const configs = { 'cleanup.policy': 'compact', 'segment.ms': '10' }
  await raw.topic('always', 1, { ...configs, 'min.cleanable.dirty.ratio': '0' })
  await raw.topic('bounded', 1, { ...configs, 'min.cleanable.dirty.ratio': '1', 'max.compaction.lag.ms': '400000' })
  await raw.topic('never', 1, { ...configs, 'min.cleanable.dirty.ratio': '1' })
  await raw.topic('young', 1, { ...configs, 'min.cleanable.dirty.ratio': '0', 'min.compaction.lag.ms': '10000000' })
  for (const topic of ['always', 'bounded', 'never', 'young']) {
    for (const [n, after] of [0n, 1000n, 2000n].entries()) {
      await produce(client, topic, batchOf([{ key: 'k', value: String(n), timestamp: BigInt(START_MS) + after }]))
    }
  }
  const batches = async (topic: string) =>
    batchesOf(await fetchOne(client, topic, 0n, { maxBytes: 1 << 20 })).length
  const advance = async (
    ms: number, isDone: () => Promise<boolean>, turnsMax = 100_000
  ): Promise<void> => {
    const end = raw.clock.nowMs + ms
    for (let turn = 0; turn < turnsMax && !await isDone(); turn++) {
      if (raw.clock.nowMs < end) raw.clock.advance(100)
      await turns(1)
      // A pass waits for a checkpoint, which comes with a flush.
      await raw.flush()
    }
  }
  // A pass does real work, so the clock must have ticks left for the next pass however long one
  // lasts.
  await advance(300_000, async () => await batches('always') < 3)
  t.same([await batches('always'), await batches('bounded'), await batches('never')], [2, 3, 3], 'not before')
  raw.clock.advance(START_MS + 399_900 - raw.clock.nowMs)
  await turns(200)
  t.equal(await batches('bounded'), 3, 'the oldest may stay so long')
  await advance(60_000, async () => await batches('bounded') < 3)
  await advance(60_000, async () => await batches('never') < 3, 2000)
  t.same([await batches('bounded'), await batches('never')], [2, 3], 'and no longer; the last is in the active segment')
  t.equal(await batches('young'), 3, 'whatever is younger stays')
})

t.test('a topic that is deleted and made again obeys nothing of its earlier life', async t => {
  const raw = await RawBroker.start(t)
  const client = await raw.client()
  const value = 'x'.repeat(500)
  const large = async () => (await produce(client, 'a', batchOf([value]))).errorCode
  const first = { 'max.message.bytes': '100', 'flush.messages': '1', 'message.timestamp.type': 'LogAppendTime' }
  await raw.topic('a', 1, first)
  t.equal(await large(), 10, 'MESSAGE_TOO_LARGE')
  await raw.deleteTopic('a')
  await raw.topic('a')
  const before = raw.store.stats().syncs
  t.equal(await large(), 0)
  await turns()
  t.equal(raw.store.stats().syncs, before)
  t.equal(raw.partition('a').settings.timestampType, 'CreateTime')
  await raw.deleteTopic('a')
  await raw.topic('a', 1, { 'max.message.bytes': '200' })
  t.equal(await large(), 10, 'but what it is made with')
})
