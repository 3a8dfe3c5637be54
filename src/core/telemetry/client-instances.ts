/**
 * The clients that ask which metrics to push, and when each of them may ask and push again
 * (KIP-714, D24). What is pushed goes nowhere: there is no exporter, but everything is checked as
 * if there were.
 */
import { code } from '../../../protocol/errors.ts'
import { crc32c } from '../../../protocol/records/checksum.ts'
import { uuidToBytes, ZERO_UUID } from '../../../protocol/uuid.ts'
import { shortText } from '../short-text.ts'
import { Subscriptions } from './subscriptions.ts'
import type { ClientFacts, MatchReader, SubscriptionSource, Wanted } from './subscriptions.ts'

/** D24.3 */
const INSTANCES_MAX = 16_384
const IDLE_MS_MIN = 60_000
const IDLE_INTERVALS = 3
/**
 * Of each text that a client says of itself: what is kept of all instances together stays small.
 */
const FACT_LENGTH_MAX = 256

/** Kafka keeps these for itself: `Uuid.ZERO_UUID` and `Uuid.ONE_UUID`. */
const RESERVED: ReadonlySet<string> = new Set([ZERO_UUID, 'AAAAAAAAAAAAAAAAAAAAAQ'])

const CODECS = 5

type Facts = Omit<ClientFacts, 'client_instance_id'>

/** Who asks: `connection` is whatever lives as long as its connection. */
export interface TelemetryClient {
  readonly connection: object
  readonly facts: Facts
}

interface Instance {
  readonly facts: ClientFacts
  readonly wanted: Wanted
  readonly subscriptionId: number
  readonly version: number
  lastGetMs: number
  lastPushMs: number
  lastError: number
  isTerminating: boolean
  expiresMs: number
}

export interface Granted extends Wanted {
  readonly instanceId: string
  readonly subscriptionId: number
}

export interface Push {
  readonly instanceId: string
  readonly subscriptionId: number
  readonly isTerminating: boolean
  readonly compressionType: number
  readonly bytes: number
}

export class ClientInstances {
  readonly #subscriptions: Subscriptions
  readonly #bytesMax: number
  /** Least recently used first. */
  readonly #instances = new Map<string, Instance>()
  readonly #byConnection = new WeakMap<object, string>()
  /** When the instances are looked through next. */
  #sweepMs = 0

  constructor (bytesMax: number, readMatch: MatchReader) {
    this.#bytesMax = bytesMax
    this.#subscriptions = new Subscriptions(readMatch)
  }

  get bytesMax (): number { return this.#bytesMax }
  get size (): number { return this.#instances.size }

  load (sources: Iterable<SubscriptionSource>): void { this.#subscriptions.load(sources) }

  /** GetTelemetrySubscriptions: a number is its error. `newId` makes an id for who has none. */
  subscribe (
    asked: string, client: TelemetryClient, nowMs: number, newId: () => string
  ): Granted | number {
    const instanceId = asked === ZERO_UUID ? newId() : asked
    const instance = this.#use(instanceId, client, nowMs)
    const { lastGetMs, lastPushMs, lastError, wanted, subscriptionId } = instance
    const isDue = nowMs - Math.max(lastGetMs, lastPushMs) >= wanted.pushIntervalMs
    if (isDue) instance.lastGetMs = nowMs
    // Who pushed what is out of date has to ask anew at once.
    else if (lastError !== code.UNKNOWN_SUBSCRIPTION_ID &&
      lastError !== code.UNSUPPORTED_COMPRESSION_TYPE) {
      return code.THROTTLING_QUOTA_EXCEEDED
    }
    instance.lastError = code.NONE
    return { instanceId, subscriptionId, ...wanted }
  }

  /**
   * PushTelemetry, as far as it can be told without reading the metrics; `failed` tells the rest.
   */
  push (push: Push, client: TelemetryClient, nowMs: number): number {
    if (RESERVED.has(push.instanceId)) return code.INVALID_REQUEST
    const instance = this.#use(push.instanceId, client, nowMs)
    instance.lastError = this.#check(push, instance, nowMs)
    instance.isTerminating = push.isTerminating
    return instance.lastError
  }

  /** The metrics could not be read. */
  failed (instanceId: string, errorCode: number): void {
    const instance = this.#instances.get(instanceId)
    if (instance !== undefined) instance.lastError = errorCode
  }

  /** D24.2, in order. */
  #check (push: Push, instance: Instance, nowMs: number): number {
    if (instance.isTerminating) return code.INVALID_REQUEST
    const { lastGetMs, lastPushMs, wanted, subscriptionId } = instance
    // The first push after a get may come at once: clients spread theirs over the interval.
    const isDue = lastGetMs > lastPushMs || nowMs - lastPushMs >= wanted.pushIntervalMs
    if (isDue) instance.lastPushMs = nowMs
    else if (!push.isTerminating) return code.THROTTLING_QUOTA_EXCEEDED
    if (push.subscriptionId !== subscriptionId) return code.UNKNOWN_SUBSCRIPTION_ID
    if (push.compressionType < 0 || push.compressionType >= CODECS) {
      return code.UNSUPPORTED_COMPRESSION_TYPE
    }
    return push.bytes > this.#bytesMax ? code.TELEMETRY_TOO_LARGE : code.NONE
  }

  /** The connection has gone, and with it the instance that it brought. */
  disconnected (connection: object): void {
    const instanceId = this.#byConnection.get(connection)
    if (instanceId !== undefined) this.#instances.delete(instanceId)
    this.#byConnection.delete(connection)
  }

  /** D24.3: forgets who was not heard of for three of its intervals, and for a minute at least. */
  #sweep (nowMs: number): void {
    this.#sweepMs = nowMs + IDLE_MS_MIN
    for (const [instanceId, { expiresMs }] of this.#instances) {
      if (expiresMs <= nowMs) this.#instances.delete(instanceId)
    }
  }

  #use (instanceId: string, client: TelemetryClient, nowMs: number): Instance {
    if (nowMs >= this.#sweepMs) this.#sweep(nowMs)
    const found = this.#instances.get(instanceId)
    const known = found !== undefined && found.expiresMs > nowMs ? found : undefined
    const isCurrent = known?.version === this.#subscriptions.version
    const instance = isCurrent
      ? known
      : this.#make(known?.facts ?? { ...shortened(client.facts), client_instance_id: instanceId })
    if (!isCurrent) this.#byConnection.set(client.connection, instanceId)
    instance.expiresMs =
      nowMs + Math.max(IDLE_MS_MIN, IDLE_INTERVALS * instance.wanted.pushIntervalMs)
    this.#instances.delete(instanceId)
    this.#instances.set(instanceId, instance)
    if (this.#instances.size > INSTANCES_MAX) {
      const [oldest] = this.#instances.keys()
      this.#instances.delete(oldest as string)
    }
    return instance
  }

  #make (facts: ClientFacts): Instance {
    const wanted = this.#subscriptions.of(facts)
    return {
      facts,
      wanted,
      subscriptionId: subscriptionIdOf(wanted, facts.client_instance_id),
      version: this.#subscriptions.version,
      lastGetMs: -Infinity,
      lastPushMs: -Infinity,
      lastError: code.NONE,
      isTerminating: false,
      expiresMs: 0,
    }
  }
}

function shortened (facts: Facts): Facts {
  const entries =
    Object.entries(facts).map(([name, text]) => [name, shortText(text, FACT_LENGTH_MAX)])
  return Object.fromEntries(entries) as Facts
}

/** D24.1: tells one set of metrics from another, differently for each client. */
function subscriptionIdOf ({ metrics, pushIntervalMs }: Wanted, instanceId: string): number {
  const id = uuidToBytes(instanceId)
  const hash = id.readInt32BE(0) ^ id.readInt32BE(4) ^ id.readInt32BE(8) ^ id.readInt32BE(12)
  return crc32c(Buffer.from(`[${metrics.join(', ')}]${pushIntervalMs}`)) ^ hash
}
