/** What all connections of a broker share: memory for requests and answers, limits, the clock. */
import { AnswerMemory } from './answer-memory.ts'
import type { ConnectionContext } from './connection.ts'
import { FramePool } from './frame-pool.ts'
import { RequestMemory } from './request-memory.ts'

/** Bytes; see the settings that they come from (`connectionLimits` of parts.ts). */
export interface ServingLimits {
  readonly frameBytesMax: number
  /** Not positive: what RequestMemory bounds by itself. */
  readonly queuedRequestBytesMax: number
  readonly queuedResponseBytesMax: number
}

interface Clock extends Pick<ConnectionContext, 'setTimer' | 'atTurnEnd'> { monotonicMs (): number }

/** Requests that one connection may have under way: Produce after Produce (see connection.ts). */
const REQUESTS_IN_FLIGHT_MAX = 100

export function sharedByConnections (
  { frameBytesMax, queuedRequestBytesMax, queuedResponseBytesMax }: ServingLimits,
  { monotonicMs, setTimer, atTurnEnd }: Clock
): Omit<ConnectionContext, 'dispatch' | 'events'> {
  return {
    pool: new FramePool({ setTimer }),
    memory: new RequestMemory(queuedRequestBytesMax > 0 ? queuedRequestBytesMax : undefined),
    answers: new AnswerMemory(queuedResponseBytesMax, { nowMs: monotonicMs, setTimer }),
    limits: { frameBytesMax, requestsInFlightMax: REQUESTS_IN_FLIGHT_MAX },
    nowMs: monotonicMs,
    setTimer,
    atTurnEnd,
  }
}
