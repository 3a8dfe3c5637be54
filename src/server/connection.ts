/**
 * One client's connection: bytes to frames, requests run one after another, answers written
 * strictly in the order of their requests, with back-pressure both ways. It does not know what a
 * request is. Consecutive pipelined requests (Produce) may overlap: their order was fixed when
 * they were called. A request for which Kafka closes has its turn too: what came before it is
 * answered first.
 */
import type { Socket } from 'node:net'
import type { AnswerMemory } from './answer-memory.ts'
import { AnswerWriter } from './answer-writer.ts'
import type { FramePool } from './frame-pool.ts'
import { FrameError, FrameReader } from './frames.ts'
import type { Frame } from './frames.ts'
import { CloseConnection } from './dispatch.ts'
import type { Dispatch, Reply } from './dispatch.ts'
import { readInto, unsentBytes } from './read-into.ts'
import type { RequestMemory } from './request-memory.ts'
import type { Session } from '../apis/session.ts'

export interface ConnectionLimits {
  /** socket.request.max.bytes */
  frameBytesMax: number
  /** Requests of one connection that may be under way at once. */
  requestsInFlightMax: number
}

/** Bytes of whole requests that one connection may have under way at once, give or take one. */
const BYTES_IN_FLIGHT_MAX = 64 * 1024 * 1024
/** Bytes of whole requests that may wait for their turn before the client is not read any more. */
const BYTES_WAITING_MAX = 1024 * 1024

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
  readonly memory: RequestMemory
  readonly answers: AnswerMemory
  readonly limits: ConnectionLimits
  readonly events: ConnectionEvents
  nowMs (): number
  setTimer (delayMs: number, run: () => void): { cancel (): void }
  atTurnEnd (run: () => void): void
}

/** The connection ends when it is this one's turn. */
interface HandlerFailure { readonly error: unknown }

/** A request that was started: its answer goes out when everything before it has. */
interface Slot { outcome: Reply | HandlerFailure | undefined }

export class Connection implements Session {
  readonly id: number
  readonly listener: string
  readonly localAddress: string
  readonly localPort: number
  readonly remoteAddress: string
  readonly remotePort: number
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
  #bytesRunning = 0
  #bytesWaiting = 0
  /** As told to the memory of all connections. */
  #bytesTold = 0
  #runningTold = 0
  #runningPipelined = false
  /** Why the bytes that come after those in `#waiting` are no requests. */
  #unreadable: FrameError | undefined
  #paused = false
  #held = false
  readonly #writer: AnswerWriter
  /** Set aside for the answer of the request under way: of those that take memory only one is. */
  #reserved = 0
  /** The client sends nothing more; what it has sent is still answered. */
  #inputEnded = false
  /** KIP-219: until the last of these has run out, nothing is read and no request begins. */
  readonly #throttles = new Set<{ cancel (): void }>()
  /** No request begins any more. */
  #ending = false
  /** Nothing is written any more. */
  #ended = false

  constructor (id: number, listener: string, socket: Socket, context: ConnectionContext) {
    this.id = id
    this.listener = listener
    this.#context = context
    this.localAddress = plainAddress(socket.localAddress)
    this.localPort = socket.localPort ?? 0
    this.remoteAddress = plainAddress(socket.remoteAddress)
    this.remotePort = socket.remotePort ?? 0
    this.lastActiveMs = context.nowMs()
    this.#frames = new FrameReader(context.limits.frameBytesMax, context.pool,
      frame => {
        this.#bytesWaiting += frame.bytes.length
        this.#waiting.push(frame)
      })
    const frames = this.#frames
    this.#socket = socket = readInto(socket, {
      room: () => frames.room(),
      received: count => { this.#read(() => { frames.received(count) }) },
      push: chunk => { this.#read(() => { frames.push(chunk) }) },
    })
    socket.setNoDelay(true)
    this.#writer = new AnswerWriter({
      socket,
      memory: context.answers,
      holder: this,
      atTurnEnd: context.atTurnEnd,
      progressed: () => { this.lastActiveMs = context.nowMs() },
      finished: () => { this.#answered() },
      failed: error => { this.#cutOff(error) },
    })
    socket.on('drain', () => {
      this.#writer.drained()
      this.#answered()
    })
    socket.on('error', () => { /* 'close' follows */ })
    // D0.11: Kafka notices the end once all before it is answered; proxies forward a close as this.
    socket.on('end', () => {
      this.#inputEnded = true
      this.#endIfDone()
    })
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

  takeAnswerRoom (): number {
    this.leaveAnswerRoom()
    this.#reserved = this.#context.answers.reserve()
    return this.#reserved
  }

  leaveAnswerRoom (): void {
    const bytes = this.#reserved
    this.#reserved = 0
    if (bytes > 0) this.#context.answers.unreserve(bytes)
  }

  /** There is memory for answers again. */
  proceed (): void {
    this.#proceed()
    this.#account()
  }

  get unsentBytes (): number { return unsentBytes(this.#socket) }

  stalled (): void {
    this.#context.events.refused(this, 'its answers are not read, and others wait for their memory')
    this.destroy()
  }

  /** Begins nothing more, and ends once what is under way is answered. */
  finish (): void {
    this.#ending = true
    this.#dropWaiting()
    this.#endIfDone()
  }

  #dropWaiting (): void {
    this.#bytesWaiting = 0
    for (const { pooled } of this.#waiting.splice(0)) {
      if (pooled !== undefined) this.#context.pool.give(pooled)
    }
  }

  #endIfDone (): void {
    if (this.closed || this.#ended || this.#slots.length > 0 || this.#writer.isSending) return
    if (!this.#ending && !(this.#inputEnded && this.#waiting.length === 0)) return
    this.#ended = true
    this.#socket.end()
  }

  /** What was in the way of the next answer, or request, is no longer. */
  #answered (): void {
    this.#flush()
    this.#proceed()
    this.#account()
  }

  /** Part of an answer is out, and the rest cannot follow. */
  #cutOff (error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error)
    this.#context.events.refused(this, `an answer could not be finished: ${reason}`)
    this.destroy()
  }

  #read (toFrames: () => void): void {
    this.lastActiveMs = this.#context.nowMs()
    try {
      toFrames()
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      this.#unreadable = error
    }
    this.#context.events.read(this)
    this.#proceed()
    this.#account()
  }

  #account (): void {
    const running = this.#bytesRunning
    const bytes = running + (this.closed ? 0 : this.#frames.pendingBytes + this.#bytesWaiting)
    if (bytes === this.#bytesTold && running === this.#runningTold) return
    this.#context.memory.change(this, bytes - this.#bytesTold, running - this.#runningTold)
    this.#bytesTold = bytes
    this.#runningTold = running
  }

  /** Starts what may start; one request at a time, but Produce after Produce. */
  #proceed (): void {
    while (this.#waiting.length > 0 && !this.closed && !this.#ending && !this.#isBlocked) {
      const { answers, dispatch } = this.#context
      const frame = this.#waiting[0] as Frame
      if (answers.isFull && !dispatch.hasShortAnswer(frame.bytes)) {
        answers.wait(this)
        break
      }
      const pipelined = dispatch.isPipelined(frame.bytes)
      if (this.#running > 0 && !(pipelined && this.#mayOverlap())) break
      this.#waiting.shift()
      this.#bytesWaiting -= frame.bytes.length
      this.#runningPipelined = pipelined
      this.#start(frame)
    }
    if (this.#unreadable !== undefined && this.#waiting.length === 0 && !this.#ending) {
      this.#ending = true
      this.#slots.push({ outcome: { error: this.#unreadable } })
      this.#flush()
    }
    this.#endIfDone()
    this.#flow()
  }

  /** The client has to take something first, or to wait. */
  get #isBlocked (): boolean {
    return this.#writer.isDraining || this.#writer.isSending || this.#throttles.size > 0
  }

  #mayOverlap (): boolean {
    return this.#runningPipelined && this.#running < this.#context.limits.requestsInFlightMax &&
      this.#bytesRunning < BYTES_IN_FLIGHT_MAX
  }

  /** What a handler may keep of its request must not lie in memory that is used again. */
  #owned ({ bytes, pooled }: Frame): Frame {
    if (pooled === undefined || this.#context.dispatch.isFrameFree(bytes)) return { bytes, pooled }
    const own = Buffer.from(bytes)
    this.#context.pool.give(pooled)
    return { bytes: own, pooled: undefined }
  }

  #start (frame: Frame): void {
    const { bytes, pooled } = this.#owned(frame)
    const slot: Slot = { outcome: undefined }
    this.#slots.push(slot)
    this.#running++
    this.#bytesRunning += bytes.length
    const finish = (outcome: Reply | HandlerFailure): void => {
      this.#running--
      this.#bytesRunning -= bytes.length
      slot.outcome = outcome
      if ('error' in outcome) this.#ending = true
      if (pooled !== undefined) {
        // Who has failed may not have let go of everything.
        if ('error' in outcome || outcome.failure !== undefined) this.#context.pool.forget(pooled)
        else this.#context.pool.give(pooled)
      }
      this.#flush()
      this.leaveAnswerRoom()
      this.#account()
    }
    let reply: Reply | Promise<Reply> | HandlerFailure
    try {
      reply = this.#context.dispatch.run(bytes, this)
    } catch (error) {
      reply = { error }
    }
    // Exactly once: a frame that is given back twice would be two connections'.
    if (!(reply instanceof Promise)) {
      try {
        return finish(reply)
      } catch (error) {
        return this.#fail(error)
      }
    }
    reply.then(finish, error => { finish({ error }) })
      .then(() => { this.#proceed() }, error => { this.#fail(error) })
  }

  /** Writes the answers whose turn has come. */
  #flush (): void {
    while (this.#slots[0]?.outcome !== undefined && !this.#writer.isSending) {
      const { outcome } = this.#slots.shift() as Slot
      if (outcome === undefined) return
      if ('error' in outcome) this.#fail(outcome.error)
      else this.#write(outcome)
    }
    this.#endIfDone()
  }

  #write ({ chunks, release, throttleMs, failure }: Reply): void {
    if (failure !== undefined) this.#context.events.failed(this, failure)
    if (throttleMs > 0 && !this.closed) this.#throttle(throttleMs)
    if (this.closed || this.#ended || chunks.length === 0) {
      for (const run of release) run()
      return
    }
    this.lastActiveMs = this.#context.nowMs()
    this.#writer.write(chunks, release)
  }

  #throttle (ms: number): void {
    const timer = this.#context.setTimer(ms, () => {
      this.#throttles.delete(timer)
      this.#proceed()
      this.#account()
    })
    this.#throttles.add(timer)
    this.#flow()
  }

  /** Answers that are already written still go out; nothing more is read. */
  #fail (error: unknown): void {
    if (this.closed || this.#ended) return
    const isRefusal = error instanceof CloseConnection || error instanceof FrameError
    if (isRefusal) this.#context.events.refused(this, error.message)
    else this.#context.events.failed(this, error)
    this.#ending = this.#ended = true
    this.#dropWaiting()
    this.#socket.end()
    this.#socket.destroySoon()
  }

  #flow (): void {
    const pause = this.#held || this.#isBlocked || this.#unreadable !== undefined ||
      this.#bytesWaiting > BYTES_WAITING_MAX ||
      this.#waiting.length > this.#context.limits.requestsInFlightMax
    if (pause === this.#paused) return
    this.#paused = pause
    if (pause) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Answers that are still to come are let go of when they come. */
  #gone (): void {
    if (this.closed) return
    this.closed = true
    this.#dropWaiting()
    this.#frames.abandon()
    for (const timer of this.#throttles) timer.cancel()
    this.#throttles.clear()
    this.#account()
    this.#context.memory.forget(this)
    this.#writer.abandon()
    this.#context.answers.forget(this)
    for (const run of this.#onClose) run()
    this.#onClose.clear()
    this.#context.events.closed(this)
  }
}

/** IPv4 clients of a dual-stack listener are IPv4 clients. */
export function plainAddress (address: string | undefined): string {
  return (address ?? '').replace(/^::ffff:(?=\d+\.)/, '')
}
