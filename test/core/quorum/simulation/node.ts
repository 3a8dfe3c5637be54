/** One node of the simulation: machine, disk, and effects that are performed in virtual time. */
import type {
  Effect, QuorumApi, QuorumMessage, SnapshotId,
} from '../../../../src/core/quorum/effects.ts'
import { Quorum } from '../../../../src/core/quorum/quorum.ts'
import type { QuorumOptions } from '../../../../src/core/quorum/state.ts'
import { entryBatch } from '../../../../src/runtime/quorum/log.ts'
import { SimulatedDisk } from './disk.ts'
import { Violation } from './invariants.ts'
import type { Invariants } from './invariants.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'

export interface Delays {
  readonly voteMs: number
  readonly writeMs: number
  readonly flushMs: number
}

/** What a node needs of the cluster around it. */
export interface Surroundings {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly invariants: Invariants
  delays (): Delays
  votersDisks (): SimulatedDisk[]
  request (from: SimulatedNode, effect: Effect & { do: 'send' }): void
  respond (from: SimulatedNode, requestId: number, api: QuorumApi, response: unknown): void
}

const SNAPSHOT_BYTES = 700

export class SimulatedNode {
  readonly id: number
  readonly disk = new SimulatedDisk()
  readonly options: QuorumOptions
  readonly #around: Surroundings
  quorum: Quorum | undefined
  /** Counts its lives: what an earlier one began means nothing to a later one. */
  life = 0
  appended = 0
  #queue: Effect[] = []
  #busy = false
  #timerMs = Infinity
  #highWatermark = 0n
  #download: Buffer[] = []
  /** Who asks for a vote, by request. */
  readonly #candidates = new Map<number, number>()

  constructor (options: QuorumOptions, around: Surroundings) {
    this.id = options.nodeId
    this.options = options
    this.#around = around
  }

  get name (): string { return `node ${this.id} (life ${this.life})` }
  get isUp (): boolean { return this.quorum !== undefined }

  start (): void {
    this.life += 1
    this.#queue = []
    this.#busy = false
    this.#timerMs = Infinity
    this.#highWatermark = 0n
    const quorum = this.quorum = new Quorum(this.options, this.disk.recover())
    this.#take(quorum.start(this.#around.scheduler.nowMs))
  }

  crash (): void {
    const { random } = this.#around
    const saving = this.#busy ? this.#queue[0] : undefined
    this.quorum = undefined
    this.disk.loseUnflushed(random)
    // The write that was under way may or may not have reached the disk.
    if (saving?.do === 'saveVote' && random.chance(0.5)) this.#saveVote(saving)
  }

  step (message: QuorumMessage): void {
    if (message.is === 'request' && message.api === 'Vote') {
      const partition = message.request.topics[0]?.partitions[0]
      if (partition?.preVote === false) this.#candidates.set(message.requestId, partition.replicaId)
    }
    this.#input(quorum => quorum.step(message, this.#around.scheduler.nowMs))
  }

  append (count: number): void {
    const { quorum } = this
    if (quorum === undefined || !quorum.isLeader) return
    const records = Array.from({ length: count }, () => {
      this.appended += 1
      return Buffer.from(`${this.id}/${this.life}/${this.appended}`)
    })
    const appended = quorum.append(records, quorum.leader.epoch, this.#around.scheduler.nowMs)
    if (appended !== undefined) this.#take(appended.effects)
  }

  takeSnapshot (): void {
    const { quorum, disk } = this
    const endOffset = this.#highWatermark
    if (quorum === undefined || this.#busy || endOffset <= disk.startOffset) return
    const id = { endOffset, epoch: quorum.epochAt(endOffset - 1n) }
    const bytes = snapshotBytes(id)
    disk.keepSnapshot({ ...id, sizeBytes: bytes.length, bytes })
    const { nowMs } = this.#around.scheduler
    this.#take(quorum.snapshotTaken({ ...id, sizeBytes: bytes.length }, nowMs))
  }

  stop (): void { this.#input(quorum => quorum.stop(this.#around.scheduler.nowMs)) }

  #input (tell: (quorum: Quorum) => Effect[]): void {
    if (this.quorum !== undefined) this.#take(tell(this.quorum))
  }

  #take (effects: Effect[]): void {
    this.#queue.push(...effects)
    if (!this.#busy) this.#drain()
    this.#setTimer()
  }

  #setTimer (): void {
    const { scheduler } = this.#around
    const dueMs = this.quorum?.deadline() ?? Infinity
    if (dueMs >= this.#timerMs) return
    this.#timerMs = dueMs
    this.#later(dueMs - scheduler.nowMs, () => {
      if (this.#timerMs > dueMs) return
      this.#timerMs = Infinity
      this.#input(quorum => quorum.tick(scheduler.nowMs))
    })
  }

  #later (delayMs: number, run: () => void): void {
    const { life } = this
    this.#around.scheduler.after(delayMs, () => { if (this.life === life && this.isUp) run() })
  }

  #drain (): void {
    for (let effect = this.#queue[0]; effect !== undefined; effect = this.#queue[0]) {
      const durable = this.#barrier(effect)
      if (durable !== undefined) {
        this.#busy = true
        this.#later(this.#around.random.between(0, this.#around.delays().voteMs), () => {
          this.#busy = false
          this.#queue.shift()
          durable()
          if (!this.#busy) this.#drain()
        })
        return
      }
      this.#queue.shift()
      this.#perform(effect)
    }
  }

  /** What nothing may overtake, to be done when its delay is over. */
  #barrier (effect: Effect): (() => void) | undefined {
    const { disk } = this
    const { scheduler } = this.#around
    switch (effect.do) {
      case 'saveVote': return () => { this.#saveVote(effect) }
      case 'truncateLog': return () => {
        disk.truncate(effect.offset)
        disk.flush(effect.offset)
        const { offset, generation } = effect
        this.#input(quorum => quorum.flushed(offset, generation, scheduler.nowMs))
      }
      case 'installSnapshot': return () => {
        const bytes = Buffer.concat(this.#download)
        if (!bytes.equals(snapshotBytes(effect.id))) {
          throw new Violation('SnapshotSound', `${this.name} mixed two snapshots`)
        }
        const snapshot = { ...effect.id, sizeBytes: bytes.length }
        disk.installSnapshot({ ...snapshot, bytes })
        this.#input(quorum => quorum.snapshotInstalled(
          snapshot, { voters: undefined, kraftVersion: 0 }, scheduler.nowMs))
      }
      default: return undefined
    }
  }

  #saveVote ({ vote }: Effect & { do: 'saveVote' }): void {
    this.#around.invariants.voteSaved(this.id, vote)
    this.disk.vote = vote
  }

  #perform (effect: Effect): void {
    const { disk } = this
    const { invariants } = this.#around
    switch (effect.do) {
      case 'appendLog': return this.#append(entryBatch(effect.entry, {
        baseOffset: effect.baseOffset, epoch: effect.epoch, timestampMs: 0,
      }), effect)
      case 'copyLog': return this.#append(effect.batches, effect)
      case 'send':
        invariants.told(this.name, disk, { epoch: epochSent(effect) })
        return this.#around.request(this, effect)
      case 'reply': return this.#respond(effect.requestId, effect.api, effect.response)
      case 'replyFromLog': {
        const [topic] = effect.response.responses
        const [partition] = topic?.partitions ?? []
        if (topic === undefined || partition === undefined) return
        const records = disk.read(effect.offset, effect.endOffset, effect.bytesMax)
        const partitions = [{ ...partition, records }]
        return this.#respond(effect.requestId, 'Fetch',
          { ...effect.response, responses: [{ ...topic, partitions }] })
      }
      case 'replyFromSnapshot': {
        const [topic] = effect.response.topics
        const [partition] = topic?.partitions ?? []
        const bytes = disk.snapshot(effect.id)?.bytes
        if (topic === undefined || partition === undefined || bytes === undefined) return
        const { position, bytesMax } = effect
        const unalignedRecords = bytes.subarray(position, position + bytesMax)
        const partitions = [{ ...partition, unalignedRecords }]
        return this.#respond(effect.requestId, 'FetchSnapshot',
          { ...effect.response, topics: [{ ...topic, partitions }] })
      }
      case 'storeSnapshot':
        if (effect.position === 0) this.#download = []
        this.#download.push(effect.bytes)
        return
      case 'advanceHighWatermark': return this.#advance(effect.offset, effect.epoch)
      case 'becomeLeader': return invariants.leaderElected(this, effect.epoch)
      case 'changeLeader': return
      case 'fail': throw new Violation('NoIllegalState', `${this.name} fails: ${effect.reason}`)
      default: throw new Error(`${effect.do} is not performed here`)
    }
  }

  #append (
    bytes: Buffer, { endOffset, generation }: { endOffset: bigint, generation: number }
  ): void {
    const { disk } = this
    const { invariants, random, scheduler } = this.#around
    const { writeMs, flushMs } = this.#around.delays()
    for (const batch of disk.append(bytes)) invariants.written(this.name, disk, batch)
    const { cuts } = disk
    const writtenMs = random.between(0, writeMs)
    this.#later(writtenMs, () => {
      this.#input(quorum => quorum.written(endOffset, generation, scheduler.nowMs))
    })
    this.#later(writtenMs + random.between(0, flushMs), () => {
      // A report about what was cut off since says nothing about what stands there now.
      if (cuts === disk.cuts) disk.flush(endOffset)
      this.#input(quorum => quorum.flushed(endOffset, generation, scheduler.nowMs))
    })
  }

  #respond (requestId: number, api: QuorumApi, response: unknown): void {
    const { invariants } = this.#around
    const candidate = this.#candidates.get(requestId)
    this.#candidates.delete(requestId)
    const told = epochTold(response as Told)
    invariants.told(this.name, this.disk, candidate !== undefined && told.voteGranted
      ? { epoch: told.epoch, votedFor: candidate }
      : { epoch: told.epoch })
    this.#around.respond(this, requestId, api, response)
  }

  #advance (offset: bigint, epoch: number): void {
    if (offset < this.#highWatermark) {
      throw new Violation('HighWatermarkMonotone', `${this.name} goes back to ${offset}`)
    }
    this.#highWatermark = offset
    const { invariants } = this.#around
    invariants.highWatermarkAdvanced(this, offset, this.#around.votersDisks())
    const { quorum } = this
    if (quorum?.isLeader && quorum.leader.epoch === epoch) invariants.leaderCommitted(this, epoch)
  }
}

/** The same for every node, as a snapshot of the same records is. */
function snapshotBytes ({ endOffset, epoch }: SnapshotId): Buffer {
  return Buffer.alloc(SNAPSHOT_BYTES, `${endOffset}-${epoch};`)
}

function epochSent (effect: Effect & { do: 'send' }): number {
  switch (effect.api) {
    case 'Vote': return effect.request.topics[0]?.partitions[0]?.replicaEpoch ?? 0
    case 'BeginQuorumEpoch': case 'EndQuorumEpoch':
      return effect.request.topics[0]?.partitions[0]?.leaderEpoch ?? 0
    case 'Fetch': case 'FetchSnapshot':
      return effect.request.topics[0]?.partitions[0]?.currentLeaderEpoch ?? 0
  }
}

interface ToldPartition {
  readonly leaderEpoch?: number
  readonly currentLeader?: { readonly leaderEpoch?: number }
  readonly voteGranted?: boolean
}
type ToldTopics = ReadonlyArray<{ readonly partitions: readonly ToldPartition[] }>
interface Told { readonly topics?: ToldTopics, readonly responses?: ToldTopics }

/** What a response of any kind says about the epoch, and about a vote. */
function epochTold ({ topics, responses }: Told): { epoch: number, voteGranted: boolean } {
  const partition = (topics ?? responses)?.[0]?.partitions[0]
  return {
    epoch: partition?.leaderEpoch ?? partition?.currentLeader?.leaderEpoch ?? 0,
    voteGranted: partition?.voteGranted === true,
  }
}
