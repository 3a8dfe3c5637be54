/** What a batch of metadata records changed: data for the broker's runtime to act on. */
import type { BrokerRegistration, PartitionRegistration, QuotaEntity, Topic } from './facts.ts'

export interface PartitionChange {
  readonly topic: Topic
  readonly index: number
  /** Before the whole batch; undefined for a new partition. What it is now is in the topic. */
  readonly before: PartitionRegistration | undefined
}

export interface ConfigChange {
  readonly type: number
  readonly name: string
  readonly keys: ReadonlySet<string>
}

export class MetadataDelta {
  /** By id. A topic created and deleted in the same batch is in neither map. */
  readonly topicsCreated = new Map<string, Topic>()
  readonly topicsDeleted = new Map<string, Topic>()
  readonly #partitions = new Map<string, Map<number, PartitionChange>>()
  readonly #configs = new Map<string, ConfigChange & { readonly keys: Set<string> }>()
  /** Each broker as it was before the batch; undefined for a new one. */
  readonly brokersChanged = new Map<number, BrokerRegistration | undefined>()
  readonly controllersChanged = new Set<number>()
  readonly featuresChanged = new Set<string>()
  readonly quotasChanged: QuotaEntity[] = []
  readonly aclsChanged = new Set<string>()
  readonly scramUsersChanged = new Set<string>()
  readonly delegationTokensChanged = new Set<string>()
  producerIdsChanged = false

  configsChanged (): Iterable<ConfigChange> { return this.#configs.values() }

  /** Each changed partition once, without those of topics that are gone. */
  * partitionsChanged (): Generator<PartitionChange> {
    for (const changes of this.#partitions.values()) yield * changes.values()
  }

  topicCreated (topic: Topic): void { this.topicsCreated.set(topic.id, topic) }

  topicDeleted (topic: Topic): void {
    this.#partitions.delete(topic.id)
    if (!this.topicsCreated.delete(topic.id)) this.topicsDeleted.set(topic.id, topic)
  }

  partitionChanged (topic: Topic, index: number, before: PartitionRegistration | undefined): void {
    const changes = this.#partitions.get(topic.id) ?? new Map<number, PartitionChange>()
    if (!changes.has(index)) changes.set(index, { topic, index, before })
    this.#partitions.set(topic.id, changes)
  }

  configChanged (type: number, name: string, key: string): void {
    const id = `${type}:${name}`
    const change = this.#configs.get(id) ?? { type, name, keys: new Set<string>() }
    change.keys.add(key)
    this.#configs.set(id, change)
  }

  brokerChanged (brokerId: number, before: BrokerRegistration | undefined): void {
    if (!this.brokersChanged.has(brokerId)) this.brokersChanged.set(brokerId, before)
  }
}
