/** Records of `__consumer_offsets`: consumer groups (KIP-848). */
import {
  NEVER, array, bytes, int32, int64, int8, list, nullable, or, string, struct, tagged, uuid,
} from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const ConsumerGroupMetadata = coordinatorRecord({
  type: 3,
  name: 'ConsumerGroupMetadata',
  key: {
    name: 'ConsumerGroupMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ConsumerGroupMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: tagged(0, 0, int64, 0n),
    },
  },
})
export interface ConsumerGroupMetadataKey extends MessageOf<typeof ConsumerGroupMetadata.key> {}
export interface ConsumerGroupMetadataValue extends MessageOf<typeof ConsumerGroupMetadata.value> {}

export const ConsumerGroupPartitionMetadata = coordinatorRecord({
  type: 4,
  name: 'ConsumerGroupPartitionMetadata',
  key: {
    name: 'ConsumerGroupPartitionMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ConsumerGroupPartitionMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      topics: list({
        topicId: uuid,
        topicName: string,
        numPartitions: int32,
        partitionMetadata: list({
          partition: int32,
          racks: array(string),
        }),
      }),
    },
  },
})
export interface ConsumerGroupPartitionMetadataKey
  extends MessageOf<typeof ConsumerGroupPartitionMetadata.key> {}
export interface ConsumerGroupPartitionMetadataValue
  extends MessageOf<typeof ConsumerGroupPartitionMetadata.value> {}

export const ConsumerGroupMemberMetadata = coordinatorRecord({
  type: 5,
  name: 'ConsumerGroupMemberMetadata',
  key: {
    name: 'ConsumerGroupMemberMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ConsumerGroupMemberMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      instanceId: nullable(string),
      rackId: nullable(string),
      clientId: string,
      clientHost: string,
      subscribedTopicNames: array(string),
      subscribedTopicRegex: nullable(string),
      rebalanceTimeoutMs: or(int32, -1),
      serverAssignor: nullable(string),
      classicMemberMetadata: tagged(0, 0, nullable(struct({
        sessionTimeoutMs: int32,
        supportedProtocols: list({
          name: string,
          metadata: bytes,
        }),
      }))),
    },
  },
})
export interface ConsumerGroupMemberMetadataKey
  extends MessageOf<typeof ConsumerGroupMemberMetadata.key> {}
export interface ConsumerGroupMemberMetadataValue
  extends MessageOf<typeof ConsumerGroupMemberMetadata.value> {}

export const ConsumerGroupTargetAssignmentMetadata = coordinatorRecord({
  type: 6,
  name: 'ConsumerGroupTargetAssignmentMetadata',
  key: {
    name: 'ConsumerGroupTargetAssignmentMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'ConsumerGroupTargetAssignmentMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      assignmentEpoch: int32,
      assignmentTimestamp: tagged(0, 0, int64, 0n),
    },
  },
})
export interface ConsumerGroupTargetAssignmentMetadataKey
  extends MessageOf<typeof ConsumerGroupTargetAssignmentMetadata.key> {}
export interface ConsumerGroupTargetAssignmentMetadataValue
  extends MessageOf<typeof ConsumerGroupTargetAssignmentMetadata.value> {}

export const ConsumerGroupTargetAssignmentMember = coordinatorRecord({
  type: 7,
  name: 'ConsumerGroupTargetAssignmentMember',
  key: {
    name: 'ConsumerGroupTargetAssignmentMemberKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ConsumerGroupTargetAssignmentMemberValue',
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
export interface ConsumerGroupTargetAssignmentMemberKey
  extends MessageOf<typeof ConsumerGroupTargetAssignmentMember.key> {}
export interface ConsumerGroupTargetAssignmentMemberValue
  extends MessageOf<typeof ConsumerGroupTargetAssignmentMember.value> {}

export const ConsumerGroupCurrentMemberAssignment = coordinatorRecord({
  type: 8,
  name: 'ConsumerGroupCurrentMemberAssignment',
  key: {
    name: 'ConsumerGroupCurrentMemberAssignmentKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'ConsumerGroupCurrentMemberAssignmentValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      assignedPartitions: list({
        topicId: uuid,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      partitionsPendingRevocation: list({
        topicId: uuid,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
    },
  },
})
export interface ConsumerGroupCurrentMemberAssignmentKey
  extends MessageOf<typeof ConsumerGroupCurrentMemberAssignment.key> {}
export interface ConsumerGroupCurrentMemberAssignmentValue
  extends MessageOf<typeof ConsumerGroupCurrentMemberAssignment.value> {}

export const ConsumerGroupRegularExpression = coordinatorRecord({
  type: 16,
  name: 'ConsumerGroupRegularExpression',
  key: {
    name: 'ConsumerGroupRegularExpressionKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      regularExpression: string,
    },
  },
  value: {
    name: 'ConsumerGroupRegularExpressionValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      topics: array(string),
      version: int64,
      timestamp: int64,
    },
  },
})
export interface ConsumerGroupRegularExpressionKey
  extends MessageOf<typeof ConsumerGroupRegularExpression.key> {}
export interface ConsumerGroupRegularExpressionValue
  extends MessageOf<typeof ConsumerGroupRegularExpression.value> {}
