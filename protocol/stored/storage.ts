/** Records of tiered storage, and what Kafka keeps beside a log. */
import {
  NEVER, message, bool, bytes, int16, int32, int64, int8, list, nullable, or, string, struct,
  tagged, uint32, uuid,
} from '../types.ts'
import type { Message, MessageOf } from '../types.ts'

export const RemoteLogSegmentMetadataRecord = message({
  name: 'RemoteLogSegmentMetadataRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string,
        id: uuid,
        partition: int32,
      }),
      id: uuid,
    }),
    startOffset: int64,
    endOffset: int64,
    brokerId: int32,
    maxTimestampMs: int64,
    eventTimestampMs: int64,
    segmentLeaderEpochs: list({
      leaderEpoch: int32,
      offset: int64,
    }),
    segmentSizeInBytes: int32,
    customMetadata: or(nullable(bytes), null),
    remoteLogSegmentState: int8,
    txnIndexEmpty: tagged(0, 0, bool),
  },
})
export interface RemoteLogSegmentMetadataRecord
  extends MessageOf<typeof RemoteLogSegmentMetadataRecord> {}

export const RemoteLogSegmentMetadataUpdateRecord = message({
  name: 'RemoteLogSegmentMetadataUpdateRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    remoteLogSegmentId: struct({
      topicIdPartition: struct({
        name: string,
        id: uuid,
        partition: int32,
      }),
      id: uuid,
    }),
    brokerId: int32,
    eventTimestampMs: int64,
    customMetadata: or(nullable(bytes), null),
    remoteLogSegmentState: int8,
  },
})
export interface RemoteLogSegmentMetadataUpdateRecord
  extends MessageOf<typeof RemoteLogSegmentMetadataUpdateRecord> {}

export const RemotePartitionDeleteMetadataRecord = message({
  name: 'RemotePartitionDeleteMetadataRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    topicIdPartition: struct({
      name: string,
      id: uuid,
      partition: int32,
    }),
    brokerId: int32,
    eventTimestampMs: int64,
    remotePartitionDeleteState: int8,
  },
})
export interface RemotePartitionDeleteMetadataRecord
  extends MessageOf<typeof RemotePartitionDeleteMetadataRecord> {}

export const RemoteLogSegmentMetadataSnapshotRecord = message({
  name: 'RemoteLogSegmentMetadataSnapshotRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    segmentId: uuid,
    startOffset: int64,
    endOffset: int64,
    brokerId: int32,
    maxTimestampMs: int64,
    eventTimestampMs: int64,
    segmentLeaderEpochs: list({
      leaderEpoch: int32,
      offset: int64,
    }),
    segmentSizeInBytes: int32,
    customMetadata: or(nullable(bytes), null),
    remoteLogSegmentState: int8,
    txnIndexEmpty: tagged(0, 0, bool),
  },
})
export interface RemoteLogSegmentMetadataSnapshotRecord
  extends MessageOf<typeof RemoteLogSegmentMetadataSnapshotRecord> {}

export const AbortedTxn = message({
  name: 'AbortedTxn',
  versions: [0, 0],
  flexible: NEVER,
  fields: {
    producerId: int64,
    firstOffset: int64,
    lastOffset: int64,
    lastStableOffset: int64,
  },
})
export interface AbortedTxn extends MessageOf<typeof AbortedTxn> {}

export const ProducerSnapshot = message({
  name: 'ProducerSnapshot',
  versions: [1, 1],
  flexible: NEVER,
  fields: {
    crc: uint32,
    producerEntries: list({
      producerId: int64,
      epoch: int16,
      lastSequence: int32,
      lastOffset: int64,
      offsetDelta: int32,
      timestamp: int64,
      coordinatorEpoch: int32,
      currentTxnFirstOffset: int64,
    }),
  },
})
export interface ProducerSnapshot extends MessageOf<typeof ProducerSnapshot> {}

export const storageRecords: readonly Message[] = [
  RemoteLogSegmentMetadataRecord, RemoteLogSegmentMetadataUpdateRecord,
  RemotePartitionDeleteMetadataRecord, RemoteLogSegmentMetadataSnapshotRecord, AbortedTxn,
  ProducerSnapshot,
]
