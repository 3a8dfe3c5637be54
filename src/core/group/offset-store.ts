/**
 * Committed offsets, and those that wait for the end of their transaction (5.4). Only replay
 * changes them.
 */
import { PartitionMap } from './partition-map.ts'

export interface StoredOffset {
  readonly offset: bigint
  /** -1: unknown. */
  readonly leaderEpoch: number
  readonly metadata: string
  readonly commitTimestampMs: bigint
  /** -1: the retention of the broker counts. */
  readonly expireTimestampMs: bigint
  /** The zero id: unknown. */
  readonly topicId: string
}

interface PlacedOffset extends StoredOffset {
  /** Where its record stands in the log: of two commits, the later record wins. */
  readonly recordOffset: bigint
}

export class OffsetStore {
  readonly #committed = new PartitionMap<PlacedOffset>()
  readonly #pending = new Map<bigint, PartitionMap<PlacedOffset>>()
  /** The producers that have an offset pending. */
  readonly #producers = new PartitionMap<Set<bigint>>()

  get (groupId: string, topic: string, partition: number): StoredOffset | undefined {
    return this.#committed.get(groupId, topic, partition)
  }

  topics (groupId: string): ReadonlyMap<string, ReadonlyMap<number, StoredOffset>> {
    return this.#committed.topics(groupId)
  }

  hasCommitted (groupId: string): boolean { return this.#committed.hasGroup(groupId) }

  hasOpenTransaction (groupId: string): boolean { return this.#producers.hasGroup(groupId) }

  isPending (groupId: string, topic: string, partition: number): boolean {
    return this.#producers.get(groupId, topic, partition) !== undefined
  }

  /** Partitions with an offset of any kind, each once. */
  partitionsOf (groupId: string): Array<{ topic: string, partition: number }> {
    const found: Array<{ topic: string, partition: number }> = []
    for (const [topic, partitions] of this.#committed.topics(groupId)) {
      for (const partition of partitions.keys()) found.push({ topic, partition })
    }
    for (const [topic, partitions] of this.#producers.topics(groupId)) {
      for (const partition of partitions.keys()) {
        const known = this.#committed.get(groupId, topic, partition) !== undefined
        if (!known) found.push({ topic, partition })
      }
    }
    return found
  }

  /** Partitions of a topic whose stored id is this one or unknown, in all groups, each once. */
  partitionsOfTopic (topicName: string, topicId: string, zeroId: string):
    Array<{ groupId: string, partition: number }> {
    const found = new PartitionMap<true>()
    const collect = (offsets: PartitionMap<PlacedOffset>): void => {
      for (const groupId of offsets.groups()) {
        for (const [partition, stored] of offsets.topics(groupId).get(topicName) ?? []) {
          if (stored.topicId !== topicId && stored.topicId !== zeroId) continue
          found.set(groupId, topicName, partition, true)
        }
      }
    }
    collect(this.#committed)
    for (const offsets of this.#pending.values()) collect(offsets)
    return [...found.entries()].map(({ groupId, partition }) => ({ groupId, partition }))
  }

  /** Stores a commit; with a producer id it is pending until that producer's transaction ends. */
  put (
    groupId: string, topic: string, partition: number,
    stored: StoredOffset, position: { offset: bigint, producerId: bigint },
  ): void {
    // Field by field: a spread costs four times as much, and a commit has many of these.
    const { offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId } = stored
    const placed: PlacedOffset = {
      offset, leaderEpoch, metadata, commitTimestampMs, expireTimestampMs, topicId,
      recordOffset: position.offset,
    }
    if (position.producerId < 0n) {
      this.#committed.set(groupId, topic, partition, placed)
      return
    }
    let pending = this.#pending.get(position.producerId)
    if (pending === undefined) this.#pending.set(position.producerId, pending = new PartitionMap())
    pending.set(groupId, topic, partition, placed)
    const producers = this.#producers.get(groupId, topic, partition)
    if (producers !== undefined) producers.add(position.producerId)
    else this.#producers.set(groupId, topic, partition, new Set([position.producerId]))
  }

  /** A tombstone takes committed and pending offsets alike. */
  remove (groupId: string, topic: string, partition: number): void {
    this.#committed.delete(groupId, topic, partition)
    for (const producerId of this.#producers.get(groupId, topic, partition) ?? []) {
      const pending = this.#pending.get(producerId)
      pending?.delete(groupId, topic, partition)
      if (pending?.size === 0) this.#pending.delete(producerId)
    }
    this.#producers.delete(groupId, topic, partition)
  }

  /** The producer's transaction has ended: its offsets count from now on, or never. */
  endTransaction (producerId: bigint, committed: boolean): void {
    const pending = this.#pending.get(producerId)
    if (pending === undefined) return
    this.#pending.delete(producerId)
    for (const { groupId, topic, partition, value } of pending.entries()) {
      this.#forget(producerId, groupId, topic, partition)
      if (!committed) continue
      const current = this.#committed.get(groupId, topic, partition)
      if (current !== undefined && current.recordOffset >= value.recordOffset) continue
      this.#committed.set(groupId, topic, partition, value)
    }
  }

  #forget (producerId: bigint, groupId: string, topic: string, partition: number): void {
    const producers = this.#producers.get(groupId, topic, partition)
    producers?.delete(producerId)
    if (producers?.size === 0) this.#producers.delete(groupId, topic, partition)
  }
}
