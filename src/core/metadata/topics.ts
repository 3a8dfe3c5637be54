/** Topics and their partitions, by name and by id. */
import { TopicRecord } from '../../../protocol/stored/metadata-topics.ts'
import type {
  ClearElrRecord, PartitionChangeRecord, PartitionRecord, RemoveTopicRecord,
} from '../../../protocol/stored/metadata-topics.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataDelta } from './delta.ts'
import { fullEntry } from './full-entry.ts'
import { changed, partitionEntry, partitionOf } from './partition.ts'
import type { PartitionRegistration, Topic } from './facts.ts'
import { areAlike } from './replacement.ts'

interface MutableTopic extends Topic { readonly partitions: PartitionRegistration[] }

export class Topics {
  readonly #byName = new Map<string, MutableTopic>()
  readonly #byId = new Map<string, MutableTopic>()
  /** D10.4: names that read alike in metrics, where `.` becomes `_`. */
  readonly #colliding = new Map<string, Set<string>>()

  get size (): number { return this.#byName.size }

  find (name: string): Topic | undefined { return this.#byName.get(name) }
  withId (id: string): Topic | undefined { return this.#byId.get(id) }
  partition (name: string, index: number): PartitionRegistration | undefined {
    return this.#byName.get(name)?.partitions[index]
  }

  [Symbol.iterator] (): IterableIterator<Topic> { return this.#byName.values() }

  /** Another topic whose name differs from this one in `.` and `_` only. */
  collidingWith (name: string): string | undefined {
    if (!hasCollisionChars(name)) return undefined
    for (const other of this.#colliding.get(unified(name)) ?? []) if (other !== name) return other
    return undefined
  }

  replayTopic ({ name, topicId }: TopicRecord, delta: MetadataDelta): void {
    const existing = this.#byName.get(name)
    if (existing !== undefined) {
      throw new Error(`topic ${name} created as ${topicId} while it exists as ${existing.id}`)
    }
    const topic: MutableTopic = { name, id: topicId, partitions: [] }
    this.#add(topic)
    delta.topicCreated(topic)
  }

  #add (topic: MutableTopic): void {
    const { name, id } = topic
    this.#byName.set(name, topic)
    this.#byId.set(id, topic)
    if (hasCollisionChars(name)) {
      const names = this.#colliding.get(unified(name)) ?? new Set()
      this.#colliding.set(unified(name), names.add(name))
    }
  }

  replayPartition (record: PartitionRecord, delta: MetadataDelta): void {
    const topic = this.#topicOf(record.topicId, 'PartitionRecord')
    const { partitionId } = record
    if (partitionId < 0 || partitionId > topic.partitions.length) {
      throw new Error(`partition ${topic.name}-${partitionId} leaves a gap`)
    }
    const before = topic.partitions[partitionId]
    topic.partitions[partitionId] = partitionOf(record)
    delta.partitionChanged(topic, partitionId, before)
  }

  replayPartitionChange (record: PartitionChangeRecord, delta: MetadataDelta): void {
    const topic = this.#topicOf(record.topicId, 'PartitionChangeRecord')
    const before = topic.partitions[record.partitionId]
    if (before === undefined) {
      throw new Error(`change of unknown partition ${topic.name}-${record.partitionId}`)
    }
    topic.partitions[record.partitionId] = changed(before, record)
    delta.partitionChanged(topic, record.partitionId, before)
  }

  replayRemove ({ topicId }: RemoveTopicRecord, delta: MetadataDelta): Topic {
    const topic = this.#topicOf(topicId, 'RemoveTopicRecord')
    this.#byName.delete(topic.name)
    this.#byId.delete(topicId)
    const names = this.#colliding.get(unified(topic.name))
    names?.delete(topic.name)
    if (names?.size === 0) this.#colliding.delete(unified(topic.name))
    delta.topicDeleted(topic)
    return topic
  }

  /** An empty name stands for every topic. It counts as a change: the partition epoch rises. */
  replayClearElr ({ topicName }: ClearElrRecord, delta: MetadataDelta): void {
    if (topicName !== '' && !this.#byName.has(topicName)) {
      throw new Error(`ClearElrRecord for unknown topic ${topicName}`)
    }
    const topics = topicName === '' ? this.#byName.values() : [this.#byName.get(topicName)!]
    for (const topic of topics) {
      for (const [index, before] of topic.partitions.entries()) {
        if (before.elr.length === 0 && before.lastKnownElr.length === 0) continue
        topic.partitions[index] =
          { ...before, elr: [], lastKnownElr: [], partitionEpoch: before.partitionEpoch + 1 }
        delta.partitionChanged(topic, index, before)
      }
    }
  }

  /**
   * Becomes what a snapshot says (R 2.10.20). A topic that is still there stays the same object:
   * whoever is at work on it finds its partitions as they are now.
   */
  replaceBy (loaded: Topics, delta: MetadataDelta): void {
    const before = new Map(this.#byId)
    for (const topic of before.values()) if (!loaded.#byId.has(topic.id)) delta.topicDeleted(topic)
    this.#byName.clear()
    this.#byId.clear()
    this.#colliding.clear()
    for (const { name, id, partitions } of loaded) {
      const known = before.get(id)
      const topic = known ?? { name, id, partitions: [] }
      this.#add(topic)
      if (known === undefined) delta.topicCreated(topic)
      const old = topic.partitions.splice(0, Infinity, ...partitions)
      for (const [index, partition] of partitions.entries()) {
        if (!areAlike(old[index], partition)) delta.partitionChanged(topic, index, old[index])
      }
    }
  }

  records (metadataVersion: number): MetadataEntry[] {
    const entries: MetadataEntry[] = []
    for (const { name, id, partitions } of this.#byName.values()) {
      entries.push(fullEntry(TopicRecord, 0, { name, topicId: id }))
      for (const [index, partition] of partitions.entries()) {
        entries.push(partitionEntry(id, index, partition, metadataVersion))
      }
    }
    return entries
  }

  #topicOf (topicId: string, recordName: string): MutableTopic {
    const topic = this.#byId.get(topicId)
    if (topic === undefined) throw new Error(`${recordName} for unknown topic id ${topicId}`)
    return topic
  }
}

function hasCollisionChars (name: string): boolean { return name.includes('.') || name.includes('_') }
function unified (name: string): string { return name.replaceAll('.', '_') }
