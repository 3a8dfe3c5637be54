/** Topics that nobody created by hand: those that clients name, and the internal ones (D2.6-7). */
import { code, errorName } from '../../protocol/errors.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import type { MessageOf } from '../../protocol/types.ts'
import { createTopics } from '../core/controller/create-topics.ts'
import { isInternalTopic } from '../core/metadata/internal-topics.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { Controller } from './controller/controller.ts'
import type { Environment } from './environment.ts'

type NewTopic = MessageOf<typeof CreateTopics.request>['topics'][number]

export interface InternalTopic {
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: Readonly<Record<string, string>>
}

export interface TopicCreationOptions {
  readonly controller: Controller
  readonly image: MetadataImage
  readonly environment: Environment
  /** The settings of each internal topic, read when it is made. */
  internalTopic (name: string): InternalTopic
  /** num.partitions and default.replication.factor of this broker's file, -1 the controller's. */
  readonly numPartitions: number
  readonly replicationFactor: number
  /** ottla.strict: answer before the topic is there, as Kafka does (D2.6). */
  readonly strict: boolean
}

type Admit = (partitions: number) => boolean

const TIMEOUT_MS = 30_000
/** How many topics the log names when the request of all of them fails. */
const FAILURES_NAMED = 3

export class TopicCreation {
  readonly #options: TopicCreationOptions
  /** By name: two clients that ask at once make one topic. */
  readonly #underWay = new Map<string, Promise<void>>()

  constructor (options: TopicCreationOptions) { this.#options = options }

  /**
   * Creates them and, unless strict, waits until they are there. Failures are logged (D2.6).
   * `admit`: see the controller's `createTopics`.
   */
  async createMissing (names: readonly string[], admit: Admit): Promise<void> {
    const underWay = names.flatMap(name => this.#underWay.get(name) ?? [])
    const missing = names.filter(name => !this.#underWay.has(name))
    // D2.6: one request, so that names that collide with one another only are all made, as by
    // CreateTopics.
    const created = missing.length === 0 ? undefined : this.#create(missing, admit)
    if (!this.#options.strict) await Promise.all([...underWay, created])
  }

  /** The same for a topic that the broker itself is in need of. */
  async ensureInternal (name: string): Promise<void> {
    if (this.#options.image.topics.find(name) !== undefined) return
    const created = this.#underWay.get(name) ?? this.#create([name])
    if (!this.#options.strict) await created
  }

  /** D2.7: the internal topics have their own settings, whoever names them first. */
  #newTopic (name: string): NewTopic {
    const { numPartitions, replicationFactor, internalTopic } = this.#options
    if (!isInternalTopic(name)) {
      return { name, numPartitions, replicationFactor, assignments: [], configs: [] }
    }
    const { partitions, replicationFactor: factor, configs } = internalTopic(name)
    return {
      name,
      numPartitions: partitions,
      replicationFactor: factor,
      assignments: [],
      configs: Object.entries(configs).map(([key, value]) => ({ name: key, value })),
    }
  }

  #create (names: readonly string[], admit?: Admit): Promise<void> {
    const created = this.#request(names.map(name => this.#newTopic(name)), admit).finally(() => {
      for (const name of names) this.#underWay.delete(name)
    })
    for (const name of names) this.#underWay.set(name, created)
    return created
  }

  async #request (topics: NewTopic[], admit: Admit = () => true): Promise<void> {
    const { controller, environment } = this.#options
    try {
      const request = { topics, timeoutMs: TIMEOUT_MS, validateOnly: false }
      const deadlineMs = environment.monotonicMs() + TIMEOUT_MS
      const { reply } =
        await controller.submit(view => createTopics(request, view, { admit }), { deadlineMs })
      for (const { name, errorCode = code.NONE, errorMessage } of reply.topics) {
        if (errorCode === code.NONE) continue
        environment.log('warn', `topic ${name} is not created automatically: ${errorMessage ?? errorName(errorCode)}`)
      }
    } catch (error) {
      for (const { name } of topics.slice(0, FAILURES_NAMED)) {
        environment.log('warn', `topic ${name} is not created automatically`, { error })
      }
    }
  }
}
