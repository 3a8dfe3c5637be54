/** From the configuration to the plain values that the rooms take. */
import type { ControllerSettings } from './core/controller/decision.ts'
import { dynamicValues } from './core/controller/config-rules.ts'
import { CLUSTER_DEFAULT, resourceType } from './core/metadata/configs.ts'
import { OFFSETS_TOPIC, SHARE_STATE_TOPIC, TRANSACTIONS_TOPIC } from './core/metadata/internal-topics.ts'
import type { MetadataImage } from './core/metadata/image.ts'
import { addressLimits, listenerLimits } from './config/connections.ts'
import {
  describeBroker, describeClientMetrics, describeClusterDefault, describeGroup, describeTopic,
} from './config/describe.ts'
import { brokerAlterProblem, countingTexts, settingsNow } from './config/dynamic.ts'
import { withoutEffect } from './config/honoured.ts'
import { configRules, topicValue } from './config/topic.ts'
import { brokerTable, dynamicOnlyTable } from './config/table.ts'
import type { TopicValues } from './config/table.ts'
import type { Settings } from './config/config.ts'
import type { BrokerSettings, TopicSettingsSource } from './runtime/broker-settings.ts'
import type { Configuration, LiveSettings } from './runtime/configuration.ts'
import type { InternalTopic } from './runtime/topic-creation.ts'
import type { TopicSettings } from './runtime/replica/topic-settings.ts'

const SECOND_MS = 1_000
const MINUTE_MS = 60_000

/** Replaying this many records still starts in time; Kafka only counts bytes. */
const SNAPSHOT_RECORDS_MAX = 20_000

export function brokerSettings (settings: Settings): BrokerSettings {
  return {
    nodeId: settings.get('node.id'),
    strict: settings.strict,
    autoCreateTopics: settings.get('auto.create.topics.enable'),
    fetchBytesMax: settings.get('fetch.max.bytes'),
    describedPartitionsMax: settings.get('max.request.partition.size.limit'),
    fetchSessionSlots: settings.get('max.incremental.fetch.session.cache.slots'),
    brokerHeartbeatMs: settings.get('broker.heartbeat.interval.ms'),
    brokerSessionMs: settings.get('broker.session.timeout.ms'),
    quorum: {
      electionTimeoutMs: settings.get('controller.quorum.election.timeout.ms'),
      electionBackoffMaxMs: settings.get('controller.quorum.election.backoff.max.ms'),
      fetchTimeoutMs: settings.get('controller.quorum.fetch.timeout.ms'),
      requestTimeoutMs: settings.get('controller.quorum.request.timeout.ms'),
      retryBackoffMs: settings.get('controller.quorum.retry.backoff.ms'),
    },
    metadataSnapshots: {
      bytesMax: settings.number('metadata.log.max.record.bytes.between.snapshots'),
      recordsMax: SNAPSHOT_RECORDS_MAX,
    },
    cleanerEnabled: settings.get('log.cleaner.enable'),
    retentionCheckMs: settings.number('log.retention.check.interval.ms'),
    initialTaskDelayMs: settings.number('log.initial.task.delay.ms'),
    producerExpirationCheckMs: settings.get('producer.id.expiration.check.interval.ms'),
    groups: groupSettings(settings),
    offsetsCommitTimeoutMs: settings.get('offsets.commit.timeout.ms'),
    offsetsLoadBufferBytes: settings.get('offsets.load.buffer.size'),
    telemetryBytesMax: settings.get('telemetry.max.bytes'),
    quotaWindows: {
      clients: {
        samples: settings.get('quota.window.num'),
        sampleMs: settings.get('quota.window.size.seconds') * SECOND_MS,
      },
      controller: {
        samples: settings.get('controller.quota.window.num'),
        sampleMs: settings.get('controller.quota.window.size.seconds') * SECOND_MS,
      },
    },
    internalTopics: internalTopics(settings),
  }
}

function groupSettings (settings: Settings): BrokerSettings['groups'] {
  return {
    minSessionTimeoutMs: settings.get('group.min.session.timeout.ms'),
    maxSessionTimeoutMs: settings.get('group.max.session.timeout.ms'),
    initialRebalanceDelayMs: settings.get('group.initial.rebalance.delay.ms'),
    maxSize: settings.get('group.max.size'),
    offsetMetadataMaxBytes: settings.get('offset.metadata.max.bytes'),
    offsetsRetentionMs: settings.get('offsets.retention.minutes') * MINUTE_MS,
    offsetsRetentionCheckIntervalMs: settings.number('offsets.retention.check.interval.ms'),
    offsetsTopicPartitions: settings.get('offsets.topic.num.partitions'),
  }
}

/** D2.7: as their coordinators make them. */
function internalTopics (settings: Settings): BrokerSettings['internalTopics'] {
  // A single node clamps the factor to itself, or no group would ever work (design 6).
  const factor = (asked: number): number => settings.isSingleNode && !settings.strict ? 1 : asked
  const offsets: InternalTopic = {
    partitions: settings.get('offsets.topic.num.partitions'),
    replicationFactor: factor(settings.get('offsets.topic.replication.factor')),
    configs: {
      'cleanup.policy': 'compact',
      'compression.type': 'producer',
      'segment.bytes': String(settings.get('offsets.topic.segment.bytes')),
    },
  }
  const transactions: InternalTopic = {
    partitions: settings.get('transaction.state.log.num.partitions'),
    replicationFactor: factor(settings.get('transaction.state.log.replication.factor')),
    configs: {
      'cleanup.policy': 'compact',
      'compression.type': 'uncompressed',
      'min.insync.replicas': String(settings.get('transaction.state.log.min.isr')),
      'segment.bytes': String(settings.get('transaction.state.log.segment.bytes')),
      'unclean.leader.election.enable': 'false',
    },
  }
  const share: InternalTopic = {
    partitions: settings.get('share.coordinator.state.topic.num.partitions'),
    replicationFactor: factor(settings.get('share.coordinator.state.topic.replication.factor')),
    configs: {
      'cleanup.policy': 'delete',
      'compression.type': 'producer',
      'min.insync.replicas': String(settings.get('share.coordinator.state.topic.min.isr')),
      'retention.ms': '-1',
      'segment.bytes': String(settings.get('share.coordinator.state.topic.segment.bytes')),
    },
  }
  return {
    [OFFSETS_TOPIC]: offsets, [TRANSACTIONS_TOPIC]: transactions, [SHARE_STATE_TOPIC]: share,
  }
}

export function controllerSettings (settings: Settings, clusterId: string): ControllerSettings {
  return {
    clusterId,
    nodeId: settings.get('node.id'),
    numPartitions: settings.get('num.partitions'),
    defaultReplicationFactor: settings.get('default.replication.factor'),
    deleteTopicEnable: settings.get('delete.topic.enable'),
    minInsyncReplicas: settings.get('min.insync.replicas'),
    uncleanLeaderElectionEnable: settings.get('unclean.leader.election.enable'),
    configs: configRules(settings.staticTexts),
  }
}

export function topicSettingsSource (settings: Settings): TopicSettingsSource {
  return {
    of: (topic, image) => topicSettings(topic, image, settings),
    hasOwn: (topic, image) => image.configs.of(resourceType.TOPIC, topic).size > 0,
  }
}

function topicSettings (topic: string, image: MetadataImage, settings: Settings): TopicSettings {
  const overrides = image.configs.of(resourceType.TOPIC, topic)
  const dynamic = dynamicValues(image, settings.get('node.id'))
  const value = <N extends keyof TopicValues & string>(name: N): TopicValues[N] =>
    topicValue(name, overrides, dynamic, settings.staticTexts)
  const policy = value('cleanup.policy')
  const compacts = policy.includes('compact')
  const segmentMs = Number(value('segment.ms'))
  return {
    messageBytesMax: value('max.message.bytes'),
    decompressedMessageBytesMax: value('max.decompressed.message.bytes'),
    compressionType: value('compression.type') as TopicSettings['compressionType'],
    compressionLevels: {
      gzip: value('compression.gzip.level'),
      lz4: value('compression.lz4.level'),
      zstd: value('compression.zstd.level'),
    },
    timestampType: value('message.timestamp.type') as TopicSettings['timestampType'],
    timestampBeforeMaxMs: value('message.timestamp.before.max.ms'),
    timestampAfterMaxMs: value('message.timestamp.after.max.ms'),
    deletes: policy.includes('delete'),
    compacts,
    compaction: {
      lagMsMin: value('min.compaction.lag.ms'),
      lagMsMax: value('max.compaction.lag.ms'),
      dirtyRatioMin: value('min.cleanable.dirty.ratio'),
    },
    deleteRetentionMs: value('delete.retention.ms'),
    retentionMs: value('retention.ms'),
    retentionBytes: value('retention.bytes'),
    segment: {
      bytesMax: value('segment.bytes'),
      // D25.7: what must be compacted in time must be closed in time.
      ageMsMax: compacts ? Math.min(segmentMs, Number(value('max.compaction.lag.ms'))) : segmentMs,
      jitterMsMax: Number(value('segment.jitter.ms')),
    },
    flushMessages: value('flush.messages'),
    flushMs: value('flush.ms'),
    minInsyncReplicas: value('min.insync.replicas'),
    uncleanLeaderElection: value('unclean.leader.election.enable'),
  }
}

/** The table of settings as the rooms see it. */
export function configuration (settings: Settings): Configuration {
  const { staticTexts } = settings
  const nodeId = settings.get('node.id')
  const dynamicOf = (image: MetadataImage) => dynamicValues(image, nodeId)
  return {
    describe: (type, name, image) => {
      const stored = image.configs.of(type, name)
      const dynamic = dynamicOf(image)
      switch (type) {
        case resourceType.TOPIC: return describeTopic(stored, dynamic, staticTexts)
        case resourceType.GROUP: return describeGroup(stored, dynamic, staticTexts)
        case resourceType.CLIENT_METRICS: return describeClientMetrics(stored)
        default:
          return name === CLUSTER_DEFAULT
            ? describeClusterDefault(dynamic.cluster)
            : describeBroker(dynamic, staticTexts)
      }
    },
    alterProblem: (brokerName, values, image) =>
      brokerAlterProblem(brokerName, values, dynamicOf(image), staticTexts),
    isList: key => {
      const setting = brokerTable.get(key) ?? dynamicOnlyTable.get(key)
      return setting === undefined ? undefined : setting.type === 'list'
    },
    builtInDefault: key => brokerTable.get(key)?.defaultText ?? '',
    storedValues: (brokerName, image) =>
      countingTexts(brokerName, image.configs.of(resourceType.BROKER, brokerName)),
    live: image => liveSettings(settingsNow(dynamicOf(image), staticTexts)),
    withoutEffect,
  }
}

function liveSettings ({ get, staticTexts }: Settings): LiveSettings {
  return {
    producerExpirationMs: get('producer.id.expiration.ms'),
    cleaner: {
      backoffMs: Number(get('log.cleaner.backoff.ms')),
      map: {
        bufferBytes: Number(get('log.cleaner.dedupe.buffer.size')),
        loadFactor: get('log.cleaner.io.buffer.load.factor'),
      },
      readBytes: get('log.cleaner.io.buffer.size'),
      bytesPerSecond: get('log.cleaner.io.max.bytes.per.second'),
    },
    connections: {
      total: get('max.connections'),
      byListener: listenerLimits(staticTexts, 'max.connections'),
      perAddress: get('max.connections.per.ip'),
      byAddress: addressLimits(get),
      rates: {
        perSecond: get('max.connection.creation.rate'),
        perSecondByListener: listenerLimits(staticTexts, 'max.connection.creation.rate'),
      },
    },
    isCordoned: get('cordoned.log.dirs').length > 0,
  }
}
