/** Transitions between roles. Each one saves what must survive before anything else is visible. */
import { code } from '../../../protocol/errors.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Endpoint, Entry, SavedVote } from './effects.ts'
import { fetchResponse, reply } from './responses.ts'
import {
  electionTimeout, emit, isOnlyVoter, isVoter, majority, ownKey, remoteVoters, votersOf,
} from './state.ts'
import type { QuorumState, Role, Votes } from './state.ts'
import type { ReplicaKey } from './voters.ts'

/** 2.10.4: no fetch from a majority for this many fetch timeouts, and the leader resigns. */
const CHECK_QUORUM_TIMEOUTS = 1.5

export function checkQuorumTimeout (state: QuorumState): number {
  return isOnlyVoter(state) ? Infinity : state.options.fetchTimeoutMs * CHECK_QUORUM_TIMEOUTS
}

/** 2.10.1: saved before the role changes, and told if somebody else leads now. */
function change (state: QuorumState, vote: SavedVote, endpoints: readonly Endpoint[]): void {
  const before = state.vote
  const same = before.epoch === vote.epoch && before.leaderId === vote.leaderId
  if (!same || before.votedId !== vote.votedId ||
    before.votedDirectoryId !== vote.votedDirectoryId) {
    state.vote = vote
    save(state, vote)
  }
  state.leaderEndpoints = endpoints
  if (!same && vote.leaderId !== state.options.nodeId) {
    emit(state, { do: 'changeLeader', leaderId: vote.leaderId, epoch: vote.epoch, endpoints })
  }
}

/** Of two votes with nothing visible between them only the later one is worth a flush. */
function save (state: QuorumState, vote: SavedVote): void {
  const { effects } = state
  const visible = effects.findLastIndex(effect => effect.do !== 'changeLeader')
  if (effects[visible]?.do === 'saveVote') effects[visible] = { do: 'saveVote', vote }
  else emit(state, { do: 'saveVote', vote })
}

/** Answers to requests of the old role are no longer waited for; its own guests are sent away. */
function enter (state: QuorumState, role: Role): void {
  const before = state.role
  state.role = role
  state.peers.clear()
  if (before.name !== 'leader') return
  for (const { requestId } of before.parked) {
    reply(state, requestId, 'Fetch',
      fetchResponse(state, { errorCode: code.NOT_LEADER_OR_FOLLOWER }))
  }
}

/** No leader known in `epoch`; with a higher epoch, no vote given either. */
export function becomeUnattached (state: QuorumState, epoch: number, monotonicMs: number): void {
  const { role, vote } = state
  const waiting = role.name === 'unattached' || role.name === 'prospective' ||
    role.name === 'candidate'
  // The remaining time is kept, or else a node that stands again and again would hold others back.
  const electionDeadlineMs = !isVoter(state)
    ? Infinity
    : waiting && role.electionDeadlineMs > monotonicMs && role.electionDeadlineMs !== Infinity
      ? role.electionDeadlineMs
      : monotonicMs + electionTimeout(state)
  change(state, epoch > vote.epoch
    ? { epoch, leaderId: -1, votedId: -1, votedDirectoryId: ZERO_UUID }
    : { ...vote, leaderId: -1 }, [])
  enter(state, { name: 'unattached', electionDeadlineMs })
}

/** 2.10.2: one vote an epoch, kept before it is told. */
export function giveVote (state: QuorumState, candidate: ReplicaKey, monotonicMs: number): void {
  const vote = { ...state.vote, votedId: candidate.id, votedDirectoryId: candidate.directoryId }
  if (state.options.mutant === 'voteNotSaved') state.vote = vote
  else change(state, vote, [])
  enter(state, { name: 'unattached', electionDeadlineMs: monotonicMs + electionTimeout(state) })
}

export function becomeFollower (
  state: QuorumState, leader: { readonly epoch: number, readonly leaderId: number },
  endpoints: readonly Endpoint[], monotonicMs: number,
): void {
  const { epoch, leaderId } = leader
  change(state, epoch > state.vote.epoch
    ? { epoch, leaderId, votedId: -1, votedDirectoryId: ZERO_UUID }
    : { ...state.vote, leaderId }, endpoints)
  enter(state, {
    name: 'follower',
    fetchDeadlineMs: monotonicMs + state.options.fetchTimeoutMs,
    hasFetched: false,
    leaderHighWatermark: -1n,
    download: undefined,
  })
}

function ownVoteOnly (state: QuorumState): Votes {
  return { granted: new Set([state.options.nodeId]), rejected: new Set() }
}

/** KIP-996: asks who would vote for this node before it disturbs anybody with a new epoch. */
export function becomeProspective (state: QuorumState, monotonicMs: number): void {
  const votes = ownVoteOnly(state)
  enter(state, {
    name: 'prospective', votes, electionDeadlineMs: monotonicMs + electionTimeout(state),
  })
  if (votes.granted.size >= majority(state)) becomeCandidate(state, monotonicMs)
}

export function becomeCandidate (state: QuorumState, monotonicMs: number): void {
  const { nodeId, directoryId } = state.options
  const votes = ownVoteOnly(state)
  change(state, {
    epoch: state.vote.epoch + 1, leaderId: -1, votedId: nodeId, votedDirectoryId: directoryId,
  }, [])
  enter(state, {
    name: 'candidate', votes, electionDeadlineMs: monotonicMs + electionTimeout(state),
  })
  if (votes.granted.size >= majority(state)) becomeLeader(state, votes, monotonicMs)
}

/** 2.10.3: the first record of the epoch is its LeaderChangeMessage. */
export function becomeLeader (state: QuorumState, votes: Votes, monotonicMs: number): void {
  const { nodeId } = state.options
  const epochStartOffset = state.log.endOffset
  change(state, { ...state.vote, leaderId: nodeId }, [])
  enter(state, {
    name: 'leader',
    epochStartOffset,
    highWatermark: undefined,
    replicas: new Map(),
    fetchedVoters: new Set(),
    checkQuorumDeadlineMs: monotonicMs + checkQuorumTimeout(state),
    acknowledgedMs: new Map(),
    parked: [],
  })
  emit(state, { do: 'becomeLeader', epoch: state.vote.epoch, startOffset: epochStartOffset })
  appendEntry(state, leaderChange(state, votes), 1)
}

function leaderChange (state: QuorumState, { granted }: Votes): Entry {
  const voters = votersOf(state).map(voter => ({
    voterId: voter.id, voterDirectoryId: voter.directoryId,
  }))
  return {
    kind: 'leaderChange',
    value: {
      version: state.voterHistory.kraftVersion > 0 ? 1 : 0,
      leaderId: state.options.nodeId,
      voters,
      grantingVoters: voters.filter(voter => granted.has(voter.voterId)),
    },
  }
}

/** The leader's append: `count` records as one batch at the end of the log. */
export function appendEntry (state: QuorumState, entry: Entry, count: number): bigint {
  const { log, vote: { epoch } } = state
  const baseOffset = log.endOffset
  const endOffset = baseOffset + BigInt(count)
  log.append(endOffset, epoch)
  emit(state, {
    do: 'appendLog', baseOffset, endOffset, epoch, generation: log.generation, entry,
  })
  return baseOffset
}

/** 2.10.4: leads no longer, and tells the voters, the most advanced first. */
export function becomeResigned (state: QuorumState, monotonicMs: number): void {
  const { role } = state
  const replicas = role.name === 'leader' ? [...role.replicas.values()] : []
  const preferredCandidates = replicas
    .filter(replica => votersOf(state).some(voter => voter.id === replica.id))
    .sort((one, other) => one.endOffset === other.endOffset
      ? one.id - other.id
      : one.endOffset > other.endOffset ? -1 : 1)
    .map(({ id, directoryId }) => ({ id, directoryId }))
  enter(state, {
    name: 'resigned',
    preferredCandidates,
    unacknowledged: new Set(remoteVoters(state).map(voter => voter.id)),
    electionDeadlineMs: monotonicMs + electionTimeout(state),
  })
  if (role.name === 'leader') {
    emit(state, { do: 'changeLeader', leaderId: -1, epoch: state.vote.epoch, endpoints: [] })
  }
}

/**
 * What a message says about leader and epoch (2.10.2): a higher epoch is adopted, the leader of
 * the own epoch is followed as soon as it is known. Two leaders in one epoch end everything.
 */
export function learn (
  state: QuorumState, heard: { readonly epoch: number, readonly leaderId: number },
  endpoints: readonly Endpoint[], monotonicMs: number,
): void {
  const { epoch, leaderId } = heard
  const own = ownKey(state)
  if (epoch > state.vote.epoch) {
    // A node that lost its disk may hear that it led: it cannot follow itself.
    if (leaderId >= 0 && leaderId !== own.id) becomeFollower(state, heard, endpoints, monotonicMs)
    else becomeUnattached(state, epoch, monotonicMs)
  } else if (epoch === state.vote.epoch && leaderId >= 0 && leaderId !== own.id) {
    if (state.vote.leaderId === -1) becomeFollower(state, heard, endpoints, monotonicMs)
    else if (state.vote.leaderId !== leaderId) {
      emit(state, {
        do: 'fail',
        reason: `nodes ${state.vote.leaderId} and ${leaderId} both lead epoch ${epoch}`,
      })
    }
  }
}
