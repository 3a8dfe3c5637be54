/** Which requests each role wants sent, to whom and when: one at a time is under way to a node. */
import {
  METADATA_PARTITION, METADATA_TOPIC, METADATA_TOPIC_ID, aboutMetadata,
} from './effects.ts'
import type { OutgoingRequest } from './effects.ts'
import { emit, isFlushed, remoteVoters } from './state.ts'
import type { Peer, QuorumState } from './state.ts'
import type { Voter } from './voters.ts'

interface Wanted {
  readonly to: number
  readonly dueMs: number
  readonly build: () => OutgoingRequest
}

const NOW = -Infinity

function peerOf (state: QuorumState, id: number): Peer {
  let peer = state.peers.get(id)
  if (peer === undefined) {
    peer = { correlationId: undefined, sentMs: 0, backoffUntilMs: NOW }
    state.peers.set(id, peer)
  }
  return peer
}

/** When the node may be sent to: after a pause, or when the request under way is given up. */
function readyMs (state: QuorumState, id: number): number {
  const peer = state.peers.get(id)
  if (peer === undefined) return NOW
  return peer.correlationId === undefined
    ? peer.backoffUntilMs
    : peer.sentMs + state.options.requestTimeoutMs
}

/** When the next request can be sent, if no message comes before. */
export function nextSendMs (state: QuorumState): number {
  let next = Infinity
  for (const { to, dueMs } of wanted(state)) {
    next = Math.min(next, Math.max(dueMs, readyMs(state, to)))
  }
  return next
}

export function sendDue (state: QuorumState, monotonicMs: number): void {
  for (const { to, dueMs, build } of wanted(state)) {
    if (Math.max(dueMs, readyMs(state, to)) > monotonicMs) continue
    const peer = peerOf(state, to)
    const correlationId = state.nextCorrelationId
    state.nextCorrelationId += 1
    peer.correlationId = correlationId
    peer.sentMs = monotonicMs
    emit(state, { do: 'send', to, correlationId, ...build() })
  }
}

/** Whether an answer is still waited for. */
export function isExpected (state: QuorumState, from: number, correlationId: number): boolean {
  return state.peers.get(from)?.correlationId === correlationId
}

/** The request to this node is over; if it did not settle anything, the next one waits a little. */
export function settle (
  state: QuorumState, from: number, settled: boolean, monotonicMs: number
): void {
  const peer = state.peers.get(from)
  if (peer === undefined) return
  peer.correlationId = undefined
  peer.backoffUntilMs = settled ? NOW : monotonicMs + state.options.retryBackoffMs
}

function wanted (state: QuorumState): Wanted[] {
  if (state.failed || state.installing) return []
  switch (state.role.name) {
    case 'unattached': return fetchFromAnybody(state)
    case 'prospective': case 'candidate': return votesWanted(state)
    case 'leader': return epochsToBegin(state)
    case 'follower': return fetchFromLeader(state)
    case 'resigned': return epochsToEnd(state)
  }
}

/** Every voter in turn, until one knows the leader: how observers and restarted voters find it. */
function fetchFromAnybody (state: QuorumState): Wanted[] {
  const voters = remoteVoters(state)
  const underWay = voters.find(voter => state.peers.get(voter.id)?.correlationId !== undefined)
  const asked = underWay ?? voters[state.nextAsked % Math.max(voters.length, 1)]
  if (state.stopping || asked === undefined) return []
  const dueMs = Math.max(NOW, ...voters.map(voter => readyMs(state, voter.id)))
  return [{
    to: asked.id,
    dueMs,
    build: () => {
      state.nextAsked += 1
      return fetchRequest(state)
    },
  }]
}

function votesWanted (state: QuorumState): Wanted[] {
  const { role } = state
  if (role.name !== 'prospective' && role.name !== 'candidate') return []
  const { granted, rejected } = role.votes
  return remoteVoters(state)
    .filter(({ id }) => !granted.has(id) && !rejected.has(id))
    .map(voter => ({
      to: voter.id,
      dueMs: NOW,
      build: () => voteRequest(state, voter, role.name === 'prospective'),
    }))
}

function voteRequest (state: QuorumState, voter: Voter, preVote: boolean): OutgoingRequest {
  const { options, log, vote } = state
  return {
    api: 'Vote',
    request: {
      clusterId: options.clusterId,
      voterId: voter.id,
      topics: aboutMetadata({
        replicaEpoch: vote.epoch,
        replicaId: options.nodeId,
        replicaDirectoryId: options.directoryId,
        voterDirectoryId: voter.directoryId,
        lastOffsetEpoch: log.lastEpoch,
        lastOffset: log.endOffset,
        preVote,
      }),
    },
  }
}

/** 2.10.3: until acknowledged; later from time to time to those who have stopped fetching. */
function epochsToBegin (state: QuorumState): Wanted[] {
  const { role, options } = state
  if (role.name !== 'leader') return []
  return remoteVoters(state).map(voter => {
    const acknowledgedMs = role.acknowledgedMs.get(voter.id) ?? NOW
    const dueMs = acknowledgedMs + options.fetchTimeoutMs / 2
    return { to: voter.id, dueMs, build: () => beginRequest(state, voter) }
  })
}

function beginRequest (state: QuorumState, voter: Voter): OutgoingRequest {
  const { options, vote } = state
  return {
    api: 'BeginQuorumEpoch',
    request: {
      clusterId: options.clusterId,
      voterId: voter.id,
      topics: aboutMetadata({
        voterDirectoryId: voter.directoryId,
        leaderId: options.nodeId,
        leaderEpoch: vote.epoch,
      }),
      leaderEndpoints: options.endpoints,
    },
  }
}

/** 2.10.8: the fetch offset is an acknowledgement, so it waits until all below it is flushed. */
function fetchFromLeader (state: QuorumState): Wanted[] {
  const { role, vote, options } = state
  if (role.name !== 'follower' || state.stopping) return []
  if (!isFlushed(state) && options.mutant !== 'fetchBeforeFlush') return []
  return [{
    to: vote.leaderId,
    dueMs: NOW,
    build: () => role.download === undefined ? fetchRequest(state) : snapshotRequest(state),
  }]
}

function fetchRequest (state: QuorumState): OutgoingRequest {
  const { options, log, vote, highWatermark } = state
  return {
    api: 'Fetch',
    request: {
      clusterId: options.clusterId,
      replicaId: options.nodeId,
      replicaState: { replicaId: options.nodeId },
      // An idle leader must be heard well before the fetch timeout, whatever is configured.
      maxWaitMs: Math.min(options.fetchMaxWaitMs, Math.floor(options.fetchTimeoutMs / 2)),
      minBytes: 0,
      maxBytes: options.fetchBytesMax,
      topics: [{
        topic: METADATA_TOPIC,
        topicId: METADATA_TOPIC_ID,
        partitions: [{
          partition: METADATA_PARTITION,
          currentLeaderEpoch: vote.epoch,
          fetchOffset: log.endOffset,
          lastFetchedEpoch: log.lastEpoch,
          logStartOffset: log.startOffset,
          partitionMaxBytes: options.fetchBytesMax,
          replicaDirectoryId: options.directoryId,
          highWatermark,
        }],
      }],
      forgottenTopicsData: [],
    },
  }
}

function snapshotRequest (state: QuorumState): OutgoingRequest {
  const { options, vote, role } = state
  const download = role.name === 'follower' ? role.download : undefined
  return {
    api: 'FetchSnapshot',
    request: {
      clusterId: options.clusterId,
      replicaId: options.nodeId,
      maxBytes: options.fetchBytesMax,
      topics: [{
        name: METADATA_TOPIC,
        partitions: [{
          partition: METADATA_PARTITION,
          currentLeaderEpoch: vote.epoch,
          snapshotId: download?.id ?? { endOffset: -1n, epoch: -1 },
          position: BigInt(download?.position ?? 0),
          replicaDirectoryId: options.directoryId,
        }],
      }],
    },
  }
}

function epochsToEnd (state: QuorumState): Wanted[] {
  const { role } = state
  if (role.name !== 'resigned') return []
  return [...role.unacknowledged].map(to => ({ to, dueMs: NOW, build: () => endRequest(state) }))
}

function endRequest (state: QuorumState): OutgoingRequest {
  const { options, vote, role } = state
  const preferred = role.name === 'resigned' ? role.preferredCandidates : []
  return {
    api: 'EndQuorumEpoch',
    request: {
      clusterId: options.clusterId,
      topics: aboutMetadata({
        leaderId: options.nodeId,
        leaderEpoch: vote.epoch,
        preferredSuccessors: preferred.map(({ id }) => id),
        preferredCandidates: preferred.map(({ id, directoryId }) => ({
          candidateId: id, candidateDirectoryId: directoryId,
        })),
      }),
      leaderEndpoints: options.endpoints,
    },
  }
}
