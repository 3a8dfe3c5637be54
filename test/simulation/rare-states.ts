/** Notices, from outside the broker, that a run has come to one of the rare states (R-M3). */
import { METADATA_LOG } from '../../src/runtime/quorum/quorum.ts'
import { TableSnapshots } from '../../src/runtime/quorum/snapshots.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import type { Store } from '../../src/store/store.ts'
import type { RareStateName } from './coverage.ts'
import type { Death, Harness, Life } from './harness.ts'
import { brokerSettings } from './settings.ts'
import type { World } from './world.ts'

/** What the clients are in the middle of. */
export interface Activity {
  hasBatchesUnderWay (): boolean
  isRebalancing (): boolean
}

const DEATHS: Readonly<Record<Death, RareStateName>> = {
  kill: 'death by a kill',
  'power-loss': 'death by a power loss',
  failed: 'death by a failed disk',
  stop: 'stop in order',
}

export class RareStates {
  readonly #world: World
  readonly #harness: Harness
  readonly #activity: Activity
  /** broker.session.timeout.ms */
  readonly #sessionMs: number
  readonly #watched = new WeakSet<Partition>()
  #volumes = 0
  /** Since when the metadata log has had what is not committed. */
  #writingSinceMs: number | undefined

  constructor (world: World, harness: Harness, activity: Activity) {
    this.#world = world
    this.#harness = harness
    this.#activity = activity
    this.#sessionMs = brokerSettings(world.swarm).brokerSessionMs
    world.checks.push(() => { this.#look() })
  }

  opened (store: Store): void {
    if (new TableSnapshots(store.table, METADATA_LOG).list().length > 0) {
      this.#world.reached('start from a snapshot of the metadata')
    }
    for (const name of store.logNames()) {
      const log = store.findLog(name)
      if (log === undefined || name === METADATA_LOG || log.endOffset === log.startOffset) continue
      if (log.checkpoint === undefined) this.#world.reached('start from a log without a checkpoint')
      else if (log.checkpoint.offset < log.endOffset) {
        this.#world.reached('start from a checkpoint behind its log')
      }
    }
  }

  serving (life: Life): void {
    const { replicas } = (life.running as NonNullable<Life['running']>).broker
    for (const partition of replicas.all()) this.#watch(partition)
    replicas.onLeadership(partition => { this.#watch(partition) })
  }

  died (life: Life | undefined, death: Death): void {
    this.#world.reached(DEATHS[death])
    if (death !== 'stop') {
      if (life?.running === undefined) this.#world.reached('death during a start')
      if (this.#writingSinceMs !== undefined) this.#world.reached('death while metadata is being written')
      if (life?.running?.cleaner.current !== undefined) this.#world.reached('death while a log is compacted')
      if (this.#activity.hasBatchesUnderWay()) this.#world.reached('death with batches under way')
      if (this.#activity.isRebalancing()) this.#world.reached('death during a rebalance')
    }
    this.#volumes = 0
    this.#writingSinceMs = undefined
  }

  /** Tells what those who wait at the partition meet. */
  #watch (partition: Partition): void {
    if (this.#watched.has(partition)) return
    this.#watched.add(partition)
    const watch = partition.watch.bind(partition)
    partition.watch = watcher => watch(event => {
      if (event === 'start-moved') this.#world.reached('fetch that waits while the log start moves')
      watcher(event)
    })
  }

  #look (): void {
    const { serving } = this.#harness
    if (serving?.running === undefined || serving.store === undefined) return
    const { volumes } = serving.store.stats()
    if (volumes < this.#volumes) this.#world.reached('volume dropped')
    this.#volumes = volumes
    this.#lookAtMetadata(serving.store, serving.running.broker.metadata.lastAppliedOffset)
  }

  #lookAtMetadata (store: Store, lastAppliedOffset: bigint): void {
    const isWritten = store.findLog(METADATA_LOG)?.endOffset === lastAppliedOffset + 1n
    const { nowMs } = this.#world.scheduler
    const sinceMs = this.#writingSinceMs
    if (isWritten && sinceMs !== undefined && nowMs - sinceMs > this.#sessionMs) {
      this.#world.reached('metadata written for longer than a session')
    }
    if (isWritten) this.#writingSinceMs = undefined
    else this.#writingSinceMs ??= nowMs
  }
}
