/** Every record of `__consumer_offsets`, by the type that its key starts with. */
import {
  LegacyOffsetCommit, OffsetCommit, GroupMetadata,
} from './groups-classic.ts'
import {
  ConsumerGroupMetadata, ConsumerGroupPartitionMetadata, ConsumerGroupMemberMetadata,
  ConsumerGroupTargetAssignmentMetadata, ConsumerGroupTargetAssignmentMember,
  ConsumerGroupCurrentMemberAssignment, ConsumerGroupRegularExpression,
} from './groups-consumer.ts'
import {
  ShareGroupMemberMetadata, ShareGroupMetadata, ShareGroupTargetAssignmentMetadata,
  ShareGroupTargetAssignmentMember, ShareGroupCurrentMemberAssignment,
  ShareGroupStatePartitionMetadata,
} from './groups-share.ts'
import {
  StreamsGroupMetadata, StreamsGroupMemberMetadata, StreamsGroupTargetAssignmentMetadata,
  StreamsGroupTargetAssignmentMember, StreamsGroupCurrentMemberAssignment, StreamsGroupTopology,
} from './groups-streams.ts'
import type { CoordinatorRecord } from './coordinator-record.ts'

export const groupRecords: readonly CoordinatorRecord[] = [
  LegacyOffsetCommit, OffsetCommit, GroupMetadata, ConsumerGroupMetadata,
  ConsumerGroupPartitionMetadata, ConsumerGroupMemberMetadata,
  ConsumerGroupTargetAssignmentMetadata, ConsumerGroupTargetAssignmentMember,
  ConsumerGroupCurrentMemberAssignment, ShareGroupMemberMetadata, ShareGroupMetadata,
  ShareGroupTargetAssignmentMetadata, ShareGroupTargetAssignmentMember,
  ShareGroupCurrentMemberAssignment, ShareGroupStatePartitionMetadata,
  ConsumerGroupRegularExpression, StreamsGroupMetadata, StreamsGroupMemberMetadata,
  StreamsGroupTargetAssignmentMetadata, StreamsGroupTargetAssignmentMember,
  StreamsGroupCurrentMemberAssignment, StreamsGroupTopology,
]

const byType = new Map(groupRecords.map(record => [record.type, record]))

export function groupRecordOf (type: number): CoordinatorRecord | undefined {
  return byType.get(type)
}
