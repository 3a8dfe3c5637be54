/**
 * Incremental fetch sessions (KIP-227): which partitions a consumer asked for before, what it was
 * told of them, and what is worth telling now. Pure: D6.1-8.
 */
import { code } from '../../../protocol/errors.ts'

export const INVALID_SESSION_ID = 0
export const INITIAL_EPOCH = 0
export const FINAL_EPOCH = -1
const EPOCH_MAX = 2 ** 31 - 1

export interface PartitionKey {
  readonly topic: string
  readonly topicId: string
  readonly index: number
}

export interface FetchPosition extends PartitionKey {
  readonly fetchOffset: bigint
  readonly currentLeaderEpoch: number
  readonly lastFetchedEpoch: number
  readonly logStartOffset: bigint
  readonly partitionBytesMax: number
}

export interface CachedPartition extends FetchPosition {
  /** Empty until the id has a name. */
  topic: string
  /** As last told; -1 so that recovery from an error is told. */
  toldHighWatermark: bigint
  toldLogStartOffset: bigint
}

export interface ToldFacts {
  readonly errorCode: number
  readonly highWatermark: bigint
  readonly logStartOffset: bigint
  readonly hasRecords: boolean
  /** A preferred replica or a diverging epoch is always told. */
  readonly hasNews: boolean
}

function keyOf ({ topic, topicId, index }: PartitionKey, byId: boolean): string {
  return `${byId ? topicId : topic}/${index}`
}

export class FetchSession {
  readonly id: number
  readonly usesTopicIds: boolean
  /** Followers' sessions: consumers' ones make room for them. */
  readonly privileged: boolean
  /** The epoch that the next request must have. */
  epoch = 1
  readonly createdMs: number
  lastUsedMs: number
  /** In the order in which they are served (D6.4). */
  readonly #partitions = new Map<string, CachedPartition>()

  constructor (id: number, options: { usesTopicIds: boolean, privileged: boolean, nowMs: number }) {
    this.id = id
    this.usesTopicIds = options.usesTopicIds
    this.privileged = options.privileged
    this.createdMs = this.lastUsedMs = options.nowMs
  }

  get partitions (): Iterable<CachedPartition> { return this.#partitions.values() }
  get size (): number { return this.#partitions.size }

  /** Checks an incremental request and, if it fits, moves on to the next epoch (D6.1-2). */
  accept (epoch: number, usesTopicIds: boolean, nowMs: number): number {
    if (epoch !== this.epoch) return code.INVALID_FETCH_SESSION_EPOCH
    if (usesTopicIds !== this.usesTopicIds) return code.FETCH_SESSION_TOPIC_ID_ERROR
    this.epoch = this.epoch === EPOCH_MAX ? 1 : this.epoch + 1
    this.lastUsedMs = nowMs
    return code.NONE
  }

  /** D6.3: added or changed first, then forgotten. */
  update (positions: Iterable<FetchPosition>, forgotten: Iterable<PartitionKey>): void {
    for (const position of positions) {
      const key = keyOf(position, this.usesTopicIds)
      const known = this.#partitions.get(key)
      this.#partitions.set(key, {
        ...position,
        // D6.6: once resolved, the name sticks.
        topic: position.topic === '' ? known?.topic ?? '' : position.topic,
        toldHighWatermark: known?.toldHighWatermark ?? -1n,
        toldLogStartOffset: known?.toldLogStartOffset ?? -1n,
      })
    }
    for (const key of forgotten) this.#partitions.delete(keyOf(key, this.usesTopicIds))
  }

  /** D6.6: an id that had no name when it was added is looked up again at each fetch. */
  resolve (nameOf: (topicId: string) => string | undefined): void {
    for (const partition of this.#partitions.values()) {
      if (partition.topic === '') partition.topic = nameOf(partition.topicId) ?? ''
    }
  }

  /** D6.4: whether there is something to answer of this partition. */
  isNews (partition: CachedPartition, facts: ToldFacts): boolean {
    return facts.hasRecords || facts.errorCode !== code.NONE || facts.hasNews ||
      facts.highWatermark !== partition.toldHighWatermark ||
      facts.logStartOffset !== partition.toldLogStartOffset
  }

  /** D6.4: whether to answer this partition; what is answered is remembered. */
  tell (partition: CachedPartition, facts: ToldFacts): boolean {
    const isNews = this.isNews(partition, facts)
    partition.toldHighWatermark = facts.errorCode === code.NONE ? facts.highWatermark : -1n
    partition.toldLogStartOffset = facts.logStartOffset
    if (facts.hasRecords) {
      // Fairness: what was served goes to the end of the order.
      const key = keyOf(partition, this.usesTopicIds)
      if (this.#partitions.delete(key)) this.#partitions.set(key, partition)
    }
    return isNews
  }
}

/** Sessions may be pushed out by others once unused, or there, for so long (D6.7). */
const EVICTION_MS = 120_000

export class FetchSessionCache {
  readonly #slots: number
  /** Least recently used first. */
  readonly #sessions = new Map<number, FetchSession>()

  constructor (slots: number) { this.#slots = slots }

  get size (): number { return this.#sessions.size }

  find (id: number): FetchSession | undefined { return this.#sessions.get(id) }

  touch (session: FetchSession): void {
    if (this.#sessions.delete(session.id)) this.#sessions.set(session.id, session)
  }

  remove (id: number): void { this.#sessions.delete(id) }

  /**
   * Makes a session if there is room or somebody has to go (D6.7); undefined: serve without one.
   * `random` is uniform in [0, 1).
   */
  create (
    options: { usesTopicIds: boolean, privileged: boolean, nowMs: number, partitions: number },
    random: () => number
  ): FetchSession | undefined {
    if (this.#slots <= 0) return undefined
    if (this.#sessions.size >= this.#slots && !this.#evict(options)) return undefined
    let id: number
    do id = 1 + Math.floor(random() * (2 ** 31 - 2))
    while (this.#sessions.has(id))
    const session = new FetchSession(id, options)
    this.#sessions.set(id, session)
    return session
  }

  #evict (
    { privileged, nowMs, partitions }: { privileged: boolean, nowMs: number, partitions: number }
  ): boolean {
    const oldest = this.#sessions.values().next().value
    if (oldest !== undefined && nowMs - oldest.lastUsedMs > EVICTION_MS) {
      this.#sessions.delete(oldest.id)
      return true
    }
    let smallest: FetchSession | undefined
    for (const session of this.#sessions.values()) {
      const old = nowMs - session.createdMs > EVICTION_MS
      const evictable = privileged ? !session.privileged || old : !session.privileged && old
      if (evictable && (smallest === undefined || isSmaller(session, smallest))) smallest = session
    }
    if (smallest === undefined) return false
    const larger = privileged === smallest.privileged ? partitions > smallest.size : privileged
    if (!larger) return false
    this.#sessions.delete(smallest.id)
    return true
  }
}

function isSmaller (a: FetchSession, b: FetchSession): boolean {
  if (a.privileged !== b.privileged) return !a.privileged
  return a.size < b.size
}
