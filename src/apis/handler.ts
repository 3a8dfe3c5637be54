/** What a handler is: an API, the versions it serves, and a function that names what it needs. */
import type { KafkaError } from '../../protocol/errors.ts'
import type { QuotaClient } from '../core/quota/limits.ts'
import type { Broker } from './broker.ts'
import type { Api, MessageOf, MessageToWrite, VersionRange } from '../../protocol/types.ts'
import type { Session } from './session.ts'

/** One request as a handler sees it. */
export interface Call {
  readonly version: number
  readonly clientId: string | null
  readonly session: Session
  /** Without the size prefix. */
  readonly requestBytes: number
  /** By whose quotas this request goes. */
  readonly quotaClient: QuotaClient
  /** The answer says so, and once it is sent the client is not read for that long (KIP-219). */
  throttle (ms: number): void
  /**
   * Counts the time that this request took (KIP-124); asked once, of whoever does not by the end.
   */
  requestThrottleMs (): number
  /** Runs when the answer's bytes are with the kernel: pooled memory may be used again. */
  onSent (release: () => void): void
}

/** A handler that says this has no answer to send: the connection goes on (acks=0). */
export const NO_ANSWER = Symbol('no answer')
/** The connection must be closed without an answer, as Kafka does; the log says why. */
export class Close {
  readonly reason: string
  constructor (reason: string) { this.reason = reason }
}

export type Answer<A extends Api> = MessageToWrite<A['response']> | typeof NO_ANSWER | Close

/** The compiler checks that the broker has what each in the list needs. */
export interface Handler<A extends Api = Api, Needs = Broker> {
  readonly api: A
  /** The versions that are served. */
  readonly versions: VersionRange
  /** What Kafka 4.4 serves. */
  readonly strictVersions: VersionRange
  /** The versions that ApiVersions lists: those of Kafka 4.4. */
  readonly advertised: VersionRange
  /** Whether ApiVersions lists it at all. */
  readonly isListed: boolean
  /**
   * Several requests of one connection may be under way at once: their order is fixed when called.
   */
  readonly pipelined: boolean
  /** Keeps nothing of the request's bytes once it has answered. */
  readonly isFrameFree: boolean
  /**
   * Answers no more than it was asked: such requests begin although others do not read their
   * answers.
   */
  readonly hasShortAnswer: boolean
  handle (request: MessageOf<A['request']>, call: Call, needs: Needs): Answer<A> | Promise<Answer<A>>
  /** Kafka's error answer to this request (D0.2); without it the connection closes. */
  readonly failed: Failed<A> | undefined
}

type Failed<A extends Api> = (request: MessageOf<A['request']>, error: KafkaError, call: Call) => Answer<A>

export interface HandlerOptions<A extends Api = Api> {
  versions: VersionRange
  advertised?: VersionRange
  strictVersions?: VersionRange
  isListed?: boolean
  pipelined?: boolean
  isFrameFree?: boolean
  hasShortAnswer?: boolean
  failed?: Failed<A>
}

/**
 * The handlers as `ottla.strict` has them: what Kafka 4.4 no longer serves closes the connection.
 */
export function strictly (handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map(handler => ({ ...handler, versions: handler.strictVersions }))
}

/** Defines a handler; `Needs` are the parts of the broker that it uses. */
export function handler<A extends Api, Needs> (
  api: A,
  {
    versions, advertised = versions, strictVersions = advertised, isListed = true,
    pipelined = false,
    isFrameFree = false, hasShortAnswer = false, failed,
  }: HandlerOptions<A>,
  handle: (request: MessageOf<A['request']>, call: Call, needs: Needs) => Answer<A> | Promise<Answer<A>>
): Handler<A, Needs> {
  return {
    api, versions, advertised, strictVersions, isListed, pipelined, isFrameFree, hasShortAnswer,
    handle, failed,
  }
}
