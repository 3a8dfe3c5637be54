/**
 * Why no answer came: each names host:port and what to try. What a broker answers is a KafkaError.
 */
import { textOf } from './address.ts'
import type { Address } from './address.ts'

export type ClientErrorCode =
  | 'UNREACHABLE' // no connection: refused, unknown host, no route, no answer to it in time
  | 'CLOSED' // the other side ended the connection, or we did
  | 'NOT_KAFKA' // what was answered is not Kafka's protocol
  | 'TIMED_OUT' // the connection stands, the answer does not come
  | 'UNSUPPORTED' // the broker serves no version of the API that we know
  | 'BUSY' // more requests under way than the bound

export class ClientError extends Error {
  override name = 'ClientError'
  readonly code: ClientErrorCode

  constructor (code: ClientErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }

  /** The same request may succeed on a new connection. */
  get isRetriable (): boolean { return this.code === 'CLOSED' }
}

/** The system's error on the way to a connection. */
export function unreachable (
  address: Address, from: string | undefined, cause: unknown
): ClientError {
  const where = textOf(address)
  const who = from === undefined ? where : `${where} (${from})`
  const remedy = remedyOf((cause as NodeJS.ErrnoException).code, from !== undefined)
  return new ClientError('UNREACHABLE', `cannot connect to ${who}: ${remedy}`, cause)
}

const ADVERTISED = 'it must be reachable from here; correct advertised.listeners of that broker'

function remedyOf (code: string | undefined, isAdvertised: boolean): string {
  switch (code) {
    case 'ECONNREFUSED':
      return `nothing listens there; ${isAdvertised ? ADVERTISED : 'start the broker, or name another address'}`
    case 'ENOTFOUND': case 'EAI_AGAIN':
      return `this host name is not known here; ${isAdvertised ? ADVERTISED : 'check its spelling'}`
    case 'ETIMEDOUT': case 'EHOSTUNREACH': case 'ENETUNREACH':
      return `no answer from there; ${isAdvertised ? ADVERTISED : 'check the address, the network and the firewall'}`
    default:
      return `${code ?? 'unknown error'}; ${isAdvertised ? ADVERTISED : 'check the address'}`
  }
}

/** What the first bytes of an answer say about a server that is no broker. */
export function notKafka (address: Address, bytes: Buffer): ClientError {
  const head = bytes.toString('latin1', 0, 8)
  const speaks = head.startsWith('HTTP/')
    ? 'it speaks HTTP'
    : bytes[0] === 0x15 && bytes[1] === 0x03 ? 'it speaks TLS' : 'its answer is not of Kafka\'s protocol'
  return new ClientError('NOT_KAFKA',
    `${textOf(address)} is no Kafka listener without TLS: ${speaks}; check the port`)
}

export function closed (address: Address, isNew: boolean): ClientError {
  return new ClientError('CLOSED', isNew
    ? `${textOf(address)} closes the connection without an answer: check that a Kafka listener without TLS is there`
    : `${textOf(address)} has closed the connection: try again, or look into the broker's log`)
}

export function timedOut (address: Address, what: string, timeoutMs: number): ClientError {
  return new ClientError('TIMED_OUT',
    `${textOf(address)} does not answer ${what} within ${timeoutMs} ms: look whether the broker is overloaded or stopped`)
}
