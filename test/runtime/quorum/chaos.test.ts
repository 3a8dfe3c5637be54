/** SEED=n SEEDS=1 repeats one run; TAP_TIMEOUT=0 SEEDS=1000 looks further. */
import t from 'tap'
import { Random } from '../../core/quorum/simulation/random.ts'
import { World } from './world.ts'
import type { Node } from './world.ts'

const firstSeed = Number(process.env.SEED ?? 1)
const seeds = Number(process.env.SEEDS ?? 8)
const STEPS = 60

/** What a reader of the commits has now: a snapshot replaces all, a batch adds. */
function state (node: Node): string[] {
  let values: string[] = []
  for (const { kind, records } of node.seen) {
    const texts = records.map(String)
    values = kind === 'snapshot' ? texts : [...values, ...texts]
  }
  return values
}

class Chaos {
  readonly random: Random
  readonly world: World
  readonly acknowledged: string[] = []
  readonly #nodeIds: number[]
  #count = 0

  constructor (seed: number) {
    this.random = new Random(seed)
    this.#nodeIds = [1, 2, 3].slice(0, this.random.pick([1, 3, 3]))
    this.world = new World(this.#nodeIds, {
      fetchBytesMax: this.random.pick([100, 1000, 100_000]), electionTimeoutMs: 200,
    })
  }

  async run (): Promise<void> {
    for (const id of this.#nodeIds) await this.world.start(id)
    for (let step = 0; step < STEPS; step += 1) await this.#step()
    for (const id of this.#nodeIds) await this.#restart(id)
    await this.world.until(() => this.world.leader !== undefined)
    this.#append(this.world.leader as Node)
    await this.world.until(() => this.#agree())
  }

  async #step (): Promise<void> {
    const { world, random } = this
    const node = world.nodes.get(random.pick(this.#nodeIds)) as Node
    switch (random.below(8)) {
      case 0: if (node.isUp) await world.crash(node, random.chance(0.5), random.next); break
      case 1: case 2: await this.#restart(node.id); break
      case 3: this.#snapshot(node); break
      case 4: await world.pass(random.below(1500)); break
      default: if (world.leader !== undefined) this.#append(world.leader)
    }
    if (random.chance(0.5)) await world.settle()
  }

  async #restart (id: number): Promise<void> {
    if (this.world.nodes.get(id)?.isUp !== true) await this.world.start(id)
  }

  #append (node: Node): void {
    const values = Array.from({ length: this.random.between(1, 3) }, () => `v${this.#count += 1}`)
    const { leader } = node.quorum
    if (leader === undefined || !node.quorum.isLeader) return
    try {
      const records = values.map(value => Buffer.from(value))
      node.quorum.append(records, leader.epoch).committed.then(
        () => { if (node.isUp) this.acknowledged.push(...values) }, () => {})
    } catch (error) {
      // It has lost the leadership, and is about to say so.
      if ((error as Error).name !== 'NotLeaderError') throw error
    }
  }

  #snapshot (node: Node): void {
    const last = node.seen.at(-1)
    if (!node.isUp || last === undefined || last.kind === 'snapshot') return
    const records = state(node).map(value => Buffer.from(value))
    const id = { endOffset: last.lastOffset + 1n, epoch: last.epoch }
    // One that came from the leader meanwhile, or a crash, may have made it moot.
    node.quorum.snapshot(records, id).catch(() => {})
  }

  #agree (): boolean {
    const states = this.#nodeIds.map(id => state(this.world.nodes.get(id) as Node).join())
    const ends = this.#nodeIds.map(id => this.world.nodes.get(id)?.quorum.highWatermark)
    return new Set(states).size === 1 && new Set(ends).size === 1 &&
      this.world.leader?.quorum.endOffset === ends[0]
  }
}

t.test('what was acknowledged is there in the end, everywhere, once and in order', async t => {
  let acknowledged = 0
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const chaos = new Chaos(seed)
    await chaos.run()
    const final = state(chaos.world.nodes.get(1) as Node)
    t.equal(new Set(final).size, final.length, `SEED=${seed}: nothing twice`)
    const kept = final.filter(value => chaos.acknowledged.includes(value))
    t.same(kept, chaos.acknowledged, `SEED=${seed}: all, in order`)
    t.same([...chaos.world.nodes.values()].flatMap(node => node.failures), [], `SEED=${seed}`)
    acknowledged += chaos.acknowledged.length
  }
  t.ok(acknowledged > seeds * 10, `${acknowledged} acknowledged`)
})
