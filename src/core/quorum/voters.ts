/** Who votes: the settings' set until the log has a VotersRecord, then the log's (KIP-853). */
import type { VotersRecord } from '../../../protocol/stored/raft.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Endpoint } from './effects.ts'

export interface Voter {
  readonly id: number
  /** ZERO_UUID: not known (kraft.version 0), any directory is meant. */
  readonly directoryId: string
  readonly endpoints: readonly Endpoint[]
  /** Versions of kraft.version that the node supports. */
  readonly kraftVersions: readonly [min: number, max: number]
}

/** Ascending by id. */
export type VoterSet = readonly Voter[]

export interface ReplicaKey { readonly id: number, readonly directoryId: string }

/** 2.10.2: ids agree, and the directories too where both are known. */
export function sameReplica (one: ReplicaKey, other: ReplicaKey): boolean {
  return one.id === other.id && (one.directoryId === other.directoryId ||
    one.directoryId === ZERO_UUID || other.directoryId === ZERO_UUID)
}

export function findVoter (voters: VoterSet, key: ReplicaKey): Voter | undefined {
  return voters.find(voter => sameReplica(voter, key))
}

/** Voters whose consent makes a majority. */
export function majorityOf (voters: VoterSet): number { return Math.floor(voters.length / 2) + 1 }

export function votersFromRecord (record: VotersRecord): VoterSet {
  return record.voters
    .map(voter => ({
      id: voter.voterId,
      directoryId: voter.voterDirectoryId,
      endpoints: voter.endpoints,
      kraftVersions: [
        voter.kRaftVersionFeature.minSupportedVersion,
        voter.kRaftVersionFeature.maxSupportedVersion,
      ] as const,
    }))
    .sort((one, other) => one.id - other.id)
}

export function recordFromVoters (voters: VoterSet): VotersRecord {
  return {
    version: 0,
    voters: voters.map(({ id, directoryId, endpoints, kraftVersions: [min, max] }) => ({
      voterId: id,
      voterDirectoryId: directoryId,
      endpoints: endpoints.map(endpoint => ({ ...endpoint })),
      kRaftVersionFeature: { minSupportedVersion: min, maxSupportedVersion: max },
    })),
  }
}

interface Since<T> { readonly offset: bigint, readonly value: T }

/** Voters and kraft.version by the offset from which they hold. */
export class VoterHistory {
  readonly #configured: VoterSet
  /** Ascending by offset. */
  #voters: Array<Since<VoterSet>> = []
  #kraftVersions: Array<Since<number>> = []

  constructor (configured: VoterSet) { this.#configured = configured }

  /** 2.10.14: a set counts as soon as it is appended. */
  get voters (): VoterSet { return this.#voters.at(-1)?.value ?? this.#configured }
  get kraftVersion (): number { return this.#kraftVersions.at(-1)?.value ?? 0 }
  /** Whether the voters come from the log. */
  get isFromLog (): boolean { return this.#voters.length > 0 }

  /** What held for the records below `offset`: a snapshot that ends there keeps it. */
  at (offset: bigint): { voters: VoterSet | undefined, kraftVersion: number } {
    return {
      voters: this.#voters.findLast(since => since.offset < offset)?.value,
      kraftVersion: this.#kraftVersions.findLast(since => since.offset < offset)?.value ?? 0,
    }
  }

  setVoters (offset: bigint, value: VoterSet): void { this.#voters.push({ offset, value }) }
  setKraftVersion (offset: bigint, value: number): void {
    this.#kraftVersions.push({ offset, value })
  }

  /** 2.10.14: what was appended at or above `endOffset` never was. */
  truncateFromEnd (endOffset: bigint): void {
    this.#voters = this.#voters.filter(since => since.offset < endOffset)
    this.#kraftVersions = this.#kraftVersions.filter(since => since.offset < endOffset)
  }

  /** Keeps the newest of those below `startOffset`, which still holds. */
  truncateFromStart (startOffset: bigint): void {
    this.#voters = keptFrom(this.#voters, startOffset)
    this.#kraftVersions = keptFrom(this.#kraftVersions, startOffset)
  }

  /** A snapshot says what holds at its end. */
  reset (endOffset: bigint, voters: VoterSet | undefined, kraftVersion: number): void {
    const offset = endOffset - 1n
    this.#voters = voters === undefined ? [] : [{ offset, value: voters }]
    this.#kraftVersions = kraftVersion === 0 ? [] : [{ offset, value: kraftVersion }]
  }
}

function keptFrom<T> (entries: Array<Since<T>>, startOffset: bigint): Array<Since<T>> {
  const first = entries.findLastIndex(since => since.offset < startOffset)
  return entries.slice(Math.max(first, 0))
}
