/**
 * The process around the broker: starts it on the simulated disk, lets it die in every way, and
 * starts it again. Composes what `src/index.ts` composes, but for the sockets.
 */
import { assembleBroker } from '../../src/broker.ts'
import type { RunningBroker } from '../../src/broker.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import { partsOf } from '../../src/parts.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import type { SharedMemory } from '../support/held.ts'
import * as settings from './settings.ts'
import type { World } from './world.ts'

/** One life of the process, from its start to its death. */
export interface Life {
  readonly number: number
  readonly environment: Environment
  readonly isAlive: () => boolean
  readonly bornAtMs: number
  store: Store | undefined
  /** Set once it serves, and until it stops. */
  running: RunningBroker | undefined
  /** What it was then, for whoever looks back at it. */
  broker: RunningBroker['broker'] | undefined
  readonly connections: Set<ServedConnection>
  /** The store has said that it failed, and when. */
  failedAtMs: number | undefined
}

/** A connection, as far as its life looks at it. */
export interface ServedConnection {
  /** What it takes its memory from, if it is one of bytes. */
  readonly shared: SharedMemory | undefined
  /** A request that was received has no answer yet. */
  readonly isBusy: boolean
}

export type Death = 'kill' | 'power-loss' | 'stop' | 'failed'

export interface HarnessEvents {
  /** The store is open, nobody is served yet; what remained is compared with what must. */
  opened (life: Life, store: Store): Promise<void>
  serving (life: Life): void
  /** It has left in order, and its store is closed. */
  stopped (life: Life, left: { store: Store, broker: RunningBroker['broker'] }): void
  /** Its disk can still be read, and nothing of it runs any more. */
  dying (life: Life, death: Death): void
  died (life: Life | undefined, death: Death): void
}

const DIRECTORY = '/data'
/** R-S2: a store that has failed may not keep its broker alive longer. */
const FAIL_STOP_MS = 1_000
const RETRY_MS = 200
const LET_GO_MS = 1
const NO_BROKER_EPOCH = -1n

export class Harness {
  readonly #world: World
  readonly #events: HarnessEvents
  #lives = 0
  #life: Life | undefined
  #starting = false
  #cleanShutdown = NO_BROKER_EPOCH
  /** The power was lost since a start was last looked at: one may have failed in between. */
  hasLostPower = false

  constructor (world: World, events: HarnessEvents) {
    this.#world = world
    this.#events = events
    world.checks.push(() => { this.#checkFailStop() })
  }

  get life (): Life | undefined { return this.#life }
  get serving (): Life | undefined {
    return this.#life?.running === undefined ? undefined : this.#life
  }

  /** A start in the background; a disk that is still broken is tried again. */
  start (): void {
    if (this.#starting || this.#life !== undefined) return
    this.#starting = true
    const number = ++this.#lives
    const isAlive = (): boolean => this.#life?.number === number
    const life: Life = {
      number,
      environment: this.#world.environmentOf(isAlive),
      isAlive,
      bornAtMs: this.#world.scheduler.nowMs,
      store: undefined,
      running: undefined,
      broker: undefined,
      connections: new Set(),
      failedAtMs: undefined,
    }
    this.#life = life
    this.#starting = false
    this.#world.scheduler.note(`life ${number}\n`)
    this.#start(life).catch((error: unknown) => { this.#startFailed(life, error) })
  }

  async #start (life: Life): Promise<void> {
    const { swarm, disk } = this.#world
    const { environment } = life
    const store = life.store = await openStore(DIRECTORY, {
      disk: disk.disk(),
      nowMs: environment.nowMs,
      setTimer: environment.setTimer,
      atTurnEnd: environment.atTurnEnd,
      log: environment.log,
    }, swarm.store)
    if (!life.isAlive()) return
    store.onFailed(() => {
      life.failedAtMs ??= this.#world.scheduler.nowMs
      this.#failed(life)
    })
    await this.#events.opened(life, store)
    if (!life.isAlive()) return
    this.hasLostPower = false
    const running = await assembleBroker({
      ...partsOf(settings.configured, environment, store, {
        clusterId: settings.CLUSTER_ID,
        logDirectory: {
          id: settings.DIRECTORY_ID, path: '/ottla', space: () => ({ totalBytes: -1n, usableBytes: -1n }),
        },
        logLevel: { level: 'debug' },
        ownName: 'localhost',
        ports: new Map(),
        previousBrokerEpoch: this.#takeCleanShutdown(),
        onFailed: () => { this.#failed(life) },
      }),
      ...settings.drawn(swarm),
    })
    if (!life.isAlive()) return
    life.running = running
    life.broker = running.broker
    this.#events.serving(life)
  }

  /** As the process has it in a file: for one start. */
  #takeCleanShutdown (): bigint {
    const epoch = this.#cleanShutdown
    this.#cleanShutdown = NO_BROKER_EPOCH
    return epoch
  }

  /** Only a broken disk is a reason not to start. */
  #startFailed (life: Life, error: unknown): void {
    if (!life.isAlive()) return
    if (this.#world.troubledUntilMs < life.bornAtMs) {
      this.#world.fail('must-start', `the broker did not start: ${(error as Error).stack}`)
    }
    this.die('failed')
    this.#world.scheduler.after(RETRY_MS, 'start-again', () => { this.start() })
  }

  /** R-S2: as `process.exit(1)`. */
  #failed (life: Life): void {
    if (!life.isAlive()) return
    this.#world.scheduler.next('fail-stop', () => {
      if (!life.isAlive()) return
      this.die('failed')
      this.#world.scheduler.after(RETRY_MS, 'start-again', () => { this.start() })
    })
  }

  #checkFailStop (): void {
    const failedAtMs = this.#life?.failedAtMs
    if (failedAtMs === undefined || this.#world.scheduler.nowMs <= failedAtMs + FAIL_STOP_MS) return
    this.#world.fail('fail-stop', 'the store has failed, and the broker goes on (R-S2)')
  }

  /** The process ends between two events. */
  die (death: Death): void {
    const life = this.#life
    this.#life = undefined
    if (death === 'power-loss') this.hasLostPower = true
    this.#world.scheduler.note(`death ${death}\n`)
    this.#world.mark(`death: ${death}`)
    this.#world.tell(`life ${life?.number ?? 0} ends: ${death}`)
    if (life !== undefined) this.#events.dying(life, death)
    const { disk, random } = this.#world
    if (death === 'power-loss') disk.powerLoss(() => random.next())
    else disk.kill()
    this.#events.died(life, death)
  }

  /** SIGTERM: everything is written, the lock given back. */
  async stop (): Promise<void> {
    const life = this.serving
    if (life?.running === undefined || life.store === undefined) return
    const { running, store } = life
    life.running = undefined
    await running.stop()
    await store.close()
    // Those who were told that nothing more comes let go of what they have.
    await this.#world.scheduler.sleep(LET_GO_MS)
    if (!life.isAlive()) return
    this.#events.stopped(life, { store, broker: running.broker })
    this.#cleanShutdown = running.brokerEpoch
    this.die('stop')
  }
}
