import { api, array, int16, int32, int8, list, nullable, or, since, string } from '../types.ts'
import type { RequestOf, ResponseOf } from '../types.ts'

/** Elects preferred or unclean leaders (KIP-460). */
export const ElectLeaders = api({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexible: 2,
  request: {
    electionType: since(1, int8),
    topicPartitions: nullable(list({
      topic: string,
      partitions: array(int32),
    })),
    timeoutMs: or(int32, 60000),
  },
  response: {
    throttleTimeMs: or(int32, 0),
    errorCode: since(1, int16, 0),
    replicaElectionResults: list({
      topic: string,
      partitionResult: list({
        partitionId: int32,
        errorCode: or(int16, 0),
        errorMessage: nullable(string),
      }),
    }),
  },
})

export interface ElectLeadersRequest extends RequestOf<typeof ElectLeaders> {}
export interface ElectLeadersResponse extends ResponseOf<typeof ElectLeaders> {}
