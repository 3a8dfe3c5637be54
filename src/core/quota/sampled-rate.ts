/**
 * A rate over a window of samples, as Kafka measures quotas: what was used in the last samples, by
 * the time that they span. A window that is not full yet counts as if nothing had been used before,
 * so that the first use of an idle client is no excess.
 */

/** `quota.window.num` and `quota.window.size.seconds`. */
export interface SampleWindow {
  readonly samples: number
  readonly sampleMs: number
}

interface Sample {
  startMs: number
  lastMs: number
  sum: number
}

export class SampledRate {
  readonly #window: SampleWindow
  /** Reused in turn; one more than are asked for, since samples overlap the window's start. */
  readonly #samples: Sample[] = []
  #current = 0

  constructor (window: SampleWindow) { this.#window = window }

  /** A negative value takes back what was recorded. */
  record (value: number, nowMs: number): void {
    let sample = this.#samples[this.#current] ?? this.#begin(nowMs)
    if (nowMs - sample.startMs >= this.#window.sampleMs) {
      this.#current = (this.#current + 1) % (this.#window.samples + 1)
      sample = this.#begin(nowMs)
    }
    sample.sum += value
    sample.lastMs = nowMs
  }

  #begin (nowMs: number): Sample {
    return this.#samples[this.#current] = { startMs: nowMs, lastMs: nowMs, sum: 0 }
  }

  /** The rate by the second, and the milliseconds that it was measured over. */
  measure (nowMs: number): { perSecond: number, spanMs: number } {
    const { samples, sampleMs } = this.#window
    let sum = 0
    let oldestMs = nowMs
    for (const sample of this.#samples) {
      // Kept as long as they reach into the window, even if they began before it.
      if (nowMs - sample.lastMs >= samples * sampleMs) {
        Object.assign(sample, { startMs: nowMs, lastMs: nowMs, sum: 0 })
      }
      sum += sample.sum
      oldestMs = Math.min(oldestMs, sample.startMs)
    }
    const elapsedMs = nowMs - oldestMs
    const missing = Math.max(0, samples - 1 - Math.floor(elapsedMs / sampleMs))
    // A window of one sample that has just begun spans no time.
    const spanMs = Math.max(1, elapsedMs + missing * sampleMs)
    return { perSecond: sum / (spanMs / 1000), spanMs }
  }
}
