/** Replicas follow the metadata log, however much of it comes while their logs are being opened. */
import t from 'tap'
import type { Test } from 'tap'
import { decodeMetadata, encodeMetadata, entry } from '../../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import {
  PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
} from '../../../protocol/stored/metadata-topics.ts'
import { settingsFrom } from '../../../src/config/config.ts'
import { configEntry, resourceType } from '../../../src/core/metadata/configs.ts'
import { MetadataImage } from '../../../src/core/metadata/image.ts'
import { processEnvironment } from '../../../src/process-environment.ts'
import type { Partition } from '../../../src/runtime/replica/partition.ts'
import { loadLogState } from '../../../src/runtime/replica/partition-load.ts'
import { logName, Replicas } from '../../../src/runtime/replica/replicas.ts'
import { topicSettingsSource } from '../../../src/settings.ts'
import { MemoryDisk } from '../../../src/store/disk-memory.ts'
import { openStore } from '../../../src/store/store.ts'
import { realEnvironment } from '../../store/fixtures.ts'
import { idOf } from '../../support/metadata-cluster.ts'
import { batchOf } from '../../support/producing.ts'

const NODE = 1
const TOPIC = 'topic'
const NEVER_MS = 1 << 30

function created (number: number): MetadataEntry[] {
  return [
    entry(TopicRecord, 0, { name: TOPIC, topicId: idOf(number) }),
    entry(PartitionRecord, 2, {
      partitionId: 0,
      topicId: idOf(number),
      replicas: [NODE],
      isr: [NODE],
      removingReplicas: [],
      addingReplicas: [],
      leader: NODE,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [idOf(2000)],
    }),
  ]
}

/** The leader epoch rises. */
function elected (number: number): MetadataEntry[] {
  return [entry(PartitionChangeRecord, 2, { partitionId: 0, topicId: idOf(number), leader: NODE })]
}

function deleted (number: number): MetadataEntry[] {
  return [entry(RemoveTopicRecord, 0, { topicId: idOf(number) })]
}

function altered (name: string, value: string): MetadataEntry[] {
  return [configEntry(resourceType.TOPIC, TOPIC, name, value)]
}

async function open (t: Test, disk = new MemoryDisk()) {
  const store = await openStore('/data', realEnvironment(disk.disk()), { flushIntervalMs: 1 })
  const environment = processEnvironment((_level, message) => { lines.push(message) })
  const image = new MetadataImage()
  const source = topicSettingsSource(settingsFrom(new Map()))
  const lines: string[] = []
  const replicas = new Replicas({
    nodeId: NODE,
    store,
    // What waits for something looks again at once.
    environment: {
      ...environment,
      setTimer: (delayMs, run) => environment.setTimer(delayMs < NEVER_MS ? 1 : delayMs, run),
    },
    settingsOf: topic => source.of(topic, image),
    retentionCheckMs: NEVER_MS,
    initialTaskDelayMs: NEVER_MS,
    producerExpirationMs: () => NEVER_MS,
    producerExpirationCheckMs: NEVER_MS,
  })
  const led: Partition[] = []
  replicas.onLeadership(partition => { led.push(partition) })
  t.teardown(async () => {
    replicas.stop()
    // On a disk that was killed under it there is nothing to close.
    await store.close().catch(() => {})
  })
  let baseOffset = 0n
  const apply = (...batches: MetadataEntry[][]): void => {
    for (const entries of batches) {
      const read = entries.map(each => decodeMetadata(encodeMetadata(each)))
      replicas.apply(image.apply({ baseOffset, leaderEpoch: 1, entries: read }))
      baseOffset += BigInt(entries.length)
    }
  }
  return { store, environment, replicas, apply, led, lines }
}

t.test('a partition that changes while it is opened is one replica with the newest facts', async t => {
  const { replicas, apply, led } = await open(t)
  apply(created(1), elected(1), elected(1))
  await replicas.settled()
  const partition = replicas.find(TOPIC, 0)
  t.equal(partition?.leaderEpoch, 2)
  apply(elected(1))
  t.equal(replicas.find(TOPIC, 0), partition)
  t.same(led.map(each => each === partition), [true, true])
})

t.test('a topic whose settings are altered while it is opened obeys the newest', async t => {
  const { replicas, apply } = await open(t)
  apply(created(1), altered('flush.messages', '7'))
  await replicas.settled()
  t.equal(replicas.find(TOPIC, 0)?.settings.flushMessages, 7n)
  apply(deleted(1), created(2))
  await replicas.settled()
  t.equal(replicas.find(TOPIC, 0)?.settings.flushMessages, (1n << 63n) - 1n, 'and its name nothing of that')
})

t.test('a topic that is deleted while it is opened leaves nothing', async t => {
  const { store, replicas, apply, led, lines } = await open(t)
  apply(created(1), deleted(1))
  await replicas.settled()
  await new Promise(resolve => { setImmediate(resolve) })
  t.same([...replicas.all()], [])
  t.same(led, [])
  t.same(lines, [])
  t.equal(store.findLog(logName(idOf(1), 0)), undefined)
})

t.test('a topic of the same name follows one that is deleted while it is opened', async t => {
  const { replicas, apply, led } = await open(t)
  apply(created(1), elected(1), deleted(1), created(2))
  await replicas.settled()
  const partition = replicas.find(TOPIC, 0)
  t.equal(partition?.identity.topicId, idOf(2))
  t.equal(partition?.leaderEpoch, 0)
  t.same(led.map(({ identity }) => identity.topicId), [idOf(2)])
})

t.test('P5: a producer is known after a kill though retention has dropped its batches', async t => {
  const disk = new MemoryDisk()
  const { environment, replicas, apply } = await open(t, disk)
  apply(created(1))
  await replicas.settled()
  const partition = replicas.find(TOPIC, 0) as Partition
  const segment = { ...partition.settings.segment, bytesMax: 100 }
  partition.settings = { ...partition.settings, retentionBytes: 100n, retentionMs: -1n, segment }
  const options = { version: 9, acks: -1, clientId: null, timeoutMs: 1000 }
  await partition.produce(batchOf(['a'], { producerId: 7n, producerEpoch: 0, baseSequence: 0 }), options)
  await partition.produce(batchOf(['b']), options)
  await partition.produce(batchOf(['c']), options)
  const moved = new Promise<void>(resolve => {
    partition.watch(event => { if (event === 'start-moved') resolve() })
  })
  replicas.applyRetention()
  await moved
  t.equal(partition.startOffset, 1n)
  disk.kill()
  const store = await openStore('/data', realEnvironment(disk.disk()))
  t.teardown(() => store.close())
  const { state } = await loadLogState(store.openLog(logName(idOf(1), 0)), segment, environment)
  t.match(state.producers.find(7n)?.batches, [{ firstSequence: 0, baseOffset: 0n }])
})
