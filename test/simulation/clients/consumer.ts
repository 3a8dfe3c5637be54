/**
 * A consumer that assigns every partition to itself and reads on and on, with a fetch session or
 * without. It follows truncations by leader epochs (KIP-320, KIP-595).
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { Fetch } from '../../../protocol/messages/01-fetch.ts'
import { ListOffsets } from '../../../protocol/messages/02-list-offsets.ts'
import type { MessageOf } from '../../../protocol/types.ts'
import { ConnectionLost } from '../network.ts'
import type { Link } from '../network.ts'
import type { ConsumerPlan } from '../swarm.ts'
import { ViolationError } from '../world.ts'
import { Client } from './client.ts'
import type { Context, TopicFacts } from './client.ts'
import { readRecords } from './records.ts'

interface Position {
  readonly topic: TopicFacts
  readonly index: number
  readonly key: string
  offset: number
  /** Leader epoch of the last record that was read. */
  epoch: number
  highWatermark: number
  /** Differs from what the session knows. */
  isNews: boolean
  /** The offset is out of the log's range. */
  isLost: boolean
  /** How many losses of the log it knows of. */
  losses: number
}

type FetchResponse = MessageOf<typeof Fetch.response>
type Row = FetchResponse['responses'][number]['partitions'][number]

const PARTITION_BYTES_MAX = 100_000
const PAUSE_MS = 20
/** Once the faults are over there is only little time for what is left. */
const EAGER = { minBytes: 1, maxBytes: 1_000_000 }
const EARLIEST = -2n
const WRONG_EPOCHS = 0.005
const VERSION_WITH_EPOCHS = 12
const VERSION_WITH_IDS = 13
/** What a fetch of a partition may say while it is loaded again or its broker has just started. */
const PASSING = new Set<number>([
  code.NOT_LEADER_OR_FOLLOWER, code.KAFKA_STORAGE_ERROR, code.UNKNOWN_TOPIC_OR_PARTITION,
  code.UNKNOWN_TOPIC_ID, code.FENCED_LEADER_EPOCH, code.UNKNOWN_LEADER_EPOCH,
])

export class Consumer extends Client {
  readonly #plan: ConsumerPlan
  readonly positions: Position[] = []
  #link: Link | undefined
  #sessionId = 0
  #sessionEpoch = 0

  constructor (context: Context, plan: ConsumerPlan) {
    super(context, plan.name)
    this.#plan = plan
  }

  /** The partitions that it has not read to their end. */
  behind (endOf: (key: string) => number): string[] {
    if (this.positions.length === 0) return [`${this.name} before its first fetch`]
    return this.positions.filter(({ key, offset }) => offset < endOf(key))
      .map(({ key, offset }) => `${this.name} at ${offset} of ${endOf(key)} of ${key}`)
  }

  async run (): Promise<void> {
    for (const { name } of this.world.swarm.topics) {
      const topic = await this.topicOf(name)
      for (let index = 0; index < topic.partitions; index++) {
        this.positions.push({
          topic,
          index,
          key: `${topic.id}-${index}`,
          offset: 0,
          epoch: -1,
          highWatermark: 0,
          isNews: true,
          isLost: false,
          losses: 0,
        })
      }
    }
    while (!this.world.isOver) {
      await this.#poll()
      if (this.random.chance(0.02)) await this.sleep(this.random.within(0, 300))
    }
  }

  async #poll (): Promise<void> {
    const link = await this.link()
    if (link !== this.#link) {
      this.#link = link
      this.#newSession()
      this.#followLosses()
    }
    await this.#resetLost()
    try {
      const response = await link.request(Fetch, this.#plan.version, this.#request())
      this.#answered(response, link)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      return
    }
    await this.sleep(this.random.within(0, PAUSE_MS))
  }

  /** Clients before KIP-320 cannot see a power loss: the simulation tells them. */
  #followLosses (): void {
    for (const position of this.positions) {
      const ledger = this.ledgerOf(position.topic, position.index)
      const keptEnd = ledger.keptEnd(position.losses)
      position.losses = ledger.losses
      if (this.#plan.version >= VERSION_WITH_EPOCHS) continue
      position.offset = Math.min(position.offset, keptEnd)
    }
  }

  /** auto.offset.reset=earliest */
  async #resetLost (): Promise<void> {
    for (const position of this.positions) {
      if (!position.isLost) continue
      const { topics } = await this.askAgain(ListOffsets, this.versionOf(ListOffsets, 1), {
        replicaId: -1,
        topics: [{
          name: position.topic.name,
          partitions: [{ partitionIndex: position.index, timestamp: EARLIEST }],
        }],
      })
      const row = topics[0]?.partitions[0]
      if (row === undefined || row.errorCode !== code.NONE) continue
      position.isLost = false
      position.offset = Number(row.offset)
      position.epoch = -1
      position.isNews = true
      this.#assigned(position)
    }
  }

  #assigned ({ key }: Position): void {
    this.context.history.add({
      process: this.name,
      does: 'assign',
      outcome: 'ok',
      key,
      values: [],
      atMs: this.nowMs,
      life: 0,
      isIdempotent: false,
    })
  }

  #newSession (): void {
    this.#sessionId = 0
    this.#sessionEpoch = 0
    for (const position of this.positions) position.isNews = true
  }

  get #isIncremental (): boolean { return this.#plan.session && this.#sessionId !== 0 }

  #request () {
    const { maxWaitMs, minBytes, maxBytes, readCommitted, session, version } = this.#plan
    const sent = this.positions.filter(({ isNews }) => !this.#isIncremental || isNews)
    for (const position of sent) position.isNews = false
    return {
      maxWaitMs,
      ...(this.world.isSafetyPhase ? { minBytes, maxBytes } : EAGER),
      isolationLevel: readCommitted ? 1 : 0,
      sessionId: session ? this.#sessionId : 0,
      sessionEpoch: session ? this.#nextSessionEpoch() : -1,
      topics: sent.map(({ topic, index, offset, epoch }) => ({
        topic: topic.name,
        topicId: topic.id,
        partitions: [{
          partition: index,
          fetchOffset: BigInt(offset),
          lastFetchedEpoch: version >= VERSION_WITH_EPOCHS ? epoch : -1,
          partitionMaxBytes: PARTITION_BYTES_MAX,
        }],
      })),
      forgottenTopicsData: [],
    }
  }

  /** Now and then that of another request, to see that it is refused (KIP-227). */
  #nextSessionEpoch (): number {
    if (!this.#isIncremental || !this.random.chance(WRONG_EPOCHS)) return this.#sessionEpoch
    return this.#sessionEpoch + 1
  }

  #answered ({ errorCode, sessionId, responses }: FetchResponse, link: Link): void {
    if (errorCode !== code.NONE) {
      this.world.mark(`Fetch session: ${errorName(errorCode)}`)
      this.world.reached('fetch session lost')
      return this.#newSession()
    }
    if (this.#plan.session) {
      this.#sessionId = sessionId
      this.#sessionEpoch = sessionId === 0 ? 0 : this.#sessionEpoch + 1
    }
    for (const { topic, topicId, partitions } of responses) {
      for (const row of partitions) {
        const position = this.positions.find(each => each.index === row.partitionIndex &&
          (this.#plan.version >= VERSION_WITH_IDS
            ? each.topic.id === topicId
            : each.topic.name === topic))
        if (position === undefined) {
          throw new ViolationError('answer-is-whole', 'a partition nobody asked for')
        }
        this.#row(position, row, link)
      }
    }
  }

  #row (position: Position, row: Row, link: Link): void {
    if (row.errorCode !== code.NONE) this.world.mark(`Fetch: ${errorName(row.errorCode)}`)
    if (row.errorCode === code.OFFSET_OUT_OF_RANGE) return this.#outOfRange(position)
    if (row.errorCode !== code.NONE) {
      if (!PASSING.has(row.errorCode)) {
        throw new ViolationError('fetch-error', `${errorName(row.errorCode)} at ${position.key}`)
      }
      position.isNews = true
      return
    }
    const { divergingEpoch } = row
    if (divergingEpoch !== undefined && divergingEpoch.epoch >= 0) {
      return this.#diverged(position, divergingEpoch)
    }
    position.highWatermark = Number(row.highWatermark)
    const ledger = this.ledgerOf(position.topic, position.index)
    ledger.startOffset = Math.max(ledger.startOffset, Number(row.logStartOffset))
    if (row.records !== null && row.records.length > 0) this.#read(position, row, link)
  }

  #read (position: Position, row: Row, link: Link): void {
    const { key } = position
    const ledger = this.ledgerOf(position.topic, position.index)
    const bound = Math.min(Number(row.highWatermark), Number(row.lastStableOffset))
    const records =
      readRecords(row.records as Buffer).filter(({ offset }) => offset >= position.offset)
    for (const { offset, value, epoch } of records) {
      if (offset >= bound) {
        throw new ViolationError('read-below-high-watermark', `${key}: ${offset} of ${bound} was served`)
      }
      // Retention may overtake a read that is under way.
      if (offset !== position.offset && offset > ledger.startOffset) {
        throw new ViolationError('offsets-without-gap',
          `${key}: ${offset} follows ${position.offset - 1}`)
      }
      ledger.learn(offset, value, epoch, link.life.number)
      position.offset = offset + 1
      position.epoch = epoch
    }
    position.isNews = true
    this.context.history.add({
      process: this.name,
      does: 'poll',
      outcome: 'ok',
      key,
      values: records,
      atMs: this.nowMs,
      life: link.life.number,
      isIdempotent: false,
    })
  }

  /** Below the log's start after retention, or above its end after a power loss. */
  #outOfRange (position: Position): void {
    const ledger = this.ledgerOf(position.topic, position.index)
    if (!ledger.hasLost && !ledger.isDeleted && position.offset >= ledger.startOffset) {
      throw new ViolationError('offset-in-range', `${position.key}: ${position.offset} is out of range`)
    }
    if (position.offset < ledger.startOffset) this.world.reached('fetch below the log start')
    position.isLost = true
  }

  #diverged (position: Position, { endOffset, epoch }: { endOffset: bigint, epoch: number }): void {
    const ledger = this.ledgerOf(position.topic, position.index)
    if (!ledger.hasLost) {
      throw new ViolationError('log-matching',
        `${position.key}: epoch ${epoch} ends at ${endOffset}, and ${position.offset} was read`)
    }
    this.world.reached('fetch from an epoch that diverges')
    position.offset = Math.min(position.offset, Number(endOffset))
    position.epoch = epoch
    position.isNews = true
  }
}
