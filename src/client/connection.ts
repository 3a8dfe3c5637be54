/**
 * One connection to a broker: frames, correlation ids, requests under way and their time-outs.
 * Answers come in the order of the requests; whatever breaks that order ends the connection, and
 * everything under way with it.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { codec } from '../../protocol/codec.ts'
import { Reader } from '../../protocol/cursor.ts'
import { requestFrame, ResponseHeader, responseHeaderVersion } from '../../protocol/frame.ts'
import type { Api, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import type { Address } from './address.ts'
import { ClientError, closed, notKafka, timedOut, unreachable } from './error.ts'
import { FrameReader } from './frames.ts'

export interface ConnectionOptions {
  readonly clientId: string | null
  readonly connectTimeoutMs: number
  /** From the request to its whole answer; a request that waits at the broker adds to it. */
  readonly requestTimeoutMs: number
  /** The largest answer. */
  readonly frameBytesMax: number
  readonly requestsInFlightMax: number
}

export const connectionDefaults: ConnectionOptions = {
  clientId: 'ottla',
  connectTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  frameBytesMax: 256 * 1024 * 1024,
  requestsInFlightMax: 100,
}

interface Pending {
  readonly api: Api
  readonly version: number
  readonly correlationId: number
  readonly timer: NodeJS.Timeout
  resolve (body: unknown): void
  reject (error: unknown): void
}

export class BrokerConnection {
  readonly address: Address
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #frames: FrameReader
  readonly #pending: Pending[] = []
  #correlationId = 0
  #failure: ClientError | undefined
  #answers = 0

  private constructor (address: Address, socket: Socket, options: ConnectionOptions) {
    this.address = address
    this.#socket = socket
    this.#options = options
    this.#frames = new FrameReader(options.frameBytesMax)
    socket.on('data', chunk => { this.#read(chunk) })
    socket.on('error', () => { /* 'close' follows */ })
    socket.on('close', () => { this.#end(closed(address, this.#answers === 0)) })
  }

  /** Rejects with ClientError UNREACHABLE. `from` says who named the address, if people did not. */
  static open (
    address: Address, options: ConnectionOptions, from?: string
  ): Promise<BrokerConnection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ ...address, noDelay: true })
      const fail = (cause: unknown): void => {
        clearTimeout(timer)
        socket.destroy()
        reject(unreachable(address, from, cause))
      }
      const timer = setTimeout(fail, options.connectTimeoutMs, { code: 'ETIMEDOUT' })
      socket.once('error', fail)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.removeListener('error', fail)
        resolve(new BrokerConnection(address, socket, options))
      })
    })
  }

  get isOpen (): boolean { return this.#failure === undefined }

  /** Rejects with ClientError; `waitMs` is what the broker may wait itself before it answers. */
  request<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>, waitMs = 0
  ): Promise<MessageOf<A['response']>> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure)
      if (this.#pending.length >= this.#options.requestsInFlightMax) {
        return reject(new ClientError('BUSY', `more than ${this.#options.requestsInFlightMax} requests under way`))
      }
      const timeoutMs = this.#options.requestTimeoutMs + waitMs
      const correlationId = this.#write(api, version, body)
      const timer =
        setTimeout(() => { this.#end(timedOut(this.address, api.name, timeoutMs)) }, timeoutMs)
      this.#pending.push({ api, version, correlationId, timer, resolve: resolve as Pending['resolve'], reject })
    })
  }

  /** For the one request that has no answer: Produce with acks=0. */
  send<A extends Api> (api: A, version: number, body: MessageToWrite<A['request']>): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#write(api, version, body)
  }

  /** Resolves when the socket takes more; for senders that no answer slows down. */
  async written (): Promise<void> {
    if (!this.#socket.writableNeedDrain) return
    await new Promise<void>(resolve => {
      const done = (): void => {
        this.#socket.off('drain', done).off('close', done)
        resolve()
      }
      this.#socket.on('drain', done).on('close', done)
    })
  }

  #write<A extends Api> (api: A, version: number, body: MessageToWrite<A['request']>): number {
    const correlationId = this.#correlationId = (this.#correlationId + 1) & 0x7fffffff
    this.#socket.cork()
    for (const chunk of requestFrame(api, version, correlationId, this.#options.clientId, body)) {
      this.#socket.write(chunk)
    }
    this.#socket.uncork()
    return correlationId
  }

  #read (chunk: Buffer): void {
    this.#frames.push(chunk)
    try {
      for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
        this.#answer(frame)
      }
    } catch {
      this.#end(notKafka(this.address, this.#frames.rest))
    }
  }

  #answer (frame: Buffer): void {
    const pending = this.#pending.shift()
    if (pending === undefined) throw new RangeError('an answer that nobody waits for')
    clearTimeout(pending.timer)
    try {
      const body = readAnswer(pending, frame)
      this.#answers += 1
      pending.resolve(body)
    } catch (error) {
      this.#pending.unshift(pending)
      throw error
    }
  }

  /** Closes once what was written has left; what is under way is rejected. */
  close (): void {
    this.#socket.destroySoon()
    this.#fail(closed(this.address, false))
  }

  #end (error: ClientError): void {
    this.#socket.destroy()
    this.#fail(error)
  }

  #fail (error: ClientError): void {
    this.#failure ??= error
    for (const { timer, reject } of this.#pending.splice(0)) {
      clearTimeout(timer)
      reject(this.#failure)
    }
  }
}

const API_VERSIONS = 18
const UNSUPPORTED_VERSION = 35

/** A broker that does not know this version of ApiVersions answers with version 0 (KIP-511). */
function answeredVersion ({ api, version }: Pending, frame: Buffer): number {
  const isRefused =
    api.key === API_VERSIONS && frame.length >= 6 && frame.readInt16BE(4) === UNSUPPORTED_VERSION
  return isRefused ? 0 : version
}

/** Throws for a frame that is not exactly this answer: every byte must be accounted for. */
function readAnswer (pending: Pending, frame: Buffer): unknown {
  const { api, correlationId } = pending
  const version = answeredVersion(pending, frame)
  const reader = new Reader(frame)
  // The decoder's budget is for requests of strangers (R-X7); an answer is one that was asked for.
  reader.retain(-ANSWER_HEAP_BYTES)
  const header = codec(ResponseHeader, responseHeaderVersion(api, version)).read(reader)
  if (header.correlationId !== correlationId) throw new RangeError(`answer ${header.correlationId} to request ${correlationId}`)
  const body = codec(api.response, version).read(reader)
  if (reader.remaining > 0) throw new RangeError(`${reader.remaining} bytes behind ${api.name}`)
  return body
}

const ANSWER_HEAP_BYTES = 512 * 1024 * 1024
