/** A client that sends exactly the bytes it is told to, and reads answers with our own codec. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { codec } from '../../protocol/codec.ts'
import { Reader } from '../../protocol/cursor.ts'
import { requestFrame, ResponseHeader, responseHeaderVersion } from '../../protocol/frame.ts'
import type { Api, MessageOf, MessageToWrite } from '../../protocol/types.ts'
import { Inbox } from './inbox.ts'

export interface Answer<A extends Api> {
  readonly correlationId: number
  readonly body: MessageOf<A['response']>
}

export interface RequestOptions { clientId?: string | null }

export class RawClient {
  readonly socket: Socket
  /** Whole frames from the broker, without their size. */
  readonly frames = new Inbox<Buffer>()
  /** Resolves when the broker has closed the connection. */
  readonly closed: Promise<void>
  isClosed = false
  #chunks: Buffer[] = []
  #chunkBytes = 0
  #correlationId = 0
  #taken = 0

  private constructor (socket: Socket) {
    this.socket = socket
    socket.on('data', chunk => { this.#read(chunk) })
    socket.on('error', () => { /* 'close' follows */ })
    this.closed = new Promise(resolve => {
      socket.on('close', () => { this.isClosed = true; resolve() })
    })
  }

  static connect (port: number, host = '127.0.0.1'): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, noDelay: true }, () => {
        socket.removeListener('error', reject)
        resolve(new RawClient(socket))
      })
      socket.once('error', reject)
    })
  }

  #read (chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#chunkBytes += chunk.length
    while (this.#chunkBytes >= 4) {
      const head = this.#joined(4)
      const end = 4 + head.readInt32BE(0)
      if (this.#chunkBytes < end) return
      const bytes = this.#joined(end)
      this.#chunks[0] = bytes.subarray(end)
      this.#chunkBytes -= end
      this.frames.push(bytes.subarray(4, end))
    }
  }

  /** The first bytes in one piece; what is long is only put together once it is whole. */
  #joined (size: number): Buffer {
    if ((this.#chunks[0] as Buffer).length < size) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }

  /** Bytes that have come and are not a whole frame yet. */
  get partialBytes (): number { return this.#chunkBytes }

  write (bytes: Buffer): void { this.socket.write(bytes) }

  /** Sends without waiting; answers the correlation id. */
  send<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>, { clientId = 'raw' }: RequestOptions = {}
  ): number {
    const correlationId = ++this.#correlationId
    this.write(Buffer.concat(requestFrame(api, version, correlationId, clientId, body)))
    return correlationId
  }

  /** The next answer that was not taken yet. Rejects when the connection closes before. */
  async next<A extends Api> (api: A, version: number): Promise<Answer<A>> {
    const at = this.#taken++
    await Promise.race([this.frames.has(at + 1), this.closed])
    const frame = this.frames.items[at]
    if (frame === undefined) throw new Error('the broker has closed the connection')
    return readAnswer(api, version, frame)
  }

  async request<A extends Api> (
    api: A, version: number, body: MessageToWrite<A['request']>, options: RequestOptions = {}
  ): Promise<MessageOf<A['response']>> {
    const correlationId = this.send(api, version, body, options)
    const answer = await this.next(api, version)
    if (answer.correlationId !== correlationId) {
      throw new Error(`answer ${answer.correlationId} to request ${correlationId}`)
    }
    return answer.body
  }

  end (): void { this.socket.destroy() }
}

/** Throws when the frame is not exactly this answer: every byte must be accounted for. */
export function readAnswer<A extends Api> (api: A, version: number, frame: Buffer): Answer<A> {
  const reader = new Reader(frame)
  const { correlationId } = codec(ResponseHeader, responseHeaderVersion(api, version)).read(reader)
  const body = codec(api.response, version).read(reader) as MessageOf<A['response']>
  if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes behind ${api.name} v${version}`)
  return { correlationId, body }
}
