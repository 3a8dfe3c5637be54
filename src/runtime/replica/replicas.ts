/**
 * The replicas that this broker hosts: opened, led, configured and removed as the metadata log
 * says. Also the periodic work on their logs: retention, but for compacted topics, and the expiry
 * of producers.
 */
import { OFFSETS_TOPIC } from '../../core/metadata/internal-topics.ts'
import type { MetadataDelta } from '../../core/metadata/delta.ts'
import type { PartitionRegistration, Topic } from '../../core/metadata/facts.ts'
import { StoreError } from '../../store/store.ts'
import type { Store } from '../../store/store.ts'
import type { Environment, Timer } from '../environment.ts'
import { fetch } from './fetch.ts'
import type { FetchOptions, FetchResult, FetchTarget, OnGone } from './fetch.ts'
import { LoadTurns } from './load-turns.ts'
import { Partition } from './partition.ts'
import type { PartitionHost } from './partition.ts'
import { TimedFlush } from './timed-flush.ts'
import type { TopicSettings } from './topic-settings.ts'

export interface ReplicasOptions {
  readonly nodeId: number
  readonly store: Store
  readonly environment: Environment
  /** The topic's effective configuration, by the image as it is now. */
  settingsOf (topic: string): TopicSettings
  /** Whether anything is set for the topic alone: the configuration of all others is the same. */
  hasSettings (topic: string): boolean
  /** log.retention.check.interval.ms and log.initial.task.delay.ms */
  readonly retentionCheckMs: number
  readonly initialTaskDelayMs: number
  /** producer.id.expiration.ms and its check interval */
  readonly producerExpirationMs: () => number
  readonly producerExpirationCheckMs: number
}

export type LeadershipListener = (partition: Partition) => void

const RESOURCE_TOPIC = 2
/** How soon a full disk is asked again. */
const FULL_DISK_RETRY_MS = 500
/** A checkpoint comes with the next flush into the volume, a quarter of a second later. */
const CHECKPOINT_MS = 500

export function logName (topicId: string, index: number): string { return `${topicId}-${index}` }

function flushMsOf ({ flushMs }: TopicSettings): number { return Math.max(1, Number(flushMs)) }

export class Replicas {
  readonly #options: ReplicasOptions
  readonly #byTopic = new Map<string, Array<Partition | undefined>>()
  /** Of topics that have settings of their own. */
  readonly #settings = new Map<string, TopicSettings>()
  /** Of all others. */
  #ordinarySettings: TopicSettings | undefined
  readonly #host: PartitionHost
  readonly #listeners: LeadershipListener[] = []
  readonly #timers = new Set<Timer>()
  readonly #timedFlush: TimedFlush
  /** By log name: what a full disk has refused is tried again. */
  readonly #refusals = new Map<string, Timer>()
  #looking: Promise<void> | undefined
  /** Their retention waits for a checkpoint. */
  readonly #retaining = new Set<Partition>()
  #stopped = false

  constructor (options: ReplicasOptions) {
    this.#options = options
    const { nodeId, environment } = options
    this.#host = { nodeId, environment, loads: new LoadTurns(environment) }
    this.#timedFlush = new TimedFlush(options.store, options.environment)
    this.#repeat(options.initialTaskDelayMs, options.retentionCheckMs,
      () => { void this.applyRetention() })
    const { producerExpirationCheckMs } = options
    this.#repeat(producerExpirationCheckMs, producerExpirationCheckMs,
      () => { this.#expireProducers() })
  }

  find (topic: string, index: number): Partition | undefined {
    return this.#byTopic.get(topic)?.[index]
  }

  * all (): Generator<Partition> {
    for (const partitions of this.#byTopic.values()) {
      for (const partition of partitions) if (partition !== undefined) yield partition
    }
  }

  fetch (
    targets: readonly FetchTarget[], options: FetchOptions, onGone: OnGone
  ): Promise<FetchResult> {
    return fetch(targets, options, this.#options.environment, onGone)
  }

  /** Called when this broker's part in a partition has changed: leader or not, or removed. */
  onLeadership (listener: LeadershipListener): void { this.#listeners.push(listener) }

  /** Follows the metadata log. */
  apply (delta: MetadataDelta): void {
    for (const topic of delta.topicsDeleted.values()) this.#remove(topic)
    for (const { topic, index } of delta.partitionsChanged()) {
      const facts = topic.partitions[index]
      if (facts !== undefined) this.#follow(topic, index, facts)
    }
    for (const change of delta.configsChanged()) {
      // A broker's own change can be the default behind every topic's setting.
      if (change.type === RESOURCE_TOPIC) this.#configure(change.name)
      else {
        this.#settings.clear()
        this.#ordinarySettings = undefined
        for (const topic of this.#byTopic.keys()) this.#configure(topic)
      }
    }
  }

  #follow (topic: Topic, index: number, facts: PartitionRegistration): void {
    const open = this.find(topic.name, index)
    if (open !== undefined) return this.#lead(open, facts)
    if (!facts.replicas.includes(this.#options.nodeId)) return
    try {
      this.#lead(this.#open(topic, index), facts)
    } catch (error) {
      this.#refused(logName(topic.id, index), error, () => {
        const now = topic.partitions[index]
        if (now !== undefined) this.#follow(topic, index, now)
      })
    }
  }

  /** Reads nothing of the log: what is derived from it is loaded when somebody asks. */
  #open (topic: Topic, index: number): Partition {
    const { store } = this.#options
    const log = store.openLog(logName(topic.id, index), { reserve: topic.name === OFFSETS_TOPIC })
    const identity = { topic: topic.name, topicId: topic.id, index }
    const partition = new Partition(identity, this.#host, log, this.#settingsOf(topic.name))
    const partitions = this.#byTopic.get(topic.name) ?? []
    this.#byTopic.set(topic.name, partitions)
    partitions[index] = partition
    this.#timedFlush.require(flushMsOf(partition.settings), 'at least')
    return partition
  }

  #lead (partition: Partition, facts: PartitionRegistration): void {
    partition.lead({
      leaderId: facts.leader,
      leaderEpoch: facts.leaderEpoch,
      partitionEpoch: facts.partitionEpoch,
      replicas: facts.replicas,
      isr: facts.isr,
    })
    for (const listener of this.#listeners) listener(partition)
  }

  #remove (topic: Topic): void {
    this.#settings.delete(topic.name)
    const { store } = this.#options
    const partitions = this.#byTopic.get(topic.name)
    if (partitions?.some(partition => partition?.identity.topicId === topic.id) === true) {
      this.#byTopic.delete(topic.name)
      for (const partition of partitions) {
        partition?.remove()
        if (partition !== undefined) for (const listener of this.#listeners) listener(partition)
      }
      this.#planFlush()
    }
    for (const index of topic.partitions.keys()) {
      const name = logName(topic.id, index)
      this.#refusals.get(name)?.cancel()
      this.#refusals.delete(name)
      if (store.findLog(name) !== undefined) this.#delete(name)
    }
  }

  #delete (name: string): void {
    this.#options.store.deleteLog(name).catch((error: unknown) => {
      this.#refused(name, error, () => { this.#delete(name) })
    })
  }

  /**
   * R-S9: a full disk is waited out; whatever else fails in the store, the store tells by itself.
   */
  #refused (name: string, error: unknown, again: () => void): void {
    if (!(error instanceof StoreError)) throw error
    const { environment } = this.#options
    if (error.code !== 'DISK_FULL') {
      environment.log('error', `the log ${name} cannot be used`, { error })
      return
    }
    environment.log('warn', `the log ${name} waits for space on the disk`)
    this.#refusals.get(name)?.cancel()
    this.#refusals.set(name, environment.setTimer(FULL_DISK_RETRY_MS, () => {
      this.#refusals.delete(name)
      if (!this.#stopped) again()
    }))
  }

  /** The partitions of a topic share what was worked out for it. */
  #settingsOf (topic: string): TopicSettings {
    if (!this.#options.hasSettings(topic)) {
      return this.#ordinarySettings ??= this.#options.settingsOf(topic)
    }
    const known = this.#settings.get(topic)
    if (known !== undefined) return known
    const settings = this.#options.settingsOf(topic)
    this.#settings.set(topic, settings)
    return settings
  }

  #configure (topic: string): void {
    this.#settings.delete(topic)
    const partitions = this.#byTopic.get(topic)
    if (partitions === undefined) return
    const settings = this.#settingsOf(topic)
    for (const partition of partitions) if (partition !== undefined) partition.settings = settings
    this.#planFlush()
  }

  #planFlush (): void {
    let everyMs = Infinity
    for (const { settings } of this.all()) everyMs = Math.min(everyMs, flushMsOf(settings))
    this.#timedFlush.require(everyMs)
  }

  /** D25.8: of compacted topics the cleaner takes care; also called by tests and tools. */
  applyRetention (): Promise<void> {
    // Loading the logs of a large broker may take longer than the pause between two looks.
    return this.#looking ??= this.#look().finally(() => { this.#looking = undefined })
  }

  async #look (): Promise<void> {
    for (const partition of this.all()) {
      const { settings: { compacts, retentionBytes, retentionMs }, isLoaded } = partition
      // Nothing is loaded for the sake of what is kept for ever.
      if (compacts || (!isLoaded && retentionBytes < 0n && retentionMs < 0n)) continue
      if (!isLoaded) await partition.whenLoaded()
      if (this.#stopped) return
      if (partition.available) this.retain(partition)
    }
  }

  /** D25.8-9: moves the partition's log start by size and time; it must be loaded. */
  retain (partition: Partition): void {
    const { environment } = this.#options
    const { settings, state, startOffset, highWatermark, endOffset } = partition
    // What a compaction has dropped before it was interrupted is in the segments' sums still.
    const bytesMax = settings.compacts ? partition.log.byteSize : Infinity
    const start = state.segments.retain(
      { bytes: settings.retentionBytes, ms: settings.retentionMs, deletes: settings.deletes },
      { startOffset, highWatermark, endOffset, bytesMax }, environment.nowMs())
    if (start <= startOffset) return
    if (state.producers.size > 0 && this.#awaitsCheckpoint(partition, start)) return
    partition.advanceStart(start).catch(error => {
      environment.log('warn', `${partition.name} keeps what retention would drop`, { error })
    })
  }

  /**
   * P5: a start derives the producers from the batches behind the newest checkpoint; those that
   * retention drops must lie below it, or a retry of one of them would be taken for a new batch.
   */
  #awaitsCheckpoint (partition: Partition, start: bigint): boolean {
    const { checkpoint } = partition.log
    const isTaken = checkpoint !== undefined && checkpoint.offset >= start
    if (isTaken && checkpoint.isDurable) return false
    if (this.#retaining.has(partition)) return true
    this.#retaining.add(partition)
    if (!isTaken) partition.log.checkpointSoon()
    const timer = this.#options.environment.setTimer(CHECKPOINT_MS, () => {
      this.#timers.delete(timer)
      this.#retaining.delete(partition)
      if (!this.#stopped && partition.available) this.retain(partition)
    })
    this.#timers.add(timer)
    return true
  }

  #expireProducers (): void {
    const nowMs = this.#options.environment.nowMs()
    const expirationMs = this.#options.producerExpirationMs()
    for (const partition of this.all()) {
      if (partition.isLoaded) partition.state.producers.expire(nowMs, expirationMs)
    }
  }

  #repeat (firstMs: number, everyMs: number, run: () => void): void {
    const { environment } = this.#options
    const arm = (delayMs: number): void => {
      const timer = environment.setTimer(delayMs, () => {
        this.#timers.delete(timer)
        if (this.#stopped) return
        run()
        arm(everyMs)
      })
      this.#timers.add(timer)
    }
    arm(firstMs)
  }

  stop (): void {
    this.#stopped = true
    this.#timedFlush.stop()
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
    for (const timer of this.#refusals.values()) timer.cancel()
  }
}
