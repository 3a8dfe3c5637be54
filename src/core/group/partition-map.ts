/** Values by group, topic and partition. Maps that become empty go away. */

interface Placed<Value> {
  groupId: string
  topic: string
  partition: number
  value: Value
}

export class PartitionMap<Value> {
  readonly #groups = new Map<string, Map<string, Map<number, Value>>>()

  get size (): number { return this.#groups.size }

  get (groupId: string, topic: string, partition: number): Value | undefined {
    return this.#groups.get(groupId)?.get(topic)?.get(partition)
  }

  set (groupId: string, topic: string, partition: number, value: Value): void {
    let topics = this.#groups.get(groupId)
    if (topics === undefined) this.#groups.set(groupId, topics = new Map())
    let partitions = topics.get(topic)
    if (partitions === undefined) topics.set(topic, partitions = new Map())
    partitions.set(partition, value)
  }

  delete (groupId: string, topic: string, partition: number): void {
    const topics = this.#groups.get(groupId)
    const partitions = topics?.get(topic)
    if (topics === undefined || partitions === undefined) return
    partitions.delete(partition)
    if (partitions.size === 0) topics.delete(topic)
    if (topics.size === 0) this.#groups.delete(groupId)
  }

  hasGroup (groupId: string): boolean { return this.#groups.has(groupId) }

  groups (): IterableIterator<string> { return this.#groups.keys() }

  /** The group's topics, each with its partitions. */
  topics (groupId: string): ReadonlyMap<string, ReadonlyMap<number, Value>> {
    return this.#groups.get(groupId) ?? new Map<string, Map<number, Value>>()
  }

  * entries (): IterableIterator<Placed<Value>> {
    for (const [groupId, topics] of this.#groups) {
      for (const [topic, partitions] of topics) {
        for (const [partition, value] of partitions) yield { groupId, topic, partition, value }
      }
    }
  }
}
