/** What all model clients share: a connection that is made again, versions, and metadata. */
import { code } from '../../../protocol/errors.ts'
import { Metadata } from '../../../protocol/messages/03-metadata.ts'
import type { Api, MessageOf, MessageToWrite } from '../../../protocol/types.ts'
import { handlers } from '../../../src/apis/index.ts'
import type { History } from '../history.ts'
import type { Ledger, LogLedger } from '../ledger.ts'
import { ConnectionLost } from '../network.ts'
import type { Link, Network } from '../network.ts'
import type { Random } from '../random.ts'
import { isFlushed } from '../settings.ts'
import type { World } from '../world.ts'

export interface Context {
  readonly world: World
  readonly network: Network
  readonly ledger: Ledger
  readonly history: History
}

export interface TopicFacts {
  readonly name: string
  readonly id: string
  readonly partitions: number
}

const RETRY_MS = 30
const VERSIONS = new Map(handlers.map(({ api, versions }) => [api.key, versions]))

export class Client {
  readonly name: string
  readonly context: Context
  readonly random: Random
  #link: Link | undefined
  #connecting: Promise<Link> | undefined

  constructor (context: Context, name: string) {
    this.context = context
    this.name = name
    this.random = context.world.random.fork()
  }

  get world (): World { return this.context.world }
  get nowMs (): number { return this.world.scheduler.nowMs }

  sleep (delayMs: number): Promise<void> { return this.world.scheduler.sleep(delayMs) }

  /** A connection that is open as far as the client knows; waits until there is one. */
  async link (): Promise<Link> {
    if (this.#link?.isOpen === true) return this.#link
    this.#connecting ??= this.#connect().finally(() => { this.#connecting = undefined })
    return this.#connecting
  }

  async #connect (): Promise<Link> {
    for (;;) {
      try {
        return this.#link = await this.context.network.connect(this.name)
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await this.sleep(this.random.within(RETRY_MS, RETRY_MS * 4))
      }
    }
  }

  disconnect (): void { this.#link?.close() }

  /** A version that the broker serves, `from` at the least. */
  versionOf (api: Api, from = 0): number {
    const [low, high] = VERSIONS.get(api.key) ?? [0, 0]
    if (this.random.chance(0.6)) return high
    return this.random.between(Math.max(low, from), high)
  }

  /** One attempt; rejects with ConnectionLost when the outcome is unknown. */
  async ask<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>
  ): Promise<MessageOf<A['response']>> {
    return (await this.link()).request(api, version, body)
  }

  /** Asks again until there is an answer: for requests that change nothing. */
  async askAgain<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>
  ): Promise<MessageOf<A['response']>> {
    for (;;) {
      try {
        return await this.ask(api, version, body)
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error
        await this.sleep(this.random.within(RETRY_MS, RETRY_MS * 4))
      }
    }
  }

  /** The topic as metadata has it, created if it is missing and that is wanted. */
  async topic (name: string, create: boolean): Promise<TopicFacts | undefined> {
    const { topics } = await this.askAgain(Metadata, this.versionOf(Metadata, 10), {
      topics: [{ name }], allowAutoTopicCreation: create,
    })
    const [topic] = topics
    if (topic === undefined || topic.errorCode !== code.NONE) return undefined
    return { name, id: topic.topicId, partitions: topic.partitions.length }
  }

  /** Waits until the topic is there. */
  async topicOf (name: string): Promise<TopicFacts> {
    for (;;) {
      const topic = await this.topic(name, true)
      if (topic !== undefined && topic.partitions > 0) return topic
      await this.sleep(100)
    }
  }

  ledgerOf (topic: TopicFacts, index: number): LogLedger {
    const { ledger, world } = this.context
    return ledger.of(`${topic.id}-${index}`, () => isFlushed(world.swarm, topic.name))
  }
}
