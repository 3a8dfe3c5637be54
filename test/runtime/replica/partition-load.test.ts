/**
 * A start opens partitions and reads nothing of their logs; what is derived from one is loaded when
 * somebody asks.
 */
import t from 'tap'
import type { Test } from 'tap'
import { code } from '../../../protocol/errors.ts'
import { entry } from '../../../protocol/stored/framing.ts'
import { PartitionChangeRecord, RemoveTopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import type { ProduceOutcome } from '../../../src/core/replica/produce-outcome.ts'
import { LoadTurns } from '../../../src/runtime/replica/load-turns.ts'
import type { Partition } from '../../../src/runtime/replica/partition.ts'
import { MemoryDisk } from '../../../src/store/disk-memory.ts'
import { StoreError } from '../../../src/store/store.ts'
import type { Log, Store } from '../../../src/store/store.ts'
import { created, NODE, openReplicas, TOPIC } from '../../support/hosted-replicas.ts'
import { idOf } from '../../support/metadata-cluster.ts'
import { batchOf } from '../../support/producing.ts'

const PARTITIONS = 100
const OPTIONS = { version: 9, acks: -1, clientId: null, timeoutMs: 1000 }
const FETCH = {
  version: 12,
  maxWaitMs: 0,
  minBytes: 1,
  maxBytes: 1 << 20,
  readCommitted: true,
  replicaId: -1,
  takeRoom: () => 1 << 20,
  leaveRoom: () => {},
}

/** A batch of producer 7, the first of this sequence. */
const batch = (baseSequence: number): Buffer => batchOf(['x'], { producerId: 7n, producerEpoch: 0, baseSequence })

async function produced (partition: Partition, baseSequence: number): Promise<ProduceOutcome> {
  return await partition.produce(batch(baseSequence), OPTIONS)
}

/**
 * A record in each of many partitions, a kill, and another process on the same disk; `looks` counts
 * by log.
 */
async function afterKill (
  t: Test, spoil: (log: Log) => void = () => {}, retentionCheckMs?: number
) {
  const disk = new MemoryDisk()
  const before = await openReplicas(t, disk)
  before.apply(created(1, PARTITIONS))
  for (const partition of before.replicas.all()) await produced(partition, 0)
  before.replicas.stop()
  disk.kill()
  const looks = new Map<string, number>()
  const opened = await openReplicas(t, disk, {
    look: store => { countLooks(store, looks, spoil) },
    ...retentionCheckMs === undefined ? {} : { retentionCheckMs },
  })
  opened.apply(created(1, PARTITIONS))
  const at = (index: number): Partition => opened.replicas.find(TOPIC, index) as Partition
  const loaded = () =>
    [...opened.replicas.all()].flatMap(({ isLoaded, identity }) => isLoaded ? [identity.index] : [])
  return { ...opened, disk, looks, at, loaded }
}

function countLooks (store: Store, looks: Map<string, number>, spoil: (log: Log) => void): void {
  const { openLog } = store
  store.openLog = (name, options) => {
    const log = openLog.call(store, name, options)
    const count = (): void => { looks.set(name, (looks.get(name) ?? 0) + 1) }
    const { read } = log
    log.read = (...words) => {
      count()
      return read.apply(log, words)
    }
    const found = (): Log['checkpoint'] => Reflect.get(Object.getPrototypeOf(log), 'checkpoint', log) as Log['checkpoint']
    Object.defineProperty(log, 'checkpoint', { get: () => { count(); return found() } })
    spoil(log)
    return log
  }
}

/** Reads of logs that end, with an error, when the test says so. */
function held () {
  let letGo: (error: StoreError) => void = () => {}
  const gate = new Promise<never>((_, reject) => { letGo = reject })
  gate.catch(() => {})
  return { hold: (log: Log): void => {
    log.read = () => gate
  }, letGo: (error: StoreError) => { letGo(error) } }
}

t.test('a start reads nothing of logs that nobody asks for', async t => {
  const { at, looks, loaded } = await afterKill(t)
  t.equal(at(PARTITIONS - 1).endOffset, 1n, 'what is cheap is known')
  t.equal(at(3).isLeader, true)
  t.equal(looks.size, 0)
  t.same(loaded(), [])
  t.match(await produced(at(3), 0), { errorCode: 0, baseOffset: 0n }, 'P5: a retry from before the kill is known as one')
  t.same(loaded(), [3])
  t.same([...looks.keys()], [at(3).log.name])
  t.match(await produced(at(3), 1), { errorCode: 0, baseOffset: 1n })
  t.same(at(3).state.epochs.entries, [{ epoch: 0, startOffset: 0n }])
})

t.test('whatever asks is answered from what was loaded', async t => {
  const { at, replicas, loaded } = await afterKill(t)
  t.match(await at(0).offsetFor(-1n,
    { currentLeaderEpoch: -1, replicaId: -1, readCommitted: true, version: 5 }),
  { errorCode: 0, offset: 1n, leaderEpoch: 0 })
  t.match(await at(1).endOfEpoch(0, -1), { errorCode: 0, leaderEpoch: 0, endOffset: 1n })
  t.match(await at(2).segmentStarts(-1n, { maxNumOffsets: 5, replicaId: -1 }),
    { errorCode: 0, oldStyleOffsets: [1n, 0n] })
  t.match(await at(3).deleteRecords(1n), { errorCode: 0, lowWatermark: 1n })
  const position = {
    topic: TOPIC,
    topicId: at(4).identity.topicId,
    index: 4,
    fetchOffset: 0n,
    currentLeaderEpoch: -1,
    lastFetchedEpoch: 0,
    logStartOffset: -1n,
    partitionBytesMax: 1000,
  }
  const target = { position, partition: at(4), errorCode: 0, isRefused: false }
  const result = await replicas.fetch([target], FETCH, () => () => {})
  t.match(result.partitions,
    [{ errorCode: 0, highWatermark: 1n, lastStableOffset: 1n, read: { bytes: batch(0).length } }])
  result.release()
  t.same(loaded(), [0, 1, 2, 3, 4])
})

t.test('batches that come while a partition is loaded are appended in their order', async t => {
  const { at } = await afterKill(t)
  const outcomes = [1, 2, 3, 3].map(sequence => produced(at(5), sequence))
  t.same((await Promise.all(outcomes)).map(({ baseOffset }) => baseOffset), [1n, 2n, 3n, 3n])
  t.equal(at(5).checking, undefined)
})

t.test('a batch that comes while a partition is loaded meets the leadership of when it has been', async t => {
  const { at, apply } = await afterKill(t)
  const outcomes = [produced(at(6), 1), at(6).endOfEpoch(0, -1), at(6).deleteRecords(1n)]
  apply([entry(PartitionChangeRecord, 2, { partitionId: 6, topicId: idOf(1), leader: NODE })])
  t.match(await Promise.all(outcomes), [
    { errorCode: 0, baseOffset: 1n },
    { errorCode: 0, leaderEpoch: 0, endOffset: 1n },
    { errorCode: 0, lowWatermark: 1n },
  ])
  t.same(at(6).state.epochs.entries, [{ epoch: 1, startOffset: 1n }])
  const asked = at(4).whenLoaded()
  apply([entry(PartitionChangeRecord, 2, { partitionId: 4, topicId: idOf(1), leader: NODE })])
  await asked
  t.same(at(4).state.epochs.entries, [{ epoch: 0, startOffset: 0n }, { epoch: 1, startOffset: 1n }])
  const away = [produced(at(5), 1), at(5).endOfEpoch(0, -1), at(5).deleteRecords(1n)]
  apply([entry(PartitionChangeRecord, 2, { partitionId: 5, topicId: idOf(1), leader: -1 })])
  for (const { errorCode } of await Promise.all(away)) {
    t.equal(errorCode, code.NOT_LEADER_OR_FOLLOWER)
  }
})

t.test('D12.6: a topic that is deleted while it is loaded is gone for whoever waits', async t => {
  const gate = held()
  const { at, apply, store, lines } = await afterKill(t, gate.hold)
  const partitions = Array.from({ length: PARTITIONS }, (_, index) => at(index))
  const waiting = partitions.flatMap(partition =>
    [produced(partition, 1), partition.endOfEpoch(0, -1), partition.deleteRecords(1n)])
  apply([entry(RemoveTopicRecord, 0, { topicId: idOf(1) })])
  gate.letGo(new StoreError('GONE', 'deleted meanwhile'))
  for (const { errorCode } of await Promise.all(waiting)) {
    t.equal(errorCode, code.UNKNOWN_TOPIC_OR_PARTITION)
  }
  t.same(lines, [])
  for (const { log } of partitions) t.equal(store.findLog(log.name), undefined)
})

t.test('a stop while partitions are loaded ends every wait, and tells of no damage', async t => {
  const gate = held()
  const { at, replicas, store, lines } = await afterKill(t, gate.hold)
  const waiting = Array.from({ length: PARTITIONS }, (_, index) => produced(at(index), 1))
  const retention = replicas.applyRetention()
  replicas.stop()
  await store.close()
  gate.letGo(new StoreError('CLOSED', 'the store is closed'))
  for (const { errorCode } of await Promise.all(waiting)) {
    t.equal(errorCode, code.KAFKA_STORAGE_ERROR)
  }
  await retention
  t.same(lines, [])
})

t.test('D5.12: a log that cannot be read makes its partition unavailable, and no other', async t => {
  const { at, lines, store, replicas, disk } = await afterKill(t, log => {
    if (log.name.endsWith('-7')) log.read = () => { throw new StoreError('CORRUPT', 'spoilt') }
  })
  t.match(await produced(at(7), 1), { errorCode: code.KAFKA_STORAGE_ERROR })
  t.match(await at(7).endOfEpoch(0, -1), { errorCode: code.KAFKA_STORAGE_ERROR })
  t.match(await at(7).deleteRecords(1n), { errorCode: code.KAFKA_STORAGE_ERROR })
  t.match(await produced(at(8), 1), { errorCode: 0 })
  t.same(lines, [`${TOPIC}-7 cannot be read`])
  at(7).settings = { ...at(7).settings, retentionMs: 1n }
  await replicas.applyRetention()
  t.equal(at(7).startOffset, 0n)
  for (const index of [7, 8]) at(index).log.checkpointSoon()
  await store.close()
  disk.kill()
  const { replicas: healed, apply } = await openReplicas(t, disk)
  apply(created(1, PARTITIONS))
  t.ok(healed.find(TOPIC, 8)?.log.checkpoint, 'what was derived is kept')
  const again = healed.find(TOPIC, 7) as Partition
  t.equal(again.log.checkpoint, undefined, 'and of the other nothing')
  t.match(await produced(again, 0), { errorCode: 0, baseOffset: 0n }, 'P5')
})

t.test('D25.8: retention loads what it may drop from, in turns', async t => {
  const { at, replicas, loaded } = await afterKill(t)
  for (const partition of replicas.all()) {
    const isKept = partition.identity.index % 2 === 0
    partition.settings =
      { ...partition.settings, retentionMs: isKept ? -1n : 1n, retentionBytes: -1n }
  }
  const done = replicas.applyRetention()
  t.equal(replicas.applyRetention(), done, 'one look at a time')
  await Promise.resolve()
  t.ok(loaded().length < PARTITIONS / 2, 'not all at once')
  await done
  t.equal(loaded().length, PARTITIONS / 2)
  t.notOk(at(0).isLoaded, 'what is kept for ever need not be looked at')
})

t.test('D25.8: of a partition that nobody asks for the old records go all the same', async t => {
  const { at } = await afterKill(t, () => {}, 1000)
  at(9).settings = { ...at(9).settings, retentionMs: 1n }
  await new Promise<void>(resolve => { at(9).watch(event => { if (event === 'start-moved') resolve() }) })
  t.equal(at(9).startOffset, 1n)
  t.ok(at(9).state.producers.find(7n), 'P5: the producer stays known')
})

t.test('so many loads in a turn, the others in the next ones', async t => {
  const ends: Array<() => void> = []
  const turns = new LoadTurns({ atTurnEnd: run => { ends.push(run) } })
  let begun = 0
  const all = Array.from({ length: 70 }, () => turns.run(async () => { begun++ }))
  const refused = t.rejects(turns.run(async () => { throw new Error('no') }), /no/)
  for (const expected of [32, 64, 70]) {
    await new Promise(resolve => { setImmediate(resolve) })
    t.equal(begun, expected)
    ends.shift()?.()
  }
  await Promise.all(all)
  await refused
  t.equal(ends.length, 0, 'nothing is waited for when nothing was begun')
})

t.test('so many loads at once, the others when those have ended', async t => {
  const turns = new LoadTurns({ atTurnEnd: run => { setImmediate(run) } })
  const ends: Array<() => void> = []
  let begun = 0
  const all = Array.from({ length: 20 }, () => turns.run(() => {
    begun++
    return new Promise(resolve => { ends.push(resolve) })
  }))
  for (const [ended, expected] of [[0, 16], [1, 17], [3, 20]] as const) {
    for (const end of ends.splice(0, ended)) end()
    for (let turn = 0; turn < 3; turn++) await new Promise(resolve => { setImmediate(resolve) })
    t.equal(begun, expected)
  }
  for (const end of ends) end()
  await Promise.all(all)
})
