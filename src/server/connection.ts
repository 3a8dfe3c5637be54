/**
 * One client's connection: bytes to frames, requests run one after another, answers written
 * strictly in the order of their requests, with back-pressure both ways. It does not know what a
 * request is. Consecutive pipelined requests (Produce) may overlap: their order was fixed when
 * they were called.
 */
import type { Socket } from 'node:net'
import type { FramePool } from './frame-pool.ts'
import { FrameError, FrameReader } from './frames.ts'
import type { Frame } from './frames.ts'
import { CloseConnection } from './dispatch.ts'
import type { Dispatch, Reply } from './dispatch.ts'
import type { Session } from './session.ts'

export interface ConnectionLimits {
  /** socket.request.max.bytes */
  frameBytesMax: number
  /** Requests of one connection that may be under way at once. */
  requestsInFlightMax: number
}

export interface ConnectionEvents {
  /** A reason that people should see: what the client did that Kafka closes for. */
  refused (session: Session, reason: string): void
  /** A bug of ours: the handler failed in a way that no rule foresees. */
  failed (session: Session, error: unknown): void
  /** Bytes have come: whoever is behind may hold this connection. */
  read (connection: Connection): void
  closed (connection: Connection): void
}

export interface ConnectionContext {
  readonly dispatch: Dispatch
  readonly pool: FramePool
  readonly limits: ConnectionLimits
  readonly events: ConnectionEvents
  nowMs (): number
}

interface Slot { reply: Reply | undefined }

export class Connection implements Session {
  readonly id: number
  readonly listener: string
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly principal = 'User:ANONYMOUS'
  softwareName = ''
  softwareVersion = ''
  closed = false
  lastActiveMs: number
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #frames: FrameReader
  readonly #waiting: Frame[] = []
  readonly #slots: Slot[] = []
  readonly #onClose = new Set<() => void>()
  #running = 0
  #runningPipelined = false
  #paused = false
  #held = false
  #draining = false
  #ending = false

  constructor (id: number, listener: string, socket: Socket, context: ConnectionContext) {
    this.id = id
    this.listener = listener
    this.#socket = socket
    this.#context = context
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort ?? 0
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.lastActiveMs = context.nowMs()
    this.#frames = new FrameReader(context.limits.frameBytesMax, context.pool,
      frame => { this.#waiting.push(frame) })
    socket.setNoDelay(true)
    socket.on('data', chunk => { this.#read(chunk) })
    socket.on('drain', () => { this.#draining = false; this.#proceed() })
    socket.on('error', () => { /* 'close' follows */ })
    socket.on('close', () => { this.#gone() })
    socket.resume()
  }

  onClose (run: () => void): () => void {
    if (this.closed) run()
    else this.#onClose.add(run)
    return () => { this.#onClose.delete(run) }
  }

  /** Nothing under way and nothing heard: the idle sweep may close it. */
  get idle (): boolean { return this.#running === 0 && this.#slots.length === 0 }

  /** Stops reading this client's bytes until `resume`: the store is behind (storage.md 4.1.5). */
  hold (): void { this.#held = true; this.#flow() }

  resume (): void { this.#held = false; this.#flow() }

  destroy (): void { this.#socket.destroy() }

  #read (chunk: Buffer): void {
    this.lastActiveMs = this.#context.nowMs()
    try {
      this.#frames.push(chunk)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      return this.#refuse(error.message)
    }
    this.#context.events.read(this)
    this.#proceed()
  }

  /** Starts what may start; one request at a time, but Produce after Produce. */
  #proceed (): void {
    const { dispatch, limits } = this.#context
    while (this.#waiting.length > 0 && !this.closed && !this.#ending && !this.#draining) {
      const frame = this.#waiting[0] as Frame
      const pipelined = dispatch.isPipelined(frame.bytes)
      if (this.#running > 0 && !(pipelined && this.#runningPipelined)) break
      if (this.#running >= limits.requestsInFlightMax) break
      this.#waiting.shift()
      this.#runningPipelined = pipelined
      this.#start(frame)
    }
    this.#flow()
  }

  #start ({ bytes, pooled }: Frame): void {
    const slot: Slot = { reply: undefined }
    this.#slots.push(slot)
    this.#running++
    try {
      const reply = this.#context.dispatch.run(bytes, this)
      if (!(reply instanceof Promise)) return this.#finish(slot, reply)
      reply.then(done => {
        if (pooled !== undefined && done.isFrameFree) this.#context.pool.give(pooled)
        this.#finish(slot, done)
        this.#proceed()
      }, error => { this.#fail(error) })
    } catch (error) {
      this.#fail(error)
    }
  }

  #finish (slot: Slot, reply: Reply): void {
    this.#running--
    slot.reply = reply
    while (this.#slots.length > 0 && this.#slots[0]?.reply !== undefined) {
      this.#write((this.#slots.shift() as Slot).reply as Reply)
    }
  }

  #write ({ chunks, release }: Reply): void {
    if (this.closed || chunks.length === 0) {
      for (const run of release) run()
      return
    }
    this.lastActiveMs = this.#context.nowMs()
    const last = chunks.length - 1
    if (last > 0) this.#socket.cork()
    for (let i = 0; i < last; i++) this.#socket.write(chunks[i] as Buffer)
    const done = release.length === 0 ? undefined : () => { for (const run of release) run() }
    this.#draining = !this.#socket.write(chunks[last] as Buffer, done)
    if (last > 0) this.#socket.uncork()
  }

  #fail (error: unknown): void {
    if (error instanceof CloseConnection) return this.#refuse(error.message)
    this.#context.events.failed(this, error)
    this.#end()
  }

  #refuse (reason: string): void {
    if (!this.closed && !this.#ending) this.#context.events.refused(this, reason)
    this.#end()
  }

  /** Answers that are already written still go out; nothing more is read. */
  #end (): void {
    this.#ending = true
    this.#waiting.length = 0
    this.#socket.end()
    this.#socket.destroySoon()
  }

  #flow (): void {
    const pause = this.#held || this.#draining || this.#waiting.length > this.#context.limits.requestsInFlightMax
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) this.#socket.pause()
    else this.#socket.resume()
  }

  #gone (): void {
    if (this.closed) return
    this.closed = true
    this.#waiting.length = 0
    for (const slot of this.#slots.splice(0)) {
      for (const run of slot.reply?.release ?? []) run()
    }
    for (const run of this.#onClose) run()
    this.#onClose.clear()
    this.#context.events.closed(this)
  }
}

/** IPv4 clients of a dual-stack listener are IPv4 clients. */
function plainAddress (address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}
