/** The broker's settings as plain values: what the configuration says, read once at start. */
import type { GroupSettings } from '../core/group/settings.ts'
import type { QuotaWindows } from '../core/quota/client-quotas.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { SnapshotLimits } from './metadata.ts'
import type { InternalTopic } from './topic-creation.ts'
import type { TopicSettings } from './replica/topic-settings.ts'

export interface BrokerSettings {
  readonly nodeId: number
  /** ottla.strict: no deliberate difference from Kafka. */
  readonly strict: boolean
  /** auto.create.topics.enable */
  readonly autoCreateTopics: boolean
  /** fetch.max.bytes */
  readonly fetchBytesMax: number
  /** max.request.partition.size.limit */
  readonly describedPartitionsMax: number
  /** max.incremental.fetch.session.cache.slots */
  readonly fetchSessionSlots: number
  /** broker.heartbeat.interval.ms and broker.session.timeout.ms */
  readonly brokerHeartbeatMs: number
  readonly brokerSessionMs: number
  /** controller.quorum.* */
  readonly quorum: {
    electionTimeoutMs: number
    electionBackoffMaxMs: number
    fetchTimeoutMs: number
    requestTimeoutMs: number
    retryBackoffMs: number
  }
  readonly metadataSnapshots: SnapshotLimits
  /** log.cleaner.enable */
  readonly cleanerEnabled: boolean
  /** log.retention.check.interval.ms and log.initial.task.delay.ms */
  readonly retentionCheckMs: number
  readonly initialTaskDelayMs: number
  /** producer.id.expiration.check.interval.ms */
  readonly producerExpirationCheckMs: number
  readonly groups: GroupSettings
  /** offsets.load.buffer.size */
  readonly offsetsLoadBufferBytes: number
  /** offsets.commit.timeout.ms */
  readonly offsetsCommitTimeoutMs: number
  /** telemetry.max.bytes */
  readonly telemetryBytesMax: number
  /** quota.window.* and controller.quota.window.* */
  readonly quotaWindows: QuotaWindows
  /** By name. */
  readonly internalTopics: Readonly<Record<string, InternalTopic>>
}

/** The effective configuration of topics: override, broker, default (D13.7). */
export interface TopicSettingsSource {
  of (topic: string, image: MetadataImage): TopicSettings
  /** Whether anything is set for this topic alone: the configuration of all others is the same. */
  hasOwn (topic: string, image: MetadataImage): boolean
}
