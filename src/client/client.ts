/**
 * Requests to a cluster: to any broker, to a certain one, to the controller, to a partition's
 * leader or to a group's coordinator. Connections are kept, one a broker; what the cluster looks
 * like is asked once and again after an error that says it has changed.
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { FindCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import type { Api, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import { textOf } from './address.ts'
import type { Address } from './address.ts'
import { clusterOf } from './cluster.ts'
import type { Cluster } from './cluster.ts'
import { BrokerConnection, connectionDefaults } from './connection.ts'
import type { ConnectionOptions } from './connection.ts'
import { ClientError } from './error.ts'
import { retryDefaults, retrying } from './retry.ts'
import type { RetryOptions } from './retry.ts'
import { negotiate } from './versions.ts'
import type { Software, Versions } from './versions.ts'

export interface ClientOptions extends ConnectionOptions, RetryOptions {
  /** Said to the broker in ApiVersions (KIP-511). */
  readonly software: Software
}

const clientDefaults: ClientOptions = {
  ...connectionDefaults, ...retryDefaults, software: { name: 'ottla', version: '0' },
}

/** A connection and what may be said on it. */
export interface Peer { readonly connection: BrokerConnection, readonly versions: Versions }

export interface CallOptions {
  /** For callers that do not speak the API's newest version. */
  readonly versionMax?: number
  /** How long the broker may wait before it answers. */
  readonly waitMs?: number
}

const GROUP = 0

export class Client {
  readonly #bootstrap: readonly Address[]
  readonly #options: ClientOptions
  readonly #peers = new Map<string, Promise<Peer>>()
  readonly #coordinators = new Map<string, number>()
  /** Who named an address, for the error when it cannot be reached. */
  readonly #named = new Map<string, string>()
  #cluster: Cluster | undefined

  constructor (bootstrap: readonly Address[], options: Partial<ClientOptions> = {}) {
    this.#bootstrap = bootstrap
    this.#options = { ...clientDefaults, ...options }
  }

  /** Runs again after errors that are retriable, with what was known of the cluster forgotten. */
  retrying<T> (run: () => Promise<T>): Promise<T> {
    return retrying(run, this.#options, () => { this.forget() })
  }

  forget (): void {
    this.#cluster = undefined
    this.#coordinators.clear()
  }

  /** Brokers and controller, asked once. */
  async cluster (): Promise<Cluster> {
    return this.#cluster ??= await this.describe([])
  }

  /** `topics` null: all of them. Nothing is created. */
  async describe (topics: readonly string[] | null): Promise<Cluster> {
    return await this.#describe(topics, false)
  }

  /**
   * The same; topics that are not there may be made, as for a producer (auto.create.topics.enable).
   */
  async describeOrCreate (topics: readonly string[]): Promise<Cluster> {
    return await this.#describe(topics, true)
  }

  async #describe (topics: readonly string[] | null, mayCreate: boolean): Promise<Cluster> {
    const cluster = clusterOf(await this.any(Metadata, {
      topics: topics === null ? null : topics.map(name => ({ name })),
      allowAutoTopicCreation: mayCreate,
    }))
    for (const [id, address] of cluster.brokers) {
      const where = textOf(address)
      if (!this.#bootstrap.some(known => textOf(known) === where)) this.#named.set(where, `the address of broker ${id}`)
    }
    return cluster
  }

  /** Any broker: an open connection, else the first bootstrap address that can be reached. */
  async any<A extends Api> (
    api: A, body: MessageToWrite<A['request']>, options?: CallOptions
  ): Promise<MessageOf<A['response']>> {
    return await call(await this.#anyPeer(), api, body, options)
  }

  async broker<A extends Api> (
    id: number, api: A, body: MessageToWrite<A['request']>, options?: CallOptions
  ): Promise<MessageOf<A['response']>> {
    return await call(await this.peer(id), api, body, options)
  }

  async controller<A extends Api> (
    api: A, body: MessageToWrite<A['request']>, options?: CallOptions
  ): Promise<MessageOf<A['response']>> {
    const { controllerId } = await this.cluster()
    // Brokers forward to the controller (KIP-590), so any will do while none is known.
    return controllerId < 0
      ? await this.any(api, body, options)
      : await this.broker(controllerId, api, body, options)
  }

  async coordinator<A extends Api> (
    groupId: string, api: A, body: MessageToWrite<A['request']>, options?: CallOptions
  ): Promise<MessageOf<A['response']>> {
    return await this.broker(await this.coordinatorId(groupId), api, body, options)
  }

  /** Throws KafkaError, COORDINATOR_NOT_AVAILABLE for one. */
  async coordinatorId (groupId: string): Promise<number> {
    const known = this.#coordinators.get(groupId)
    if (known !== undefined) return known
    const answer =
      await this.any(FindCoordinator, { key: groupId, keyType: GROUP, coordinatorKeys: [groupId] })
    const found = answer.coordinators[0] ?? answer
    if (found.errorCode !== code.NONE) throw new KafkaError(found.errorCode)
    const { brokers } = await this.cluster()
    if (!brokers.has(found.nodeId)) throw new KafkaError(code.COORDINATOR_NOT_AVAILABLE)
    this.#coordinators.set(groupId, found.nodeId)
    return found.nodeId
  }

  /** Throws KafkaError BROKER_NOT_AVAILABLE for an id that the cluster does not have. */
  async peer (id: number): Promise<Peer> {
    const address = (await this.cluster()).brokers.get(id)
    if (address === undefined) {
      throw new KafkaError(code.BROKER_NOT_AVAILABLE, `Broker ${id} is not in the cluster.`)
    }
    return await this.#peerAt(address)
  }

  async #anyPeer (): Promise<Peer> {
    for (const waiting of this.#peers.values()) {
      const peer = await waiting.catch(() => undefined)
      if (peer?.connection.isOpen === true) return peer
    }
    const errors: unknown[] = []
    for (const address of this.#bootstrap) {
      try {
        return await this.#peerAt(address)
      } catch (error) {
        errors.push(error)
      }
    }
    throw errors.length === 1 ? errors[0] : noneReachable(errors)
  }

  async #peerAt (address: Address): Promise<Peer> {
    const key = textOf(address)
    const known = this.#peers.get(key)
    if (known !== undefined) {
      const peer = await known
      if (peer.connection.isOpen) return peer
      if (this.#peers.get(key) === known) this.#peers.delete(key)
      return await this.#peerAt(address)
    }
    const opening = this.#open(address)
    this.#peers.set(key, opening)
    try {
      return await opening
    } catch (error) {
      if (this.#peers.get(key) === opening) this.#peers.delete(key)
      throw error
    }
  }

  async #open (address: Address): Promise<Peer> {
    const connection =
      await BrokerConnection.open(address, this.#options, this.#named.get(textOf(address)))
    try {
      return { connection, versions: await negotiate(connection, this.#options.software) }
    } catch (error) {
      connection.close()
      throw error
    }
  }

  /** Never rejects. */
  async close (): Promise<void> {
    for (const opening of this.#peers.values()) {
      const peer = await opening.catch(() => undefined)
      peer?.connection.close()
    }
    this.#peers.clear()
  }
}

async function call<A extends Api> (
  { connection, versions }: Peer, api: A, body: MessageToWrite<A['request']>, { versionMax, waitMs }: CallOptions = {}
): Promise<MessageOf<A['response']>> {
  return await connection.request(api, versions.of(api, versionMax), body, waitMs)
}

function noneReachable (errors: readonly unknown[]): ClientError {
  return new ClientError('UNREACHABLE', errors.map(error => (error as Error).message).join('; '))
}
