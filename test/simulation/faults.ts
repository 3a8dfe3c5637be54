/** What goes wrong during the safety phase: deaths, the disk, the clock, the network. */
import { StoreError } from '../../src/store/store.ts'
import type { Death, Harness } from './harness.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'
import type { Crawl } from './swarm.ts'
import type { World } from './world.ts'

const RESTART_MS_MAX = 1_000
const DISK_FAULT_MS_MAX = 1_500
/**
 * Whoever takes the wall clock for a timer hangs, or acts at once; less than the hour by which
 * records may be ahead of it (message.timestamp.after.max.ms).
 */
const CLOCK_OFF_MS_MAX = 3_500_000
const STALL_MS_MAX = 2_000
/** Less than what a sync may take before it has failed (R-S2), or sometimes more. */
const SLOW_SYNC_MS = 400
const HANG_CHANCE = 0.05

/** APIs whose answer says that something is stored. */
const WRITES = new Set([0, 8, 11, 14, 19, 20, 22])

export class Faults {
  readonly #world: World
  readonly #network: Network
  readonly #harness: Harness
  readonly #random: Random

  constructor (world: World, network: Network, harness: Harness) {
    this.#world = world
    this.#network = network
    this.#harness = harness
    this.#random = world.random.fork()
  }

  start (): void {
    const { faults, crawls } = this.#world.swarm
    for (const crawl of crawls) this.#crawl(crawl)
    this.#every(faults.killMs, 'kill', () => { this.#die('kill') })
    this.#every(faults.powerLossMs, 'power-loss', () => { this.#die('power-loss') })
    this.#every(faults.stopMs, 'stop', () => { this.#stop() })
    this.#every(faults.diskFullMs, 'disk-full', () => { this.#fillDisk() })
    this.#every(faults.slowDiskMs, 'slow-disk', () => { this.#slowDisk() })
    this.#every(faults.syncErrorMs, 'sync-error', () => { this.#breakDisk({ syncError: 'EIO' }) })
    this.#every(faults.writeErrorMs, 'write-error', () => { this.#breakDisk({ writeError: 'EIO' }) })
    this.#every(faults.commitErrorMs, 'commit-error', () => { this.#breakDisk({ commitError: 'EIO' }) })
    this.#every(faults.clockJumpMs, 'clock-jump', () => {
      this.#world.skewMs = this.#random.within(-CLOCK_OFF_MS_MAX, CLOCK_OFF_MS_MAX)
    })
    this.#every(faults.cutMs, 'cut', () => { this.#someLink()?.cut() })
    this.#every(faults.stallMs, 'stall', () => {
      this.#someLink()?.stall(this.#random.within(0, STALL_MS_MAX))
    })
    this.#network.onAnswer = apiKey => { this.#answered(apiKey) }
  }

  /** From now on nothing goes wrong any more. */
  heal (): void {
    const { disk } = this.#world
    disk.faults = {}
    disk.capacityBytes = Number.MAX_SAFE_INTEGER
    this.#world.diskDelayMs = 0
    if (this.#harness.life === undefined) this.#harness.start()
  }

  #every (meanMs: number, label: string, run: () => void): void {
    if (meanMs === Infinity) return
    this.#world.scheduler.after(this.#random.exponential(meanMs), label, () => {
      if (!this.#world.isSafetyPhase) return
      run()
      this.#every(meanMs, label, run)
    })
  }

  #die (death: Death): void {
    if (this.#harness.life === undefined) return
    this.#harness.die(death)
    const delayMs = this.#random.chance(0.5) ? 0 : this.#random.within(0, RESTART_MS_MAX)
    this.#world.scheduler.after(delayMs, 'restart', () => { this.#harness.start() })
  }

  #stop (): void {
    this.#network.brokerStops()
    const { life } = this.#harness
    void this.#world.spawn('stop', async () => {
      try {
        await this.#harness.stop()
      } catch (error) {
        // R-S2: its disk has failed on the way, so the process ends and begins again by that.
        if (!(error instanceof StoreError) || life?.failedAtMs === undefined) throw error
        return
      }
      this.#harness.start()
    })
  }

  /** The worst moment: the answer is out, and what it promises had better be stored. */
  #answered (apiKey: number): void {
    const { deathAtAnswer, killMs, powerLossMs } = this.#world.swarm.faults
    if (!this.#world.isSafetyPhase || !WRITES.has(apiKey)) return
    if (deathAtAnswer === 0 || !this.#random.chance(deathAtAnswer)) return
    const losesPower = powerLossMs !== Infinity && (killMs === Infinity || this.#random.chance(0.5))
    this.#world.scheduler.next('death-at-answer', () => { this.#die(losesPower ? 'power-loss' : 'kill') })
  }

  /** Something is wrong with the disk for so long; what has met it may fail a little later. */
  #trouble (what: string, forMs: number, end: () => void): void {
    const { scheduler } = this.#world
    this.#world.troubledUntilMs = Math.max(this.#world.troubledUntilMs, scheduler.nowMs + forMs)
    this.#world.tell(`the disk has ${what} for ${forMs.toFixed()} ms`)
    scheduler.after(forMs, 'disk-is-well', () => {
      this.#world.troubledUntilMs = Math.max(this.#world.troubledUntilMs, scheduler.nowMs)
      end()
    })
  }

  #fillDisk (): void {
    const { disk } = this.#world
    disk.capacityBytes = disk.usedBytes + this.#random.int(this.#random.chance(0.5) ? 300 : 4_000)
    this.#trouble('no space', this.#random.within(0, DISK_FAULT_MS_MAX), () => {
      disk.capacityBytes = Number.MAX_SAFE_INTEGER
    })
  }

  #slowDisk (): void {
    const { disk } = this.#world
    this.#world.diskDelayMs = this.#random.within(0, SLOW_SYNC_MS)
    if (this.#random.chance(HANG_CHANCE)) disk.faults = { ...disk.faults, syncsHang: true }
    this.#trouble('slow syncs', this.#random.within(0, DISK_FAULT_MS_MAX), () => {
      this.#world.diskDelayMs = 0
      const others = { ...disk.faults }
      delete others.syncsHang
      disk.faults = others
    })
  }

  #crawl ({ atMs, forMs, syncMs }: Crawl): void {
    this.#world.scheduler.after(atMs, 'crawl', () => {
      this.#world.diskDelayMs = syncMs
      this.#trouble(`syncs of up to ${syncMs} ms`, forMs, () => { this.#world.diskDelayMs = 0 })
    })
  }

  #breakDisk (fault: { syncError?: string, writeError?: string, commitError?: string }): void {
    const { disk } = this.#world
    disk.faults = { ...disk.faults, ...fault }
    this.#trouble(Object.keys(fault).join(), this.#random.within(0, DISK_FAULT_MS_MAX / 10), () => {
      disk.faults = {}
    })
  }

  #someLink () {
    const links = [...this.#network.links]
    return links.length === 0 ? undefined : this.#random.pick(links)
  }
}
