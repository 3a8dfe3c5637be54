/**
 * A quorum of 1 to 5 voters and 0 to 2 observers in one process, from one seed: messages are
 * delayed, lost and overtake each other, nodes lose power, the network parts. Every message goes
 * through Kafka's own encoding.
 */
import { codec } from '../../../../protocol/codec.ts'
import { Reader, Writer } from '../../../../protocol/cursor.ts'
import { Fetch } from '../../../../protocol/messages/01-fetch.ts'
import { Vote } from '../../../../protocol/messages/52-vote.ts'
import { BeginQuorumEpoch } from '../../../../protocol/messages/53-begin-quorum-epoch.ts'
import { EndQuorumEpoch } from '../../../../protocol/messages/54-end-quorum-epoch.ts'
import { FetchSnapshot } from '../../../../protocol/messages/59-fetch-snapshot.ts'
import type { Message } from '../../../../protocol/types.ts'
import { ZERO_UUID } from '../../../../protocol/uuid.ts'
import type { Effect, QuorumApi, QuorumMessage } from '../../../../src/core/quorum/effects.ts'
import { quorumDefaults } from '../../../../src/core/quorum/state.ts'
import type { QuorumMutant } from '../../../../src/core/quorum/state.ts'
import { Invariants, Violation } from './invariants.ts'
import { SimulatedNode } from './node.ts'
import type { Delays } from './node.ts'
import { Random } from './random.ts'
import { Scheduler } from './scheduler.ts'

const apis = { Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot }
const CHAOS_MS = 10_000
const CALM_MS = 60_000
const CHECK_MS = 500

export interface Outcome {
  events: number
  committed: number
  epochs: number
  crashes: number
  truncations: number
  downloads: number
}

interface Asked { readonly from: number, readonly life: number, readonly correlationId: number }

export class Cluster {
  readonly nodes: SimulatedNode[] = []
  readonly invariants = new Invariants()
  readonly random: Random
  readonly scheduler: Scheduler
  readonly #voters: number
  #delays: Delays
  readonly #latencyMs: number
  readonly #faultMs: number
  readonly #appendMs: number
  /** Nodes of before KIP-996 do not serve a pre-vote. */
  readonly #servesPreVote: boolean
  readonly #asked = new Map<number, Asked>()
  #loss = 0
  #nextRequestId = 1
  /** Pairs that cannot reach each other, one way. */
  readonly #cut = new Set<string>()
  #chaos = true
  #events = 0
  #crashes = 0
  #downloads = 0

  constructor (seed: number, mutant?: QuorumMutant) {
    const random = this.random = new Random(seed)
    this.scheduler = new Scheduler(random)
    this.#voters = random.pick([1, 2, 3, 3, 3, 4, 5, 5])
    this.#loss = random.pick([0, 0.02, 0.1, 0.3])
    this.#latencyMs = random.pick([2, 20, 200, 200])
    this.#delays = {
      voteMs: random.pick([1, 20]),
      writeMs: random.pick([0, 5]),
      flushMs: random.pick([1, 30, 300]),
    }
    this.#faultMs = random.pick([200, 500, 3000])
    this.#appendMs = random.pick([20, 200])
    this.#servesPreVote = random.chance(0.6)
    const timeouts = {
      electionTimeoutMs: random.pick([50, 100, 300, 1000]),
      electionBackoffMaxMs: random.pick([50, 1000]),
      fetchTimeoutMs: random.pick([300, 300, 2000]),
      fetchBytesMax: random.pick([80, 300, 2000]),
    }
    const observers = random.below(3)
    const directories = random.chance(0.5)
    const key = (id: number): string => `${'A'.repeat(20)}${id}A`
    const voters = Array.from({ length: this.#voters }, (_, index) => ({
      id: index + 1,
      directoryId: directories ? key(index + 1) : ZERO_UUID,
      endpoints: [{ name: 'CONTROLLER', host: 'localhost', port: 9093 + index }],
      kraftVersions: [0, 1] as const,
    }))
    for (let id = 1; id <= this.#voters + observers; id += 1) {
      this.nodes.push(new SimulatedNode({
        ...quorumDefaults,
        ...timeouts,
        nodeId: id,
        directoryId: key(id),
        clusterId: 'simulated',
        voters,
        endpoints: voters.find(voter => voter.id === id)?.endpoints ?? [],
        random: random.next,
        ...(mutant === undefined ? {} : { mutant }),
      }, {
        random,
        scheduler: this.scheduler,
        invariants: this.invariants,
        delays: () => this.#delays,
        votersDisks: () => this.nodes.slice(0, this.#voters).map(node => node.disk),
        request: (from, effect) => { this.#request(from, effect) },
        respond: (...answer) => { this.#respond(...answer) },
      }))
    }
  }

  /** Faults first, then peace, in which everything must come together. Throws a Violation. */
  run (): Outcome {
    for (const node of this.nodes) {
      this.scheduler.after(this.random.below(50), () => { node.start() })
    }
    this.#disturb()
    this.#write()
    const endMs = this.scheduler.nowMs + CHAOS_MS
    while (this.scheduler.step(endMs)) this.#events += 1
    this.#heal()
    this.#converge()
    return {
      events: this.#events,
      committed: this.invariants.committed.length,
      epochs: Math.max(...this.nodes.map(node => node.disk.vote?.epoch ?? 0)),
      crashes: this.#crashes,
      truncations: this.nodes.reduce((sum, node) => sum + node.disk.cuts, 0),
      downloads: this.#downloads,
    }
  }

  #write (): void {
    this.scheduler.after(this.random.between(1, this.#appendMs), () => {
      for (const node of this.nodes) {
        if (this.random.chance(0.7)) node.append(this.random.between(1, 3))
      }
      if (this.random.chance(0.05)) this.random.pick(this.nodes).takeSnapshot()
      if (this.#chaos) this.#write()
    })
  }

  #disturb (): void {
    this.scheduler.after(this.random.between(this.#faultMs / 10, this.#faultMs), () => {
      if (!this.#chaos) return
      const node = this.random.pick(this.nodes)
      switch (this.random.below(7)) {
        case 0: case 1: this.#crash(node); break
        case 2: this.#part(); break
        case 3: this.#cut.clear(); break
        case 4:
          for (const each of this.nodes) if (each.quorum?.isLeader) this.#crash(each)
          break
        case 5: // the lights go out, and on again for all at once: candidates meet
          for (const each of this.nodes) this.#crash(each, 50)
          break
        case 6:
          node.stop()
          this.scheduler.after(this.random.between(0, 2000), () => { this.#crash(node) })
      }
      this.#disturb()
    })
  }

  #crash (node: SimulatedNode, downMs = 4000): void {
    if (!node.isUp) return
    this.#crashes += 1
    node.crash()
    this.scheduler.after(this.random.between(0, downMs), () => { if (!node.isUp) node.start() })
  }

  #part (): void {
    this.#cut.clear()
    const inside = new Set(this.nodes.filter(() => this.random.chance(0.5)).map(node => node.id))
    const oneWay = this.random.chance(0.3)
    for (const { id: from } of this.nodes) {
      for (const { id: to } of this.nodes) {
        if (inside.has(from) === inside.has(to)) continue
        if (!oneWay || inside.has(from)) this.#cut.add(`${from}>${to}`)
      }
    }
  }

  #heal (): void {
    this.#chaos = false
    this.#cut.clear()
    this.#loss = 0
    this.#delays = { voteMs: 1, writeMs: 1, flushMs: 5 }
    for (const node of this.nodes) {
      // A node that was told to stop is started again, like any other.
      if (node.isUp) node.crash()
      node.start()
    }
  }

  #converge (): void {
    const { scheduler } = this
    const endMs = scheduler.nowMs + CALM_MS
    let marked: { epoch: number, endOffset: bigint } | undefined
    for (let nextMs = scheduler.nowMs + CHECK_MS; nextMs < endMs; nextMs += CHECK_MS) {
      while (scheduler.step(nextMs)) this.#events += 1
      scheduler.nowMs = nextMs
      const leader = this.nodes.find(node => node.quorum?.isLeader)
      const epoch = leader?.quorum?.leader.epoch
      if (leader?.quorum === undefined || epoch === undefined) continue
      if (marked?.epoch !== epoch) {
        // Each new leader must still be able to commit something.
        leader.append(1)
        marked = { epoch, endOffset: leader.quorum.endOffset }
      } else if (leader.quorum.highWatermark >= marked.endOffset && this.#agree(leader)) return
    }
    throw new Violation('EventuallyLeaderElected',
      `not together ${CALM_MS} ms after the last fault`)
  }

  #agree (leader: SimulatedNode): boolean {
    const end = leader.quorum?.endOffset
    const epoch = leader.quorum?.leader.epoch
    return this.nodes.every(({ quorum, disk }) => quorum?.highWatermark === end &&
      quorum?.endOffset === end && disk.endOffset === end && quorum?.leader.id === leader.id &&
      quorum.leader.epoch === epoch)
  }

  #delivered (from: number, to: number): boolean {
    return !this.#cut.has(`${from}>${to}`) && !this.random.chance(this.#loss)
  }

  #latency (): number { return this.random.between(1, this.#chaos ? this.#latencyMs : 5) }

  #request (from: SimulatedNode, effect: Effect & { do: 'send' }): void {
    const { to, correlationId, api, request } = effect
    const { life } = from
    const target = this.nodes[to - 1]
    if (target === undefined || !this.#delivered(from.id, to)) {
      // A connection that cannot be made says so at once, a lost message only by its silence.
      if (this.random.chance(0.5)) this.#fail(from, life, to, correlationId)
      return
    }
    if (effect.api === 'Vote' && !this.#servesPreVote &&
      effect.request.topics[0]?.partitions[0]?.preVote === true) {
      this.#fail(from, life, to, correlationId, true)
      return
    }
    const decoded = reencode(api, 'request', request)
    this.scheduler.after(this.#latency(), () => {
      if (!target.isUp) return this.#fail(from, life, to, correlationId)
      const requestId = this.#nextRequestId
      this.#nextRequestId += 1
      this.#asked.set(requestId, { from: from.id, life, correlationId })
      if (api === 'FetchSnapshot') this.#downloads += 1
      target.step({ is: 'request', requestId, api, request: decoded } as QuorumMessage)
    })
  }

  #fail (
    from: SimulatedNode, life: number, to: number, correlationId: number,
    unsupportedVersion = false,
  ): void {
    this.scheduler.after(1, () => {
      if (from.life !== life || !from.isUp) return
      from.step({ is: 'failure', from: to, correlationId, unsupportedVersion })
    })
  }

  #respond (from: SimulatedNode, requestId: number, api: QuorumApi, response: unknown): void {
    const asked = this.#asked.get(requestId)
    this.#asked.delete(requestId)
    if (asked === undefined || !this.#delivered(from.id, asked.from)) return
    const target = this.nodes[asked.from - 1]
    const decoded = reencode(api, 'response', response)
    this.scheduler.after(this.#latency(), () => {
      if (target === undefined || target.life !== asked.life || !target.isUp) return
      const { correlationId } = asked
      target.step(
        { is: 'response', from: from.id, correlationId, api, response: decoded } as QuorumMessage)
    })
  }
}

/** Through the bytes of the newest version: the machine must say what the wire can carry. */
export function reencode (api: QuorumApi, side: 'request' | 'response', value: unknown): unknown {
  const message: Message = apis[api][side]
  const version = message.versions[1]
  const writer = new Writer()
  codec(message, version).write(writer, value as never)
  return codec(message, version).read(new Reader(writer.toBuffer()))
}
