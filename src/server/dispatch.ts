/**
 * From a frame to a handler and back: header, version range, decode; later encode. It knows no
 * API but ApiVersions, whose unknown versions are answered instead of closing (KIP-511).
 */
import { DecodeError, Reader } from '../../protocol/cursor.ts'
import { codec } from '../../protocol/codec.ts'
import { code } from '../../protocol/errors.ts'
import { peekRequest, readRequestHeader, responseFrame } from '../../protocol/frame.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import type { Broker } from '../broker.ts'
import { CLOSE, NO_ANSWER } from '../apis/handler.ts'
import type { Answer, Call, Handler } from '../apis/handler.ts'
import type { Session } from './session.ts'

/** The bytes of an answer; none for a request that has no answer. */
export interface Reply {
  readonly chunks: readonly Buffer[]
  readonly release: ReadonlyArray<() => void>
  /** Nothing refers to the request's bytes any more: their buffer may be used again. */
  readonly isFrameFree: boolean
}

/** The connection must be closed; the message says why, for the log. */
export class CloseConnection extends Error {
  override name = 'CloseConnection'
}

export interface Dispatch {
  /** Whether this request may start while others of its kind are under way. */
  isPipelined (frame: Buffer): boolean
  /** Resolves with the answer; rejects with CloseConnection where Kafka closes (D0.1). */
  run (frame: Buffer, session: Session): Reply | Promise<Reply>
}

export function createDispatch (handlers: readonly Handler[], broker: Broker): Dispatch {
  const byKey = new Map(handlers.map(handler => [handler.api.key, handler]))

  function run (frame: Buffer, session: Session): Reply | Promise<Reply> {
    const { apiKey, apiVersion, correlationId } = parse(() => peekRequest(frame))
    const handler = byKey.get(apiKey)
    if (handler === undefined) throw new CloseConnection(`API key ${apiKey} is not served`)
    const { api, versions: [from, to] } = handler
    if (apiVersion < from || apiVersion > to) {
      if (api.key === ApiVersions.key && apiVersion > to) return unknownApiVersions(handler, correlationId)
      throw new CloseConnection(`${api.name} v${apiVersion} is not served; v${from} to v${to} are`)
    }
    const { header, request } = parse(() => {
      const reader = new Reader(frame)
      const header = readRequestHeader(reader, api, apiVersion)
      const request = codec(api.request, apiVersion).read(reader)
      if (reader.remaining > 0) throw new DecodeError(`${reader.remaining} bytes behind the request`)
      return { header, request }
    }, () => `${api.name} v${apiVersion}`)
    const release: Array<() => void> = []
    const { isFrameFree } = handler
    const call: Call = {
      version: apiVersion,
      clientId: header.clientId,
      session,
      onSent: run => { release.push(run) },
    }
    const reply = (answer: Answer<any>): Reply => {
      if (answer === NO_ANSWER) return { chunks: [], release, isFrameFree }
      if (answer === CLOSE) throw new CloseConnection(`${api.name} v${apiVersion} failed without an answer`)
      return { chunks: responseFrame(api, apiVersion, correlationId, answer as never), release, isFrameFree }
    }
    const answer = handler.handle(request, call, broker)
    return answer instanceof Promise ? answer.then(reply) : reply(answer)
  }

  return {
    run,
    isPipelined: frame => frame.length >= 2 && byKey.get(frame.readInt16BE(0))?.pipelined === true,
  }
}

function parse<T> (read: () => T, what = () => 'the request'): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof DecodeError) throw new CloseConnection(`${what()} does not parse: ${error.message}`)
    throw error
  }
}

/** D1.1: error 35 in the layout of v0, with the one key that lets the client try again. */
function unknownApiVersions ({ api, advertised: [minVersion, maxVersion] }: Handler, correlationId: number): Reply {
  const chunks = responseFrame(ApiVersions, 0, correlationId, {
    errorCode: code.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: api.key, minVersion, maxVersion }],
  })
  return { chunks, release: [], isFrameFree: false }
}
