/**
 * The controller's runtime: one write at a time. A decider reads the image and answers records;
 * they are appended to the metadata log as one atomic batch, and the reply goes out once they are
 * committed and applied (D0.7). The next decision then sees them.
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import type {
  BrokerHeartbeatRequest, BrokerHeartbeatResponse,
} from '../../../protocol/messages/63-broker-heartbeat.ts'
import { encodeMetadata } from '../../../protocol/stored/framing.ts'
import { brokerHeartbeat } from '../../core/controller/brokers.ts'
import type { ControllerResult, ControllerSettings, ControllerView } from '../../core/controller/decision.ts'
import type { Sessions } from '../../core/controller/sessions.ts'
import type { MetadataImage } from '../../core/metadata/image.ts'
import type { Environment } from '../environment.ts'
import type { Notices } from '../notices.ts'
import { NotLeaderError } from '../quorum/contract.ts'
import type { QuorumRuntime } from '../quorum/contract.ts'
import { metadataBatchBytes } from '../quorum/log.ts'

export interface FullView extends ControllerView {
  readonly sessions: Sessions
  /** By the clock that goes on evenly: sessions do not end because a clock is set. */
  readonly monotonicMs: number
}

export type Decide<D extends ControllerResult<unknown>> = (view: FullView) => D

/** 2.10: the most bytes of one batch of metadata, which what a request decides has to fit in. */
const BATCH_BYTES_MAX = 8 * 1024 * 1024

/** How a write is to be taken. */
export interface Submission {
  /** D0.8: past it, the write is not even begun. */
  readonly deadlineMs?: number
  /** Whether the decider has nothing to ask of the image and nothing to write. */
  readonly isSettled?: (settings: ControllerSettings) => boolean
  /** Of the batch that its records become. */
  readonly bytesMax?: number
}

interface Write {
  readonly decide: Decide<ControllerResult<unknown>>
  /** D0.8: past it, the write is not even begun. */
  readonly deadlineMs: number
  readonly bytesMax: number
  readonly resolve: (decision: ControllerResult<unknown>) => void
  readonly reject: (error: unknown) => void
}

export class Controller {
  readonly #quorum: QuorumRuntime
  readonly #image: MetadataImage
  readonly #environment: Environment
  readonly #notices: Pick<Notices, 'warn'>
  readonly sessions: Sessions
  readonly settings: ControllerSettings
  readonly #queue: Write[] = []
  #running = false

  constructor (parts: { quorum: QuorumRuntime, image: MetadataImage, environment: Environment,
    notices: Pick<Notices, 'warn'>, sessions: Sessions, settings: ControllerSettings }) {
    this.#quorum = parts.quorum
    this.#image = parts.image
    this.#environment = parts.environment
    this.#notices = parts.notices
    this.sessions = parts.sessions
    this.settings = parts.settings
  }

  get isActive (): boolean { return this.#quorum.isLeader }

  /**
   * Decides when its turn comes and resolves with the decision once its records are committed.
   * Rejects with NOT_CONTROLLER when another node leads, REQUEST_TIMED_OUT when the turn came after
   * `deadlineMs` of the clock that nobody sets, UNKNOWN_SERVER_ERROR when its records take more
   * than `bytesMax`. What is settled, because the decider has nothing to ask of the image and
   * nothing to write, is answered at once: it has no turn to wait for (D0.8).
   */
  submit<D extends ControllerResult<unknown>> (
    decide: Decide<D>,
    { deadlineMs = Infinity, isSettled, bytesMax = BATCH_BYTES_MAX }: Submission = {}
  ): Promise<D> {
    return new Promise((resolve, reject) => {
      if (isSettled?.(this.settings) === true) return resolve(decide(this.#view()))
      this.#queue.push({ decide, deadlineMs, bytesMax, resolve: resolve as Write['resolve'], reject })
      if (!this.#running) void this.#run()
    })
  }

  /**
   * BrokerHeartbeat (2.5.4): its broker is in contact from its arrival to its answer, so that no
   * session ends for the time that the writes before it take.
   */
  async heartbeat (request: BrokerHeartbeatRequest): Promise<BrokerHeartbeatResponse> {
    const { brokerId, brokerEpoch } = request
    const arrival = this.sessions.arrived(brokerId, brokerEpoch, this.#environment.monotonicMs())
    try {
      const { reply } = await this.submit(view => {
        const decision = brokerHeartbeat(request, view)
        const { heartbeat, records } = decision
        const lastOffset = view.nextOffset + BigInt(records.length) - 1n
        if (heartbeat !== undefined) view.sessions.heard(heartbeat, lastOffset, view.monotonicMs)
        return decision
      })
      return reply
    } finally {
      this.sessions.answered(arrival, this.#environment.monotonicMs())
    }
  }

  async #run (): Promise<void> {
    this.#running = true
    for (let write = this.#queue.shift(); write !== undefined; write = this.#queue.shift()) {
      try {
        write.resolve(await this.#perform(write))
      } catch (error) {
        write.reject(error instanceof NotLeaderError ? new KafkaError(code.NOT_CONTROLLER) : error)
      }
    }
    this.#running = false
  }

  async #perform ({ decide, deadlineMs, bytesMax }: Write): Promise<ControllerResult<unknown>> {
    const { leader, isLeader } = this.#quorum
    if (leader === undefined || !isLeader) throw new KafkaError(code.NOT_CONTROLLER)
    if (this.#environment.monotonicMs() >= deadlineMs) {
      // D0.3: it comes from an exception that says no more than its code.
      throw new KafkaError(code.REQUEST_TIMED_OUT, null)
    }
    const decision = decide(this.#view())
    if (decision.records.length === 0) return decision
    const records = decision.records.map(encodeMetadata)
    const bytes = metadataBatchBytes(records)
    if (bytes > bytesMax) {
      this.#notices.warn(`a request was refused: its records take ${bytes} bytes, ` +
        `and one batch of metadata holds ${bytesMax}`)
      throw new KafkaError(code.UNKNOWN_SERVER_ERROR)
    }
    await this.#quorum.append(records, leader.epoch).committed
    return decision
  }

  #view (): FullView {
    return {
      image: this.#image,
      settings: this.settings,
      nextOffset: this.#quorum.endOffset,
      random: () => this.#environment.random(),
      sessions: this.sessions,
      monotonicMs: this.#environment.monotonicMs(),
    }
  }
}
