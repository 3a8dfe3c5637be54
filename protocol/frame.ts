/** What stands around every message: the size prefix, and the request and response headers. */
import type { Chunk } from './bytes-to-come.ts'
import { DecodeError, Writer } from './cursor.ts'
import type { Reader } from './cursor.ts'
import { codec } from './codec.ts'
import { int16, int32, message, neverCompact, nullable, since, string } from './types.ts'
import type { Api, MessageOf, MessageToWrite, Message } from './types.ts'

/** v0 has no client id: only ControlledShutdown v0 ever used it. */
const RequestHeader = message({
  name: 'RequestHeader',
  versions: [0, 2],
  flexible: 2,
  fields: {
    requestApiKey: int16,
    requestApiVersion: int16,
    correlationId: int32,
    clientId: since(1, neverCompact(nullable(string))),
  },
})
export interface RequestHeader extends MessageOf<typeof RequestHeader> {}

export const ResponseHeader = message({
  name: 'ResponseHeader',
  versions: [0, 1],
  flexible: 1,
  fields: { correlationId: int32 },
})

export const headers: readonly Message[] = [RequestHeader, ResponseHeader]

const API_VERSIONS = 18
const CONTROLLED_SHUTDOWN = 7

/** The bytes of key, version and correlation id: a shorter request is not one (R-X1). */
export const REQUEST_MIN = 8

function requestHeaderVersion (api: Api, version: number): number {
  if (api.key === CONTROLLED_SHUTDOWN && version === 0) return 0
  return version >= api.flexible ? 2 : 1
}

/** The answer to ApiVersions never has tags: its client cannot know yet (KIP-511). */
export function responseHeaderVersion (api: Api, version: number): number {
  return api.key !== API_VERSIONS && version >= api.flexible ? 1 : 0
}

/** Key and version, which decide how the rest of a request is to be read. */
export function peekRequest (frame: Buffer): {
  apiKey: number, apiVersion: number, correlationId: number,
} {
  if (frame.length < REQUEST_MIN) throw new DecodeError(`a request of ${frame.length} bytes`)
  return {
    apiKey: frame.readInt16BE(0),
    apiVersion: frame.readInt16BE(2),
    correlationId: frame.readInt32BE(4),
  }
}

export function readRequestHeader (reader: Reader, api: Api, version: number): RequestHeader {
  return codec(RequestHeader, requestHeaderVersion(api, version)).read(reader)
}

/** A whole response frame, size prefix included, as chunks; record data is only referred to. */
export function responseFrame<A extends Api> (
  api: A, version: number, correlationId: number, body: MessageToWrite<A['response']>
): Chunk[] {
  const writer = new Writer()
  writer.int32(0)
  codec(ResponseHeader, responseHeaderVersion(api, version)).write(writer, { correlationId })
  codec(api.response, version).write(writer, body)
  return withSize(writer)
}

/** A whole request frame, size prefix included, as chunks. */
export function requestFrame<A extends Api> (
  api: A, version: number, correlationId: number, clientId: string | null,
  body: MessageToWrite<A['request']>
): Buffer[] {
  const writer = new Writer()
  writer.int32(0)
  codec(RequestHeader, requestHeaderVersion(api, version)).write(writer, {
    requestApiKey: api.key, requestApiVersion: version, correlationId, clientId,
  })
  codec(api.request, version).write(writer, body)
  return withSize(writer) as Buffer[]
}

function withSize (writer: Writer): Chunk[] {
  const size = writer.size - 4
  const chunks = writer.chunks()
  const head = chunks[0] as Buffer
  head.writeInt32BE(size, 0)
  return chunks
}
