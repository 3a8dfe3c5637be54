import { api, array, int16, int32, int8, list, nullable, or, string, struct } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Stores the description of a streams group's topology (KIP-1331). */
export const StreamsGroupTopologyDescriptionUpdate = api({
  key: 93,
  name: 'StreamsGroupTopologyDescriptionUpdate',
  versions: [0, 0],
  flexible: 0,
  request: {
    groupId: string,
    memberId: string,
    topologyEpoch: int32,
    topologyDescription: struct({
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
    }),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: or(int16, 0),
    errorMessage: or(nullable(string), null),
  },
})

export interface StreamsGroupTopologyDescriptionUpdateRequest
  extends RequestOf<typeof StreamsGroupTopologyDescriptionUpdate> {}
export interface StreamsGroupTopologyDescriptionUpdateResponse
  extends ResponseOf<typeof StreamsGroupTopologyDescriptionUpdate> {}
