/**
 * A producer: batches to random partitions, several in flight. An idempotent one sends each again,
 * with its sequence, until it is acknowledged; a plain one sends each once.
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { Produce } from '../../../protocol/messages/00-produce.ts'
import { InitProducerId } from '../../../protocol/messages/22-init-producer-id.ts'
import { ConnectionLost } from '../network.ts'
import type { Link } from '../network.ts'
import type { ProducerPlan, TopicPlan } from '../swarm.ts'
import { ViolationError } from '../world.ts'
import type { Batch, MutableOperation, Target } from './batch.ts'
import { Client } from './client.ts'
import type { Context } from './client.ts'
import { probe } from './probes.ts'
import { makeBatch } from './records.ts'

const IN_FLIGHT_MAX = 5
const PRODUCE_TIMEOUT_MS = 10_000
const RETRY_MS = 20
/** Now and then it does what none should, or begins a new epoch. */
const PROBES = 0.1
const BUMPS = 0.2
const TOMBSTONES = 0.25

/** Nothing of the batch is in the log. A lost leader may have written it (1.3, KAFKA-13574). */
const CERTAIN = new Set<number>([
  code.UNKNOWN_TOPIC_OR_PARTITION, code.UNKNOWN_TOPIC_ID,
  code.OUT_OF_ORDER_SEQUENCE_NUMBER, code.INVALID_PRODUCER_EPOCH,
])
const RETRIABLE = new Set<number>([
  code.NOT_LEADER_OR_FOLLOWER, code.KAFKA_STORAGE_ERROR, code.REQUEST_TIMED_OUT,
  code.NOT_ENOUGH_REPLICAS, code.NOT_ENOUGH_REPLICAS_AFTER_APPEND, code.UNKNOWN_TOPIC_OR_PARTITION,
  code.UNKNOWN_TOPIC_ID,
])

export class Producer extends Client {
  readonly plan: ProducerPlan
  readonly targets: Target[] = []
  producerId = -1n
  producerEpoch = -1
  #count = 0
  #isDone = false

  constructor (context: Context, plan: ProducerPlan) {
    super(context, plan.name)
    this.plan = plan
  }

  async run (): Promise<void> {
    const { swarm } = this.world
    const topics = this.plan.keys === undefined
      ? swarm.topics
      : [swarm.compaction?.topic as TopicPlan]
    for (const { name } of topics) {
      const topic = await this.topicOf(name)
      for (let index = 0; index < topic.partitions; index++) {
        // From now on it follows what each start finds: an answer may come after the next one.
        this.ledgerOf(topic, index)
        this.targets.push({
          topic, index, key: `${topic.id}-${index}`, nextSequence: 0, queue: [], last: undefined,
        })
      }
    }
    if (this.plan.idempotent) await this.#init()
    const making = this.#make()
    while (!this.#isDone) {
      await this.#sendAll()
      await this.sleep(this.random.within(0.5, 5))
      if (!this.world.isSafetyPhase && this.#isIdle) this.#isDone = true
    }
    await making
  }

  get isUnderWay (): boolean {
    return this.targets.some(({ queue }) => queue.some(({ isSent }) => isSent))
  }

  get #isIdle (): boolean { return this.targets.every(({ queue }) => queue.length === 0) }

  async #init (): Promise<void> {
    for (;;) {
      const answer = await this.askAgain(InitProducerId, this.versionOf(InitProducerId), {
        transactionalId: null, transactionTimeoutMs: 60_000,
      })
      if (answer.errorCode === code.NONE) {
        this.producerId = answer.producerId
        this.producerEpoch = answer.producerEpoch
        return
      }
      await this.sleep(RETRY_MS)
    }
  }

  async #make (): Promise<void> {
    while (this.world.isSafetyPhase) {
      await this.sleep(this.random.exponential(this.plan.everyMs))
      const target = this.random.pick(this.targets)
      if (this.plan.idempotent && this.random.chance(PROBES)) {
        await probe(this, target)
        if (this.#isIdle && this.random.chance(BUMPS)) this.bumpEpoch()
        continue
      }
      if (target.queue.length < IN_FLIGHT_MAX * 2) this.makeBatch(target)
    }
  }

  #newName (): string {
    const { plan: { keys }, random } = this
    const name = `${this.name}.${this.#count++}`
    return keys === undefined ? name : `${name}/k${random.int(keys)}${random.chance(TOMBSTONES) ? '-' : ''}`
  }

  makeBatch (target: Target): Batch {
    const { plan, random } = this
    const values: string[] = []
    const paddings: number[] = []
    for (let count = random.between(1, plan.recordsMax); count > 0; count--) {
      values.push(this.#newName())
      paddings.push(random.int(plan.bytesMax))
    }
    const operation: MutableOperation = {
      process: this.name,
      does: 'send',
      outcome: 'info',
      key: target.key,
      values: values.map(value => ({ offset: undefined, value })),
      atMs: this.nowMs,
      life: 0,
      isIdempotent: plan.idempotent,
    }
    this.context.history.add(operation)
    const batch: Batch = {
      target,
      values,
      paddings,
      operation,
      epoch: this.producerEpoch,
      sequence: target.nextSequence,
      isSent: false,
      tries: 0,
      notBeforeMs: 0,
    }
    target.nextSequence += values.length
    target.queue.push(batch)
    return batch
  }

  /** Sends what may be sent: in order, at most five of a partition at once. */
  async #sendAll (): Promise<void> {
    if (this.#isIdle) return
    const link = await this.link()
    for (const target of this.targets) {
      for (const batch of target.queue.slice(0, IN_FLIGHT_MAX)) {
        if (batch.isSent) continue
        if (batch.notBeforeMs > this.nowMs) break
        batch.isSent = true
        batch.tries++
        void this.world.spawn(this.name, () => this.#send(link, batch))
      }
    }
  }

  bytesOf (batch: Batch): Buffer {
    const { plan } = this
    return makeBatch(batch.values, batch.paddings, this.world.clientNowMs, {
      codec: plan.compresses ? 'lz4' : 'none',
      ...(plan.idempotent
        ? { producerId: this.producerId, producerEpoch: batch.epoch, baseSequence: batch.sequence }
        : {}),
    })
  }

  requestFor (batch: Batch, acks: number) {
    const { topic, index } = batch.target
    return {
      acks,
      timeoutMs: PRODUCE_TIMEOUT_MS,
      topicData: [{
        name: topic.name,
        topicId: topic.id,
        partitionData: [{ index, records: this.bytesOf(batch) }],
      }],
    }
  }

  async #send (link: Link, batch: Batch): Promise<void> {
    const version = this.versionOf(Produce, 3)
    const { acks } = this.plan
    if (acks === 0) {
      link.send(Produce, version, this.requestFor(batch, acks))
      return this.#finish(batch)
    }
    try {
      const { responses } = await link.request(Produce, version, this.requestFor(batch, acks))
      const row = responses[0]?.partitionResponses[0]
      if (row === undefined) throw new ViolationError('answer-is-whole', 'a partition is missing')
      if (row.errorCode === code.NONE) {
        return this.#acknowledged(batch, Number(row.baseOffset), link)
      }
      this.#refused(batch, row.errorCode)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      if (!this.plan.idempotent) return this.#finish(batch)
      batch.isSent = false
      batch.notBeforeMs = this.nowMs + this.random.within(0, RETRY_MS)
    }
  }

  #finish (batch: Batch): void {
    const { queue } = batch.target
    const at = queue.indexOf(batch)
    if (at >= 0) queue.splice(at, 1)
  }

  #acknowledged (batch: Batch, baseOffset: number, link: Link): void {
    const { target, operation, values } = batch
    operation.outcome = 'ok'
    if (batch.tries > 1) this.world.reached('batch acknowledged at a later try')
    operation.life = link.life.number
    operation.values = values.map((value, index) => ({ offset: baseOffset + index, value }))
    const ledger = this.ledgerOf(target.topic, target.index)
    for (const [index, value] of values.entries()) {
      ledger.learn(baseOffset + index, value, undefined, link.life.number)
    }
    this.#finish(batch)
    target.last = batch
  }

  #refused (batch: Batch, errorCode: number): void {
    const { queue } = batch.target
    this.world.mark(`Produce: ${errorName(errorCode)}`)
    const isFull = this.world.disk.capacityBytes < Number.MAX_SAFE_INTEGER
    if (errorCode === code.KAFKA_STORAGE_ERROR && isFull) {
      this.world.reached('append refused by a full disk')
    }
    if (!this.plan.idempotent) {
      if (CERTAIN.has(errorCode)) batch.operation.outcome = 'fail'
      return this.#finish(batch)
    }
    const isFirst = queue[0] === batch
    if (errorCode === code.OUT_OF_ORDER_SEQUENCE_NUMBER ? !isFirst : RETRIABLE.has(errorCode)) {
      batch.isSent = false
      batch.notBeforeMs = this.nowMs + RETRY_MS
      return
    }
    this.#broken(batch, errorCode)
  }

  /** The broker has forgotten what came before: a power loss may make it, nothing else (P5). */
  #broken (batch: Batch, errorCode: number): void {
    const { target, sequence, epoch } = batch
    const ledger = this.ledgerOf(target.topic, target.index)
    // KIP-360: when the very first batch is refused, its successor in flight is taken as the first.
    const isOvertaken = errorCode === code.OUT_OF_ORDER_SEQUENCE_NUMBER && sequence === 0
    if (!ledger.hasLost && !isOvertaken) {
      throw new ViolationError('idempotence',
        `${errorName(errorCode)} for sequence ${sequence} of epoch ${epoch} at ${target.key}`)
    }
    this.bumpEpoch()
  }

  /** KIP-360: a new epoch, sequences from 0, and nobody knows what became of the rest. */
  bumpEpoch (): void {
    this.producerEpoch++
    for (const target of this.targets) {
      target.queue.length = 0
      target.nextSequence = 0
      target.last = undefined
    }
    this.disconnect()
  }
}
