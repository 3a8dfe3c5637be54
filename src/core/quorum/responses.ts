/** Answers of the quorum's APIs, built from what this node knows about leader and epoch. */
import { code } from '../../../protocol/errors.ts'
import {
  METADATA_PARTITION, METADATA_TOPIC, METADATA_TOPIC_ID, aboutMetadata,
} from './effects.ts'
import type { QuorumApi, ResponseWritten, SnapshotId } from './effects.ts'
import { emit, endpointsOf } from './state.ts'
import type { QuorumState } from './state.ts'

const NO_RECORDS = Buffer.alloc(0)

export function reply<A extends QuorumApi> (
  state: QuorumState, requestId: number, api: A, response: ResponseWritten<A>
): void {
  emit(state, { do: 'reply', requestId, api, response } as never)
}

/** A request that was not understood far enough to answer for its partition. */
export function topLevelError (api: QuorumApi, errorCode: number): ResponseWritten<QuorumApi> {
  return api === 'Fetch' ? { errorCode, responses: [] } : { errorCode, topics: [] }
}

function leaderAndEpoch ({ vote }: QuorumState): { leaderId: number, leaderEpoch: number } {
  return { leaderId: vote.leaderId, leaderEpoch: vote.epoch }
}

/** 2.10.10: where the leader can be reached, for those who asked the wrong node. */
function nodeEndpoints (
  state: QuorumState
): Array<{ nodeId: number, host: string, port: number }> {
  const leaderId = state.vote.leaderId
  return endpointsOf(state, leaderId)
    .slice(0, 1)
    .map(({ host, port }) => ({ nodeId: leaderId, host, port }))
}

export function voteResponse (
  state: QuorumState, errorCode: number, voteGranted: boolean
): ResponseWritten<'Vote'> {
  return {
    topics: aboutMetadata({ errorCode, ...leaderAndEpoch(state), voteGranted }),
    nodeEndpoints: nodeEndpoints(state),
  }
}

/** BeginQuorumEpoch and EndQuorumEpoch are answered alike. */
export function epochResponse (
  state: QuorumState, errorCode: number
): ResponseWritten<'BeginQuorumEpoch'> {
  return {
    topics: aboutMetadata({ errorCode, ...leaderAndEpoch(state) }),
    nodeEndpoints: nodeEndpoints(state),
  }
}

export interface FetchFacts {
  readonly errorCode?: number
  readonly divergingEpoch?: { readonly epoch: number, readonly endOffset: bigint }
  readonly snapshotId?: SnapshotId
}

export function fetchResponse (
  state: QuorumState, facts: FetchFacts = {}
): ResponseWritten<'Fetch'> {
  const { errorCode = code.NONE, ...positions } = facts
  const { role } = state
  const highWatermark = role.name === 'leader' && errorCode === code.NONE
    ? role.highWatermark
    : undefined
  return {
    responses: [{
      topic: METADATA_TOPIC,
      topicId: METADATA_TOPIC_ID,
      partitions: [{
        partitionIndex: METADATA_PARTITION,
        errorCode,
        highWatermark: highWatermark ?? -1n,
        logStartOffset: state.log.startOffset,
        currentLeader: leaderAndEpoch(state),
        ...positions,
        abortedTransactions: null,
        records: NO_RECORDS,
      }],
    }],
    nodeEndpoints: nodeEndpoints(state),
  }
}

const NO_SNAPSHOT: SnapshotId = { endOffset: -1n, epoch: -1 }

export function fetchSnapshotResponse (
  state: QuorumState, errorCode: number, id = NO_SNAPSHOT, sizeBytes = 0, position = 0n
): ResponseWritten<'FetchSnapshot'> {
  return {
    topics: [{
      name: METADATA_TOPIC,
      partitions: [{
        index: METADATA_PARTITION,
        errorCode,
        snapshotId: { endOffset: id.endOffset, epoch: id.epoch },
        currentLeader: leaderAndEpoch(state),
        size: BigInt(sizeBytes),
        position,
        unalignedRecords: NO_RECORDS,
      }],
    }],
    nodeEndpoints: nodeEndpoints(state),
  }
}
