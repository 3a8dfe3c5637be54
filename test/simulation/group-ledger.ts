/**
 * What groups were told: which offsets may be committed (P8), and who owns what in which
 * generation. A commit whose outcome nobody knows may come at any time while its connection lives.
 */
import { ViolationError } from './world.ts'

interface Commit {
  readonly offset: number
  readonly sentAtMs: number
  /** When its outcome was known, or its request could not come any more. */
  isSettled (): boolean
  outcome: 'ok' | 'fail' | 'info'
}

const NOTHING = -1

class CommittedOffset {
  /** What a fetch may find. */
  #candidates: Commit[] = [
    { offset: NOTHING, sentAtMs: -1, isSettled: () => true, outcome: 'ok' },
  ]

  /** Everything ever committed: a power loss in default mode may go back to any of it. */
  readonly #all: Commit[] = [...this.#candidates]

  get values (): number[] { return this.#candidates.map(({ offset }) => offset) }

  sent (offset: number, sentAtMs: number, isSettled: () => boolean): Commit {
    const commit: Commit = { offset, sentAtMs, isSettled, outcome: 'info' }
    this.#candidates.push(commit)
    this.#all.push(commit)
    return commit
  }

  /** What was settled when this one was sent is history now. */
  acknowledged (commit: Commit, settledBefore: ReadonlySet<Commit>): void {
    commit.outcome = 'ok'
    this.#candidates = this.#candidates.filter(each => each === commit || !settledBefore.has(each))
    if (!this.#candidates.includes(commit)) this.#candidates.push(commit)
  }

  refused (commit: Commit): void {
    commit.outcome = 'fail'
    this.#candidates = this.#candidates.filter(each => each !== commit)
  }

  settled (): Set<Commit> {
    return new Set(this.#candidates.filter(each => each.outcome === 'ok' || each.isSettled()))
  }

  /** The log of the group's offsets may have gone back. */
  lostPower (): void {
    this.#candidates = this.#all.filter(({ outcome }) => outcome !== 'fail')
  }

  /** What a fetch that is sent now may find; ask again for what came while it was on its way. */
  fetched (): (offset: number) => boolean {
    const before = [...this.#candidates]
    const sentBefore = this.#all.length
    return offset => [...before, ...this.#all.slice(sentBefore), ...this.#candidates]
      .some(each => each.offset === offset)
  }
}

export class GroupLedger {
  readonly name: string
  readonly #offsets = new Map<string, CommittedOffset>()
  /** Of each generation, partition and owner. */
  #owners = new Map<string, string>()
  losses = 0

  constructor (name: string) { this.name = name }

  offsetOf (key: string): CommittedOffset {
    let offset = this.#offsets.get(key)
    if (offset === undefined) this.#offsets.set(key, offset = new CommittedOffset())
    return offset
  }

  /** A member was told that it owns these in this generation. */
  owns (member: string, generation: number, keys: readonly string[]): void {
    for (const key of keys) {
      const name = `${generation} ${key}`
      const owner = this.#owners.get(name)
      if (owner !== undefined && owner !== member) {
        throw new ViolationError('one-owner',
          `${this.name}: ${key} belongs to ${owner} and ${member} in generation ${generation}`)
      }
      this.#owners.set(name, member)
    }
  }

  lostPower (): void {
    for (const offset of this.#offsets.values()) offset.lostPower()
    this.#owners = new Map()
    this.losses++
  }
}
