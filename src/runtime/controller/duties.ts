/**
 * What the active controller does unasked: the first records of a new cluster, and fencing brokers
 * that are heard of no more (2.5.4).
 */
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { fenceExpired } from '../../core/controller/brokers.ts'
import type { MetadataImage } from '../../core/metadata/image.ts'
import type { Controller } from './controller.ts'
import type { Environment, Timer } from '../environment.ts'
import type { QuorumRuntime } from '../quorum/contract.ts'

const NOBODY = { records: [], reply: undefined }
/** 2.5.4: as Kafka looks, so that a silent broker is fenced within 112.5 % of its session. */
const LOOKS_A_SESSION = 8

export interface ControllerDutiesOptions {
  readonly controller: Controller
  readonly image: MetadataImage
  readonly environment: Environment
  readonly quorum: QuorumRuntime
}

export class ControllerDuties {
  readonly #options: ControllerDutiesOptions
  #timer: Timer | undefined
  #isFencing = false
  #stopped = false
  readonly #active: Promise<void>

  constructor (options: ControllerDutiesOptions) {
    this.#options = options
    const { quorum, controller, image, environment } = options
    this.#active = new Promise(resolve => {
      quorum.onLeaderChange(() => {
        this.#timer?.cancel()
        if (!quorum.isLeader) return
        // A new active controller gives every broker a fresh session (2.5.4).
        controller.sessions.activate(image, environment.monotonicMs())
        this.#arm()
        resolve()
      })
    })
  }

  /** Resolves when this node is the active controller and the cluster has its first records. */
  async becomeActive (bootstrap: () => MetadataEntry[]): Promise<void> {
    const { controller, image } = this.#options
    await this.#active
    if (image.metadataVersion === 0) {
      await controller.submit(() => ({ records: bootstrap(), reply: undefined }))
    }
  }

  #arm (): void {
    if (this.#stopped) return
    const { controller, environment } = this.#options
    const everyMs = Math.max(1, controller.sessions.timeoutMs / LOOKS_A_SESSION)
    const dueMs = environment.monotonicMs() + everyMs
    this.#timer = environment.setTimer(everyMs, () => { this.#look(dueMs) })
  }

  #look (dueMs: number): void {
    const { controller, image, environment } = this.#options
    const { sessions } = controller
    const monotonicMs = environment.monotonicMs()
    sessions.resume(dueMs, monotonicMs)
    this.#arm()
    if (!this.#isFencing && sessions.firstExpired(image, monotonicMs) !== undefined) {
      void this.#fence(monotonicMs)
    }
  }

  /** Who was silent at `monotonicMs`, and still is when the decision's turn comes. */
  async #fence (monotonicMs: number): Promise<void> {
    const { controller, environment } = this.#options
    this.#isFencing = true
    try {
      for (;;) {
        // However many partitions a broker leads: nobody can ask for less of it.
        const { reply } = await controller.submit(
          view => fenceExpired({ ...view, monotonicMs }) ?? NOBODY, { bytesMax: Infinity })
        if (reply === undefined) break
        environment.log('warn', `broker ${reply.brokerId} is fenced: it has sent no heartbeat for ` +
          `${controller.sessions.timeoutMs} ms`)
      }
    } catch (error) {
      environment.log('warn', 'silent brokers were not fenced', { error })
    }
    this.#isFencing = false
  }

  stop (): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
