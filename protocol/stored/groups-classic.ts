/** Records of `__consumer_offsets`: committed offsets and classic groups. */
import {
  NEVER, between, bytes, int32, int64, list, nullable, since, string, tagged, uuid,
} from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const LegacyOffsetCommit = coordinatorRecord({
  type: 0,
  name: 'LegacyOffsetCommit',
  key: {
    name: 'LegacyOffsetCommitKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      group: string,
      topic: string,
      partition: int32,
    },
  },
  value: {
    name: 'LegacyOffsetCommitValue',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      offset: int64,
      metadata: string,
      commitTimestamp: int64,
    },
  },
})
export interface LegacyOffsetCommitKey extends MessageOf<typeof LegacyOffsetCommit.key> {}
export interface LegacyOffsetCommitValue extends MessageOf<typeof LegacyOffsetCommit.value> {}

export const OffsetCommit = coordinatorRecord({
  type: 1,
  name: 'OffsetCommit',
  key: {
    name: 'OffsetCommitKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      group: string,
      topic: string,
      partition: int32,
    },
  },
  value: {
    name: 'OffsetCommitValue',
    versions: [0, 4],
    flexible: 4,
    fields: {
      offset: int64,
      leaderEpoch: since(3, int32, -1),
      metadata: string,
      commitTimestamp: int64,
      expireTimestamp: between(1, 1, int64, -1n),
      topicId: tagged(0, 4, uuid),
    },
  },
})
export interface OffsetCommitKey extends MessageOf<typeof OffsetCommit.key> {}
export interface OffsetCommitValue extends MessageOf<typeof OffsetCommit.value> {}

export const GroupMetadata = coordinatorRecord({
  type: 2,
  name: 'GroupMetadata',
  key: {
    name: 'GroupMetadataKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      group: string,
    },
  },
  value: {
    name: 'GroupMetadataValue',
    versions: [0, 4],
    flexible: 4,
    fields: {
      protocolType: string,
      generation: int32,
      protocol: nullable(string),
      leader: nullable(string),
      currentStateTimestamp: since(2, int64, -1n),
      members: list({
        memberId: string,
        groupInstanceId: since(3, nullable(string), null),
        clientId: string,
        clientHost: string,
        rebalanceTimeout: since(1, int32, -1),
        sessionTimeout: int32,
        subscription: bytes,
        assignment: bytes,
      }),
    },
  },
})
export interface GroupMetadataKey extends MessageOf<typeof GroupMetadata.key> {}
export interface GroupMetadataValue extends MessageOf<typeof GroupMetadata.value> {}
