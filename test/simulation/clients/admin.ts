/**
 * An admin: creates and deletes topics that nobody else uses, and looks whether the metadata says
 * what it was told (P9): neither a kill nor a power loss takes an acknowledged change.
 */
import { code, errorName } from '../../../protocol/errors.ts'
import { CreateTopics } from '../../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../../protocol/messages/20-delete-topics.ts'
import { Produce } from '../../../protocol/messages/00-produce.ts'
import { ConnectionLost } from '../network.ts'
import type { Link } from '../network.ts'
import { ViolationError } from '../world.ts'
import { Client } from './client.ts'
import type { TopicFacts } from './client.ts'
import { makeBatch } from './records.ts'

type Known = { is: 'absent' } | { is: 'present', topic: TopicFacts } | { is: 'unknown', link: Link }

const NAMES = 4
const PAUSE_MS = 600
const TIMEOUT_MS = 20_000
const PARTITIONS_MAX = 3
/** The change was not begun. */
const CERTAIN = new Set<number>([code.REQUEST_TIMED_OUT])

export class Admin extends Client {
  readonly #known = new Map<string, Known>()

  async run (): Promise<void> {
    for (let number = 0; number < NAMES; number++) {
      this.#known.set(`${this.name}-topic-${number}`, { is: 'absent' })
    }
    while (this.world.isSafetyPhase) {
      await this.sleep(this.random.exponential(PAUSE_MS))
      await this.#step(this.random.pick([...this.#known.keys()]))
    }
    for (const name of this.#known.keys()) await this.#look(name)
  }

  async #step (name: string): Promise<void> {
    const known = this.#known.get(name) as Known
    const luck = this.random.next()
    if (known.is === 'unknown' || luck < 0.3) return this.#look(name)
    if (known.is === 'absent') return this.#change(name, link => this.#create(link, name))
    if (luck < 0.6) return this.#write(known.topic)
    return this.#change(name, link => this.#delete(link, known.topic))
  }

  /** A connection that is lost leaves it open whether the change was made. */
  async #change (name: string, change: (link: Link) => Promise<void>): Promise<void> {
    const link = await this.link()
    try {
      await change(link)
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
      this.#known.set(name, { is: 'unknown', link })
    }
  }

  async #create (link: Link, name: string): Promise<void> {
    const partitions = this.random.between(1, PARTITIONS_MAX)
    const { topics } = await link.request(CreateTopics, 7, {
      topics: [
        { name, numPartitions: partitions, replicationFactor: 1, assignments: [], configs: [] },
      ],
      timeoutMs: TIMEOUT_MS,
    })
    const errorCode = topics[0]?.errorCode ?? code.UNKNOWN_SERVER_ERROR
    if (errorCode === code.NONE) {
      const topic = { name, id: topics[0]?.topicId ?? '', partitions }
      this.#known.set(name, { is: 'present', topic })
    } else this.#refused(name, link, errorCode, code.TOPIC_ALREADY_EXISTS)
  }

  async #delete (link: Link, { name, id }: TopicFacts): Promise<void> {
    const byId = this.random.chance(0.5)
    const { responses } = await link.request(DeleteTopics, 6, {
      topics: [byId ? { name: null, topicId: id } : { name, topicId: NO_ID }],
      timeoutMs: TIMEOUT_MS,
    })
    const errorCode = responses[0]?.errorCode ?? code.UNKNOWN_SERVER_ERROR
    if (errorCode === code.NONE) this.#known.set(name, { is: 'absent' })
    else this.#refused(name, link, errorCode, code.UNKNOWN_TOPIC_OR_PARTITION,
      code.UNKNOWN_TOPIC_ID)
  }

  #refused (name: string, link: Link, errorCode: number, ...wrong: readonly number[]): void {
    if (wrong.includes(errorCode)) {
      throw new ViolationError('metadata-durable',
        `${name} is ${this.#known.get(name)?.is}, and the answer is ${errorName(errorCode)}`)
    }
    if (!CERTAIN.has(errorCode)) this.#known.set(name, { is: 'unknown', link })
  }

  /** So that what is deleted is not always empty. */
  async #write (topic: TopicFacts): Promise<void> {
    const bytes = makeBatch([`${topic.name}.0`], [this.random.int(3_000)], this.world.clientNowMs, {})
    try {
      const link = await this.link()
      await link.request(Produce, 13, {
        acks: 1,
        timeoutMs: TIMEOUT_MS,
        topicData: [
          { name: topic.name, topicId: topic.id, partitionData: [{ index: 0, records: bytes }] },
        ],
      })
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error
    }
  }

  async #look (name: string): Promise<void> {
    const known = this.#known.get(name) as Known
    if (known.is === 'unknown') {
      known.link.close()
      while (!known.link.isSettled) await this.sleep(50)
    }
    const topic = await this.topic(name, false)
    if (known.is === 'unknown') {
      this.#known.set(name, topic === undefined ? { is: 'absent' } : { is: 'present', topic })
    } else if (known.is === 'absent' && topic !== undefined) {
      throw new ViolationError('metadata-durable', `${name} was deleted, and is there again`)
    } else if (known.is === 'present' && (topic?.id !== known.topic.id ||
      topic.partitions !== known.topic.partitions)) {
      throw new ViolationError('metadata-durable',
        `${name} was ${known.topic.id} of ${known.topic.partitions} partitions, and is ` +
        `${topic?.id} of ${topic?.partitions}`)
    }
  }
}

const NO_ID = 'AAAAAAAAAAAAAAAAAAAAAA'
