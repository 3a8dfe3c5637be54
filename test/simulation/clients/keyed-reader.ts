/**
 * A consumer that reads the compacted topic from its start to its end, again and again, and
 * compares the last value of each key with what was written (D25.14-15).
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { batchesIn } from '../../../protocol/records/batches.ts'
import { lastOffset } from '../../../protocol/records/header.ts'
import { Fetch } from '../../../protocol/messages/01-fetch.ts'
import type { MessageOf } from '../../../protocol/types.ts'
import type { KeyHistory } from '../key-history.ts'
import type { LogLedger } from '../ledger.ts'
import { ConnectionLost } from '../network.ts'
import type { CompactionPlan } from '../swarm.ts'
import { ViolationError } from '../world.ts'
import { Client } from './client.ts'
import type { Context, TopicFacts } from './client.ts'
import { keyNameOf, readRecords } from './records.ts'

const PAUSE_MS = 400
const BYTES_MAX = [200, 5_000, 1_000_000]
const VERSION = 13
const RETRY_MS = 30
const PASSING = new Set<number>([
  code.NOT_LEADER_OR_FOLLOWER, code.KAFKA_STORAGE_ERROR, code.UNKNOWN_TOPIC_OR_PARTITION,
  code.UNKNOWN_TOPIC_ID,
])

type Row = MessageOf<typeof Fetch.response>['responses'][number]['partitions'][number]

interface Fetched { readonly bytes: Buffer, readonly end: number, readonly life: number }

export class KeyedReader extends Client {
  readonly #plan: CompactionPlan
  readonly #keys: KeyHistory
  /** By partition, when the last reading that came to its end began. */
  readonly #readAtMs = new Map<number, number>()
  /** By log, the values that the last reading was excused for. */
  readonly #excused = new Map<string, ReadonlyMap<string, string>>()

  constructor (context: Context, name: string, plan: CompactionPlan, keys: KeyHistory) {
    super(context, name)
    this.#plan = plan
    this.#keys = keys
  }

  /** Whether it has read everything once more since then. */
  hasReadSince (atMs: number): boolean {
    const { partitions } = this.#plan.topic
    return this.#readAtMs.size === partitions &&
      [...this.#readAtMs.values()].every(readAtMs => readAtMs > atMs)
  }

  async run (): Promise<void> {
    const topic = await this.topicOf(this.#plan.topic.name)
    while (!this.world.isOver) {
      await this.sleep(this.random.exponential(PAUSE_MS))
      for (let index = 0; index < this.#plan.topic.partitions; index++) {
        await this.#read(topic, index)
      }
    }
  }

  async #read (topic: TopicFacts, index: number): Promise<void> {
    const ledger = this.ledgerOf(topic, index)
    const { losses } = ledger
    const beganAtMs = this.nowMs
    const acknowledged = this.#keys.acknowledged(ledger.key)
    const names = new Map<string, string>()
    for (let offset = 0; ;) {
      const row = await this.#fetch(topic, index, offset)
      // What a power loss took back was read, or is waited for: the next reading begins anew.
      if (row === undefined || ledger.losses !== losses) return
      // The value that took another's place may have been written after the reading began, and an
      // answer's high watermark is older than its records (D6.24): the end is where nothing
      // follows.
      if (row.bytes.length === 0 && offset >= row.end) break
      offset = this.#take(row, offset, ledger, names)
    }
    if (ledger.losses !== losses) return
    this.#judge(ledger.key, acknowledged, names)
    this.#readAtMs.set(index, beganAtMs)
  }

  #judge (
    log: string, acknowledged: ReadonlyMap<string, number>, names: ReadonlyMap<string, string>
  ): void {
    // Where clocks jump, nobody knows when a tombstone's time is over.
    const { faults } = this.world.swarm
    const keptMs = faults.clockJumpMs === Infinity ? this.#plan.deleteRetentionMs : 0
    const excused = new Map<string, string>()
    const problem = this.#keys.problem(log, acknowledged, names, {
      tombstonesSinceMs: this.nowMs - keptMs,
      mayBeOutdated: (key, name) => {
        excused.set(key, name)
        return this.#excused.get(log)?.get(key) !== name
      },
    })
    this.#excused.set(log, excused)
    if (problem !== undefined) throw new ViolationError('last-value', `${log}: ${problem}`)
  }

  /** What is at the offset, and nothing if the log is empty; undefined: the log is shorter now. */
  async #fetch (topic: TopicFacts, index: number, offset: number): Promise<Fetched | undefined> {
    for (;;) {
      try {
        const link = await this.link()
        const { responses } = await link.request(Fetch, VERSION, {
          maxWaitMs: 0,
          minBytes: 1,
          maxBytes: this.random.pick(BYTES_MAX),
          isolationLevel: this.random.int(2),
          sessionEpoch: -1,
          topics: [{
            topicId: topic.id,
            partitions: [
              { partition: index, fetchOffset: BigInt(offset), partitionMaxBytes: 1_000_000 },
            ],
          }],
          forgottenTopicsData: [],
        })
        const row = responses[0]?.partitions[0]
        if (row === undefined) throw new ViolationError('answer-is-whole', 'a partition is missing')
        if (row.errorCode === code.OFFSET_OUT_OF_RANGE) return undefined
        if (row.errorCode === code.NONE) return this.#fetched(row, offset, link.life.number)
        if (!PASSING.has(row.errorCode)) throw new ViolationError('fetch-error', errorName(row.errorCode))
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
      }
      await this.sleep(RETRY_MS)
    }
  }

  #fetched ({ records, highWatermark }: Row, offset: number, life: number): Fetched | undefined {
    const end = Number(highWatermark)
    const bytes = records ?? Buffer.alloc(0)
    if (bytes.length > 0 || offset === end) return { bytes, end, life }
    if (offset > end) return undefined
    throw new ViolationError('gaps-are-passed', `nothing is served at ${offset} of ${end}`)
  }

  /** Empty batches and gaps are passed (D25.17). */
  #take (
    { bytes, life }: Fetched, from: number, ledger: LogLedger, names: Map<string, string>
  ): number {
    let offset = from
    for (const { offset: at, value, epoch } of readRecords(bytes)) {
      if (at < from) continue
      const key = keyNameOf(value)
      if (key === undefined) throw new ViolationError('last-value', `${ledger.key}: ${value} at ${at} has no key`)
      names.set(key, value)
      ledger.learn(at, value, epoch, life)
    }
    for (const batch of batchesIn(bytes)) offset = Number(lastOffset(batch)) + 1
    return offset
  }
}
