/** A topic's effective configuration, as far as the log and the leader act on it. */
import { code } from '../../../protocol/errors.ts'
import type { CompactionLimits } from '../../core/compaction/cleanable.ts'
import type { SegmentLimits } from '../../core/replica/segments.ts'

export interface TopicSettings {
  /** max.message.bytes */
  messageBytesMax: number
  /** max.decompressed.message.bytes */
  decompressedMessageBytesMax: number
  /** compression.type */
  compressionType: 'producer' | 'uncompressed' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  /** compression.*.level of each codec */
  compressionLevels: { gzip: number, lz4: number, zstd: number }
  /** message.timestamp.type */
  timestampType: 'CreateTime' | 'LogAppendTime'
  timestampBeforeMaxMs: bigint
  timestampAfterMaxMs: bigint
  /** cleanup.policy */
  deletes: boolean
  compacts: boolean
  compaction: CompactionLimits
  /** delete.retention.ms: how long readers may take to see a tombstone. */
  deleteRetentionMs: bigint
  /** retention.ms and retention.bytes; -1 never. */
  retentionMs: bigint
  retentionBytes: bigint
  segment: SegmentLimits
  /** flush.messages: an fdatasync after so many records. */
  flushMessages: bigint
  /** flush.ms: an fdatasync after so many milliseconds. */
  flushMs: bigint
  minInsyncReplicas: number
  uncleanLeaderElection: boolean
}

/**
 * D5.15, D5.24: whether a batch of this size may be appended; the same for everybody who writes.
 */
export function sizeError (bytes: number, { messageBytesMax, segment }: TopicSettings): number {
  if (bytes > messageBytesMax) return code.MESSAGE_TOO_LARGE
  return bytes > segment.bytesMax ? code.RECORD_LIST_TOO_LARGE : code.NONE
}
