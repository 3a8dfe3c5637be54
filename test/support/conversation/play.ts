/** Plays a conversation to a broker and gives each answer in the form in which it is recorded. */
import { apis } from '../../../protocol/index.ts'
import { CreateTopics } from '../../../protocol/messages/19-create-topics.ts'
import { DescribeCluster } from '../../../protocol/messages/60-describe-cluster.ts'
import { FindCoordinator } from '../../../protocol/messages/10-find-coordinator.ts'
import { ListOffsets } from '../../../protocol/messages/02-list-offsets.ts'
import { Metadata } from '../../../protocol/messages/03-metadata.ts'
import { OffsetFetch } from '../../../protocol/messages/09-offset-fetch.ts'
import type { Json } from '../../../protocol/json.ts'
import type { Api } from '../../../protocol/types.ts'
import { RawClient } from '../raw-client.ts'
import { Connections } from './connections.ts'
import type { Coming } from './connections.ts'
import { toMessage, toReadable } from './fields.ts'
import type { Ask, Bytes, Conversation, Step, Take, Topic } from './form.ts'
import { find } from './paths.ts'
import { present } from './present.ts'
import { Variables } from './variables.ts'

export interface Place {
  readonly host: string
  readonly port: number
  /** What a broker of many threads needs to have taken a request that it does not answer yet. */
  readonly pauseMs: number
}

export interface Heard {
  readonly step: Ask | Bytes | Take
  /** Undefined where a step has no version of its own. */
  readonly version: number | undefined
  readonly answer: Json
}

const RETRY_MS = 50
const RETRIES_MAX = 400

export class Player {
  readonly #place: Place
  readonly #connections: Connections
  readonly #variables = new Variables()
  readonly #coming = new Map<string, { ask: Ask, version: number, coming: Coming }>()
  /** For what the player itself must know. */
  #own!: RawClient

  constructor (place: Place) {
    this.#place = place
    this.#connections = new Connections(place)
  }

  async * play ({ steps }: Conversation): AsyncGenerator<Heard, void, undefined> {
    this.#own = await RawClient.connect(this.#place.port, this.#place.host)
    try {
      this.#variables.bind('host', this.#place.host, 'host')
      this.#variables.bind('port', this.#place.port, 'port')
      const { clusterId } =
        await this.#own.request(DescribeCluster, 0, { includeClusterAuthorizedOperations: false })
      this.#variables.bind('clusterId', clusterId, 'clusterId')
      for (const step of steps) yield * this.#step(step)
    } finally {
      this.#own.end()
      this.#connections.end()
    }
  }

  async * #step (step: Step): AsyncGenerator<Heard, void, undefined> {
    switch (step.do) {
      case 'note': return
      case 'wait': return await pause(step.ms)
      case 'close':
        this.#connections.close(step.on)
        return await this.#settled()
      case 'topic': return await this.#createTopic(step)
      case 'coordinator': return await this.#awaitCoordinator(step.group)
      case 'bytes': return yield { step, version: undefined, answer: await this.#bytes(step) }
      case 'take': return yield { step, version: undefined, answer: await this.#take(step) }
      case 'ask': return yield * this.#askEach(step)
    }
  }

  async * #askEach (step: Ask): AsyncGenerator<Heard, void, undefined> {
    for (const version of step.versions) {
      this.#variables.bind('v', version, '')
      try {
        if (step.later !== undefined) await this.#send(step, version, step.later)
        else yield { step, version, answer: await this.#ask(step, version) }
      } catch (error) {
        throw new Error(`${step.api} v${version}, ${step.shows}: ${(error as Error).message}`, { cause: error })
      }
    }
  }

  async #ask (ask: Ask, version: number): Promise<Json> {
    const until = ask.rules.filter(rule => rule.rule === 'until')
    for (let tries = 1; ; tries++) {
      const api = apiNamed(ask.api)
      if (ask.silent) {
        await this.#connections.tell(ask.on, api, version, this.#body(ask, version), ask.clientId)
        return 'nothing'
      }
      const coming =
        await this.#connections.ask(ask.on, api, version, this.#body(ask, version), ask.clientId)
      const answer = readable(api, version, await coming.answer)
      const missing =
        until.find(({ path, is }) => JSON.stringify(find(answer, path)) !== JSON.stringify(is))
      if (missing === undefined) return this.#present(answer, ask)
      if (tries === RETRIES_MAX || typeof answer === 'string') throw new Error(`${ask.shows}: ${missing.path} is never ${JSON.stringify(missing.is)}`)
      await pause(RETRY_MS)
    }
  }

  #body (ask: Ask, version: number): any {
    return toMessage(apiNamed(ask.api).request, version, this.#variables.resolve(ask.request))
  }

  #present (answer: Json, { rules }: { rules: Ask['rules'] }): Json {
    return present(answer, rules, this.#variables, Date.now())
  }

  async #send (ask: Ask, version: number, name: string): Promise<void> {
    const api = apiNamed(ask.api)
    const coming =
      await this.#connections.ask(ask.on, api, version, this.#body(ask, version), ask.clientId)
    this.#coming.set(name, { ask, version, coming })
    await this.#settled()
  }

  async #take (take: Take): Promise<Json> {
    const sent = this.#coming.get(take.later)
    if (sent === undefined) throw new ReferenceError(`${take.shows}: nothing was sent as ${take.later}`)
    if (take.now) await this.#settled()
    if (take.now && !sent.coming.isHere) return 'nothing'
    return this.#present(
      readable(apiNamed(sent.ask.api), sent.version, await sent.coming.answer), take
    )
  }

  async #bytes (step: Bytes): Promise<Json> {
    const bytes = Buffer.from(step.hex, 'hex')
    const size = Buffer.alloc(4)
    size.writeInt32BE(bytes.length)
    const whole = step.framed ? Buffer.concat([size, bytes]) : bytes
    if (step.reads === undefined) return await this.#connections.write(step.on, whole)
    const api = apiNamed(step.reads.api)
    const coming = await this.#connections.raw(step.on, whole, api, step.reads.version)
    return this.#present(readable(api, step.reads.version, await coming.answer), step)
  }

  /** Once two answers have come on another connection, what was written before has been read. */
  async #settled (): Promise<void> {
    for (let i = 0; i < 2; i++) await this.#own.request(Metadata, 1, { topics: [] })
    if (this.#place.pauseMs > 0) await pause(this.#place.pauseMs)
  }

  async #createTopic ({ name, partitions, configs }: Topic): Promise<void> {
    const { topics } = await this.#own.request(CreateTopics, 7, {
      topics: [{
        name,
        numPartitions: partitions,
        replicationFactor: 1,
        assignments: [],
        configs: configs.map(([name, value]) => ({ name, value })),
      }],
      timeoutMs: 30_000,
      validateOnly: false,
    })
    const row = topics[0]
    if (row?.errorCode !== 0) throw new Error(`topic ${name}: ${row?.errorCode} ${row?.errorMessage}`)
    this.#variables.bind(`id.${name}`, row.topicId, 'topicId')
    await this.#until(`topic ${name}`, async () => {
      const { topics } = await this.#own.request(ListOffsets, 1, {
        replicaId: -1,
        topics: [{
          name,
          partitions: Array.from({ length: partitions },
            (_, i) => ({ partitionIndex: i, timestamp: -1n })),
        }],
      })
      return topics[0]?.partitions.every(({ errorCode }) => errorCode === 0) === true
    })
  }

  async #awaitCoordinator (group: string): Promise<void> {
    await this.#until(`the coordinator of ${group}`, async () =>
      (await this.#own.request(FindCoordinator, 0, { key: group })).errorCode === 0)
    await this.#until(`the offsets of ${group}`, async () =>
      (await this.#own.request(OffsetFetch, 2, { groupId: group, topics: [] })).errorCode === 0)
  }

  async #until (what: string, holds: () => Promise<boolean>): Promise<void> {
    for (let tries = 1; !await holds(); tries++) {
      if (tries === RETRIES_MAX) throw new Error(`${what} does not come`)
      await pause(RETRY_MS)
    }
  }
}

function apiNamed (name: string): Api {
  const api = apis.find(api => api.name === name)
  if (api === undefined) throw new ReferenceError(`there is no API ${name}`)
  return api
}

function readable (api: Api, version: number, answer: unknown): Json {
  return typeof answer === 'string' ? answer : toReadable(api.response, version, answer)
}

function pause (ms: number): Promise<void> {
  return new Promise(resolve => { setTimeout(resolve, ms) })
}
