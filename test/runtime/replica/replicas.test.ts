/** Replicas follow the metadata log. */
import t from 'tap'
import { entry } from '../../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { PartitionChangeRecord, RemoveTopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { configEntry, resourceType } from '../../../src/core/metadata/configs.ts'
import type { Partition } from '../../../src/runtime/replica/partition.ts'
import { loadLogState } from '../../../src/runtime/replica/partition-load.ts'
import { logName } from '../../../src/runtime/replica/replicas.ts'
import { MemoryDisk } from '../../../src/store/disk-memory.ts'
import { openStore } from '../../../src/store/store.ts'
import { realEnvironment } from '../../store/fixtures.ts'
import { created, NODE, openReplicas, TOPIC } from '../../support/hosted-replicas.ts'
import { idOf } from '../../support/metadata-cluster.ts'
import { batchOf } from '../../support/producing.ts'

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

t.test('a partition that changes is one replica with the newest facts', async t => {
  const { replicas, apply, led } = await openReplicas(t)
  apply(created(1), elected(1), elected(1))
  const partition = replicas.find(TOPIC, 0)
  t.equal(partition?.leaderEpoch, 2)
  apply(elected(1))
  t.equal(replicas.find(TOPIC, 0), partition)
  t.same(led.map(each => each === partition), [true, true, true, true])
})

t.test('a topic whose settings are altered obeys the newest', async t => {
  const { replicas, apply } = await openReplicas(t)
  apply(created(1), altered('flush.messages', '7'))
  t.equal(replicas.find(TOPIC, 0)?.settings.flushMessages, 7n)
  apply(deleted(1), created(2))
  t.equal(replicas.find(TOPIC, 0)?.settings.flushMessages, (1n << 63n) - 1n, 'and its name nothing of that')
})

t.test('a topic that is deleted leaves nothing', async t => {
  const { store, replicas, apply, led, lines } = await openReplicas(t)
  apply(created(1), deleted(1))
  await new Promise(resolve => { setImmediate(resolve) })
  t.same([...replicas.all()], [])
  t.same(led.map(({ gone }) => gone), [true, true], 'led, and told of its end')
  t.same(lines, [])
  t.equal(store.findLog(logName(idOf(1), 0)), undefined)
})

t.test('a topic of the same name follows one that is deleted', async t => {
  const { replicas, apply, led } = await openReplicas(t)
  apply(created(1), elected(1), deleted(1), created(2))
  const partition = replicas.find(TOPIC, 0)
  t.equal(partition?.identity.topicId, idOf(2))
  t.equal(partition?.leaderEpoch, 0)
  t.same(led.map(({ identity }) => identity.topicId), [idOf(1), idOf(1), idOf(1), idOf(2)])
})

t.test('P5: a producer is known after a kill though retention has dropped its batches', async t => {
  const disk = new MemoryDisk()
  const { environment, replicas, apply } = await openReplicas(t, disk)
  apply(created(1))
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
  await replicas.applyRetention()
  await moved
  t.equal(partition.startOffset, 1n)
  disk.kill()
  const store = await openStore('/data', realEnvironment(disk.disk()))
  t.teardown(() => store.close())
  const { state } = await loadLogState(store.openLog(logName(idOf(1), 0)), segment, environment)
  t.match(state.producers.find(7n)?.batches, [{ firstSequence: 0, baseOffset: 0n }])
})

t.test('the times of a segment are those of the first load after a kill, not of each', async t => {
  const disk = new MemoryDisk()
  const load = async () => {
    const { store, replicas, apply } = await openReplicas(t, disk)
    apply(created(1))
    const partition = replicas.find(TOPIC, 0) as Partition
    await partition.whenLoaded()
    const times = partition.state.segments.all.flatMap(each => [each.createdMs, each.modifiedMs])
    return { store, replicas, partition, times }
  }
  const { store, partition } = await load()
  const { flushes } = store.stats()
  await partition.produce(batchOf(['a']), { version: 9, acks: -1, clientId: null, timeoutMs: 1000 })
  while (store.stats().flushes === flushes) {
    await new Promise(resolve => { setImmediate(resolve) })
  }
  disk.kill()
  const first = await load()
  first.replicas.stop()
  await first.store.close()
  while (Date.now() <= Math.max(...first.times)) {
    await new Promise(resolve => { setImmediate(resolve) })
  }
  t.same((await load()).times, first.times)
})
