/**
 * The broker's life as the controller sees it: registered, unfenced once it has caught up, kept
 * alive by heartbeats, and gone in order (2.5, KIP-631).
 */
import { code, KafkaError } from '../../protocol/errors.ts'
import type { BrokerRegistrationRequest } from '../../protocol/messages/62-broker-registration.ts'
import { registerBroker } from '../core/controller/registration.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { Controller } from './controller/controller.ts'
import type { Environment, Timer } from './environment.ts'

export interface LifecycleOptions {
  readonly controller: Controller
  readonly image: MetadataImage
  readonly environment: Environment
  readonly registration: BrokerRegistrationRequest
  /** broker.heartbeat.interval.ms */
  readonly heartbeatMs: number
  /** Whether the directory takes no new replicas, as of now (KIP-1066). */
  isCordoned (): boolean
}

const RETRY_MS = 100

export class Lifecycle {
  readonly #options: LifecycleOptions
  #brokerEpoch = -1n
  #timer: Timer | undefined
  #stopped = false

  constructor (options: LifecycleOptions) { this.#options = options }

  get brokerEpoch (): bigint { return this.#brokerEpoch }
  get brokerId (): number { return this.#options.registration.brokerId }

  /** Registers and resolves once unfenced. Rejects when the controller refuses for good. */
  async start (): Promise<void> {
    const { controller, registration, environment } = this.#options
    for (;;) {
      const { reply, problem } = await controller.submit(view => registerBroker(registration, view))
      if (reply.errorCode === undefined || reply.errorCode === code.NONE) {
        this.#brokerEpoch = reply.brokerEpoch ?? -1n
        break
      }
      if (reply.errorCode !== code.DUPLICATE_BROKER_REGISTRATION) {
        throw new KafkaError(reply.errorCode, problem ?? null)
      }
      await new Promise<void>(resolve => { environment.setTimer(RETRY_MS, resolve) })
    }
    while (await this.#heartbeat(
      false
    )) { /* fenced until it has caught up with its registration */ }
    this.#arm()
  }

  /** Whether the broker is still fenced. */
  async #heartbeat (wantShutDown: boolean): Promise<boolean> {
    const { controller, image, registration, isCordoned } = this.#options
    const reply = await controller.heartbeat({
      brokerId: this.brokerId,
      brokerEpoch: this.#brokerEpoch,
      currentMetadataOffset: image.lastAppliedOffset,
      wantFence: false,
      wantShutDown,
      offlineLogDirs: [],
      cordonedLogDirs: isCordoned() ? registration.logDirs : [],
    })
    if (reply.errorCode !== undefined && reply.errorCode !== code.NONE) {
      throw new KafkaError(reply.errorCode)
    }
    return wantShutDown ? !reply.shouldShutDown : reply.isFenced === true
  }

  #arm (): void {
    if (this.#stopped) return
    const { environment, heartbeatMs } = this.#options
    this.#timer = environment.setTimer(heartbeatMs, () => {
      this.#heartbeat(false)
        .catch(error => { environment.log('warn', 'the controller did not take the heartbeat', { error }) })
        .finally(() => { this.#arm() })
    })
  }

  /** Controlled shutdown (2.5.6): leaves in order, as far as the controller answers. */
  async stop (): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    if (this.#brokerEpoch < 0n) return
    try {
      for (let asked = 0; asked < 3 &&
        await this.#heartbeat(true); asked++) { /* others catch up */ }
    } catch (error) {
      this.#options.environment.log('warn', 'the controller was not told of the shutdown', { error })
    }
  }
}
