/**
 * The broker's end of a simulated connection. With `throughBytes` it is the broker's own
 * connection on a simulated socket; otherwise whole frames go to dispatch under the same rule:
 * one request at a time, consecutive Produce may overlap, answers in the order of the requests.
 */
import type { Socket } from 'node:net'
import { wholeOf } from '../../protocol/bytes-to-come.ts'
import type { Chunk } from '../../protocol/bytes-to-come.ts'
import { CloseConnection } from '../../src/server/dispatch.ts'
import type { Reply } from '../../src/server/dispatch.ts'
import { Connection } from '../../src/server/connection.ts'
import { sharedByConnections } from '../../src/server/serving.ts'
import type { Session } from '../../src/apis/session.ts'
import { StoreError } from '../../src/store/store.ts'
import { SPOILED } from '../support/memory-watch.ts'
import type { Life, ServedConnection } from './harness.ts'
import * as settings from './settings.ts'
import { SimulatedSocket } from './socket.ts'
import type { World } from './world.ts'

export interface Wire {
  send (bytes: Buffer): void
  close (): void
}

/** So few for answers that they come in parts now and then. */
const LIMITS = {
  frameBytesMax: 104857600, queuedRequestBytesMax: 0, queuedResponseBytesMax: 64 * 1024,
}

/** Of what is still to come of an answer, or a few more. */
const PARTS = 16

export class ServerSide implements ServedConnection {
  readonly #world: World
  readonly #life: Life
  readonly #socket: SimulatedSocket | undefined
  readonly #plain: PlainConnection | undefined
  #isCut = false
  #connection: Connection | undefined
  /** What the connection takes its memory from. */
  readonly shared: ReturnType<typeof sharedByConnections> | undefined

  constructor (world: World, life: Life, id: number, wire: Wire) {
    this.#world = world
    this.#life = life
    life.connections.add(this)
    if (!world.swarm.throughBytes) {
      this.#plain = new PlainConnection(world, life, id, wire)
      return
    }
    this.#socket = new SimulatedSocket(world.scheduler, world.random, life.isAlive, wire)
    const { dispatch } = life.running as NonNullable<Life['running']>
    this.shared = sharedByConnections(LIMITS, life.environment)
    this.#connection = new Connection(id, 'PLAINTEXT', this.#socket as unknown as Socket, {
      ...this.shared,
      dispatch,
      events: {
        refused: () => {},
        failed: (_session, error) => { unforeseen(world, life, error) },
        read: () => {},
        closed: () => {},
      },
    })
  }

  /** Nothing that was received is still under way. */
  get isIdle (): boolean {
    return this.#isCut && (this.#connection?.idle ?? this.#plain?.isIdle ?? true)
  }

  /** A request that was received has no answer yet. */
  get isBusy (): boolean {
    return this.#connection?.idle === false || this.#plain?.isIdle === false
  }

  receive (bytes: Buffer): void {
    if (this.#isCut || !this.#life.isAlive()) return
    if (this.#socket !== undefined) this.#socket.receive(bytes)
    else this.#plain?.receive(Buffer.from(bytes.subarray(4)))
  }

  /** The broker's kernel learns of the cut after this time; what comes until then is served. */
  cutAfter (delayMs: number): void {
    this.#world.scheduler.after(delayMs, 'cut', () => {
      this.#isCut = true
      if (!this.#life.isAlive()) return
      this.#socket?.destroy()
      this.#plain?.gone()
    })
  }
}

/** What is under way while the store closes may fail: its connection is closed by then. */
function unforeseen (world: World, life: Life, error: unknown): void {
  if (life.running === undefined || !life.isAlive()) return
  world.fail('handler-failed', (error as Error).stack ?? String(error))
}

/**
 * What is to come is read in small parts; in the smallest, a slow disk would take hours for one
 * answer.
 */
async function collected (chunks: readonly Chunk[]): Promise<Buffer> {
  const all: Buffer[] = []
  for (const chunk of chunks) {
    if (Buffer.isBuffer(chunk)) {
      all.push(chunk)
      continue
    }
    const partBytes = Math.ceil(chunk.length / PARTS)
    for (let bytes = 0; bytes < chunk.length;) {
      const part = await chunk.next(partBytes)
      all.push(...part.chunks.map(piece => Buffer.from(piece)))
      bytes += part.bytes
      part.release()
    }
  }
  return Buffer.concat(all)
}

interface Slot { reply: Reply | undefined }

/** The serial rule of `src/server/connection.ts` without bytes. */
class PlainConnection implements Session {
  readonly id: number
  readonly listener = 'PLAINTEXT'
  readonly localAddress = settings.HOST
  readonly localPort = settings.PORT
  readonly remoteAddress = '10.0.0.1'
  readonly remotePort = 40_000
  readonly principal = 'User:ANONYMOUS'
  softwareName = ''
  softwareVersion = ''
  closed = false
  /** Of most answers a part is still to come. */
  takeAnswerRoom (): number { return 100 }
  leaveAnswerRoom (): void {}
  readonly #world: World
  readonly #life: Life
  readonly #wire: Wire
  readonly #waiting: Buffer[] = []
  readonly #slots: Slot[] = []
  readonly #onClose = new Set<() => void>()
  #running = 0
  #overlaps = false

  constructor (world: World, life: Life, id: number, wire: Wire) {
    this.#world = world
    this.#life = life
    this.id = id
    this.#wire = wire
  }

  get isIdle (): boolean { return this.#running === 0 && this.#waiting.length === 0 }

  onClose (run: () => void): () => void {
    if (this.closed) run()
    else this.#onClose.add(run)
    return () => { this.#onClose.delete(run) }
  }

  receive (frame: Buffer): void {
    if (this.closed) return
    this.#waiting.push(frame)
    this.#proceed()
  }

  #proceed (): void {
    const dispatch = this.#life.running?.dispatch
    while (dispatch !== undefined && this.#waiting.length > 0 && !this.closed) {
      const frame = this.#waiting[0] as Buffer
      const pipelined = dispatch.isPipelined(frame)
      if (this.#running > 0 && !(pipelined && this.#overlaps)) return
      this.#waiting.shift()
      this.#overlaps = pipelined
      this.#running++
      const slot: Slot = { reply: undefined }
      this.#slots.push(slot)
      void this.#run(frame, slot)
    }
  }

  async #run (frame: Buffer, slot: Slot): Promise<void> {
    const dispatch = this.#life.running?.dispatch
    // As the pool of the real connection does: nobody may have kept anything of it.
    const isSpoiled = dispatch?.isFrameFree(frame) === true
    let reply: Reply | undefined
    try {
      reply = await dispatch?.run(frame, this)
      if (reply !== undefined) slot.reply = { ...reply, chunks: [await collected(reply.chunks)] }
      if (isSpoiled && reply?.failure === undefined) frame.fill(SPOILED)
      if (slot.reply?.failure !== undefined) unforeseen(this.#world, this.#life, slot.reply.failure)
    } catch (error) {
      if (!this.#life.isAlive()) return
      slot.reply = { chunks: [], release: reply?.release ?? [], throttleMs: 0 }
      const isGone = error instanceof StoreError && error.code === 'GONE'
      if (!isGone && !(error instanceof CloseConnection)) unforeseen(this.#world, this.#life, error)
      this.gone()
      this.#wire.close()
    } finally {
      this.#running--
      while (this.#slots[0]?.reply !== undefined) this.#write(this.#slots.shift()?.reply as Reply)
      this.#proceed()
    }
  }

  #write ({ chunks, release }: Reply): void {
    const bytes = wholeOf(chunks)
    for (const run of release) run()
    if (bytes.length > 0 && !this.closed && this.#life.isAlive()) this.#wire.send(bytes)
  }

  gone (): void {
    if (this.closed) return
    this.closed = true
    this.#waiting.length = 0
    for (const run of [...this.#onClose]) run()
    this.#onClose.clear()
  }
}
