/** R 2.10.20: a snapshot over an image that has content replaces it, and tells the difference. */
import assert from 'node:assert/strict'
import t from 'tap'
import {
  BeginTransactionRecord, ConfigRecord, EndTransactionRecord, FeatureLevelRecord, ProducerIdsRecord,
} from '../../../protocol/stored/metadata-settings.ts'
import { PartitionChangeRecord, RemoveTopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import { entry } from '../../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataDelta } from '../../../src/core/metadata/delta.ts'
import { MetadataImage } from '../../../src/core/metadata/image.ts'
import { Cluster, idOf } from '../../support/metadata-cluster.ts'
import { described, partition, randomRecord, topic, whole } from '../../support/metadata-history.ts'

/** Looks at nothing but what deltas name: what one leaves out stays as it was. */
class Follower {
  readonly topics = new Map<string, { name: string, partitions: unknown[] }>()
  readonly configs = new Map<string, unknown>()
  readonly brokers = new Map<number, unknown>()
  readonly controllers = new Map<number, unknown>()
  readonly features = new Map<string, number>()
  readonly quotas = new Map<string, unknown>()
  readonly acls = new Map<string, unknown>()
  readonly users = new Map<string, unknown>()
  readonly tokens = new Map<string, unknown>()
  nextProducerId = 0n

  follow (delta: MetadataDelta, image: MetadataImage): void {
    for (const { id, name } of delta.topicsDeleted.values()) {
      if (!this.topics.delete(id)) throw new Error(`${id} is deleted and was not there`)
      this.configs.delete(`2 ${name}`)
    }
    for (const { id, name } of delta.topicsCreated.values()) {
      if (this.topics.has(id)) throw new Error(`${id} is created and was there`)
      this.topics.set(id, { name, partitions: [] })
    }
    for (const { topic: { id }, index, before } of delta.partitionsChanged()) {
      const mirrored = this.topics.get(id)!.partitions
      assert.deepEqual(mirrored[index], before, 'what a partition was')
      mirrored[index] = image.topics.withId(id)!.partitions[index]
    }
    for (const { type, name, keys } of delta.configsChanged()) {
      const values = new Map(this.configs.get(`${type} ${name}`) as Map<string, string>)
      for (const key of keys) put(values, key, image.configs.of(type, name).get(key))
      put(this.configs, `${type} ${name}`, values.size > 0 ? values : undefined)
    }
    for (const [id, before] of delta.brokersChanged) {
      assert.deepEqual(this.brokers.get(id), before, 'what a broker was')
      put(this.brokers, id, image.brokers.get(id))
    }
    for (const id of delta.controllersChanged) put(this.controllers, id, image.controllers.get(id))
    for (const name of delta.featuresChanged) {
      put(this.features, name, image.features.level(name) || undefined)
    }
    for (const entity of delta.quotasChanged) {
      const key = JSON.stringify([...entity].sort())
      put(this.quotas, key, image.quotas.of(entity) && new Map(image.quotas.of(entity)))
    }
    const acls = new Map([...image.acls].map(acl => [acl.id, acl]))
    for (const id of delta.aclsChanged) put(this.acls, id, acls.get(id))
    for (const user of delta.scramUsersChanged) {
      put(this.users, user, image.scram.of(user) && new Map(image.scram.of(user)))
    }
    for (const id of delta.delegationTokensChanged) {
      put(this.tokens, id, image.delegationTokens.get(id))
    }
    if (delta.producerIdsChanged) this.nextProducerId = image.producerIds?.nextProducerId ?? 0n
  }
}

function put<K, V> (map: Map<K, V>, key: K, value: V | undefined): void {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}

const RECORDS = 240
const SEEDS = 30

t.test('R 2.10.20: whoever follows comes to the same by a snapshot as by the records', async t => {
  const seen = { deleted: 0, again: 0, brokersGone: 0, configsGone: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const cluster = new Cluster(seed).start(1, 2, 3)
    const batches: MetadataEntry[][] = [[...cluster.log]]
    for (let number = 10; number < 10 + RECORDS; number++) {
      const record = randomRecord(cluster.random, cluster.image, number)
      cluster.append([record])
      batches.push(whole([record]))
    }
    const from = Math.floor(cluster.random() * RECORDS)
    const to = from + Math.floor(cluster.random() * (RECORDS - from))
    const [older, byRecords, bySnapshot] =
      [new MetadataImage(), new MetadataImage(), new MetadataImage()]
    const [one, other] = [new Follower(), new Follower()]
    const replay = (
      image: MetadataImage, follower: Follower, first: number, last: number
    ): void => {
      for (const entries of batches.slice(first, last + 1)) {
        const delta =
          image.apply({ baseOffset: image.lastAppliedOffset + 1n, leaderEpoch: 1, entries })
        follower.follow(delta, image)
      }
    }
    replay(bySnapshot, other, 0, from)
    replay(older, new Follower(), 0, from)
    replay(byRecords, one, 0, to)
    const snapshot = whole(byRecords.toRecords())
    const told = bySnapshot.load(snapshot, byRecords.lastAppliedOffset, byRecords.lastAppliedEpoch)
    other.follow(told, bySnapshot)
    t.same(described(bySnapshot), described(byRecords), `seed ${seed}: the image`)
    t.same(other, one, `seed ${seed}: who follows it`)
    t.equal(bySnapshot.lastAppliedOffset, byRecords.lastAppliedOffset)
    count(seen, told, { older, now: bySnapshot })
    const again = bySnapshot.load(snapshot, byRecords.lastAppliedOffset, byRecords.lastAppliedEpoch)
    t.same(again, new MetadataImage().apply({ baseOffset: 0n, leaderEpoch: 1, entries: [] }), 'twice: nothing new')
    replay(bySnapshot, other, to + 1, batches.length)
    replay(byRecords, one, to + 1, batches.length)
    t.same(described(bySnapshot), described(cluster.image), `seed ${seed}: records behind the snapshot`)
    t.same(other, one)
    for (const { name, id } of cluster.image.topics) {
      t.equal(bySnapshot.topics.find(name), bySnapshot.topics.withId(id))
      t.equal(bySnapshot.topics.collidingWith(name), cluster.image.topics.collidingWith(name))
    }
  }
  for (const [what, times] of Object.entries(seen)) t.ok(times > 2, `${what} came up ${times} times`)
})

function count (
  seen: Record<string, number>, told: MetadataDelta,
  { older, now }: { older: MetadataImage, now: MetadataImage }
): void {
  const created = new Set([...told.topicsCreated.values()].map(({ name }) => name))
  seen.deleted! += told.topicsDeleted.size
  for (const { name } of told.topicsDeleted.values()) if (created.has(name)) seen.again!++
  for (const id of told.brokersChanged.keys()) {
    if (now.brokers.get(id) === undefined) seen.brokersGone!++
  }
  for (const { type, name, keys } of told.configsChanged()) {
    const gone = [...keys].filter(
      key => older.configs.of(type, name).has(key) && !now.configs.of(type, name).has(key)
    )
    seen.configsGone! += gone.length
  }
}

function batch (baseOffset: bigint, ...entries: MetadataEntry[]) {
  return { baseOffset, leaderEpoch: 3, entries: whole(entries) }
}

t.test('R 2.10.20: a topic that stays is the same object, with its partitions as they are now', async t => {
  const image = new MetadataImage()
  // An older metadata version has no room for directories.
  const level = entry(FeatureLevelRecord, 0, { name: 'metadata.version', featureLevel: 33 })
  image.apply(batch(0n, level, topic('a', 1), partition(1, 0, [1, 2]), partition(1, 1, [1])))
  const held = image.topics.find('a')
  const ahead = new MetadataImage()
  ahead.load(whole(image.toRecords()), 3n, 3)
  ahead.apply(batch(4n,
    entry(PartitionChangeRecord, 2, { partitionId: 0, topicId: idOf(1), leader: 2 }),
    partition(1, 2, [2])))
  const delta = image.load(whole(ahead.toRecords()), 5n, 3)
  t.equal(image.topics.find('a'), held)
  t.same(held?.partitions.map(({ leader }) => leader), [2, 1, 2])
  t.same([...delta.partitionsChanged()].map(({ index, before }) => [index, before?.leader]),
    [[0, 1], [2, undefined]])
  t.equal(delta.topicsCreated.size, 0)
})

t.test('R 2.10.20: a topic made again under its name is another one, without its configuration', async t => {
  const config = (value: string): MetadataEntry =>
    entry(ConfigRecord, 0, { resourceType: 2, resourceName: 'a', name: 'retention.ms', value })
  const image = new MetadataImage()
  image.apply(batch(0n, topic('a', 1), partition(1, 0, [1]), config('5')))
  const ahead = new MetadataImage()
  ahead.load(whole(image.toRecords()), 2n, 3)
  ahead.apply(batch(3n, entry(RemoveTopicRecord, 0, { topicId: idOf(1) }), topic('a', 2), partition(2, 0, [1])))
  const delta = image.load(whole(ahead.toRecords()), 5n, 3)
  t.same([...delta.topicsDeleted.keys()], [idOf(1)])
  t.same([...delta.topicsCreated.keys()], [idOf(2)])
  t.equal(image.topics.find('a')?.id, idOf(2))
  t.equal(image.topics.withId(idOf(1)), undefined)
  t.equal(image.configs.of(2, 'a').size, 0)
  t.same([...delta.configsChanged()].map(({ name, keys }) => [name, [...keys]]), [['a', ['retention.ms']]])
})

t.test('R 2.10.20: an open metadata transaction ends where a snapshot begins', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('before', 1), entry(BeginTransactionRecord, 0, {}), topic('held', 2)))
  image.load(whole([topic('before', 1), topic('held', 2), topic('more', 3)]), 7n, 4)
  t.equal(image.inTransaction, false)
  t.equal(image.lastAppliedOffset, 7n)
  t.equal(image.lastAppliedEpoch, 4)
  t.throws(() => image.apply(batch(8n, entry(EndTransactionRecord, 0, {}))), /never began/)
  t.ok(image.topics.find('held'))
})

t.test('R 2.10.20: a snapshot that contradicts itself changes nothing', async t => {
  const image = new MetadataImage()
  image.apply(batch(0n, topic('a', 1), entry(FeatureLevelRecord, 0, { name: 'f', featureLevel: 2 })))
  const before = described(image)
  t.throws(() => image.load(whole([topic('b', 2), topic('b', 3)]), 9n, 4), /while it exists/)
  t.same(described(image), before)
  t.equal(image.lastAppliedOffset, 1n)
})

t.test('R 2.10.20: producer ids are those of the snapshot, also if it knows of none', async t => {
  const image = new MetadataImage()
  const ids = entry(ProducerIdsRecord, 0, { brokerId: 1, brokerEpoch: 5n, nextProducerId: 1000n })
  image.apply(batch(0n, ids))
  t.equal(image.load(whole([ids]), 3n, 3).producerIdsChanged, false)
  t.equal(image.load([], 4n, 3).producerIdsChanged, true)
  t.equal(image.producerIds, undefined)
})
