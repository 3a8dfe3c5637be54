/**
 * Who was heard from when: the part of the controller's knowledge of brokers that is in no log.
 * A new active controller starts with a fresh session for every unfenced broker (R 2.5.4). All
 * times are milliseconds of a clock that goes on evenly.
 */
import type { MetadataImage } from '../metadata/image.ts'

interface Session {
  readonly epoch: bigint
  readonly lastSeenMs: number
  /** How far the broker has applied the metadata log. */
  readonly metadataOffset: bigint
  /**
   * R 2.5.6: others must have seen this much before it may stop; -1: not in controlled shutdown.
   */
  readonly controlledShutdownOffset: bigint
}

/** What a heartbeat decision says about the session; applied by `heard`. */
export interface Heartbeat {
  readonly brokerId: number
  readonly epoch: bigint
  readonly metadataOffset: bigint
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
}

/** A heartbeat between its arrival and its answer. */
export interface Arrival { readonly brokerId: number, readonly epoch: bigint }

export class Sessions {
  /** broker.session.timeout.ms */
  readonly timeoutMs: number
  readonly #byBroker = new Map<number, Session>()
  /**
   * As many as there are requests under way: a broker sends its next heartbeat after the answer.
   */
  readonly #arrivals = new Set<Arrival>()

  constructor (timeoutMs: number) { this.timeoutMs = timeoutMs }

  /** This node has become the active controller. */
  activate (image: MetadataImage, monotonicMs: number): void {
    this.#byBroker.clear()
    for (const { id, epoch, fenced } of image.brokers) {
      if (fenced) continue
      this.#byBroker.set(id, {
        epoch, lastSeenMs: monotonicMs, metadataOffset: -1n, controlledShutdownOffset: -1n,
      })
    }
  }

  isLive (brokerId: number, epoch: bigint, monotonicMs: number): boolean {
    const session = this.#byBroker.get(brokerId)
    return session !== undefined && session.epoch === epoch &&
      (session.lastSeenMs + this.timeoutMs > monotonicMs || this.#isWaiting(brokerId, epoch))
  }

  /**
   * A heartbeat has come. Until it is answered its broker waits for the controller, and is not
   * silent, however long the metadata log takes to be written.
   */
  arrived (brokerId: number, epoch: bigint, monotonicMs: number): Arrival {
    const arrival = { brokerId, epoch }
    this.#arrivals.add(arrival)
    this.#seen(arrival, monotonicMs)
    return arrival
  }

  answered (arrival: Arrival, monotonicMs: number): void {
    this.#arrivals.delete(arrival)
    this.#seen(arrival, monotonicMs)
  }

  #seen ({ brokerId, epoch }: Arrival, monotonicMs: number): void {
    const session = this.#byBroker.get(brokerId)
    if (session?.epoch !== epoch) return
    this.#byBroker.set(brokerId, { ...session, lastSeenMs: monotonicMs })
  }

  #isWaiting (brokerId: number, epoch: bigint): boolean {
    for (const arrival of this.#arrivals) {
      if (arrival.brokerId === brokerId && arrival.epoch === epoch) return true
    }
    return false
  }

  /**
   * The controller wanted to look at `dueMs` and comes to it at `monotonicMs`: it stood still in
   * between. Heartbeats that came meanwhile wait unread, so nobody was silent for that time.
   */
  resume (dueMs: number, monotonicMs: number): void {
    const lostMs = Math.max(0, monotonicMs - dueMs)
    for (const [brokerId, session] of this.#byBroker) {
      const lastSeenMs = Math.min(session.lastSeenMs + lostMs, monotonicMs)
      this.#byBroker.set(brokerId, { ...session, lastSeenMs })
    }
  }

  /** The offset is the last one of the metadata log, with the heartbeat's own records in it. */
  heard (heartbeat: Heartbeat, lastOffset: bigint, monotonicMs: number): void {
    const { brokerId, epoch, metadataOffset, fenced, inControlledShutdown } = heartbeat
    const before = this.#byBroker.get(brokerId)
    const shutdownOffset = before?.epoch === epoch ? before.controlledShutdownOffset : -1n
    this.#byBroker.set(brokerId, {
      epoch,
      lastSeenMs: monotonicMs,
      metadataOffset,
      controlledShutdownOffset: fenced
        ? -1n
        : shutdownOffset < 0n && inControlledShutdown ? lastOffset : shutdownOffset,
    })
  }

  forget (brokerId: number): void { this.#byBroker.delete(brokerId) }

  controlledShutdownOffset (brokerId: number): bigint {
    return this.#byBroker.get(brokerId)?.controlledShutdownOffset ?? -1n
  }

  /** The least advanced of the active brokers; undefined when there is none. */
  lowestActiveOffset (image: MetadataImage): bigint | undefined {
    let lowest: bigint | undefined
    for (const [brokerId, { metadataOffset }] of this.#byBroker) {
      if (!image.brokers.isActive(brokerId)) continue
      if (lowest === undefined || metadataOffset < lowest) lowest = metadataOffset
    }
    return lowest
  }

  /**
   * A broker of the image whose session has ended though it is unfenced: the longest silent one.
   */
  firstExpired (image: MetadataImage, monotonicMs: number): number | undefined {
    let first: number | undefined
    let longestSilentMs = this.timeoutMs - 1
    for (const { id, epoch, fenced } of image.brokers) {
      if (fenced || this.#isWaiting(id, epoch)) continue
      const session = this.#byBroker.get(id)
      const seenMs = session?.epoch === epoch ? session.lastSeenMs : -Infinity
      if (monotonicMs - seenMs <= longestSilentMs) continue
      longestSilentMs = monotonicMs - seenMs
      first = id
    }
    return first
  }
}
