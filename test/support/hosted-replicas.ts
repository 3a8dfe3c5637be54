/** Replicas on a store in memory, as the metadata log says. */
import type { Test } from 'tap'
import { decodeMetadata, encodeMetadata, entry } from '../../protocol/stored/framing.ts'
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import { PartitionRecord, TopicRecord } from '../../protocol/stored/metadata-topics.ts'
import { settingsFrom } from '../../src/config/config.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'
import { processEnvironment } from '../../src/process-environment.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import { Replicas } from '../../src/runtime/replica/replicas.ts'
import { topicSettingsSource } from '../../src/settings.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import { realEnvironment } from '../store/fixtures.ts'
import { idOf } from './metadata-cluster.ts'

export const NODE = 1
export const TOPIC = 'topic'
const NEVER_MS = 1 << 30

/** The topic, with the id of this number, all of it here. */
export function created (number: number, partitions = 1): MetadataEntry[] {
  return [
    entry(TopicRecord, 0, { name: TOPIC, topicId: idOf(number) }),
    ...Array.from({ length: partitions }, (_, partitionId) => entry(PartitionRecord, 2, {
      partitionId,
      topicId: idOf(number),
      replicas: [NODE],
      isr: [NODE],
      removingReplicas: [],
      addingReplicas: [],
      leader: NODE,
      leaderEpoch: 0,
      partitionEpoch: 0,
      directories: [idOf(2000)],
    })),
  ]
}

interface OpeningOptions {
  /** Sees the store before anybody uses it. */
  readonly look?: (store: Store) => void
  readonly retentionCheckMs?: number
}

export async function openReplicas (
  t: Test, disk = new MemoryDisk(),
  { look = () => {}, retentionCheckMs = NEVER_MS }: OpeningOptions = {}
) {
  const store = await openStore('/data', realEnvironment(disk.disk()), { flushIntervalMs: 1 })
  look(store)
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
    hasSettings: topic => source.hasOwn(topic, image),
    retentionCheckMs,
    initialTaskDelayMs: retentionCheckMs,
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
