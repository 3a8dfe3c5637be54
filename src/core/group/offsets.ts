/** OffsetCommit, OffsetFetch and OffsetDelete (5.1 to 5.3), once it is known which topics count. */
import type {
  OffsetCommitRequest, OffsetCommitResponse,
} from '../../../protocol/messages/08-offset-commit.ts'
import type {
  OffsetFetchRequest, OffsetFetchResponse,
} from '../../../protocol/messages/09-offset-fetch.ts'
import type {
  OffsetDeleteRequest, OffsetDeleteResponse,
} from '../../../protocol/messages/47-offset-delete.ts'
import { code } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Decision, Step } from '../decision.ts'
import { commitError, keepSession } from './classic/commit.ts'
import { ClassicGroup } from './classic/group.ts'
import { offsetRecord, offsetTombstone } from './records.ts'
import type { StoredOffset } from './offset-store.ts'
import type { RequestContext, ShardState } from './shard-state.ts'

export type OffsetFetchGroup = OffsetFetchRequest['groups'][number]
export type OffsetFetchGroupResult = NonNullable<OffsetFetchResponse['groups']>[number]
type FetchedPartition = OffsetFetchGroupResult['topics'][number]['partitions'][number]

const NO_RETENTION = -1n
const TIMESTAMP_MAX = 2n ** 63n - 1n
/** KIP-848: from here on a commit to a group that is not there says just that. */
const VERSION_WITH_GROUP_ID_NOT_FOUND = 9

export function commitOffsets (
  shard: ShardState, step: Step, request: OffsetCommitRequest,
  { version }: Pick<RequestContext, 'version'>,
): Decision<OffsetCommitResponse> {
  const group = shard.groups.get(request.groupId)
  const error = group === undefined
    ? missingGroupError(request, version)
    : commitError(group, request)
  if (error !== code.NONE) return step.decide(commitFailed(request, error))
  if (group !== undefined) keepSession(shard, step, group, request)
  step.replay = true
  const now = BigInt(step.nowMs)
  const expireTimestampMs = expiryOf(request, now)
  const response = {
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(partition => {
        const { partitionIndex, committedMetadata } = partition
        const metadata = committedMetadata ?? ''
        if (metadata.length > shard.settings.offsetMetadataMaxBytes) {
          return { partitionIndex, errorCode: code.OFFSET_METADATA_TOO_LARGE }
        }
        step.records.push(offsetRecord(request.groupId, name, partitionIndex, {
          offset: partition.committedOffset,
          leaderEpoch: partition.committedLeaderEpoch,
          metadata,
          commitTimestampMs: now,
          expireTimestampMs,
          topicId,
        }))
        return { partitionIndex, errorCode: code.NONE }
      }),
    })),
  }
  if (group === undefined && step.records.length === 0) {
    // 5.1: the commit makes the group, also one of which nothing is stored; else replay does.
    shard.groups.set(request.groupId, new ClassicGroup(request.groupId, 'Empty'))
  }
  return step.decide(response)
}

/** 5.1: the retention that v2-4 can ask for is honoured, also one that is over at once. */
function expiryOf ({ retentionTimeMs }: OffsetCommitRequest, now: bigint): bigint {
  if (retentionTimeMs === NO_RETENTION) return -1n
  const expiry = now + retentionTimeMs
  if (expiry < 0n) return 0n
  return expiry > TIMESTAMP_MAX ? TIMESTAMP_MAX : expiry
}

/** The same error for every partition. */
export function commitFailed (
  request: OffsetCommitRequest, errorCode: number,
): OffsetCommitResponse {
  return {
    topics: request.topics.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode })),
    })),
  }
}

/** A commit without a generation makes a simple group: its offsets are all there is of it. */
function missingGroupError (request: OffsetCommitRequest, version: number): number {
  if (request.generationIdOrMemberEpoch < 0) return code.NONE
  return version >= VERSION_WITH_GROUP_ID_NOT_FOUND
    ? code.GROUP_ID_NOT_FOUND
    : code.ILLEGAL_GENERATION
}

export function fetchOffsets (
  shard: ShardState, step: Step, request: OffsetFetchGroup, requireStable: boolean,
): Decision<OffsetFetchGroupResult> {
  const { groupId } = request
  const group = shard.groups.get(groupId)
  const known = group !== undefined && group.state !== 'Dead'
  const named = request.topics ?? (known ? storedTopics(shard, groupId) : [])
  return step.decide({
    groupId,
    topics: named.map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map(partitionIndex => {
        if (known && requireStable && shard.offsets.isPending(groupId, name, partitionIndex)) {
          return { ...NOTHING, partitionIndex, errorCode: code.UNSTABLE_OFFSET_COMMIT }
        }
        const stored = known ? shard.offsets.get(groupId, name, partitionIndex) : undefined
        return fetched(partitionIndex, topicId, stored)
      }),
    })),
    errorCode: code.NONE,
  })
}

export function fetchFailed (request: OffsetFetchGroup, errorCode: number): OffsetFetchGroupResult {
  return { groupId: request.groupId, topics: [], errorCode }
}

/** Who asks for all gets all: ids are not compared. */
function storedTopics (
  shard: ShardState, groupId: string,
): NonNullable<OffsetFetchGroup['topics']> {
  return [...shard.offsets.topics(groupId)].map(([name, partitions]) =>
    ({ name, topicId: ZERO_UUID, partitionIndexes: [...partitions.keys()] }))
}

const NOTHING = {
  committedOffset: -1n, committedLeaderEpoch: -1, metadata: '', errorCode: code.NONE,
}

function fetched (
  partitionIndex: number, topicId: string, stored: StoredOffset | undefined,
): FetchedPartition {
  // The topic was deleted and made anew: what was read of the old one says nothing of this one.
  const other = stored !== undefined && topicId !== ZERO_UUID && stored.topicId !== ZERO_UUID &&
    stored.topicId !== topicId
  if (stored === undefined || other) return { ...NOTHING, partitionIndex }
  return {
    partitionIndex,
    committedOffset: stored.offset,
    committedLeaderEpoch: stored.leaderEpoch,
    metadata: stored.metadata,
    errorCode: code.NONE,
  }
}

export function deleteOffsets (
  shard: ShardState, step: Step, request: OffsetDeleteRequest,
): Decision<OffsetDeleteResponse> {
  const { groupId } = request
  const group = shard.groups.get(groupId)
  if (group === undefined || group.state === 'Dead') {
    return step.decide(deleteOffsetsFailed(code.GROUP_ID_NOT_FOUND))
  }
  if (group.state !== 'Empty' && !group.isConsumers) {
    return step.decide(deleteOffsetsFailed(code.NON_EMPTY_GROUP))
  }
  step.replay = true
  return step.decide({
    errorCode: code.NONE,
    topics: request.topics.map(({ name, partitions }) => {
      const subscribed = group.isSubscribedTo(name)
      const errorCode = subscribed ? code.GROUP_SUBSCRIBED_TO_TOPIC : code.NONE
      return {
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const stored = shard.offsets.get(groupId, name, partitionIndex) !== undefined ||
            shard.offsets.isPending(groupId, name, partitionIndex)
          if (!subscribed && stored) {
            step.records.push(offsetTombstone(groupId, name, partitionIndex))
          }
          return { partitionIndex, errorCode }
        }),
      }
    }),
  })
}

export function deleteOffsetsFailed (errorCode: number): OffsetDeleteResponse {
  return { errorCode, topics: [] }
}
