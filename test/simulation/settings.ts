/** From a seed's draw to the settings that the broker takes. */
import type { ControllerSettings } from '../../src/core/controller/decision.ts'
import { OFFSETS_TOPIC } from '../../src/core/metadata/internal-topics.ts'
import { SLOT_BYTES } from '../../src/core/compaction/offset-map.ts'
import type { BrokerParts } from '../../src/broker.ts'
import type { BrokerSettings } from '../../src/runtime/broker-settings.ts'
import type { CleanerSettings } from '../../src/runtime/cleaner/settings.ts'
import type { Configuration } from '../../src/runtime/configuration.ts'
import type { TopicSettings } from '../../src/runtime/replica/topic-settings.ts'
import { settingsFrom } from '../../src/config/config.ts'
import { MetadataImage } from '../../src/core/metadata/image.ts'
import {
  brokerSettings as processSettings, configuration as configurationOf, topicSettingsSource,
} from '../../src/settings.ts'
import type { Swarm } from './swarm.ts'

export const HOST = 'broker.simulated'
export const PORT = 9092

export const configured = settingsFrom(new Map([
  ['listeners', { text: `PLAINTEXT://${HOST}:${PORT}`, origin: 'the simulation' }],
]))
const defaultSettings = processSettings(configured)
const defaultConfiguration = configurationOf(configured)
const defaultTopicSettings = topicSettingsSource(configured).of('', new MetadataImage())

export const CLUSTER_ID = 'c2ltdWxhdGVkLWNsdXN0ZQ'
export const DIRECTORY_ID = 'c2ltdWxhdGVkLWRpcmVjdA'

/** What a seed draws, in the place of what the settings say. */
export function drawn (
  swarm: Swarm
): Pick<BrokerParts, 'settings' | 'topicSettings' | 'configuration' | 'controllerSettings'> {
  return {
    settings: brokerSettings(swarm),
    topicSettings: { of: topic => topicSettings(swarm, topic), hasOwn: () => true },
    configuration: configuration(swarm),
    controllerSettings: controllerSettings(swarm),
  }
}

export function brokerSettings (swarm: Swarm): BrokerSettings {
  const partitions = swarm.offsetsPartitions
  return {
    ...defaultSettings,
    strict: swarm.strict,
    metadataSnapshots: { bytesMax: 1024 * 1024, recordsMax: swarm.snapshotRecords },
    retentionCheckMs: 1_500,
    initialTaskDelayMs: 500,
    groups: {
      ...defaultSettings.groups,
      minSessionTimeoutMs: 500,
      initialRebalanceDelayMs: swarm.initialRebalanceDelayMs,
      offsetsTopicPartitions: partitions,
    },
    internalTopics: { [OFFSETS_TOPIC]: { partitions, replicationFactor: 1, configs: {} } },
  }
}

function configuration ({ compaction }: Swarm): Configuration {
  if (compaction === undefined) return defaultConfiguration
  const { backoffMs, keysMax, readBytes } = compaction
  const cleaner: CleanerSettings = {
    backoffMs, map: { bufferBytes: (keysMax + 1) * SLOT_BYTES, loadFactor: 1 }, readBytes,
    bytesPerSecond: Infinity,
  }
  return {
    ...defaultConfiguration, live: image => ({ ...defaultConfiguration.live(image), cleaner }),
  }
}

const ONE_FLUSH = 1n

function topicSettings (swarm: Swarm, topic: string): TopicSettings {
  if (topic === OFFSETS_TOPIC) {
    const flushMessages = swarm.offsetsFlush ? ONE_FLUSH : defaultTopicSettings.flushMessages
    const bytesMax = swarm.compaction?.offsetsSegmentBytes ?? defaultTopicSettings.segment.bytesMax
    return {
      ...defaultTopicSettings,
      ...compactedBy(swarm),
      flushMessages,
      segment: { ...defaultTopicSettings.segment, bytesMax },
    }
  }
  const plan = planOf(swarm, topic)
  if (plan === undefined) return defaultTopicSettings
  return {
    ...defaultTopicSettings,
    ...(plan === swarm.compaction?.topic ? compactedBy(swarm) : {}),
    flushMessages: plan.flushes ? ONE_FLUSH : defaultTopicSettings.flushMessages,
    retentionBytes: BigInt(plan.retentionBytes),
    segment: { ...defaultTopicSettings.segment, bytesMax: plan.segmentBytes },
  }
}

function compactedBy ({ compaction }: Swarm): Partial<TopicSettings> {
  if (compaction === undefined) return { deletes: false, compacts: true }
  const { deleteRetentionMs, lagMsMin, dirtyRatioMin } = compaction
  return {
    deletes: false,
    compacts: true,
    compaction: { ...defaultTopicSettings.compaction, lagMsMin: BigInt(lagMsMin), dirtyRatioMin },
    deleteRetentionMs: BigInt(deleteRetentionMs),
  }
}

/** Whether a power loss may take nothing of this topic that was acknowledged. */
export function isFlushed (swarm: Swarm, topic: string): boolean {
  return topicSettings(swarm, topic).flushMessages === ONE_FLUSH
}

function planOf (swarm: Swarm, topic: string): Swarm['topics'][number] | undefined {
  return [...swarm.topics, swarm.compaction?.topic].find(plan => plan?.name === topic)
}

function controllerSettings (swarm: Swarm): ControllerSettings {
  return {
    clusterId: CLUSTER_ID,
    nodeId: defaultSettings.nodeId,
    numPartitions: Math.max(
      ...[...swarm.topics, swarm.compaction?.topic].map(plan => plan?.partitions ?? 1)
    ),
    defaultReplicationFactor: 1,
    deleteTopicEnable: true,
    minInsyncReplicas: 1,
    uncleanLeaderElectionEnable: false,
    configs: {
      check: () => undefined,
      isList: () => false,
      builtInDefault: () => null,
      topicValue: () => undefined,
      effectiveTopicConfigs: () => [],
    },
  }
}
