/** D21.1: what a leader tells about its quorum. */
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import { ownKey, votersOf } from './state.ts'
import type { QuorumState, Replica } from './state.ts'
import { findVoter, sameReplica } from './voters.ts'
import type { ReplicaKey } from './voters.ts'

export interface ReplicaFacts extends ReplicaKey {
  /** -1n: not known. */
  readonly logEndOffset: bigint
  /** -1: not known. */
  readonly lastFetchMs: number
  readonly lastCaughtUpMs: number
}

export interface QuorumFacts {
  readonly leaderId: number
  readonly epoch: number
  /** -1n: not known in this epoch yet. */
  readonly highWatermark: bigint
  readonly voters: readonly ReplicaFacts[]
  readonly observers: readonly ReplicaFacts[]
}

export function describeQuorum (state: QuorumState, monotonicMs: number): QuorumFacts | undefined {
  const { role, vote, log } = state
  if (role.name !== 'leader') return undefined
  const replicas = [...role.replicas.values()]
  const own: Replica = {
    ...ownKey(state),
    endOffset: log.endOffset,
    lastFetchMs: monotonicMs,
    lastCaughtUpMs: monotonicMs,
    leaderEndOffset: log.endOffset,
  }
  // KIP-853: before kraft.version 1 voters have no directories.
  const hasDirectories = state.voterHistory.kraftVersion > 0
  const voters = votersOf(state)
    .map(voter => sameReplica(voter, own)
      ? factsOf(voter, own)
      : factsOf(voter, replicas.find(replica => sameReplica(replica, voter))))
    .map(facts => hasDirectories ? facts : { ...facts, directoryId: ZERO_UUID })
  const observers = replicas
    .filter(replica => findVoter(votersOf(state), replica) === undefined)
    .map(replica => factsOf(replica, replica))
  return {
    leaderId: vote.leaderId,
    epoch: vote.epoch,
    highWatermark: role.highWatermark ?? -1n,
    voters,
    observers,
  }
}

function factsOf (key: ReplicaKey, replica: Replica | undefined): ReplicaFacts {
  return {
    id: key.id,
    directoryId: replica?.directoryId ?? key.directoryId,
    logEndOffset: replica?.endOffset ?? -1n,
    lastFetchMs: replica?.lastFetchMs ?? -1,
    lastCaughtUpMs: replica?.lastCaughtUpMs ?? -1,
  }
}
