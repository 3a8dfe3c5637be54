/** The image is a fold of the log: replay, snapshots, transactions, and what a batch changed. */
import t from 'tap'
import { FenceBrokerRecord, UnfenceBrokerRecord } from '../../../protocol/stored/metadata-brokers.ts'
import { metadataRecords } from '../../../protocol/stored/metadata.ts'
import {
  RemoveAccessControlEntryRecord, RemoveDelegationTokenRecord, RemoveUserScramCredentialRecord,
} from '../../../protocol/stored/metadata-security.ts'
import {
  AbortTransactionRecord, BeginTransactionRecord, ConfigRecord, EndTransactionRecord,
  ProducerIdsRecord,
} from '../../../protocol/stored/metadata-settings.ts'
import {
  ClearElrRecord, PartitionChangeRecord, RemoveTopicRecord, TopicRecord,
} from '../../../protocol/stored/metadata-topics.ts'
import { entry } from '../../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { MetadataImage } from '../../../src/core/metadata/image.ts'
import { Cluster, idOf } from '../../support/metadata-cluster.ts'
import { described, partition, randomRecord, topic, whole } from '../../support/metadata-history.ts'

function batch (baseOffset: bigint, ...entries: MetadataEntry[]) {
  return { baseOffset, leaderEpoch: 3, entries: whole(entries) }
}

t.test('a topic is found by name, by id and by partition, whatever its name', async t => {
  const image = new MetadataImage()
  const delta = image.apply(batch(5n, topic('__proto__', 7), partition(7, 0, [1, 2]), partition(7, 1, [2, 1])))
  t.equal(image.topics.find('__proto__')?.id, idOf(7))
  t.equal(image.topics.withId(idOf(7))?.name, '__proto__')
  t.same(image.topics.partition('__proto__', 1)?.replicas, [2, 1])
  t.equal(image.topics.partition('__proto__', 2), undefined)
  t.equal(image.topics.find('constructor'), undefined)
  t.equal(image.lastAppliedOffset, 7n)
  t.equal(image.lastAppliedEpoch, 3)
  t.same([...delta.topicsCreated.keys()], [idOf(7)])
  t.same([...delta.partitionsChanged()].map(({ index, before }) => [index, before]),
    [[0, undefined], [1, undefined]])
})

t.test('a partition change raises the partition epoch, and the leader epoch if it names a leader', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('a', 1), partition(1, 0, [1, 2, 3])))
  const change = (fields: object): MetadataEntry =>
    entry(PartitionChangeRecord, 2, { partitionId: 0, topicId: idOf(1), ...fields })
  const cases: Array<[name: string, fields: object, expected: object]> = [
    ['isr', { isr: [1, 2] }, { isr: [1, 2], leaderEpoch: 0, partitionEpoch: 1 }],
    ['leader', { leader: 2 }, { leader: 2, leaderEpoch: 1, partitionEpoch: 2 }],
    ['no leader', { leader: -1, isr: [] }, { leader: -1, isr: [], leaderEpoch: 2, partitionEpoch: 3 }],
    ['elr', { eligibleLeaderReplicas: [2], lastKnownElr: [1] }, { elr: [2], lastKnownElr: [1] }],
    ['recovering', { leader: 3, isr: [3], leaderRecoveryState: 1 },
      { leader: 3, leaderRecoveryState: 1, leaderEpoch: 3, partitionEpoch: 5 }],
    ['replicas keep their directories', { replicas: [3, 4], addingReplicas: [4] },
      { replicas: [3, 4], addingReplicas: [4], directories: [idOf(2003), 'AAAAAAAAAAAAAAAAAAAAAQ'] }],
    ['directories', { directories: [idOf(9), idOf(8)] }, { directories: [idOf(9), idOf(8)] }],
  ]
  let offset = 10n
  for (const [name, fields, expected] of cases) {
    image.apply(batch(offset++, change(fields)))
    t.match(image.topics.partition('a', 0), expected, name)
  }
  image.apply(batch(offset, entry(ClearElrRecord, 0, { topicName: 'a' })))
  t.match(image.topics.partition('a', 0), { elr: [], lastKnownElr: [], partitionEpoch: 8 })
})

t.test('a removed topic takes its configuration along', async t => {
  const image = new MetadataImage()
  const config = (name: string, value: string | null): MetadataEntry =>
    entry(ConfigRecord, 0, { resourceType: 2, resourceName: 'a', name, value })
  image.apply(batch(0n, topic('a', 1), partition(1, 0, [1]), config('retention.ms', '5'), config('x', 'y')))
  image.apply(batch(4n, config('x', null)))
  t.same([...image.configs.of(2, 'a')], [['retention.ms', '5']])
  const delta = image.apply(batch(5n, entry(RemoveTopicRecord, 0, { topicId: idOf(1) })))
  t.same([...image.configs.of(2, 'a')], [])
  t.same([...image.configs.namesOf(2)], [])
  t.same([...delta.topicsDeleted.values()].map(({ name }) => name), ['a'])
  t.equal(image.topics.size, 0)
  t.notOk(image.topics.withId(idOf(1)))
})

t.test('names collide where they differ in dots and underscores only', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('a.b', 1), topic('plain', 2)))
  t.equal(image.topics.collidingWith('a_b'), 'a.b')
  t.equal(image.topics.collidingWith('a.b'), undefined)
  t.equal(image.topics.collidingWith('plain'), undefined)
  image.apply(batch(2n, entry(RemoveTopicRecord, 0, { topicId: idOf(1) })))
  t.equal(image.topics.collidingWith('a_b'), undefined)
})

t.test('a metadata transaction becomes true when it ends, and never if it is aborted', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('before', 1)))
  const begun = image.apply(batch(1n, entry(BeginTransactionRecord, 0, {}), topic('held', 2)))
  t.equal(begun.topicsCreated.size, 0)
  t.notOk(image.topics.find('held'))
  t.equal(image.lastAppliedOffset, 0n)
  t.notOk(image.toRecords().some(({ value }) => (value as { name?: string }).name === 'held'))
  const ended = image.apply(batch(3n, topic('held too', 3), entry(EndTransactionRecord, 0, {})))
  t.equal(ended.topicsCreated.size, 2)
  t.equal(image.lastAppliedOffset, 4n)
  image.apply(batch(5n, topic('stays', 4), entry(BeginTransactionRecord, 0, {}), topic('gone', 5)))
  t.equal(image.lastAppliedOffset, 5n)
  image.apply(batch(8n, entry(AbortTransactionRecord, 0, { reason: 'why not' })))
  t.ok(image.topics.find('stays'))
  t.notOk(image.topics.find('gone'))
  t.equal(image.lastAppliedOffset, 8n)
  t.throws(() => image.apply(batch(9n, entry(EndTransactionRecord, 0, {}))), /never began/)
})

t.test('records that contradict the image stop the node', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('a', 1), partition(1, 0, [1]),
    entry(ProducerIdsRecord, 0, { brokerId: 1, nextProducerId: 1000n })))
  const cases: Array<[MetadataEntry, RegExp]> = [
    [topic('a', 2), /while it exists/],
    [partition(9, 0, [1]), /unknown topic id/],
    [partition(1, 2, [1]), /leaves a gap/],
    [entry(PartitionChangeRecord, 2, { partitionId: 1, topicId: idOf(1), leader: 1 }), /unknown partition/],
    [entry(RemoveTopicRecord, 0, { topicId: idOf(9) }), /unknown topic id/],
    [entry(ClearElrRecord, 0, { topicName: 'b' }), /unknown topic b/],
    [entry(FenceBrokerRecord, 0, { id: 1, epoch: 1n }), /unregistered broker/],
    [entry(ProducerIdsRecord, 0, { brokerId: 1, nextProducerId: 1000n }), /go back/],
    [entry(RemoveAccessControlEntryRecord, 0, { id: idOf(1) }), /unknown access control entry/],
    [entry(RemoveUserScramCredentialRecord, 0, { name: 'u', mechanism: 1 }), /unknown credential/],
    [entry(RemoveDelegationTokenRecord, 0, { tokenId: 't' }), /unknown delegation token/],
  ]
  for (const [bad, expected] of cases) t.throws(() => image.apply(batch(9n, bad)), expected)
  const strange = { ...topic('b', 3), record: { ...TopicRecord, key: 99, name: 'FutureRecord' } }
  t.throws(() => image.apply({ baseOffset: 9n, leaderEpoch: 3, entries: [strange] }), /unknown metadata record/)
})

t.test('an epoch that is not the broker\'s own cannot fence it', async t => {
  const cluster = new Cluster().start(1)
  const epoch = cluster.image.brokers.get(1)!.epoch
  t.throws(() => cluster.append([entry(FenceBrokerRecord, 0, { id: 1, epoch: epoch + 1n })]), /for epoch/)
  const delta = cluster.append([entry(FenceBrokerRecord, 0, { id: 1, epoch })])
  t.equal(cluster.image.brokers.get(1)?.fenced, true)
  t.equal(delta?.brokersChanged.get(1)?.fenced, false, 'the delta says what it was')
  cluster.append([entry(UnfenceBrokerRecord, 0, { id: 1, epoch })])
  t.equal(cluster.image.brokers.isActive(1), true)
})

t.test('a snapshot loads to the image that wrote it, after any history', async t => {
  const seen = new Set<string>()
  for (let seed = 1; seed <= 30; seed++) {
    const cluster = new Cluster(seed).start(1, 2, 3)
    for (let number = 1; number <= 200; number++) {
      const record = randomRecord(cluster.random, cluster.image, number)
      seen.add(record.record.name)
      cluster.append([record])
      if (number % 50 === 0) cluster.heartbeat(number / 50, { wantShutDown: true })
    }
    const loaded = new MetadataImage()
    loaded.load(whole(cluster.image.toRecords()), cluster.lastOffset, 1)
    t.same(described(loaded), described(cluster.image), `seed ${seed}`)
    t.equal(loaded.lastAppliedOffset, cluster.image.lastAppliedOffset)
    const replayed = new MetadataImage()
    replayed.apply({ baseOffset: 0n, leaderEpoch: 1, entries: cluster.log })
    t.same(described(replayed), described(cluster.image), 'one batch or many, the same')
    // Equal texts are not enough: the look-ups must agree as well.
    for (const { name, id, partitions } of cluster.image.topics) {
      t.same(loaded.topics.find(name)?.partitions, partitions)
      t.equal(loaded.topics.withId(id)?.name, name)
      t.equal(loaded.topics.collidingWith(name), cluster.image.topics.collidingWith(name))
    }
  }
  t.ok(seen.size >= 18, `${seen.size} types of records came up`)
})

t.test('every record of Kafka is known', async t => {
  // Not one of them may fall into "unknown", whatever else it says.
  for (const record of metadataRecords) {
    const image = new MetadataImage()
    const value = new Proxy({}, { get: () => undefined })
    const strange = { record, version: 0, value } as unknown as MetadataEntry
    try {
      image.apply({ baseOffset: 0n, leaderEpoch: 0, entries: [strange] })
    } catch (error) {
      t.notMatch((error as Error).message, /unknown metadata record/, record.name)
    }
  }
  t.equal(metadataRecords.length, 27)
})
