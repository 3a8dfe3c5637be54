import {
  api, array, bool, int16, int32, int64, int8, list, nullable, or, since, string, struct, uint16,
} from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Describes streams groups (KIP-1071). */
export const StreamsGroupDescribe = api({
  key: 89,
  name: 'StreamsGroupDescribe',
  versions: [0, 1],
  flexible: 0,
  request: {
    groupIds: array(string),
    includeAuthorizedOperations: bool,
    includeTopologyDescription: since(1, bool, false),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    groups: list({
      errorCode: or(int16, 0),
      errorMessage: or(nullable(string), null),
      groupId: string,
      groupState: string,
      groupEpoch: int32,
      assignmentEpoch: int32,
      topology: or(nullable(struct({
        epoch: int32,
        subtopologies: or(nullable(list({
          subtopologyId: string,
          sourceTopics: array(string),
          repartitionSinkTopics: array(string),
          stateChangelogTopics: list({
            name: string,
            partitions: int32,
            replicationFactor: int16,
            topicConfigs: list({
              key: string,
              value: string,
            }),
          }),
          repartitionSourceTopics: list({
            name: string,
            partitions: int32,
            replicationFactor: int16,
            topicConfigs: list({
              key: string,
              value: string,
            }),
          }),
        })), null),
      })), null),
      members: list({
        memberId: string,
        memberEpoch: int32,
        instanceId: or(nullable(string), null),
        rackId: or(nullable(string), null),
        clientId: string,
        clientHost: string,
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
        taskOffsets: list({
          subtopologyId: string,
          partition: int32,
          offset: int64,
        }),
        taskEndOffsets: list({
          subtopologyId: string,
          partition: int32,
          offset: int64,
        }),
        assignment: struct({
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
        }),
        targetAssignment: struct({
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
        }),
        isClassic: bool,
      }),
      authorizedOperations: or(int32, -2147483648),
      topologyDescription: since(1, nullable(struct({
        subtopologies: list({
          subtopologyId: string,
          nodes: list({
            name: string,
            nodeType: int8,
            sourceTopics: array(string),
            sinkTopic: or(nullable(string), null),
            stores: array(string),
            successors: array(string),
          }),
        }),
        globalStores: list({
          source: struct({
            name: string,
            nodeType: int8,
            sourceTopics: array(string),
            sinkTopic: or(nullable(string), null),
            stores: array(string),
            successors: array(string),
          }),
          processor: struct({
            name: string,
            nodeType: int8,
            sourceTopics: array(string),
            sinkTopic: or(nullable(string), null),
            stores: array(string),
            successors: array(string),
          }),
        }),
      })), null),
      topologyDescriptionStatus: since(1, int8, 0),
      assignorName: since(1, nullable(string), null),
    }),
  },
})

export interface StreamsGroupDescribeRequest extends RequestOf<typeof StreamsGroupDescribe> {}
export interface StreamsGroupDescribeResponse extends ResponseOf<typeof StreamsGroupDescribe> {}
