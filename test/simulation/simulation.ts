/** One seed from beginning to end: safety with faults, then liveness without, then the checker. */
import { check } from './checker.ts'
import { Admin } from './clients/admin.ts'
import { Consumer } from './clients/consumer.ts'
import type { Context } from './clients/client.ts'
import { KeyedReader } from './clients/keyed-reader.ts'
import { Member } from './clients/member.ts'
import { Producer } from './clients/producer.ts'
import { DerivedState } from './derived.ts'
import { Faults } from './faults.ts'
import { GroupLedger } from './group-ledger.ts'
import { Harness } from './harness.ts'
import { History } from './history.ts'
import { Holding } from './holding.ts'
import { KeyHistory } from './key-history.ts'
import { Invariants } from './invariants.ts'
import { Ledger } from './ledger.ts'
import { Network } from './network.ts'
import { RareStates } from './rare-states.ts'
import { Restored } from './restored.ts'
import { drawSwarm } from './swarm.ts'
import type { CompactionPlan, Swarm } from './swarm.ts'
import { ViolationError, World } from './world.ts'
import type { Violation } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly events: number
  /** SHA-256 of the trace: the same for the same seed, in every process. */
  readonly digest: string
  readonly violation: Violation | undefined
  readonly operations: number
  /** Rare paths, and how often they were taken. */
  readonly marks: ReadonlyMap<string, number>
  /** What the broker logged last. */
  readonly lines: readonly string[]
}

/** From the end of the faults until everything must be done. */
const LIVENESS_MS = 180_000

/** `swarm` is for a run that is made for one question; a seed's own is drawn from it. */
export async function simulate (seed: number, swarm = drawSwarm(seed)): Promise<Outcome> {
  const simulation = new Simulation(swarm)
  const onRejection = (error: unknown): void => { simulation.unhandled(error) }
  process.on('unhandledRejection', onRejection)
  try {
    return await simulation.run()
  } finally {
    process.off('unhandledRejection', onRejection)
  }
}

interface Group { readonly ledger: GroupLedger, readonly members: readonly Member[] }

/** Every partition is owned, each by one, all in one generation. */
function isStable (group: Group): boolean {
  const members = group.members.filter(({ hasVanished }) => !hasVanished)
  const generations = new Set(members.map(({ generation }) => generation))
  if (generations.size !== 1 || members.some(({ owned }) => owned === undefined)) return false
  const owned = members.flatMap(member => member.owned ?? [])
  return new Set(owned.map(({ key }) => key)).size === owned.length &&
    owned.length === members[0]?.partitions
}

class Simulation {
  readonly world: World
  readonly network: Network
  readonly harness: Harness
  readonly ledger = new Ledger()
  readonly history = new History()
  readonly keyHistory = new KeyHistory({
    survives: (key, offset, life) => this.ledger.find(key)?.survives(offset, life) ?? true,
  })

  readonly producers: Producer[]
  readonly keyedProducers: Producer[]
  readonly keyedReaders: KeyedReader[]
  readonly consumers: Consumer[]
  readonly admins: Admin[] = []
  readonly groups: Group[]
  readonly #faults: Faults
  readonly #pending = new Set<string>()
  #livenessFromMs = Infinity
  /** When the last client ended. */
  #lastEndedMs = 0

  constructor (swarm: Swarm) {
    const world = this.world = new World(swarm)
    const network = this.network = new Network(world)
    const harness = this.harness = new Harness(world, {
      opened: async (life, store) => {
        rareStates.opened(store)
        restored.opened(store)
        try {
          await invariants.recovered(life, store, harness.hasLostPower)
        } catch (error) {
          if (!(error instanceof ViolationError)) throw error
          world.fail(error.invariant, error.message)
        }
      },
      serving: life => {
        network.serving = life
        rareStates.serving(life)
        holding.serving(life)
        restored.serving(life)
      },
      stopped: (life, left) => { holding.stopped({ ...left, connections: life.connections }) },
      dying: (life, death) => { restored.dying(life, death) },
      died: (life, death) => {
        rareStates.died(life, death)
        network.brokerDied()
        if (death !== 'power-loss' || world.swarm.offsetsFlush) return
        for (const { ledger } of this.groups) ledger.lostPower()
      },
    })
    const holding = new Holding(world)
    const restored = new Restored(world)
    const invariants = new Invariants(world, this.ledger, harness)
    const rareStates = new RareStates(world, harness, {
      hasBatchesUnderWay: () => this.producers.some(({ isUnderWay }) => isUnderWay),
      isRebalancing: () => this.groups
        .some(({ members }) => members.some(({ isJoining }) => isJoining)),
    })
    const context: Context = { world, network, ledger: this.ledger, history: this.history }
    this.producers = world.swarm.producers.map(plan => new Producer(context, plan))
    const { compaction } = world.swarm
    const keyed = { ...context, history: this.keyHistory }
    this.keyedProducers = (compaction?.producers ?? []).map(plan => new Producer(keyed, plan))
    this.keyedReaders = Array.from({ length: compaction?.readers ?? 0 }, (_each, number) =>
      new KeyedReader(context, `keyed-reader-${number}`, compaction as CompactionPlan, this.keyHistory))
    this.consumers = world.swarm.consumers.map(plan => new Consumer(context, plan))
    for (let number = 0; number < world.swarm.admins; number++) {
      this.admins.push(new Admin(context, `admin-${number}`))
    }
    this.groups = world.swarm.groups.map(plan => {
      const ledger = new GroupLedger(plan.name)
      const members = Array.from({ length: plan.members },
        (_each, number) => new Member(context, plan, ledger, number))
      return { ledger, members }
    })
    this.#faults = new Faults(world, network, harness)
  }

  unhandled (error: unknown): void {
    if (error instanceof ViolationError) return this.world.fail(error.invariant, error.message)
    this.world.fail('unhandled-rejection', (error as Error).stack ?? String(error))
  }

  async run (): Promise<Outcome> {
    const { world, harness } = this
    const { scheduler, swarm } = world
    harness.start()
    this.#faults.start()
    new DerivedState(world, harness).start()
    const members = this.groups.flatMap(group => group.members)
    for (const client of [...this.producers, ...this.consumers, ...this.admins, ...members,
      ...this.keyedProducers, ...this.keyedReaders]) this.#spawn(client)
    scheduler.after(swarm.safetyMs, 'liveness', () => { this.#beginLiveness() })
    try {
      await scheduler.run(() => world.violation !== undefined || this.#isOver())
    } catch (error) {
      world.fail('exception', (error as Error).stack ?? String(error))
    }
    if (world.violation === undefined) this.#judge()
    if (world.violation === undefined) await this.#restartOnceMore()
    return {
      seed: swarm.seed,
      events: scheduler.events,
      digest: scheduler.digest(),
      violation: world.violation,
      operations: this.history.operations.length,
      marks: world.marks,
      lines: world.lines,
    }
  }

  /**
   * Whatever a seed has done, in the end the broker stops in order, holds nothing, and starts
   * again.
   */
  async #restartOnceMore (): Promise<void> {
    const { world, harness, network } = this
    const lastLife = harness.serving?.number
    world.isOver = true
    network.brokerStops()
    void world.spawn('the last stop', async () => {
      await harness.stop()
      harness.start()
    })
    try {
      await world.scheduler.run(() => world.violation !== undefined ||
        (harness.serving !== undefined && harness.serving.number !== lastLife))
    } catch (error) {
      world.fail('exception', (error as Error).stack ?? String(error))
    }
  }

  #spawn (client: { readonly name: string, run (): Promise<void> }): void {
    this.#pending.add(client.name)
    void this.world.spawn(client.name, () => client.run()).finally(() => {
      this.#pending.delete(client.name)
      this.#lastEndedMs = this.world.scheduler.nowMs
    })
  }

  #beginLiveness (): void {
    this.world.isSafetyPhase = false
    this.#livenessFromMs = this.world.scheduler.nowMs
    this.#faults.heal()
    for (const { members } of this.groups) {
      if (members.length > 1 && this.world.random.chance(0.5)) members[0]?.vanish()
    }
  }

  /** Producers have ended, and every consumer has read all that there is. */
  #isOver (): boolean {
    const { world, harness } = this
    if (world.isSafetyPhase) return false
    if (world.scheduler.nowMs > this.#livenessFromMs + LIVENESS_MS) {
      world.fail('liveness', `after ${LIVENESS_MS} ms still: ${this.#unfinished().join(', ')}`)
      return true
    }
    return harness.serving !== undefined && this.#unfinished().length === 0
  }

  #unfinished (): string[] {
    const store = this.harness.serving?.store
    if (store === undefined) return ['the broker']
    const endOf = (key: string): number => Number(store.findLog(key)?.endOffset ?? 0n)
    return [
      ...[...this.producers, ...this.keyedProducers, ...this.admins].map(({ name }) => name)
        .filter(name => this.#pending.has(name)),
      ...this.groups.filter(group => !isStable(group)).map(({ ledger }) => ledger.name),
      ...this.keyedReaders.filter(reader => !reader.hasReadSince(this.#lastEndedMs)).map(
        ({ name }) => name
      ),
      ...this.consumers.flatMap(consumer => consumer.behind(endOf)),
    ]
  }

  #judge (): void {
    const findings = check(this.history.operations, {
      survives: (key, offset, life) => this.ledger.find(key)?.survives(offset, life) ?? true,
      isDropped: (key, offset, life) => this.ledger.find(key)?.isDropped(offset, life) ?? false,
      isComplete: true,
    })
    const [first] = findings
    if (first === undefined) return
    this.world.fail(first.rule, `${first.detail} (${findings.length} findings)`)
  }
}
