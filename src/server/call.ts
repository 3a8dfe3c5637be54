/**
 * One request under way: what its handler may ask and say, and the time that it takes (KIP-124).
 */
import type { Broker } from '../apis/broker.ts'
import type { Call } from '../apis/handler.ts'
import type { Session } from '../apis/session.ts'

/** A request_percentage of 100 is one second of work a second. */
const PERCENT_PER_MS = 0.1

type Needs = Pick<Broker, 'quotas' | 'environment'>

export class RunningCall implements Call {
  readonly version: number
  readonly clientId: string | null
  readonly session: Session
  readonly requestBytes: number
  readonly release: Array<() => void> = []
  throttleMs = 0
  readonly #needs: Needs
  /** On the monotonic clock; undefined: nobody's time is counted. */
  readonly #startedMs: number | undefined
  #workMs: number | undefined
  #isCounted = false

  constructor (
    version: number, clientId: string | null, session: Session, requestBytes: number, needs: Needs
  ) {
    this.version = version
    this.clientId = clientId
    this.session = session
    this.requestBytes = requestBytes
    this.#needs = needs
    this.#startedMs = needs.quotas.request.isUnset ? undefined : needs.environment.monotonicMs()
  }

  get quotaClient (): { principal: string, clientId: string | null } {
    return { principal: this.session.principal, clientId: this.clientId }
  }

  onSent (run: () => void): void { this.release.push(run) }

  throttle (ms: number): void { if (ms > this.throttleMs) this.throttleMs = ms }

  requestThrottleMs (): number {
    if (this.#startedMs === undefined || this.#isCounted) return 0
    this.#isCounted = true
    const { quotas, environment } = this.#needs
    const nowMs = environment.monotonicMs()
    const workMs = this.#workMs ?? nowMs - this.#startedMs
    return quotas.request.record(this.quotaClient, workMs * PERCENT_PER_MS, nowMs)
  }

  /** The handler waits for something from here on: that is no work of this request. */
  began (): void {
    if (this.#startedMs !== undefined) {
      this.#workMs = this.#needs.environment.monotonicMs() - this.#startedMs
    }
  }

  /** Encoding counts too; the next request answers for it, as for Kafka's network threads. */
  encoded<T> (encode: () => T): T {
    if (this.#startedMs === undefined) return encode()
    const { quotas, environment } = this.#needs
    const beforeMs = environment.monotonicMs()
    const result = encode()
    const afterMs = environment.monotonicMs()
    quotas.request.count(this.quotaClient, (afterMs - beforeMs) * PERCENT_PER_MS, afterMs)
    return result
  }
}
