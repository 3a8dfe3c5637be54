/**
 * R 2.10.20: the rooms of a living broker come to the same by a snapshot as by the records that it
 * stands for.
 */
import t from 'tap'
import type { Test } from 'tap'
import { OffsetCommit } from '../../protocol/messages/08-offset-commit.ts'
import { encodeMetadata, entry } from '../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import { ClientQuotaRecord, ConfigRecord, FeatureLevelRecord } from '../../protocol/stored/metadata-settings.ts'
import {
  PartitionChangeRecord, PartitionRecord, RemoveTopicRecord, TopicRecord,
} from '../../protocol/stored/metadata-topics.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { clientMatch } from '../../src/config/client-match.ts'
import { loadSettings } from '../../src/config/config.ts'
import { resourceType } from '../../src/core/metadata/configs.ts'
import { OFFSETS_TOPIC } from '../../src/core/metadata/internal-topics.ts'
import type { MetadataImage } from '../../src/core/metadata/image.ts'
import { ClientQuotas } from '../../src/core/quota/client-quotas.ts'
import { ClientInstances } from '../../src/core/telemetry/client-instances.ts'
import { processEnvironment } from '../../src/process-environment.ts'
import { GroupCoordinator } from '../../src/runtime/coordinator/group-coordinator.ts'
import { CurrentSettings } from '../../src/runtime/current-settings.ts'
import { followMetadata } from '../../src/runtime/followers.ts'
import { MetadataRuntime } from '../../src/runtime/metadata.ts'
import { Notices } from '../../src/runtime/notices.ts'
import type { CommitListener, QuorumRuntime } from '../../src/runtime/quorum/contract.ts'
import { Replicas } from '../../src/runtime/replica/replicas.ts'
import { Timers } from '../../src/runtime/timers.ts'
import { brokerSettings, configuration, topicSettingsSource } from '../../src/settings.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import { blank } from '../core/group/driver.ts'
import { realEnvironment } from '../store/fixtures.ts'
import { idOf, seeded } from '../support/metadata-cluster.ts'

const NODE = 1
const NEVER_MS = 1 << 30
const TOPICS = ['a', 'b', 'c']
const CLIENT = { principal: 'User:u', clientId: 'c' }
const TELEMETRY_CLIENT = {
  connection: {},
  facts: {
    client_id: 'c',
    client_software_name: '',
    client_software_version: '',
    client_source_address: '',
    client_source_port: '',
  },
}

function created (name: string, number: number, partitions: number): MetadataEntry[] {
  return [
    entry(TopicRecord, 0, { name, topicId: idOf(number) }),
    ...Array.from({ length: partitions }, (_, partitionId) => partition(idOf(number), partitionId)),
  ]
}

function partition (topicId: string, partitionId: number): MetadataEntry {
  return entry(PartitionRecord, 2, {
    partitionId,
    topicId,
    replicas: [NODE],
    isr: [NODE],
    removingReplicas: [],
    addingReplicas: [],
    leader: NODE,
    leaderEpoch: 0,
    partitionEpoch: 0,
    directories: [idOf(2000)],
  })
}

function config (
  type: number, resourceName: string, name: string, value: string | null
): MetadataEntry {
  return entry(ConfigRecord, 0, { resourceType: type, resourceName, name, value })
}

/** The rooms of a broker, behind a quorum that commits what `commit` says. */
async function roomsOf (t: Test, disk: MemoryDisk) {
  const settings = loadSettings({ overrides: [`node.id=${NODE}`, 'offsets.topic.num.partitions=1'] })
  const values = brokerSettings(settings)
  const environment = processEnvironment(() => {})
  const store = await openStore('/data', realEnvironment(disk.disk()), { flushIntervalMs: 1 })
  const listeners: CommitListener[] = []
  const quorum = {
    onCommit: (listener: CommitListener) => { listeners.push(listener) },
  } as unknown as QuorumRuntime
  const metadata =
    new MetadataRuntime(quorum, environment, { bytesMax: Infinity, recordsMax: Infinity })
  const { image } = metadata
  const topicSettings = topicSettingsSource(settings)
  const rooms = {
    metadata,
    currentSettings: new CurrentSettings(
      { configuration: configuration(settings), image, log: () => {} }
    ),
    replicas: new Replicas({
      nodeId: NODE,
      store,
      environment,
      settingsOf: topic => topicSettings.of(topic, image),
      hasSettings: topic => topicSettings.hasOwn(topic, image),
      retentionCheckMs: NEVER_MS,
      initialTaskDelayMs: NEVER_MS,
      producerExpirationMs: () => NEVER_MS,
      producerExpirationCheckMs: NEVER_MS,
    }),
    groups: new GroupCoordinator({
      clock: environment,
      timers: new Timers(environment),
      log: environment.log,
      notices: new Notices(environment),
      loadBufferBytes: values.offsetsLoadBufferBytes,
      newUuid: () => environment.newUuid(),
      settings: values.groups,
      commitTimeoutMs: NEVER_MS,
    }),
    quotas: new ClientQuotas(values.quotaWindows),
    telemetry: new ClientInstances(values.telemetryBytesMax, clientMatch),
  }
  t.teardown(async () => {
    rooms.replicas.stop()
    rooms.groups.close()
    // On a disk that was killed under it there is nothing to close.
    await store.close().catch(() => {})
  })
  const commit: CommitListener = committed => {
    for (const listener of listeners) listener(committed)
  }
  return { ...rooms, store, commit, loaded: followMetadata(rooms) }
}

class Rooms {
  readonly #rooms: Awaited<ReturnType<typeof roomsOf>>
  #nextOffset = 0n
  #clients = 0

  private constructor (rooms: Awaited<ReturnType<typeof roomsOf>>) { this.#rooms = rooms }

  static async open (t: Test, disk = new MemoryDisk()): Promise<Rooms> {
    return new Rooms(await roomsOf(t, disk))
  }

  get image (): MetadataImage { return this.#rooms.metadata.image }

  append (entries: readonly MetadataEntry[]): void {
    const baseOffset = this.#nextOffset
    this.#nextOffset += BigInt(entries.length)
    const records = entries.map(encodeMetadata)
    this.#rooms.commit({
      kind: 'batch', baseOffset, lastOffset: this.#nextOffset - 1n, epoch: 1, timestampMs: 0n, records,
    })
  }

  load (from: MetadataImage): void {
    this.#nextOffset = from.lastAppliedOffset + 1n
    const records = from.toRecords().map(encodeMetadata)
    this.#rooms.commit({ kind: 'snapshot', id: { endOffset: this.#nextOffset, epoch: 1 }, records })
  }

  /** Once everything that follows from it is done. */
  async settled (): Promise<void> {
    await this.#rooms.loaded()
  }

  async commitOffsets (): Promise<void> {
    const partition = {
      partitionIndex: 0, committedOffset: 5n, committedLeaderEpoch: -1, commitTimestamp: -1n, committedMetadata: '',
    }
    const { topics } = await this.#rooms.groups.commitOffsets({
      ...blank(OffsetCommit.request),
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      topics: TOPICS.map(name => ({ name, topicId: ZERO_UUID, partitions: [partition] })),
    }, { version: 9 })
    for (const { partitions: [row] } of topics) if (row?.errorCode !== 0) throw new Error(`not committed: ${row?.errorCode}`)
  }

  /** What can be seen of every room. */
  async state () {
    await this.settled()
    const { replicas, store, groups, currentSettings, quotas, telemetry } = this.#rooms
    const group = { groupId: 'g', memberId: null, memberEpoch: -1, topics: null }
    const { topics } = await groups.fetchOffsets(group, false)
    return {
      partitions: Object.fromEntries([...replicas.all()].map(each =>
        [each.name,
          { id: each.identity.topicId, leadership: each.leadership, settings: each.settings }])),
      logs: store.logNames().sort(),
      live: currentSettings.now,
      committed: topics.map(({ name }) => name).sort(),
      produceBytes: quotas.produce.largestAtOnce(CLIENT),
      fetchBytes: quotas.fetch.largestAtOnce(CLIENT),
      telemetry: telemetry.subscribe(ZERO_UUID, TELEMETRY_CLIENT, 0,
        () => idOf(5000 + ++this.#clients)),
    }
  }
}

function beginning (): MetadataEntry[][] {
  return [
    [entry(FeatureLevelRecord, 0, { name: 'metadata.version', featureLevel: 33 })],
    created(OFFSETS_TOPIC, 500, 1),
    ...TOPICS.map((name, index) => created(name, index + 1, 2)),
  ]
}

function randomBatch (random: () => number, image: MetadataImage, number: number): MetadataEntry[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const name = pick(TOPICS)
  const topic = image.topics.find(name)
  if (random() < 0.3) {
    if (topic === undefined) return created(name, number, pick([1, 3]))
    return [entry(RemoveTopicRecord, 0, { topicId: topic.id })]
  }
  const settings = [
    () => config(resourceType.BROKER, pick(['', '1']), pick(['log.retention.bytes', 'max.connections']),
      pick([null, '11', '13'])),
    () => config(resourceType.CLIENT_METRICS, pick(['s', 't']), 'metrics', pick([null, 'org.one', 'org.two'])),
    () => entry(ClientQuotaRecord, 0, {
      entity: pick([[{ entityType: 'user', entityName: 'u' }], [{ entityType: 'client-id', entityName: null }]]),
      key: pick(['producer_byte_rate', 'consumer_byte_rate']),
      value: pick([100, 200]),
      remove: random() < 0.4,
    }),
  ]
  if (topic === undefined) return [pick(settings)()]
  const { id: topicId, partitions } = topic
  return [pick([
    ...settings,
    () => partition(topicId, partitions.length),
    () => entry(PartitionChangeRecord, 2, { partitionId: 0, topicId, leader: pick([NODE, -1]) }),
    () => config(resourceType.TOPIC, name, 'retention.ms', pick([null, '5', '7'])),
  ])()]
}

const BATCHES = 60
const SEEDS = 12

t.test('R 2.10.20: every room follows a snapshot as it follows the records', async t => {
  const kinds = { topicGone: 0, topicAgain: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = seeded(seed)
    const [one, other] = [await Rooms.open(t), await Rooms.open(t)]
    for (const batch of beginning()) for (const rooms of [one, other]) rooms.append(batch)
    for (const rooms of [one, other]) {
      await rooms.settled()
      await rooms.commitOffsets()
    }
    const cut = Math.floor(random() * BATCHES / 2)
    const isAtRest = random() < 0.5
    for (let number = 0; number < BATCHES / 2; number++) {
      step(number < cut ? [one, other] : [one], random, 10 + number)
    }
    // A snapshot may come while logs are being opened, and while nothing is.
    if (isAtRest) await other.settled()
    count(kinds, other, one)
    other.load(one.image)
    t.same(await other.state(), await one.state(), `seed ${seed}, from batch ${cut} on`)
    for (let number = 0; number < BATCHES / 2; number++) step([one, other], random, 100 + number)
    t.same(await other.state(), await one.state(), `seed ${seed}, records behind the snapshot`)
  }
  for (const [what, times] of Object.entries(kinds)) t.ok(times > 2, `${what}: ${times} times`)
})

t.test('a shard is loaded once its partition is, for who leads it then', async t => {
  const disk = new MemoryDisk()
  const before = await Rooms.open(t, disk)
  for (const batch of beginning()) before.append(batch)
  await before.settled()
  await before.commitOffsets()
  disk.kill()
  const rooms = await Rooms.open(t, disk)
  const lead = (leader: number): void => {
    rooms.append([entry(PartitionChangeRecord, 2, { partitionId: 0, topicId: idOf(500), leader })])
  }
  for (const batch of beginning()) rooms.append(batch)
  lead(-1)
  t.same((await rooms.state()).committed, [], 'led elsewhere before it was loaded')
  lead(NODE)
  t.same((await rooms.state()).committed, TOPICS)
  disk.kill()
  const last = await Rooms.open(t, disk)
  for (const batch of beginning()) last.append(batch)
  await last.settled()
  await last.commitOffsets()
  t.same((await last.state()).committed, TOPICS)
})

function step ([first, ...others]: Rooms[], random: () => number, number: number): void {
  const batch = randomBatch(random, (first as Rooms).image, number)
  for (const rooms of [first as Rooms, ...others]) rooms.append(batch)
}

function count (
  kinds: { topicGone: number, topicAgain: number }, behind: Rooms, ahead: Rooms
): void {
  for (const { name, id } of behind.image.topics) {
    const now = ahead.image.topics.find(name)
    if (now === undefined) kinds.topicGone++
    else if (now.id !== id) kinds.topicAgain++
  }
}
