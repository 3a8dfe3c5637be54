/** What time does to each role, and how a node begins. */
import { becomeFollower, becomeProspective, becomeResigned, becomeUnattached } from './roles.ts'
import { isFlushed, isOnlyVoter, isVoter } from './state.ts'
import type { QuorumState } from './state.ts'

/** 2.10.1: what was saved decides, so that no epoch gets a second vote or a second leader. */
export function startRole (state: QuorumState, monotonicMs: number): void {
  const { vote, options } = state
  if (vote.leaderId === options.nodeId && isVoter(state)) {
    // It led this epoch and may have lost what it had not flushed: it cannot lead it again.
    becomeResigned(state, monotonicMs)
  } else if (vote.leaderId >= 0 && vote.leaderId !== options.nodeId) {
    becomeFollower(state, vote, [], monotonicMs)
  } else becomeUnattached(state, vote.epoch, monotonicMs)
}

/** When the role changes by itself. */
export function nextTimeoutMs (state: QuorumState): number {
  const { role } = state
  if (state.stopping || state.failed || state.installing) return Infinity
  switch (role.name) {
    case 'leader':
      return Math.min(role.checkQuorumDeadlineMs, ...role.parked.map(fetch => fetch.deadlineMs))
    // The own disk's slowness is not the leader's silence.
    case 'follower': return isFlushed(state) ? role.fetchDeadlineMs : Infinity
    default: return role.electionDeadlineMs
  }
}

export function timeOut (state: QuorumState, monotonicMs: number): void {
  const { role } = state
  if (state.stopping || state.failed || state.installing) return
  if (isOnlyVoter(state) && role.name !== 'leader') {
    // There is nobody to wait for.
    becomeProspective(state, monotonicMs)
    return
  }
  switch (role.name) {
    case 'leader':
      if (monotonicMs >= role.checkQuorumDeadlineMs) becomeResigned(state, monotonicMs)
      return
    case 'follower':
      if (monotonicMs < nextTimeoutMs(state)) return
      if (isVoter(state)) becomeProspective(state, monotonicMs)
      else becomeUnattached(state, state.vote.epoch, monotonicMs)
      return
    default: if (monotonicMs >= role.electionDeadlineMs) electionTimedOut(state, monotonicMs)
  }
}

function electionTimedOut (state: QuorumState, monotonicMs: number): void {
  const { vote } = state
  switch (state.role.name) {
    case 'unattached': case 'candidate':
      if (isVoter(state)) becomeProspective(state, monotonicMs)
      else becomeUnattached(state, vote.epoch, monotonicMs)
      return
    case 'prospective':
      // KIP-996: nobody was disturbed; it goes back to what it knew.
      if (vote.leaderId >= 0 && vote.leaderId !== state.options.nodeId) {
        becomeFollower(state, vote, state.leaderEndpoints, monotonicMs)
      } else becomeUnattached(state, vote.epoch, monotonicMs)
      return
    case 'resigned':
      // The epoch's leader is gone for good: a new one needs a new epoch.
      becomeUnattached(state, vote.epoch + 1, monotonicMs)
  }
}
