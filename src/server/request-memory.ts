/**
 * Bytes of requests that all connections together hold: received in part, waiting, or under way.
 * Past the bound nobody's bytes are read until some are answered (R-X7, queued.max.request.bytes).
 */

/**
 * Kafka's own default is no bound; a bound is what keeps a flood of half requests from filling
 * memory.
 */
const REQUEST_BYTES_MAX = 256 * 1024 * 1024

interface Holder {
  hold (): void
  resume (): void
  destroy (): void
}

export class RequestMemory {
  readonly #bytesMax: number
  #bytes = 0
  #running = 0
  readonly #held = new Set<Holder>()

  constructor (bytesMax = REQUEST_BYTES_MAX) { this.#bytesMax = bytesMax }

  get bytes (): number { return this.#bytes }

  /**
   * A connection holds so many bytes more, or fewer; so many of them belong to requests under way.
   * One that asks for more than there is has to wait.
   */
  change (holder: Holder, bytes: number, running: number): void {
    this.#bytes += bytes
    this.#running += running
    if (this.#bytes <= this.#bytesMax) return this.#relieve()
    if (bytes > 0) {
      this.#held.add(holder)
      holder.hold()
    }
    // Only answers give memory back: when none is to come, halves of requests fill all of it.
    if (this.#running <= 0) this.#held.values().next().value?.destroy()
  }

  forget (holder: Holder): void { this.#held.delete(holder) }

  #relieve (): void {
    if (this.#held.size === 0) return
    const waiting = [...this.#held]
    this.#held.clear()
    for (const each of waiting) each.resume()
  }
}
