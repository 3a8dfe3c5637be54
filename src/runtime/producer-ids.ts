/** Producer ids for this broker, from blocks that the controller hands out (KIP-730). */
import { code, KafkaError } from '../../protocol/errors.ts'
import { allocateProducerIds } from '../core/controller/producer-ids.ts'
import type { Controller } from './controller/controller.ts'

export class ProducerIds {
  readonly #controller: Controller
  readonly #broker: () => { brokerId: number, brokerEpoch: bigint }
  #next = 0n
  #end = 0n
  #allocating: Promise<number> | undefined

  constructor (controller: Controller, broker: () => { brokerId: number, brokerEpoch: bigint }) {
    this.#controller = controller
    this.#broker = broker
  }

  /** An id that nobody else ever gets, or the error code why there is none now. */
  async next (): Promise<bigint | number> {
    while (this.#next >= this.#end) {
      this.#allocating ??= this.#allocate().finally(() => { this.#allocating = undefined })
      const errorCode = await this.#allocating
      if (errorCode !== code.NONE) return errorCode
    }
    return this.#next++
  }

  async #allocate (): Promise<number> {
    try {
      const { reply } =
        await this.#controller.submit(view => allocateProducerIds(this.#broker(), view))
      if (reply.errorCode !== undefined && reply.errorCode !== code.NONE) {
        return code.COORDINATOR_LOAD_IN_PROGRESS
      }
      this.#next = reply.producerIdStart
      this.#end = reply.producerIdStart + BigInt(reply.producerIdLen)
      return code.NONE
    } catch (error) {
      // Kafka tells the producer to try again while the controller cannot be asked.
      if (error instanceof KafkaError) return code.COORDINATOR_LOAD_IN_PROGRESS
      throw error
    }
  }
}
