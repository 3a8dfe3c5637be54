/** Those who wait until an offset of a log is reached, in the order of the offsets. */
import { KafkaError } from '../../../protocol/errors.ts'

interface Waiter { offset: bigint, resolve: () => void, reject: (error: KafkaError) => void }

export class OffsetWaiters {
  /** Ascending by offset. */
  readonly #waiters: Waiter[] = []

  get count (): number { return this.#waiters.length }

  wait (offset: bigint): Promise<void> {
    return new Promise((resolve, reject) => {
      let at = this.#waiters.length
      while (at > 0 && (this.#waiters[at - 1] as Waiter).offset > offset) at--
      this.#waiters.splice(at, 0, { offset, resolve, reject })
    })
  }

  /** Everything below `end` is there. */
  reached (end: bigint): void {
    while (this.#waiters.length > 0 && (this.#waiters[0] as Waiter).offset <= end) {
      (this.#waiters.shift() as Waiter).resolve()
    }
  }

  /** What waits for more than `end` waits in vain. */
  failAbove (end: bigint, errorCode: number): void {
    let kept = this.#waiters.length
    while (kept > 0 && (this.#waiters[kept - 1] as Waiter).offset > end) kept--
    if (kept === this.#waiters.length) return
    for (const { reject } of this.#waiters.splice(kept)) reject(new KafkaError(errorCode))
  }
}
