import {
  api, array, bool, int16, int32, int64, int8, list, nullable, or, since, string, struct, uint16,
  until,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Keeps a streams group's member alive and carries its tasks (KIP-1071). */
export const StreamsGroupHeartbeat = api({
  key: 88,
  name: 'StreamsGroupHeartbeat',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    memberEpoch: int32,
    endpointInformationEpoch: int32,
    instanceId: or(nullable(string), null),
    rackId: or(nullable(string), null),
    rebalanceTimeoutMs: or(int32, -1),
    topology: or(nullable(struct({
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
    })), null),
    activeTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    standbyTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    warmupTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    processId: or(nullable(string), null),
    userEndpoint: or(nullable(struct({
      host: string,
      port: uint16,
    })), null),
    clientTags: or(nullable(list({
      key: string,
      value: string,
    })), null),
    taskOffsets: or(nullable(list({
      subtopologyId: string,
      partition: int32,
      offset: int64,
    })), null),
    taskEndOffsets: or(nullable(list({
      subtopologyId: string,
      partition: int32,
      offset: int64,
    })), null),
    shutdownApplication: or(bool, false),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
    memberId: string,
    memberEpoch: int32,
    heartbeatIntervalMs: int32,
    acceptableRecoveryLagLegacy: until(0, int32),
    taskOffsetIntervalMs: int32,
    acceptableRecoveryLag: since(1, int64, -1n),
    status: nullable(list({
      statusCode: int8,
      statusDetail: string,
    })),
    activeTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    standbyTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    warmupTasks: or(nullable(list({
      subtopologyId: string,
      partitions: array(int32),
    })), null),
    topologyDescriptionRequired: since(1, bool, false),
    endpointInformationEpoch: int32,
    partitionsByUserEndpoint: or(nullable(list({
      userEndpoint: struct({
        host: string,
        port: uint16,
      }),
      activePartitions: list({
        topic: string,
        partitions: array(int32),
      }),
      standbyPartitions: list({
        topic: string,
        partitions: array(int32),
      }),
    })), null),
  },
})

export interface StreamsGroupHeartbeatRequest extends RequestOf<typeof StreamsGroupHeartbeat> {}
export interface StreamsGroupHeartbeatResponse extends ResponseOf<typeof StreamsGroupHeartbeat> {}
