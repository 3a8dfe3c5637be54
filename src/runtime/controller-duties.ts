/**
 * What the active controller does unasked: the first records of a new cluster, and fencing brokers
 * that are heard of no more (2.5.4).
 */
import type { MetadataEntry } from '../../protocol/stored/framing.ts'
import { fenceExpired } from '../core/controller/brokers.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { Controller } from './controller.ts'
import type { Environment, Timer } from './environment.ts'
import type { QuorumRuntime } from './quorum-contract.ts'

const NOTHING = { records: [], reply: undefined }

export interface ControllerDutiesOptions {
  readonly controller: Controller
  readonly image: MetadataImage
  readonly environment: Environment
  readonly quorum: QuorumRuntime
}

export class ControllerDuties {
  readonly #options: ControllerDutiesOptions
  #timer: Timer | undefined
  #timerAtMs = Infinity
  #stopped = false
  readonly #active: Promise<void>

  constructor (options: ControllerDutiesOptions) {
    this.#options = options
    const { quorum, controller, image, environment } = options
    this.#active = new Promise(resolve => {
      quorum.onLeaderChange(() => {
        if (!quorum.isLeader) return
        // A new active controller gives every broker a fresh session (2.5.4).
        controller.sessions.activate(image, environment.nowMs())
        this.metadataChanged()
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

  /** Sessions may have been made or ended: the next look is due at another time. */
  metadataChanged (): void {
    const { controller, image, environment } = this.#options
    if (this.#stopped || !controller.isActive) return
    const deadlineMs = controller.sessions.deadlineMs(image)
    if (deadlineMs === this.#timerAtMs) return
    this.#timer?.cancel()
    this.#timerAtMs = deadlineMs
    if (deadlineMs === Infinity) return
    this.#timer = environment.setTimer(Math.max(0, deadlineMs - environment.nowMs()), () => { void this.#fence() })
  }

  async #fence (): Promise<void> {
    const { controller, environment } = this.#options
    this.#timerAtMs = Infinity
    try {
      await controller.submit(view => fenceExpired(view) ?? NOTHING)
    } catch (error) {
      environment.log('warn', 'silent brokers were not fenced', { error })
    }
    this.metadataChanged()
  }

  stop (): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
