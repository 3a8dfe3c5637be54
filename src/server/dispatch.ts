/**
 * From a frame to a handler and back: header, version range, decode; later encode. It knows no
 * API but ApiVersions, whose unknown versions are answered instead of closing (KIP-511).
 */
import type { Chunk } from '../../protocol/bytes-to-come.ts'
import { DecodeError, Reader, StringTooLong } from '../../protocol/cursor.ts'
import { codec } from '../../protocol/codec.ts'
import { code, KafkaError } from '../../protocol/errors.ts'
import { apiOf } from '../../protocol/index.ts'
import { peekRequest, readRequestHeader, responseFrame } from '../../protocol/frame.ts'
import { ApiVersions } from '../../protocol/messages/18-api-versions.ts'
import type { Api } from '../../protocol/types.ts'
import type { Broker } from '../apis/broker.ts'
import { Close, NO_ANSWER } from '../apis/handler.ts'
import type { Answer, Handler } from '../apis/handler.ts'
import { RunningCall } from './call.ts'
import type { Session } from '../apis/session.ts'

/** The bytes of an answer; none for a request that has no answer. */
export interface Reply {
  readonly chunks: readonly Chunk[]
  readonly release: ReadonlyArray<() => void>
  /** KIP-219: the client is not read for that long. */
  readonly throttleMs: number
  /** The bug of ours that made this an error answer (D0.2). */
  readonly failure?: RequestFailure
}

/** A bug of ours: the handler failed in a way that no rule foresees. */
export class RequestFailure extends Error {
  override name = 'RequestFailure'

  constructor (request: string, cause: unknown) {
    super(`${request} failed: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    // Logs show the stack: that of the bug is the one that helps.
    if (cause instanceof Error) this.stack = `${this.name}: ${this.message}\n${cause.stack}`
  }
}

/** The connection must be closed; the message says why, for the log. */
export class CloseConnection extends Error {
  override name = 'CloseConnection'
}

export interface Dispatch {
  /** Whether this request may start while others of its kind are under way. */
  isPipelined (frame: Buffer): boolean
  /** Whether nothing refers to the bytes of this request once it is answered. */
  isFrameFree (frame: Buffer): boolean
  /** Whether its answer needs none of the memory that large answers share. */
  hasShortAnswer (frame: Buffer): boolean
  /** Resolves with the answer; rejects with CloseConnection where Kafka closes (D0.1). */
  run (frame: Buffer, session: Session): Reply | Promise<Reply>
}

export function createDispatch (handlers: readonly Handler[], broker: Broker): Dispatch {
  const byKey = new Map(handlers.map(handler => [handler.api.key, handler]))

  const handlerOf = (frame: Buffer): Handler | undefined =>
    frame.length < 2 ? undefined : byKey.get(frame.readInt16BE(0))

  function run (frame: Buffer, session: Session): Reply | Promise<Reply> {
    const { apiKey, apiVersion, correlationId } = parse(() => peekRequest(frame))
    const handler = byKey.get(apiKey)
    if (handler === undefined) throw new CloseConnection(`${asked(apiOf(apiKey), frame)} is not served`)
    const { api, versions: [from, to] } = handler
    if (apiVersion < from || apiVersion > to) {
      if (api.key === ApiVersions.key) {
        parse(() => readRequestHeader(new Reader(frame), api, apiVersion))
        return unknownApiVersions(handler, correlationId)
      }
      throw new CloseConnection(`${asked(api, frame)} is not served; v${from} to v${to} are`)
    }
    const { header, request } = parse(() => {
      const reader = new Reader(frame)
      const header = readRequestHeader(reader, api, apiVersion)
      // R-X5: Kafka does not look at bytes behind the body.
      return { header, request: codec(api.request, apiVersion).read(reader) }
    }, () => `${api.name} v${apiVersion}`)
    const call = new RunningCall(apiVersion, header.clientId, session, frame.length, broker)
    return answered(handler, request, call, correlationId,
      () => handler.handle(request, call, broker))
  }

  return {
    run,
    isPipelined: frame => handlerOf(frame)?.pipelined === true,
    isFrameFree: frame => handlerOf(frame)?.isFrameFree === true,
    hasShortAnswer: frame => handlerOf(frame)?.hasShortAnswer === true,
  }
}

/** D0.2: what escapes a handler becomes the request's own error answer, if the API has one. */
function answered (
  { api, failed }: Handler, request: unknown, call: RunningCall, correlationId: number,
  handle: () => Answer<any> | Promise<Answer<any>>
): Reply | Promise<Reply> {
  const { version, release } = call
  const reply = (answer: Answer<any>): Reply => {
    if (answer instanceof Close) {
      throw new CloseConnection(`${api.name} v${version} failed without an answer: ${answer.reason}`)
    }
    // KIP-124: what has no answer is let off its time, for its client would never know.
    if (answer === NO_ANSWER) return { chunks: [], release, throttleMs: call.throttleMs }
    call.throttle(call.requestThrottleMs())
    const { throttleMs } = call
    const body = throttleMs > 0 ? { ...answer, throttleTimeMs: throttleMs } : answer
    const chunks = call.encoded(() => responseFrame(api, version, correlationId, body as never))
    return { chunks, release, throttleMs }
  }
  const failure = (error: unknown): Reply => {
    // Nothing of it is sent: what was read for the answer may go.
    for (const run of release.splice(0)) run()
    if (error instanceof CloseConnection) throw error
    const bug = new RequestFailure(`${api.name} v${version}`, error)
    const isTooLong = error instanceof StringTooLong
    if (failed === undefined) throw isTooLong ? new CloseConnection(bug.message) : bug
    // D0.3: nobody is told the text of a bug.
    const told = error instanceof KafkaError
      ? error
      : new KafkaError(code.UNKNOWN_SERVER_ERROR, isTooLong ? `The answer holds ${error.message}.` : null)
    try {
      const answer = reply(failed(request as never, told, call))
      return error === told || isTooLong ? answer : { ...answer, failure: bug }
    } catch (second) {
      // The error answer names what the request named.
      if (second instanceof StringTooLong) throw new CloseConnection(`${api.name} v${version}: ${second.message}`)
      throw second
    }
  }
  try {
    const answer = handle()
    if (!(answer instanceof Promise)) return reply(answer)
    call.began()
    return answer.then(reply).catch(failure)
  } catch (error) {
    return failure(error)
  }
}

/** Longer client ids are cut in what the log says. */
const CLIENT_ID_LENGTH_MAX = 100

/** What was asked for and by whom, as far as that can be told of a request that is not served. */
function asked (api: Api | undefined, frame: Buffer): string {
  const { apiKey, apiVersion } = peekRequest(frame)
  if (api === undefined) return `API key ${apiKey} v${apiVersion}`
  const what = `${api.name} (API key ${apiKey}) v${apiVersion}`
  try {
    const { clientId } = readRequestHeader(new Reader(frame), api, apiVersion)
    return `${what} of client ${JSON.stringify((clientId ?? '').slice(0, CLIENT_ID_LENGTH_MAX))}`
  } catch (error) {
    if (error instanceof DecodeError) return what
    throw error
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
function unknownApiVersions (
  { api, advertised: [minVersion, maxVersion] }: Handler, correlationId: number
): Reply {
  const chunks = responseFrame(ApiVersions, 0, correlationId, {
    errorCode: code.UNSUPPORTED_VERSION,
    apiKeys: [{ apiKey: api.key, minVersion, maxVersion }],
  })
  return { chunks, release: [], throttleMs: 0 }
}
