/**
 * What is held while nothing needs it: bytes of reads while every fetch waits for more, and
 * whatever is left of a life that has ended in order.
 */
import { OFFSETS_TOPIC } from '../../src/core/metadata/internal-topics.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import type { OnGone } from '../../src/runtime/replica/fetch.ts'
import type { LogRead, Store } from '../../src/store/store.ts'
import { stillHeld } from '../support/held.ts'
import type { Life } from './harness.ts'
import type { World } from './world.ts'

export class Holding {
  readonly #world: World
  readonly #followed = new WeakSet<Partition>()
  /** From their request until their answer was sent. */
  #fetches = 0
  #waiting = 0
  /** Reads of fetches that were not released. */
  #reads = 0

  constructor (world: World) {
    this.#world = world
    world.checks.push(() => { this.#check() })
  }

  serving (life: Life): void {
    this.#fetches = this.#waiting = this.#reads = 0
    const { replicas } = (life.running as NonNullable<Life['running']>).broker
    for (const partition of replicas.all()) this.#follow(life, partition)
    replicas.onLeadership(partition => { this.#follow(life, partition) })
    const fetch = replicas.fetch.bind(replicas)
    replicas.fetch = async (targets, options, onGone) => {
      this.#fetches++
      try {
        const result = await fetch(targets, options, this.#noting(life, onGone))
        const release = (): void => {
          if (life.isAlive()) this.#fetches--
          result.release()
        }
        return { ...result, release }
      } catch (error) {
        if (life.isAlive()) this.#fetches--
        throw error
      }
    }
  }

  /** Who begins to wait asks to be told when its client goes, and no longer when it goes on. */
  #noting (life: Life, onGone: OnGone): OnGone {
    return run => {
      let isWaiting = true
      const goesOn = (): void => {
        if (isWaiting && life.isAlive()) this.#waiting--
        isWaiting = false
      }
      this.#waiting++
      const stop = onGone(() => {
        goesOn()
        run()
      })
      return () => {
        goesOn()
        stop()
      }
    }
  }

  #follow (life: Life, partition: Partition): void {
    // Coordinators read theirs by themselves.
    if (partition.identity.topic === OFFSETS_TOPIC || this.#followed.has(partition)) return
    this.#followed.add(partition)
    const read = partition.read.bind(partition)
    const noting = (found: LogRead): LogRead => {
      this.#reads++
      const release = (): void => {
        if (life.isAlive()) this.#reads--
        found.release()
      }
      return { ...found, release }
    }
    partition.read = (...parameters) => {
      const found = read(...parameters)
      return found instanceof Promise ? found.then(noting) : noting(found)
    }
  }

  #check (): void {
    if (this.#reads === 0 || this.#fetches === 0 || this.#waiting < this.#fetches) return
    this.#world.fail('waits-without-memory', `${this.#waiting} fetches wait, and ${this.#reads} reads are held`)
  }

  /** Its store is closed. */
  stopped ({ store, broker, connections }: Stopped): void {
    const held = stillHeld(
      { store, broker, connections: [...connections].flatMap(({ shared }) => shared ?? []) }
    )
    for (const { isBusy } of connections) if (isBusy) held.push('a request that was never answered')
    held.push(...this.#world.disk.held.map(path => `${path}, which is open`))
    if (held.length > 0) this.#world.fail('holds-nothing-after-its-end', held.join(', '))
  }
}

interface Stopped {
  readonly store: Store
  readonly broker: NonNullable<Life['broker']>
  readonly connections: Life['connections']
}
