/** Records of `__consumer_offsets`: streams groups (KIP-1071). */
import {
  NEVER, array, int16, int32, int64, int8, list, nullable, or, string, struct, tagged, uint16,
} from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const StreamsGroupMetadata = coordinatorRecord({
  type: 17,
  name: 'StreamsGroupMetadata',
  key: {
    name: 'StreamsGroupMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'StreamsGroupMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      metadataHash: int64,
      validatedTopologyEpoch: tagged(0, 0, int32, -1),
      lastAssignmentConfigs: tagged(1, 0, nullable(list({
        key: string,
        value: string,
      }))),
      storedDescriptionTopologyEpoch: tagged(2, 0, int32, -1),
      failedDescriptionTopologyEpoch: tagged(3, 0, int32, -1),
    },
  },
})
export interface StreamsGroupMetadataKey extends MessageOf<typeof StreamsGroupMetadata.key> {}
export interface StreamsGroupMetadataValue extends MessageOf<typeof StreamsGroupMetadata.value> {}

export const StreamsGroupMemberMetadata = coordinatorRecord({
  type: 19,
  name: 'StreamsGroupMemberMetadata',
  key: {
    name: 'StreamsGroupMemberMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'StreamsGroupMemberMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      instanceId: nullable(string),
      rackId: nullable(string),
      clientId: string,
      clientHost: string,
      rebalanceTimeoutMs: or(int32, -1),
      topologyEpoch: int32,
      processId: string,
      userEndpoint: or(nullable(struct({
        host: string,
        port: uint16,
      })), null),
      clientTags: list({
        key: string,
        value: string,
      }),
    },
  },
})
export interface StreamsGroupMemberMetadataKey
  extends MessageOf<typeof StreamsGroupMemberMetadata.key> {}
export interface StreamsGroupMemberMetadataValue
  extends MessageOf<typeof StreamsGroupMemberMetadata.value> {}

export const StreamsGroupTargetAssignmentMetadata = coordinatorRecord({
  type: 20,
  name: 'StreamsGroupTargetAssignmentMetadata',
  key: {
    name: 'StreamsGroupTargetAssignmentMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'StreamsGroupTargetAssignmentMetadataValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      assignmentEpoch: int32,
      assignmentTimestamp: tagged(0, 0, int64, 0n),
    },
  },
})
export interface StreamsGroupTargetAssignmentMetadataKey
  extends MessageOf<typeof StreamsGroupTargetAssignmentMetadata.key> {}
export interface StreamsGroupTargetAssignmentMetadataValue
  extends MessageOf<typeof StreamsGroupTargetAssignmentMetadata.value> {}

export const StreamsGroupTargetAssignmentMember = coordinatorRecord({
  type: 21,
  name: 'StreamsGroupTargetAssignmentMember',
  key: {
    name: 'StreamsGroupTargetAssignmentMemberKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'StreamsGroupTargetAssignmentMemberValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      activeTasks: list({
        subtopologyId: string,
        partitions: array(int32),
      }),
      standbyTasks: list({
        subtopologyId: string,
        partitions: array(int32),
      }),
      warmupTasks: list({
        subtopologyId: string,
        partitions: array(int32),
      }),
    },
  },
})
export interface StreamsGroupTargetAssignmentMemberKey
  extends MessageOf<typeof StreamsGroupTargetAssignmentMember.key> {}
export interface StreamsGroupTargetAssignmentMemberValue
  extends MessageOf<typeof StreamsGroupTargetAssignmentMember.value> {}

export const StreamsGroupCurrentMemberAssignment = coordinatorRecord({
  type: 22,
  name: 'StreamsGroupCurrentMemberAssignment',
  key: {
    name: 'StreamsGroupCurrentMemberAssignmentKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      memberId: string,
    },
  },
  value: {
    name: 'StreamsGroupCurrentMemberAssignmentValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      memberEpoch: int32,
      previousMemberEpoch: int32,
      state: int8,
      activeTasks: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      standbyTasks: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      warmupTasks: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      activeTasksPendingRevocation: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      standbyTasksPendingRevocation: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
      warmupTasksPendingRevocation: list({
        subtopologyId: string,
        partitions: array(int32),
        assignmentEpochs: tagged(0, 0, nullable(array(int32))),
      }),
    },
  },
})
export interface StreamsGroupCurrentMemberAssignmentKey
  extends MessageOf<typeof StreamsGroupCurrentMemberAssignment.key> {}
export interface StreamsGroupCurrentMemberAssignmentValue
  extends MessageOf<typeof StreamsGroupCurrentMemberAssignment.value> {}

export const StreamsGroupTopology = coordinatorRecord({
  type: 23,
  name: 'StreamsGroupTopology',
  key: {
    name: 'StreamsGroupTopologyKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
    },
  },
  value: {
    name: 'StreamsGroupTopologyValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      epoch: int32,
      subtopologies: list({
        subtopologyId: string,
        sourceTopics: array(string),
        sourceTopicRegex: array(string),
        stateChangelogTopics: list({
          name: string,
          partitions: int32,
          replicationFactor: int16,
          topicConfigs: list({
            key: string,
            value: string,
          }),
        }),
        repartitionSinkTopics: array(string),
        repartitionSourceTopics: list({
          name: string,
          partitions: int32,
          replicationFactor: int16,
          topicConfigs: list({
            key: string,
            value: string,
          }),
        }),
        copartitionGroups: list({
          sourceTopics: array(int16),
          sourceTopicRegex: array(int16),
          repartitionSourceTopics: array(int16),
        }),
      }),
    },
  },
})
export interface StreamsGroupTopologyKey extends MessageOf<typeof StreamsGroupTopology.key> {}
export interface StreamsGroupTopologyValue extends MessageOf<typeof StreamsGroupTopology.value> {}
