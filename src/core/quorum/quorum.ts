/**
 * The metadata quorum (KRaft) as a pure machine: one for a quorum of one voter and of five.
 * Inputs are calls, effects are data (`effects.ts` has their order contract).
 *
 * Roles of a voter, and what leads from one to another:
 *
 *   unattached  -> unattached   a higher epoch is heard of; a vote is given
 *               -> prospective  the election timeout is over
 *               -> follower     the leader of this or a higher epoch is heard of
 *   prospective -> candidate    a majority would vote for it (KIP-996)
 *               -> follower     lost, and it knew a leader; or a leader is heard of
 *               -> unattached   lost, and it knew none; a higher epoch; a vote is given
 *   candidate   -> leader       a majority voted for it
 *               -> prospective  lost, or the election timeout is over
 *               -> unattached, follower   a higher epoch; a leader of this one
 *   leader      -> resigned     shutting down, or no majority fetches any more
 *               -> unattached, follower   a higher epoch is heard of
 *   follower    -> prospective  no answer from the leader within the fetch timeout
 *               -> unattached, follower   a higher epoch is heard of
 *   resigned    -> unattached   the election timeout is over (epoch + 1), or a higher epoch
 *               -> follower     the leader of a higher epoch is heard of
 *
 * An observer is only ever unattached or a follower. The only voter of a quorum of one elects
 * itself within the first call.
 */
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { EpochStart } from '../replica/leader-epochs.ts'
import type { ControlRecord } from './control.ts'
import { describeQuorum } from './describe.ts'
import type { QuorumFacts } from './describe.ts'
import {
  handleBeginQuorumEpoch, handleBeginQuorumEpochResponse, handleEndQuorumEpoch,
  handleEndQuorumEpochResponse, handleUnsupportedPreVote, handleVote, handleVoteResponse,
} from './election.ts'
import type { Effect, IncomingResponse, QuorumMessage, SavedVote, SnapshotId } from './effects.ts'
import { followHighWatermark, handleFetchResponse, noteControl } from './follower.ts'
import { LogView } from './log-view.ts'
import type { StoredSnapshot } from './log-view.ts'
import { advanceHighWatermark, answerParked, handleFetch } from './replication.ts'
import { appendEntry, becomeResigned } from './roles.ts'
import { isExpected, nextSendMs, sendDue, settle } from './sending.ts'
import { handleFetchSnapshot, handleFetchSnapshotResponse } from './snapshot.ts'
import { isFlushed, NO_VOTE, ownKey } from './state.ts'
import type { QuorumOptions, QuorumState } from './state.ts'
import { nextTimeoutMs, startRole, timeOut } from './timeouts.ts'
import { recordFromVoters, sameReplica, VoterHistory } from './voters.ts'
import type { VoterSet } from './voters.ts'

/** What the disk holds when the node starts. */
export interface Recovered {
  readonly vote: SavedVote | undefined
  readonly startOffset: bigint
  readonly endOffset: bigint
  readonly epochs: readonly EpochStart[]
  /** Oldest first. */
  readonly snapshots: readonly StoredSnapshot[]
  /** What the newest snapshot says about voters. */
  readonly snapshotVoters: SnapshotVoters
  /** Control records of the log behind it, in order. */
  readonly controlRecords: ReadonlyArray<ControlRecord & { readonly offset: bigint }>
}

export interface SnapshotVoters {
  readonly voters: VoterSet | undefined
  readonly kraftVersion: number
}

export class Quorum {
  readonly #state: QuorumState

  constructor (options: QuorumOptions, recovered: Recovered) {
    const voterHistory = new VoterHistory(options.voters)
    const { voters, kraftVersion } = recovered.snapshotVoters
    voterHistory.reset(recovered.startOffset, voters, kraftVersion)
    for (const record of recovered.controlRecords) noteControl(voterHistory, record)
    const log = new LogView(recovered)
    const vote = recovered.vote ?? NO_VOTE
    this.#state = {
      options,
      voterHistory,
      log,
      peers: new Map(),
      // The log may be ahead of a vote file that was lost: an epoch never comes twice.
      vote: vote.epoch < log.lastEpoch ? { ...NO_VOTE, epoch: log.lastEpoch } : vote,
      role: { name: 'unattached', electionDeadlineMs: Infinity },
      highWatermark: log.latestSnapshot?.endOffset ?? 0n,
      leaderEndpoints: [],
      nextCorrelationId: 1,
      nextAsked: 0,
      stopping: false,
      installing: false,
      failed: false,
      effects: [],
    }
  }

  /** Enters the role that the saved vote asks for. */
  start (monotonicMs: number): Effect[] {
    startRole(this.#state, monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** Takes a message from another node. */
  step (message: QuorumMessage, monotonicMs: number): Effect[] {
    if (message.is === 'request') this.#handleRequest(message, monotonicMs)
    else if (isExpected(this.#state, message.from, message.correlationId)) {
      const settled = message.is === 'response'
        ? this.#handleResponse(message, monotonicMs)
        : this.#handleFailure(message, monotonicMs)
      settle(this.#state, message.from, settled, monotonicMs)
    }
    return this.#finish(monotonicMs)
  }

  /** Time has passed: to be called when `deadline` is reached. */
  tick (monotonicMs: number): Effect[] {
    answerParked(this.#state, monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** When `tick` is needed if nothing else happens before; Infinity for never. */
  deadline (): number {
    return Math.min(nextTimeoutMs(this.#state), nextSendMs(this.#state))
  }

  /**
   * 2.10.18: the leader's append, one atomic batch in `epoch`. `undefined` when this node does
   * not lead that epoch.
   */
  append (
    records: readonly Buffer[], epoch: number, monotonicMs: number
  ): { baseOffset: bigint, effects: Effect[] } | undefined {
    const { role, vote, stopping, failed } = this.#state
    const leads = role.name === 'leader' && vote.epoch === epoch
    if (!leads || stopping || failed || records.length === 0) return undefined
    const baseOffset = appendEntry(this.#state, { kind: 'data', records }, records.length)
    return { baseOffset, effects: this.#finish(monotonicMs) }
  }

  /**
   * KIP-853: the leader's append of a higher kraft.version, with the voters that were settings
   * until now. `undefined` when this node does not lead that epoch; nothing happens while it does
   * not know the directory of a voter.
   */
  raiseKraftVersion (
    version: number, epoch: number, monotonicMs: number
  ): { lastOffset: bigint, effects: Effect[] } | { unknownVoter: number } | undefined {
    const state = this.#state
    const { role, stopping, failed } = state
    if (role.name !== 'leader' || state.vote.epoch !== epoch || stopping || failed) return undefined
    const replicas = [ownKey(state), ...role.replicas.values()]
    const voters = this.voters.map(voter => ({
      ...voter,
      directoryId: replicas.find(replica => sameReplica(replica, voter))?.directoryId ?? ZERO_UUID,
    }))
    const unknown = voters.find(({ directoryId }) => directoryId === ZERO_UUID)
    if (unknown !== undefined) return { unknownVoter: unknown.id }
    const records: ControlRecord[] = [
      { kind: 'kraftVersion', value: { version: 0, kRaftVersion: version } },
      { kind: 'voters', value: recordFromVoters(voters) },
    ]
    const baseOffset = appendEntry(state, { kind: 'control', records }, records.length)
    for (const [index, record] of records.entries()) {
      noteControl(state.voterHistory, { ...record, offset: baseOffset + BigInt(index) })
    }
    return {
      lastOffset: baseOffset + BigInt(records.length) - 1n, effects: this.#finish(monotonicMs),
    }
  }

  /** The log can be read up to `endOffset`, as appended under `generation`. */
  written (endOffset: bigint, generation: number, monotonicMs: number): Effect[] {
    this.#state.log.written(endOffset, generation)
    answerParked(this.#state, monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** The log is durable up to `endOffset`, as appended under `generation` (2.10.8). */
  flushed (endOffset: bigint, generation: number, monotonicMs: number): Effect[] {
    const { log, role } = this.#state
    const wasFlushed = isFlushed(this.#state)
    log.flushed(endOffset, generation)
    if (role.name === 'follower') {
      followHighWatermark(this.#state, role)
      if (role.hasFetched && !wasFlushed && isFlushed(this.#state)) {
        role.fetchDeadlineMs = monotonicMs + this.#state.options.fetchTimeoutMs
      }
    }
    advanceHighWatermark(this.#state, monotonicMs)
    answerParked(this.#state, monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** 2.10.11: this node wrote a snapshot of what it has committed, and dropped the log below. */
  snapshotTaken (snapshot: StoredSnapshot, monotonicMs: number): Effect[] {
    const { log, voterHistory } = this.#state
    // One of the leader's may have been installed in the meantime and be ahead of this one.
    if (snapshot.endOffset > log.startOffset) {
      log.snapshotTaken(snapshot)
      voterHistory.truncateFromStart(snapshot.endOffset)
    }
    return this.#finish(monotonicMs)
  }

  /** The downloaded snapshot is durable and the log starts and ends where it ends. */
  snapshotInstalled (
    snapshot: StoredSnapshot, { voters, kraftVersion }: SnapshotVoters, monotonicMs: number
  ): Effect[] {
    const state = this.#state
    state.log.reset(snapshot)
    state.voterHistory.reset(snapshot.endOffset, voters, kraftVersion)
    if (snapshot.endOffset > state.highWatermark) {
      state.highWatermark = snapshot.endOffset
      const { endOffset: offset } = snapshot
      state.effects.push({ do: 'advanceHighWatermark', offset, epoch: state.vote.epoch })
    }
    this.#installed(monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** The downloaded snapshot was not sound: the log stays, and is tried again. */
  snapshotRefused (monotonicMs: number): Effect[] {
    this.#state.log.generation += 1
    this.#installed(monotonicMs)
    return this.#finish(monotonicMs)
  }

  #installed (monotonicMs: number): void {
    const { role, options } = this.#state
    this.#state.installing = false
    if (role.name !== 'follower') return
    role.download = undefined
    role.fetchDeadlineMs = monotonicMs + options.fetchTimeoutMs
  }

  /** 2.10.4: the node shuts down; a leader says so to the voters. */
  stop (monotonicMs: number): Effect[] {
    const { role } = this.#state
    this.#state.stopping = true
    if (role.name === 'leader') becomeResigned(this.#state, monotonicMs)
    return this.#finish(monotonicMs)
  }

  /** Whether a stopped leader has been heard by all voters, or had nothing to say. */
  get isStopped (): boolean {
    const { role, stopping } = this.#state
    return stopping && (role.name !== 'resigned' || role.unacknowledged.size === 0)
  }

  /** `id` -1: not known. A leader that has resigned is none. */
  get leader (): { readonly id: number, readonly epoch: number } {
    const { vote: { leaderId, epoch }, role, options } = this.#state
    const resigned = leaderId === options.nodeId && role.name !== 'leader'
    return { id: resigned ? -1 : leaderId, epoch }
  }

  get role (): QuorumState['role']['name'] { return this.#state.role.name }
  get isLeader (): boolean { return this.#state.role.name === 'leader' }
  get highWatermark (): bigint { return this.#state.highWatermark }
  get endOffset (): bigint { return this.#state.log.endOffset }
  get startOffset (): bigint { return this.#state.log.startOffset }
  get voters (): VoterSet { return this.#state.voterHistory.voters }
  get kraftVersion (): number { return this.#state.voterHistory.kraftVersion }
  get latestSnapshot (): SnapshotId | undefined { return this.#state.log.latestSnapshot }
  /** The epoch of the record at `offset`; -1 when it is below the log's start. */
  epochAt (offset: bigint): number { return this.#state.log.epochs.epochAt(offset) }
  /** What a snapshot that ends at `offset` says about voters. */
  votersAt (offset: bigint): SnapshotVoters { return this.#state.voterHistory.at(offset) }
  /** D21.1; undefined when this node does not lead. */
  describe (monotonicMs: number): QuorumFacts | undefined {
    return describeQuorum(this.#state, monotonicMs)
  }

  #handleRequest (message: QuorumMessage & { is: 'request' }, monotonicMs: number): void {
    const state = this.#state
    const { requestId } = message
    switch (message.api) {
      case 'Vote': return handleVote(state, requestId, message.request, monotonicMs)
      case 'BeginQuorumEpoch':
        return handleBeginQuorumEpoch(state, requestId, message.request, monotonicMs)
      case 'EndQuorumEpoch': return handleEndQuorumEpoch(state, requestId, message.request, monotonicMs)
      case 'Fetch': return handleFetch(state, requestId, message.request, monotonicMs)
      case 'FetchSnapshot': return handleFetchSnapshot(state, requestId, message.request, monotonicMs)
    }
  }

  #handleResponse (message: { from: number } & IncomingResponse, monotonicMs: number): boolean {
    const state = this.#state
    switch (message.api) {
      case 'Vote': return handleVoteResponse(state, message.from, message.response, monotonicMs)
      case 'BeginQuorumEpoch':
        return handleBeginQuorumEpochResponse(state, message.from, message.response, monotonicMs)
      case 'EndQuorumEpoch':
        return handleEndQuorumEpochResponse(state, message.from, message.response, monotonicMs)
      case 'Fetch': return handleFetchResponse(state, message.response, monotonicMs)
      case 'FetchSnapshot': return handleFetchSnapshotResponse(state, message.response, monotonicMs)
    }
  }

  #handleFailure (message: QuorumMessage & { is: 'failure' }, monotonicMs: number): boolean {
    if (message.unsupportedVersion) handleUnsupportedPreVote(this.#state, message.from, monotonicMs)
    return false
  }

  /** After every input: what is due by now is done, and what is to be sent is sent. */
  #finish (monotonicMs: number): Effect[] {
    const state = this.#state
    timeOut(state, monotonicMs)
    sendDue(state, monotonicMs)
    const { effects } = state
    state.effects = []
    return effects
  }
}
