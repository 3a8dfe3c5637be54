/** Snapshots of the metadata log: served in pieces, downloaded in pieces (KIP-630). */
import { code } from '../../../protocol/errors.ts'
import { endpointIn, handleCommon, isOtherCluster } from './election.ts'
import { METADATA_PARTITION, METADATA_TOPIC } from './effects.ts'
import type { RequestRead, ResponseRead } from './effects.ts'
import { leaderRequestError, noteVoterAlive } from './replication.ts'
import { fetchSnapshotResponse, reply, topLevelError } from './responses.ts'
import { emit } from './state.ts'
import type { Download, QuorumState } from './state.ts'

/** 2.10.13: exactly one topic and one partition, or there is nothing to answer for. */
function onlyOf<P> (
  topics: ReadonlyArray<{ readonly name: string, readonly partitions: readonly P[] }>
): { name: string, partition: P } | undefined {
  const topic = topics[0]
  const partition = topic?.partitions[0]
  if (topics.length !== 1 || topic === undefined) return undefined
  if (topic.partitions.length !== 1 || partition === undefined) return undefined
  return { name: topic.name, partition }
}

export function handleFetchSnapshot (
  state: QuorumState, requestId: number, request: RequestRead<'FetchSnapshot'>, monotonicMs: number
): void {
  const refuse = (errorCode: number): void =>
    reply(state, requestId, 'FetchSnapshot', topLevelError('FetchSnapshot', errorCode))
  if (isOtherCluster(state, request.clusterId)) return refuse(code.INCONSISTENT_CLUSTER_ID)
  const asked = onlyOf(request.topics)
  if (asked === undefined) return refuse(code.INVALID_REQUEST)
  const { name, partition } = asked
  if (name !== METADATA_TOPIC || partition.partition !== METADATA_PARTITION) {
    return reply(state, requestId, 'FetchSnapshot', unknownPartition(name, partition.partition))
  }
  const answer = (errorCode: number): void =>
    reply(state, requestId, 'FetchSnapshot', fetchSnapshotResponse(state, errorCode))
  const errorCode = leaderRequestError(state, partition.currentLeaderEpoch)
  if (errorCode !== code.NONE) return answer(errorCode)
  const { endOffset, epoch } = partition.snapshotId
  const snapshot = state.log.snapshots
    .find(stored => stored.endOffset === endOffset && stored.epoch === epoch)
  if (snapshot === undefined) return answer(code.SNAPSHOT_NOT_FOUND)
  const { position } = partition
  if (position < 0n || position >= BigInt(snapshot.sizeBytes)) {
    return answer(code.POSITION_OUT_OF_RANGE)
  }
  // A voter that loads a snapshot follows this leader: check-quorum must not count it as gone.
  noteVoterAlive(state, { id: request.replicaId, directoryId: partition.replicaDirectoryId },
    monotonicMs)
  emit(state, {
    do: 'replyFromSnapshot',
    requestId,
    response: fetchSnapshotResponse(state, code.NONE, snapshot, snapshot.sizeBytes, position),
    id: { endOffset, epoch },
    position: Number(position),
    bytesMax: Math.max(0, Math.min(request.maxBytes, state.options.fetchBytesMax)),
  })
}

function unknownPartition (
  name: string, index: number
): Parameters<typeof reply<'FetchSnapshot'>>[3] {
  return {
    topics: [{
      name,
      partitions: [{
        index,
        errorCode: code.UNKNOWN_TOPIC_OR_PARTITION,
        snapshotId: { endOffset: 0n, epoch: 0 },
        size: 0n,
        position: 0n,
        unalignedRecords: Buffer.alloc(0),
      }],
    }],
  }
}

export function handleFetchSnapshotResponse (
  state: QuorumState, response: ResponseRead<'FetchSnapshot'>, monotonicMs: number
): boolean {
  const answered = onlyOf(response.topics)
  if (response.errorCode !== code.NONE || answered === undefined) return false
  const { name, partition } = answered
  if (name !== METADATA_TOPIC || partition.index !== METADATA_PARTITION) return false
  const { errorCode, currentLeader: { leaderId, leaderEpoch } } = partition
  const endpoints = endpointIn(response.nodeEndpoints, leaderId)
  if (handleCommon(state, { errorCode, leaderId, leaderEpoch }, endpoints, monotonicMs)) return true
  const { role } = state
  if (role.name !== 'follower' || role.download === undefined) return true
  const { download } = role
  role.fetchDeadlineMs = monotonicMs + state.options.fetchTimeoutMs
  if (errorCode !== code.NONE || !continues(download, partition)) {
    // The leader has another snapshot by now: the next fetch asks which.
    role.download = undefined
    return true
  }
  store(state, download, partition)
  return true
}

type SnapshotPartition = ResponseRead<'FetchSnapshot'>['topics'][number]['partitions'][number]

/** 2.10.12: pieces of one snapshot only, in order, without a gap. */
function continues (download: Download, partition: SnapshotPartition): boolean {
  const { id, position } = download
  return partition.snapshotId.endOffset === id.endOffset &&
    partition.snapshotId.epoch === id.epoch && partition.position === BigInt(position) &&
    partition.unalignedRecords.length > 0
}

function store (state: QuorumState, download: Download, partition: SnapshotPartition): void {
  const { unalignedRecords: bytes, size } = partition
  emit(state, { do: 'storeSnapshot', id: download.id, position: download.position, bytes })
  download.position += bytes.length
  if (BigInt(download.position) < size) return
  // Reports about the log that is to be replaced are not believed any more.
  state.log.generation += 1
  state.installing = true
  emit(state, { do: 'installSnapshot', id: download.id, generation: state.log.generation })
}
