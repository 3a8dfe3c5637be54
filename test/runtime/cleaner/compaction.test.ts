/**
 * Compaction as clients see it: topics, settings and records through a socket, the clock by hand.
 */
import t from 'tap'
import type { Test } from 'tap'
import { IncrementalAlterConfigs } from '../../../protocol/messages/44-incremental-alter-configs.ts'
import { settingsFrom } from '../../../src/config/config.ts'
import type { BrokerOverrides } from '../../../src/index.ts'
import { MetadataImage } from '../../../src/core/metadata/image.ts'
import { configuration, topicSettingsSource } from '../../../src/settings.ts'
import { batchOf, fetchOne, produce } from '../../support/producing.ts'
import { RawBroker, START_MS } from '../../support/raw-broker.ts'
import type { RawClient } from '../../support/raw-client.ts'
import { batchesOf, textOf } from './compacted-partition.ts'

/** Every batch in a segment of its own: their times lie further apart than that. */
const SEGMENT_MS = 10
const compacted = { 'cleanup.policy': 'compact', 'segment.ms': String(SEGMENT_MS) }

let written = 0

async function write (
  client: RawClient, topic: string, key: string, value: string | null
): Promise<void> {
  const timestamp = BigInt(START_MS + SEGMENT_MS * 2 * ++written)
  const { errorCode } = await produce(client, topic, batchOf([{ key, value, timestamp }]))
  if (errorCode !== 0) throw new Error(`error ${errorCode}`)
}

async function fill (client: RawClient, topic: string): Promise<void> {
  for (const [key, value] of [['a', '1'], ['b', '1'], ['a', '2'], ['c', '1'], ['b', '2']] as const) {
    await write(client, topic, key, value)
  }
}

const BEFORE = '0:a=1 1:b=1 2:a=2 3:c=1 4:b=2'
/** The last one is in the active segment. */
const AFTER = '1:b=1 2:a=2 3:c=1 4:b=2'

/**
 * The broker's time goes on, and its disk with it, until `isDone` says yes or so much has passed.
 */
async function goOn (
  raw: RawBroker, ms: number, isDone: () => Promise<boolean> = async () => false
): Promise<boolean> {
  for (let passed = 0; passed < ms; passed++) {
    if (await isDone()) return true
    raw.clock.advance(1)
    await new Promise(resolve => { setImmediate(resolve) })
  }
  return isDone()
}

function isCleaned (raw: RawBroker, topic: string): () => Promise<boolean> {
  return async () => await textOf(raw.partition(topic)) === AFTER
}

t.test('the cleaner starts with the broker, and looks again after log.cleaner.backoff.ms', async t => {
  const raw = await RawBroker.start(t, { 'log.cleaner.backoff.ms': 200n, 'log.cleaner.min.cleanable.ratio': 0 })
  const client = await raw.client()
  await raw.topic('events', 1, compacted)
  raw.clock.advance(0)
  await goOn(raw, 5)
  await fill(client, 'events')
  await goOn(raw, 190)
  t.equal(await textOf(raw.partition('events')), BEFORE, 'it waits')
  t.ok(await goOn(raw, 100_000, isCleaned(raw, 'events')))
  const { records } = await fetchOne(client, 'events', 0n, { maxBytes: 1 << 20 })
  const stored = Buffer.concat(await batchesOf(raw.partition('events')))
  t.same(records, stored, 'a fetch from the gap gives the rest')
})

/**
 * Two brokers with the same topic, the second with a cleaner that never rests: it has compacted it.
 */
async function besides (t: Test, overrides: BrokerOverrides): Promise<RawBroker> {
  const settings = { 'log.cleaner.min.cleanable.ratio': 0, 'log.cleaner.backoff.ms': 1n }
  const [raw, busy] =
    [await RawBroker.start(t, { ...settings, ...overrides }), await RawBroker.start(t, settings)]
  for (const each of [raw, busy]) {
    await each.topic('events', 1, compacted)
    each.clock.advance(0)
    await goOn(each, 5)
    await fill(await each.client(), 'events')
  }
  t.ok(await goOn(busy, 100_000, isCleaned(busy, 'events')))
  return raw
}

t.test('log.cleaner.enable=false: nothing is compacted by when another broker has', async t => {
  const raw = await besides(t, { 'log.cleaner.enable': false })
  t.notOk(await goOn(raw, 2000, isCleaned(raw, 'events')))
  t.equal(await textOf(raw.partition('events')), BEFORE)
})

t.test('log.cleaner.backoff.ms is how long it rests, not less', async t => {
  const raw = await besides(t, { 'log.cleaner.backoff.ms': 1_000_000n })
  // By steps: each may be one at whose end it looks again.
  for (let n = 0; n < 100; n++) {
    raw.clock.advance(2000)
    await goOn(raw, 20)
  }
  t.notOk(await goOn(raw, 3000, isCleaned(raw, 'events')))
  t.equal(await textOf(raw.partition('events')), BEFORE)
  raw.clock.advance(1_000_000)
  t.ok(await goOn(raw, 100_000, isCleaned(raw, 'events')))
})

t.test('settings of a topic and of the cleaner act while the broker runs', async t => {
  const raw = await RawBroker.start(t, { 'log.cleaner.backoff.ms': 1_000_000_000n })
  const client = await raw.client()
  await raw.topic('events', 1, { ...compacted, 'min.cleanable.dirty.ratio': '0', 'min.compaction.lag.ms': '1000000' })
  await fill(client, 'events')
  await goOn(raw, 100)
  t.equal(await textOf(raw.partition('events')), BEFORE, 'too young')
  const alter = async (
    resourceType: number, resourceName: string, name: string, value: string
  ): Promise<void> => {
    const { responses } = await client.request(IncrementalAlterConfigs, 1, {
      resources: [{ resourceType, resourceName, configs: [{ name, configOperation: 0, value }] }],
      validateOnly: false,
    })
    if (responses[0]?.errorCode !== 0) throw new Error(`${name}: ${responses[0]?.errorMessage}`)
  }
  await alter(2, 'events', 'min.compaction.lag.ms', '0')
  await alter(4, '', 'log.cleaner.backoff.ms', '20')
  raw.clock.advance(1_000_000_000)
  t.ok(await goOn(raw, 100_000, isCleaned(raw, 'events')))
})

t.test('each setting of the cleaner is taken, and those of topics from broker and override', async t => {
  const taken = (texts: Record<string, string>) => {
    const settings = settingsFrom(new Map(Object.entries(texts).map(([name, text]) => [name, { text, origin: 'test' }])))
    const image = new MetadataImage()
    const { compaction, deleteRetentionMs } = topicSettingsSource(settings).of('t', image)
    return { ...configuration(settings).live(image).cleaner, compaction, deleteRetentionMs }
  }
  t.match(taken({}), {
    backoffMs: 15_000,
    map: { bufferBytes: 134217728, loadFactor: 0.9 },
    readBytes: 524288,
    bytesPerSecond: Number.MAX_VALUE,
    compaction: { lagMsMin: 0n, lagMsMax: (1n << 63n) - 1n, dirtyRatioMin: 0.5 },
    deleteRetentionMs: 86_400_000n,
  })
  t.match(taken({
    'log.cleaner.dedupe.buffer.size': '7777777',
    'log.cleaner.io.buffer.load.factor': '0.5',
    'log.cleaner.io.buffer.size': '78',
    'log.cleaner.io.max.bytes.per.second': '79.5',
    'log.cleaner.delete.retention.ms': '80',
    'log.cleaner.max.compaction.lag.ms': '82',
    'log.cleaner.min.compaction.lag.ms': '81',
    'log.cleaner.min.cleanable.ratio': '0.25',
  }), {
    map: { bufferBytes: 7777777, loadFactor: 0.5 },
    readBytes: 78,
    bytesPerSecond: 79.5,
    compaction: { lagMsMin: 81n, lagMsMax: 82n, dirtyRatioMin: 0.25 },
    deleteRetentionMs: 80n,
  })
})
