/** Metadata records of topics and partitions (KIP-631, KIP-966). */
import { array, int32, int8, nullable, or, since, string, tagged, uuid } from '../types.ts'
import type { MessageOf } from '../types.ts'
import { metadataRecord } from './metadata-record.ts'

export const TopicRecord = metadataRecord({
  key: 2,
  name: 'TopicRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    name: string,
    topicId: uuid,
  },
})
export interface TopicRecord extends MessageOf<typeof TopicRecord> {}

export const PartitionRecord = metadataRecord({
  key: 3,
  name: 'PartitionRecord',
  versions: [0, 2],
  flexible: 0,
  fields: {
    partitionId: or(int32, -1),
    topicId: uuid,
    replicas: array(int32),
    isr: array(int32),
    removingReplicas: array(int32),
    addingReplicas: array(int32),
    leader: or(int32, -1),
    leaderRecoveryState: tagged(0, 0, int8, 0),
    leaderEpoch: or(int32, -1),
    partitionEpoch: or(int32, -1),
    directories: since(1, array(uuid)),
    eligibleLeaderReplicas: tagged(1, 2, nullable(array(int32)), null),
    lastKnownElr: tagged(2, 2, nullable(array(int32)), null),
  },
})
export interface PartitionRecord extends MessageOf<typeof PartitionRecord> {}

export const PartitionChangeRecord = metadataRecord({
  key: 5,
  name: 'PartitionChangeRecord',
  versions: [0, 2],
  flexible: 0,
  fields: {
    partitionId: or(int32, -1),
    topicId: uuid,
    isr: tagged(0, 0, nullable(array(int32)), null),
    leader: tagged(1, 0, int32, -2),
    replicas: tagged(2, 0, nullable(array(int32)), null),
    removingReplicas: tagged(3, 0, nullable(array(int32)), null),
    addingReplicas: tagged(4, 0, nullable(array(int32)), null),
    leaderRecoveryState: tagged(5, 0, int8, -1),
    directories: tagged(8, 1, nullable(array(uuid)), null),
    eligibleLeaderReplicas: tagged(6, 2, nullable(array(int32)), null),
    lastKnownElr: tagged(7, 2, nullable(array(int32)), null),
  },
})
export interface PartitionChangeRecord extends MessageOf<typeof PartitionChangeRecord> {}

export const RemoveTopicRecord = metadataRecord({
  key: 9,
  name: 'RemoveTopicRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    topicId: uuid,
  },
})
export interface RemoveTopicRecord extends MessageOf<typeof RemoveTopicRecord> {}

export const ClearElrRecord = metadataRecord({
  key: 28,
  name: 'ClearElrRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    topicName: string,
  },
})
export interface ClearElrRecord extends MessageOf<typeof ClearElrRecord> {}
