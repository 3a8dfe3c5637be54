/**
 * Compacts the logs of topics whose cleanup.policy says so: the dirtiest first, one at a time, and
 * when nothing is due a pause of log.cleaner.backoff.ms (D25.12). For these topics it applies
 * retention as well (D25.8). A log that cannot be compacted is set aside until the next start.
 */
import { cleanable } from '../../core/compaction/cleanable.ts'
import type { Cleanable } from '../../core/compaction/cleanable.ts'
import { StoreError } from '../../store/store.ts'
import type { Store } from '../../store/store.ts'
import { CleanOffsets } from './clean-offsets.ts'
import type { CleanerSettings } from './settings.ts'
import { CompactionPass, PassEnded } from './compaction-pass.ts'
import type { Environment, Timer } from '../environment.ts'
import { Pace } from './pace.ts'
import type { Partition } from '../replica/partition.ts'
import type { Replicas } from '../replica/replicas.ts'

export interface CleanerOptions {
  readonly replicas: Pick<Replicas, 'all' | 'retain'>
  readonly store: Store
  readonly environment: Environment
  settings (): CleanerSettings
}

interface Candidate { readonly partition: Partition, readonly range: Cleanable }

/** Looking for work takes work: a backoff of 0 does not keep everybody else from running. */
const PAUSE_MS_MIN = 10

export class Cleaner {
  readonly pace: Pace
  readonly #options: CleanerOptions
  readonly #offsets: CleanOffsets
  /** By log name: set aside until the next start. */
  readonly #uncleanable = new Set<string>()
  #timer: Timer | undefined
  #running: Promise<void> | undefined
  #current: Partition | undefined

  constructor (options: CleanerOptions) {
    this.#options = options
    this.#offsets = new CleanOffsets(options.store)
    this.pace = new Pace(options.environment)
  }

  /** The partition that is being compacted. */
  get current (): Partition | undefined { return this.#current }

  start (): void { this.#arm(0) }

  #arm (delayMs: number): void {
    if (this.pace.stopped) return
    this.#timer = this.#options.environment.setTimer(delayMs, () => {
      this.#running = this.#turn().finally(() => { this.#running = undefined })
    })
  }

  async #turn (): Promise<void> {
    const isCleaned = await this.cleanNext()
    if (this.pace.stopped) return
    this.#retain()
    this.#arm(isCleaned ? 0 : Math.max(this.#options.settings().backoffMs, PAUSE_MS_MIN))
  }

  /**
   * Compacts the log that has most of it to do, if one is due; false: none was, or not to its end.
   */
  async cleanNext (): Promise<boolean> {
    // R-S9: what the table cannot keep would stop the broker; compaction can wait.
    if (this.#options.store.stats().diskFull) return false
    try {
      await this.#forget()
      await this.#load()
      const dirtiest = this.#dirtiest()
      return dirtiest !== undefined && await this.#clean(dirtiest)
    } catch (error) {
      // The store has said so, and the broker stops (R-S2).
      if (error instanceof StoreError) return false
      throw error
    }
  }

  /** D25.19: a topic that is compacted again one day begins at its start. */
  async #forget (): Promise<void> {
    const others = new Set<string>()
    for (const { log, settings } of this.#options.replicas.all()) {
      if (!settings.compacts) others.add(log.name)
    }
    await this.#offsets.forget(name => !others.has(name))
  }

  /** How dirty a log is follows from its segments. */
  async #load (): Promise<void> {
    for (const partition of this.#options.replicas.all()) {
      if (this.pace.stopped) return
      if (partition.settings.compacts && !partition.isLoaded) await partition.whenLoaded()
    }
  }

  #dirtiest (): Candidate | undefined {
    if (this.pace.stopped) return undefined
    let dirtiest: Candidate | undefined
    for (const partition of this.#options.replicas.all()) {
      if (!this.#isCleanable(partition)) continue
      const range = this.rangeOf(partition)
      if (!range.isDue || range.dirtyRatio <= (dirtiest?.range.dirtyRatio ?? -1)) continue
      dirtiest = { partition, range }
    }
    return dirtiest
  }

  #isCleanable ({ settings, isLoaded, available, log }: Partition): boolean {
    return settings.compacts && isLoaded && available && !this.#uncleanable.has(log.name)
  }

  /** What of the log may be compacted now (D25.11). */
  rangeOf (partition: Partition): Cleanable {
    const { state, log, settings, lastStableOffset } = partition
    return cleanable(state.segments.all, {
      startOffset: log.startOffset,
      endOffset: log.endOffset,
      lastStableOffset,
      firstDirtyOffset: this.#offsets.get(log),
    }, settings.compaction, this.#options.environment.nowMs())
  }

  async #clean ({ partition, range }: Candidate): Promise<boolean> {
    const { environment, store, settings } = this.#options
    const bytesBefore = partition.log.byteSize
    const startedMs = environment.monotonicMs()
    this.#current = partition
    try {
      await new CompactionPass({
        partition,
        range,
        settings: settings(),
        offsets: this.#offsets,
        environment,
        pace: this.pace,
        sync: () => store.sync(),
      }).run()
      environment.log('debug', `${partition.name} was compacted`, {
        bytesBefore, bytesAfter: partition.log.byteSize,
        ms: Math.round(environment.monotonicMs() - startedMs),
      })
      return true
    } catch (error) {
      this.#failed(partition, error)
      return false
    } finally {
      this.#current = undefined
    }
  }

  #failed (partition: Partition, error: unknown): void {
    // The log was cut, loaded again or removed on the way: it is looked at again with the others.
    if (error instanceof PassEnded || partition.gone || this.pace.stopped) return
    const { environment } = this.#options
    const code = error instanceof StoreError ? error.code : undefined
    if (code === 'FAILED' || code === 'CLOSED') return
    if (code === 'DISK_FULL') {
      environment.log('warn', `${partition.name} is compacted when the disk has space again`)
      return
    }
    // D25.19
    this.#uncleanable.add(partition.log.name)
    environment.log('error', `${partition.name} cannot be compacted, and is left as it is until the next start: ` +
      (error as Error).message, { error })
  }

  #retain (): void {
    for (const partition of this.#options.replicas.all()) {
      if (this.#isCleanable(partition)) this.#options.replicas.retain(partition)
    }
  }

  /** Resolves when nothing of it runs any more. */
  async stop (): Promise<void> {
    this.#timer?.cancel()
    this.pace.stop()
    await this.#running
  }
}
