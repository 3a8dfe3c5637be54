/** The follower's side of the log: what the leader's Fetch responses do to it (2.1.4, 2.10.7). */
import { code } from '../../../protocol/errors.ts'
import { completeSize } from '../../../protocol/records/batches.ts'
import { baseOffset, lastOffset, leaderEpoch } from '../../../protocol/records/header.ts'
import { controlRecordsOf } from './control.ts'
import type { ControlRecord } from './control.ts'
import { endpointIn, handleCommon } from './election.ts'
import { METADATA_PARTITION, METADATA_TOPIC, METADATA_TOPIC_ID } from './effects.ts'
import type { ResponseRead } from './effects.ts'
import { emit } from './state.ts'
import type { Follower, QuorumState } from './state.ts'
import { votersFromRecord } from './voters.ts'
import type { VoterHistory } from './voters.ts'

type FetchedPartition = ResponseRead<'Fetch'>['responses'][number]['partitions'][number]

function fetchedPartition (
  { responses }: ResponseRead<'Fetch'>
): FetchedPartition | undefined {
  const topic = responses[0]
  if (responses.length !== 1 || topic?.partitions.length !== 1) return undefined
  if (topic.topicId !== METADATA_TOPIC_ID && topic.topic !== METADATA_TOPIC) return undefined
  const partition = topic.partitions[0]
  return partition?.partitionIndex === METADATA_PARTITION ? partition : undefined
}

/** Whether the response settles the request; if not, it is sent again after a pause. */
export function handleFetchResponse (
  state: QuorumState, response: ResponseRead<'Fetch'>, monotonicMs: number
): boolean {
  const partition = fetchedPartition(response)
  if (response.errorCode !== code.NONE || partition === undefined) return false
  const { errorCode, currentLeader: { leaderId, leaderEpoch: epoch } } = partition
  const endpoints = endpointIn(response.nodeEndpoints, leaderId)
  const roleBefore = state.role
  const done = handleCommon(state, { errorCode, leaderId, leaderEpoch: epoch }, endpoints,
    monotonicMs)
  // An answer that taught nothing must not be asked for again at once.
  if (done) return state.role !== roleBefore
  const { role } = state
  if (role.name !== 'follower' || errorCode !== code.NONE) return false
  if (leaderId !== state.vote.leaderId) return false
  role.fetchDeadlineMs = monotonicMs + state.options.fetchTimeoutMs
  role.hasFetched = true
  const { divergingEpoch, snapshotId } = partition
  if (divergingEpoch.epoch >= 0) truncate(state, divergingEpoch)
  else if (snapshotId.epoch >= 0 && snapshotId.endOffset >= 0n) {
    const { endOffset, epoch } = snapshotId
    role.download = { id: { endOffset, epoch }, position: 0 }
  } else {
    copy(state, partition.records ?? Buffer.alloc(0))
    // A diverging response says nothing about the high watermark (2.1.4): only this one does.
    if (partition.highWatermark > role.leaderHighWatermark) {
      role.leaderHighWatermark = partition.highWatermark
    }
    followHighWatermark(state, role)
  }
  return true
}

/** 2.10.7: what is committed is never cut off. */
function truncate (state: QuorumState, diverging: { epoch: number, endOffset: bigint }): void {
  if (state.options.mutant === 'truncationIgnored') return
  const offset = state.log.truncationFor(diverging)
  if (offset < state.highWatermark) {
    emit(state, {
      do: 'fail',
      reason: `the leader wants the log cut at ${offset}, ` +
        `below the high watermark ${state.highWatermark}`,
    })
    return
  }
  state.log.truncate(offset)
  state.voterHistory.truncateFromEnd(offset)
  emit(state, { do: 'truncateLog', offset, generation: state.log.generation })
}

/** Takes the whole batches that continue the own log; anything else ends the copy there. */
function copy (state: QuorumState, records: Buffer): void {
  const { log } = state
  let end = 0
  for (;;) {
    const size = completeSize(records, end)
    if (size < 0) break
    const batch = records.subarray(end, end + size)
    const epoch = leaderEpoch(batch)
    // A batch of a later epoch than the response's own was written by another leader.
    if (baseOffset(batch) !== log.endOffset || epoch > state.vote.epoch || epoch < log.lastEpoch) {
      break
    }
    for (const record of controlRecordsOf(batch)) noteControl(state.voterHistory, record)
    log.append(lastOffset(batch) + 1n, epoch)
    end += size
  }
  if (end === 0) return
  emit(state, {
    do: 'copyLog',
    batches: records.subarray(0, end),
    endOffset: log.endOffset,
    generation: log.generation,
  })
}

/** 2.10.14: voters and kraft.version hold as soon as they stand in the log. */
export function noteControl (
  history: VoterHistory, record: ControlRecord & { readonly offset: bigint }
): void {
  if (record.kind === 'voters') history.setVoters(record.offset, votersFromRecord(record.value))
  else if (record.kind === 'kraftVersion') {
    history.setKraftVersion(record.offset, record.value.kRaftVersion)
  }
}

/** A follower tells only of what it has durably too. */
export function followHighWatermark (state: QuorumState, role: Follower): void {
  const { log } = state
  const offset = role.leaderHighWatermark < log.flushedOffset
    ? role.leaderHighWatermark
    : log.flushedOffset
  if (offset <= state.highWatermark) return
  state.highWatermark = offset
  emit(state, { do: 'advanceHighWatermark', offset, epoch: state.vote.epoch })
}
