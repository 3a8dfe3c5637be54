/**
 * Writes the answers of one connection. What an answer has at hand goes out at once; what is still
 * to come is read part by part, the next while the socket takes the last, so that an answer of any
 * size holds two parts of memory and its first byte does not wait for its last.
 */
import type { BytesAtHand, BytesToCome, Chunk } from '../../protocol/bytes-to-come.ts'
import type { AnswerHolder, AnswerMemory } from './answer-memory.ts'

/** Smaller answers are not counted: one connection has few of them, and most are tiny. */
const COUNTED_BYTES_MIN = 16 * 1024
/** What one connection writes before others have their turn. */
const BURST_BYTES = 1024 * 1024

/** As much of a `net.Socket` as is written to. */
export interface Writable {
  write (chunk: Buffer, done?: () => void): boolean
  cork (): void
  uncork (): void
}

export interface AnswerWriterContext {
  readonly socket: Writable
  readonly memory: AnswerMemory
  readonly holder: AnswerHolder
  atTurnEnd (run: () => void): void
  /** The client has taken some of what it is sent. */
  progressed (): void
  /** The present answer is written. */
  finished (): void
  /** The rest of an answer is gone, or cannot be read: its connection must be cut. */
  failed (error: unknown): void
}

/** One answer under way whose bytes are not all at hand. */
class Sending {
  readonly chunks: readonly Chunk[]
  /** The chunk that is written now, and how much of it was. */
  at = 0
  written = 0
  /** The chunk that is read from now, and how much of it was. */
  readAt = -1
  read = 0

  constructor (chunks: readonly Chunk[]) {
    this.chunks = chunks
    this.nextSource()
  }

  nextSource (): void {
    this.read = 0
    do this.readAt++
    while (Buffer.isBuffer(this.chunks[this.readAt]))
  }

  get source (): BytesToCome | undefined {
    return this.chunks[this.readAt] as BytesToCome | undefined
  }
}

export class AnswerWriter {
  readonly #context: AnswerWriterContext
  #sending: Sending | undefined
  #ready: BytesAtHand | undefined
  #isReading = false
  #burst = 0
  /** The socket has not taken what was written to it. */
  isDraining = false
  #isGone = false

  constructor (context: AnswerWriterContext) { this.#context = context }

  /** An answer is under way: the next one must wait. */
  get isSending (): boolean { return this.#sending !== undefined }

  /** The chunks at hand that `release` is about stand before the first that is to come. */
  write (chunks: readonly Chunk[], release: ReadonlyArray<() => void>): void {
    const toCome = chunks.findIndex(chunk => !Buffer.isBuffer(chunk))
    const atHand = (toCome < 0 ? chunks : chunks.slice(0, toCome)) as readonly Buffer[]
    this.#put(atHand, release.length === 0 ? undefined : () => { for (const run of release) run() })
    if (toCome < 0) return
    this.#sending = new Sending(chunks.slice(toCome))
    this.#readAhead()
    this.#advance()
  }

  /** The socket has taken everything. */
  drained (): void {
    this.isDraining = false
    this.#advance()
  }

  /** The connection has gone: lets go of what was read ahead. */
  abandon (): void {
    this.#isGone = true
    this.#sending = undefined
    if (this.#ready !== undefined) this.#letGo(this.#ready)
    this.#ready = undefined
  }

  #put (chunks: readonly Buffer[], sent: (() => void) | undefined): void {
    const { socket } = this.#context
    const bytes = sizeOf(chunks)
    const done = bytes < COUNTED_BYTES_MIN ? sent : this.#counted(bytes, sent)
    this.#writeTo(socket, chunks, done)
    this.#burst += bytes
  }

  #writeTo (socket: Writable, chunks: readonly Buffer[], done: (() => void) | undefined): void {
    const last = chunks.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(chunks[i] as Buffer)
    this.isDraining = !socket.write(chunks[last] as Buffer, done)
    if (last > 0) socket.uncork()
  }

  #counted (bytes: number, sent: (() => void) | undefined): () => void {
    const { memory, holder } = this.#context
    memory.hold(holder, bytes)
    return () => {
      sent?.()
      this.#context.progressed()
      memory.free(holder, bytes)
    }
  }

  /** Writes what is ready as long as the socket takes it. */
  #advance (): void {
    for (let sending = this.#sending; sending !== undefined &&
      !this.isDraining; sending = this.#sending) {
      if (this.#burst >= BURST_BYTES) return this.#yield()
      const chunk = sending.chunks[sending.at]
      if (chunk === undefined) return this.#finish()
      if (Buffer.isBuffer(chunk)) {
        sending.at++
        this.#put([chunk], undefined)
      } else if (this.#ready !== undefined) this.#putPart(sending, chunk, this.#ready)
      else {
        this.#readAhead()
        if (this.#ready === undefined) return
      }
    }
    if (this.#sending === undefined) this.#burst = 0
  }

  #putPart (sending: Sending, chunk: BytesToCome, part: BytesAtHand): void {
    this.#ready = undefined
    sending.written += part.bytes
    if (sending.written === chunk.length) {
      sending.written = 0
      sending.at++
    }
    this.#burst += part.bytes
    this.#writeTo(this.#context.socket, part.chunks, () => {
      this.#context.progressed()
      this.#letGo(part)
    })
    if (!this.#context.memory.isScarce) this.#readAhead()
  }

  #letGo (part: BytesAtHand): void {
    part.release()
    this.#context.memory.free(this.#context.holder, part.bytes)
  }

  #readAhead (): void {
    const source = this.#sending?.source
    if (source === undefined || this.#ready !== undefined || this.#isReading) return
    try {
      const part = source.next(this.#context.memory.partBytes)
      if (!(part instanceof Promise)) return this.#have(part)
      this.#isReading = true
      part.then(part => {
        this.#isReading = false
        this.#have(part)
        this.#advance()
      }).catch(error => { this.#fail(error) })
    } catch (error) {
      this.#fail(error)
    }
  }

  #have (part: BytesAtHand): void {
    const sending = this.#sending
    if (sending === undefined) return part.release()
    this.#context.memory.hold(this.#context.holder, part.bytes)
    this.#ready = part
    sending.read += part.bytes
    if (sending.read === sending.source?.length) sending.nextSource()
  }

  #yield (): void {
    this.#burst = 0
    this.#context.atTurnEnd(() => { if (!this.isDraining) this.#advance() })
  }

  #finish (): void {
    this.#sending = undefined
    this.#burst = 0
    this.#context.finished()
  }

  #fail (error: unknown): void {
    if (this.#isGone) return
    this.abandon()
    this.#context.failed(error)
  }
}

function sizeOf (chunks: readonly Buffer[]): number {
  let bytes = 0
  for (const chunk of chunks) bytes += chunk.length
  return bytes
}
