/**
 * Connections between clients and the broker: bytes or requests in order, late, in pieces, or not
 * at all. A cut may lose a request, its answer, or half of either; what the broker has received
 * it still serves, so that a client's next connection can overtake its last one (KAFKA-17754).
 */
import { codec } from '../../protocol/codec.ts'
import { Reader } from '../../protocol/cursor.ts'
import { requestFrame, ResponseHeader, responseHeaderVersion } from '../../protocol/frame.ts'
import type { Api, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import type { Life } from './harness.ts'
import type { Random } from './random.ts'
import { ServerSide } from './server-side.ts'
import type { World } from './world.ts'

/** The connection has gone: nobody knows what became of the request. */
export class ConnectionLost extends Error { override name = 'ConnectionLost' }

interface Pending {
  readonly api: Api
  readonly version: number
  readonly resolve: (response: never) => void
  readonly reject: (error: Error) => void
}

const REFUSED_MS = 5
const REQUEST_TIMEOUT_MS = 30_000

export class Network {
  readonly world: World
  readonly random: Random
  readonly links = new Set<Link>()
  /** The life that accepts connections now. */
  serving: Life | undefined
  /** Called when the broker hands an answer of this API to the network. */
  onAnswer: (apiKey: number) => void = () => {}
  #nextId = 1

  constructor (world: World) {
    this.world = world
    this.random = world.random.fork()
  }

  /** Resolves with an open connection; rejects with ConnectionLost when nobody listens. */
  async connect (clientId: string): Promise<Link> {
    const { scheduler } = this.world
    await scheduler.sleep(this.delayMs())
    if (this.serving === undefined) {
      await scheduler.sleep(REFUSED_MS)
      throw new ConnectionLost('connection refused')
    }
    const link = new Link(this, this.serving, clientId, this.#nextId++)
    this.links.add(link)
    return link
  }

  delayMs (): number {
    const { latencyMs } = this.world.swarm
    return latencyMs *
      (this.random.chance(0.05) ? this.random.within(1, 10) : this.random.within(0.5, 1.5))
  }

  /** Nobody listens any more, and every connection is closed. */
  brokerStops (): void {
    this.serving = undefined
    for (const link of [...this.links]) link.brokerStops()
  }

  /** The broker has died: its kernel resets every connection behind what was sent already. */
  brokerDied (): void {
    this.serving = undefined
    for (const link of [...this.links]) link.brokerDied()
  }
}

/** One connection, seen from the client. */
export class Link {
  readonly clientId: string
  readonly life: Life
  isOpen = true
  readonly #network: Network
  readonly #server: ServerSide
  readonly #pending = new Map<number, Pending>()
  #received = Buffer.alloc(0)
  /** Of the answer that is leaving the broker. */
  #answerBytesLeft = 0
  #nextCorrelationId = 1
  /** No byte arrives before these: order is kept in each direction. */
  #toServerAtMs = 0
  #toClientAtMs = 0

  constructor (network: Network, life: Life, clientId: string, id: number) {
    this.#network = network
    this.life = life
    this.clientId = clientId
    this.#server = new ServerSide(network.world, life, id, {
      send: bytes => { this.#toClient(bytes) },
      close: () => { this.#schedule('toClient', () => { this.reset() }) },
    })
  }

  /** What the broker has of this connection is served to its end: nothing of it can come later. */
  get isSettled (): boolean { return !this.isOpen && (this.#server.isIdle || !this.life.isAlive()) }

  request<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>
  ): Promise<MessageOf<A['response']>> {
    const correlationId = this.#nextCorrelationId
    return new Promise((resolve, reject) => {
      this.#pending.set(correlationId, { api, version, resolve: resolve as Pending['resolve'], reject })
      if (!this.send(api, version, body)) return
      this.#network.world.scheduler.after(REQUEST_TIMEOUT_MS, 'request-timeout', () => {
        if (this.#pending.has(correlationId)) this.cut()
      })
    })
  }

  /** Sends a request that has no answer. False: the connection has gone. */
  send<A extends Api> (api: A, version: number, body: MessageToWrite<A['request']>): boolean {
    const correlationId = this.#nextCorrelationId++
    if (!this.isOpen) {
      this.#pending.get(correlationId)?.reject(new ConnectionLost('closed'))
      this.#pending.delete(correlationId)
      return false
    }
    const frame = Buffer.concat(requestFrame(api, version, correlationId, this.clientId, body))
    this.#network.world.scheduler.note(frame)
    for (const piece of this.#pieces(frame)) {
      this.#schedule('toServer', () => { this.#server.receive(piece) })
    }
    return true
  }

  #pieces (frame: Buffer): Buffer[] {
    const { random } = this.#network
    if (!this.#network.world.swarm.throughBytes || !random.chance(0.2)) return [frame]
    const at = random.int(frame.length + 1)
    return [frame.subarray(0, at), frame.subarray(at)].filter(({ length }) => length > 0)
  }

  #schedule (way: 'toServer' | 'toClient', run: () => void): void {
    const { world } = this.#network
    const { nowMs } = world.scheduler
    const earliest = way === 'toServer' ? this.#toServerAtMs : this.#toClientAtMs
    const atMs = Math.max(earliest + 0.001, nowMs + this.#network.delayMs())
    if (way === 'toServer') this.#toServerAtMs = atMs
    else this.#toClientAtMs = atMs
    world.scheduler.after(atMs - nowMs, way, run)
  }

  #toClient (bytes: Buffer): void {
    this.#network.world.scheduler.note(bytes)
    if (this.#answerBytesLeft === 0) {
      this.#network.onAnswer(this.#pending.get(bytes.readInt32BE(4))?.api.key ?? -1)
    }
    this.#followAnswers(bytes)
    this.#schedule('toClient', () => { if (this.isOpen) this.#receive(bytes) })
  }

  /** An answer may leave the broker in parts, and several together. */
  #followAnswers (bytes: Buffer): void {
    let at = this.#answerBytesLeft
    while (at < bytes.length) at += 4 + bytes.readInt32BE(at)
    this.#answerBytesLeft = at - bytes.length
  }

  #receive (bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes])
    while (this.#received.length >= 4) {
      const size = this.#received.readInt32BE(0)
      if (this.#received.length < size + 4) return
      const frame = this.#received.subarray(4, size + 4)
      this.#received = this.#received.subarray(size + 4)
      this.#answered(frame)
    }
  }

  #answered (frame: Buffer): void {
    const correlationId = frame.readInt32BE(0)
    const pending = this.#pending.get(correlationId)
    if (pending === undefined) {
      this.#network.world.fail('answers-in-order', `an answer to nothing: ${correlationId}`)
      return
    }
    const first = this.#pending.keys().next().value
    if (first !== correlationId) {
      this.#network.world.fail('answers-in-order', `${correlationId} was answered before ${first}`)
    }
    this.#pending.delete(correlationId)
    const { api, version } = pending
    const reader = new Reader(frame)
    codec(ResponseHeader, responseHeaderVersion(api, version)).read(reader)
    pending.resolve(codec(api.response, version).read(reader) as never)
  }

  /** Nothing moves for a while in either direction. */
  stall (forMs: number): void {
    const { nowMs } = this.#network.world.scheduler
    this.#toServerAtMs = Math.max(this.#toServerAtMs, nowMs + forMs)
    this.#toClientAtMs = Math.max(this.#toClientAtMs, nowMs + forMs)
  }

  /** The wire is cut: the client learns of it now, the broker later, and gets part of the rest. */
  cut (): void {
    if (!this.isOpen) return
    const delayMs = this.#network.random.chance(0.5) ? 0 : this.#network.random.within(0, 300)
    this.#server.cutAfter(delayMs)
    this.reset()
  }

  /** Whoever waits for an answer learns that there will be none. */
  reset (): void {
    if (!this.isOpen) return
    this.isOpen = false
    this.#network.links.delete(this)
    for (const { reject } of this.#pending.values()) reject(new ConnectionLost('connection lost'))
    this.#pending.clear()
  }

  /** The broker closes it in order: what it has said still arrives. */
  brokerStops (): void {
    this.#server.cutAfter(0)
    this.brokerDied()
  }

  brokerDied (): void { this.#schedule('toClient', () => { this.reset() }) }

  close (): void { this.cut() }
}
