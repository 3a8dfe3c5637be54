/** Records of `__consumer_offsets`: share groups (KIP-932). */
import { NEVER, array, int32, int64, int8, list, nullable, string, tagged, uuid } from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const ShareGroupMemberMetadata = coordinatorRecord({
  type: 10,
  name: 'ShareGroupMemberMetadata',
  key: {
    name: 'ShareGroupMemberMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ShareGroupMemberMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      rackId: nullable(string),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
    },
  },
})
export interface ShareGroupMemberMetadataKey
  extends MessageOf<typeof ShareGroupMemberMetadata.key> {}
export interface ShareGroupMemberMetadataValue
  extends MessageOf<typeof ShareGroupMemberMetadata.value> {}

export const ShareGroupMetadata = coordinatorRecord({
  type: 11,
  name: 'ShareGroupMetadata',
  key: {
    name: 'ShareGroupMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ShareGroupMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: int64,
    },
  },
})
export interface ShareGroupMetadataKey extends MessageOf<typeof ShareGroupMetadata.key> {}
export interface ShareGroupMetadataValue extends MessageOf<typeof ShareGroupMetadata.value> {}

export const ShareGroupTargetAssignmentMetadata = coordinatorRecord({
  type: 12,
  name: 'ShareGroupTargetAssignmentMetadata',
  key: {
    name: 'ShareGroupTargetAssignmentMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ShareGroupTargetAssignmentMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      assignmentEpoch: int32,
      assignmentTimestamp: tagged(0, 0, int64, 0n),
    },
  },
})
export interface ShareGroupTargetAssignmentMetadataKey
  extends MessageOf<typeof ShareGroupTargetAssignmentMetadata.key> {}
export interface ShareGroupTargetAssignmentMetadataValue
  extends MessageOf<typeof ShareGroupTargetAssignmentMetadata.value> {}

export const ShareGroupTargetAssignmentMember = coordinatorRecord({
  type: 13,
  name: 'ShareGroupTargetAssignmentMember',
  key: {
    name: 'ShareGroupTargetAssignmentMemberKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ShareGroupTargetAssignmentMemberValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      topicPartitions: list({
        topicId: uuid,
        partitions: array(int32),
      }),
    },
  },
})
export interface ShareGroupTargetAssignmentMemberKey
  extends MessageOf<typeof ShareGroupTargetAssignmentMember.key> {}
export interface ShareGroupTargetAssignmentMemberValue
  extends MessageOf<typeof ShareGroupTargetAssignmentMember.value> {}

export const ShareGroupCurrentMemberAssignment = coordinatorRecord({
  type: 14,
  name: 'ShareGroupCurrentMemberAssignment',
  key: {
    name: 'ShareGroupCurrentMemberAssignmentKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ShareGroupCurrentMemberAssignmentValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: list({
        topicId: uuid,
        partitions: array(int32),
      }),
    },
  },
})
export interface ShareGroupCurrentMemberAssignmentKey
  extends MessageOf<typeof ShareGroupCurrentMemberAssignment.key> {}
export interface ShareGroupCurrentMemberAssignmentValue
  extends MessageOf<typeof ShareGroupCurrentMemberAssignment.value> {}

export const ShareGroupStatePartitionMetadata = coordinatorRecord({
  type: 15,
  name: 'ShareGroupStatePartitionMetadata',
  key: {
    name: 'ShareGroupStatePartitionMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ShareGroupStatePartitionMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      initializingTopics: list({
        topicId: uuid,
        topicName: string,
        partitions: array(int32),
      }),
      initializedTopics: list({
        topicId: uuid,
        topicName: string,
        partitions: array(int32),
      }),
      deletingTopics: list({
        topicId: uuid,
        topicName: string,
      }),
    },
  },
})
export interface ShareGroupStatePartitionMetadataKey
  extends MessageOf<typeof ShareGroupStatePartitionMetadata.key> {}
export interface ShareGroupStatePartitionMetadataValue
  extends MessageOf<typeof ShareGroupStatePartitionMetadata.value> {}
