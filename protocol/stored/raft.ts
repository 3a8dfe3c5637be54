/** Control records and the quorum state file (KIP-595, KIP-630, KIP-853). */
import {
  NEVER, message, int16, int32, int64, list, nullable, or, since, string, struct, uint16, until,
  uuid,
} from '../types.ts'
import type { Message, MessageOf } from '../types.ts'

export const ControlRecordTypeSchema = message({
  name: 'ControlRecordTypeSchema',
  versions: [0, 0],
  flexible: NEVER,
  fields: {
    type: int16,
  },
})
export interface ControlRecordTypeSchema extends MessageOf<typeof ControlRecordTypeSchema> {}

export const EndTxnMarker = message({
  name: 'EndTxnMarker',
  versions: [0, 0],
  flexible: NEVER,
  fields: {
    coordinatorEpoch: int32,
  },
})
export interface EndTxnMarker extends MessageOf<typeof EndTxnMarker> {}

export const KRaftVersionRecord = message({
  name: 'KRaftVersionRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    version: int16,
    kRaftVersion: int16,
  },
})
export interface KRaftVersionRecord extends MessageOf<typeof KRaftVersionRecord> {}

export const LeaderChangeMessage = message({
  name: 'LeaderChangeMessage',
  versions: [0, 1],
  flexible: 0,
  fields: {
    version: int16,
    leaderId: int32,
    voters: list({
      voterId: int32,
      voterDirectoryId: since(1, uuid),
    }),
    grantingVoters: list({
      voterId: int32,
      voterDirectoryId: since(1, uuid),
    }),
  },
})
export interface LeaderChangeMessage extends MessageOf<typeof LeaderChangeMessage> {}

export const QuorumStateData = message({
  name: 'QuorumStateData',
  versions: [0, 1],
  flexible: 0,
  fields: {
    clusterId: until(0, string),
    leaderId: or(int32, -1),
    leaderEpoch: or(int32, -1),
    votedId: or(int32, -1),
    votedDirectoryId: since(1, uuid),
    appliedOffset: until(0, int64),
    currentVoters: until(0, nullable(list({
      voterId: int32,
    }))),
  },
})
export interface QuorumStateData extends MessageOf<typeof QuorumStateData> {}

export const SnapshotFooterRecord = message({
  name: 'SnapshotFooterRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    version: int16,
  },
})
export interface SnapshotFooterRecord extends MessageOf<typeof SnapshotFooterRecord> {}

export const SnapshotHeaderRecord = message({
  name: 'SnapshotHeaderRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    version: int16,
    lastContainedLogTimestamp: int64,
  },
})
export interface SnapshotHeaderRecord extends MessageOf<typeof SnapshotHeaderRecord> {}

export const VotersRecord = message({
  name: 'VotersRecord',
  versions: [0, 0],
  flexible: 0,
  fields: {
    version: int16,
    voters: list({
      voterId: int32,
      voterDirectoryId: uuid,
      endpoints: list({
        name: string,
        host: string,
        port: uint16,
      }),
      kRaftVersionFeature: struct({
        minSupportedVersion: int16,
        maxSupportedVersion: int16,
      }),
    }),
  },
})
export interface VotersRecord extends MessageOf<typeof VotersRecord> {}

export const raftRecords: readonly Message[] = [
  ControlRecordTypeSchema, EndTxnMarker, KRaftVersionRecord, LeaderChangeMessage,
  QuorumStateData, SnapshotFooterRecord, SnapshotHeaderRecord, VotersRecord,
]
