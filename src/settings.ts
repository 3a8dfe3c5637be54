/** From the configuration's text to the plain values that the rooms take. */
import type { BrokerSettings } from './runtime/broker-settings.ts'
import type { TopicSettings } from './runtime/topic-settings.ts'

export const defaultTopicSettings: TopicSettings = {
  messageBytesMax: 1048588,
  decompressedMessageBytesMax: 2147483639,
  compressionType: 'producer',
  compressionLevels: { gzip: -1, lz4: 9, zstd: 3 },
  timestampType: 'CreateTime',
  timestampBeforeMaxMs: 2n ** 63n - 1n,
  timestampAfterMaxMs: 3600000n,
  deletes: true,
  compacts: false,
  retentionMs: 604800000n,
  retentionBytes: -1n,
  segment: { bytesMax: 1073741824, ageMsMax: 604800000, jitterMsMax: 0 },
  flushMessages: 2n ** 63n - 1n,
  flushMs: 2n ** 63n - 1n,
  minInsyncReplicas: 1,
  uncleanLeaderElection: false,
}

export const defaultSettings: BrokerSettings = {
  nodeId: 1,
  strict: false,
  autoCreateTopics: true,
  fetchBytesMax: 57671680,
  fetchSessionSlots: 1000,
  brokerHeartbeatMs: 2000,
  brokerSessionMs: 9000,
  quorum: { electionTimeoutMs: 1000, electionBackoffMaxMs: 1000, fetchTimeoutMs: 2000, requestTimeoutMs: 2000, retryBackoffMs: 20 },
  metadataSnapshots: { bytesMax: 20971520, recordsMax: 20000 },
  retentionCheckMs: 300000,
  initialTaskDelayMs: 30000,
  producerExpirationMs: 86400000,
  producerExpirationCheckMs: 600000,
  groups: {
    minSessionTimeoutMs: 6000,
    maxSessionTimeoutMs: 1800000,
    initialRebalanceDelayMs: 0,
    maxSize: 2147483647,
    offsetMetadataMaxBytes: 4096,
    offsetsRetentionMs: 604800000,
    offsetsRetentionCheckIntervalMs: 600000,
    offsetsTopicPartitions: 50,
  },
  offsetsCommitTimeoutMs: 5000,
  offsetsLoadBufferBytes: 5242880,
  internalTopics: {
    __consumer_offsets: {
      partitions: 50,
      replicationFactor: 1,
      configs: { 'cleanup.policy': 'compact', 'compression.type': 'producer', 'segment.bytes': '104857600' },
    },
  },
}
