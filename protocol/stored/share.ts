/** Records of `__share_group_state` (KIP-932). */
import { NEVER, int16, int32, int64, int8, list, string, tagged, uuid } from '../types.ts'
import type { MessageOf } from '../types.ts'
import { coordinatorRecord } from './coordinator-record.ts'

export const ShareSnapshot = coordinatorRecord({
  type: 0,
  name: 'ShareSnapshot',
  key: {
    name: 'ShareSnapshotKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      topicId: uuid,
      partition: int32,
    },
  },
  value: {
    name: 'ShareSnapshotValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      snapshotEpoch: int32,
      stateEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64,
      deliveryCompleteCount: tagged(0, 0, int32, -1),
      createTimestamp: int64,
      writeTimestamp: int64,
      stateBatches: list({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  },
})
export interface ShareSnapshotKey extends MessageOf<typeof ShareSnapshot.key> {}
export interface ShareSnapshotValue extends MessageOf<typeof ShareSnapshot.value> {}

export const ShareUpdate = coordinatorRecord({
  type: 1,
  name: 'ShareUpdate',
  key: {
    name: 'ShareUpdateKey',
    versions: [0, 0],
    flexible: NEVER,
    fields: {
      groupId: string,
      topicId: uuid,
      partition: int32,
    },
  },
  value: {
    name: 'ShareUpdateValue',
    versions: [0, 0],
    flexible: 0,
    fields: {
      snapshotEpoch: int32,
      leaderEpoch: int32,
      startOffset: int64,
      deliveryCompleteCount: tagged(0, 0, int32, -1),
      stateBatches: list({
        firstOffset: int64,
        lastOffset: int64,
        deliveryState: int8,
        deliveryCount: int16,
      }),
    },
  },
})
export interface ShareUpdateKey extends MessageOf<typeof ShareUpdate.key> {}
export interface ShareUpdateValue extends MessageOf<typeof ShareUpdate.value> {}

export const shareRecords = [ShareSnapshot, ShareUpdate] as const
