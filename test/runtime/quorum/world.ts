/** Quorum nodes over real stores on memory disks, in one process, in virtual time. */
import { decode, encode } from '../../../protocol/codec.ts'
import { Fetch } from '../../../protocol/messages/01-fetch.ts'
import { Vote } from '../../../protocol/messages/52-vote.ts'
import { BeginQuorumEpoch } from '../../../protocol/messages/53-begin-quorum-epoch.ts'
import { EndQuorumEpoch } from '../../../protocol/messages/54-end-quorum-epoch.ts'
import { FetchSnapshot } from '../../../protocol/messages/59-fetch-snapshot.ts'
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { VoterSet } from '../../../src/core/quorum/voters.ts'
import { openQuorum } from '../../../src/runtime/quorum/quorum.ts'
import type { Committed, QuorumParts, QuorumRuntime } from '../../../src/runtime/quorum/quorum.ts'
import type { Store } from '../../../src/store/contract.ts'
import { MemoryDisk } from '../../../src/store/disk-memory.ts'
import { openStore } from '../../../src/store/store.ts'

const apis = { Vote, BeginQuorumEpoch, EndQuorumEpoch, Fetch, FetchSnapshot }
/** Turns of the event loop in which everything that needs no time gets done. */
const TURNS = 12

const BEGINNING_MS = 1_700_000_000_000

interface Timer { readonly dueMs: number, readonly run: () => void }

export interface Node {
  readonly id: number
  readonly memory: MemoryDisk
  store: Store
  quorum: QuorumRuntime
  seen: Committed[]
  /** `id@epoch`, in the order told. */
  leaders: string[]
  isUp: boolean
  failures: unknown[]
  /** Nothing of a process runs after its end. */
  readonly life: { isOver: boolean }
}

export class World {
  nowMs = BEGINNING_MS
  /** By how much somebody has set a node's wall clock. */
  readonly aheadMs = new Map<number, number>()
  readonly nodes = new Map<number, Node>()
  readonly timeouts: NonNullable<QuorumParts['timeouts']>
  /** Changes a response's bytes on their way. */
  tamper: (api: string, bytes: Buffer) => void = () => {}
  readonly sent: string[] = []
  readonly #timers = new Set<Timer>()
  readonly #voters: VoterSet

  constructor (voterIds: readonly number[], timeouts: NonNullable<QuorumParts['timeouts']> = {}) {
    this.timeouts = timeouts
    this.#voters = voterIds.map(id => ({
      id,
      directoryId: ZERO_UUID,
      endpoints: [{ name: 'CONTROLLER', host: `node${id}`, port: 9093 }],
      kraftVersions: [0, 1],
    }))
  }

  /** Opens the node's store, anew or again, and starts its quorum. */
  async start (id: number): Promise<Node> {
    const memory = this.nodes.get(id)?.memory ?? new MemoryDisk()
    const life = { isOver: false }
    const environment = this.#environment(id, life)
    const store = await openStore('/data', { ...environment, disk: memory.disk() })
    const seen: Committed[] = []
    const leaders: string[] = []
    const failures: unknown[] = []
    const quorum = openQuorum({
      store,
      environment,
      nodeId: id,
      clusterId: 'world',
      directoryId: `${'A'.repeat(20)}${id}A`,
      endpoints: this.#voters.find(voter => voter.id === id)?.endpoints ?? [],
      voters: this.#voters,
      timeouts: this.timeouts,
      transport: { send: (to, message) => this.#send(id, to, message as never) as never },
      onFailed: error => { failures.push(error) },
    })
    const node: Node = { id, memory, store, quorum, seen, leaders, failures, life, isUp: true }
    quorum.onCommit(committed => { seen.push(committed) })
    quorum.onLeaderChange(leader => { leaders.push(`${leader.id}@${leader.epoch}`) })
    this.nodes.set(id, node)
    const started = quorum.start()
    await this.settle()
    await started
    return node
  }

  /** The process dies at this moment; with `powerLoss`, so does what was not synced. */
  async crash (node: Node, powerLoss = false, random = (): number => 0): Promise<void> {
    node.isUp = false
    node.life.isOver = true
    if (powerLoss) node.memory.powerLoss(random)
    else node.memory.kill()
    await this.settle()
  }

  get leader (): Node | undefined {
    return [...this.nodes.values()].find(node => node.isUp && node.quorum.isLeader)
  }

  /** Lets time pass until the condition holds; throws when `limitMs` is over. */
  async until (condition: () => boolean, limitMs = 30_000): Promise<void> {
    const endMs = this.nowMs + limitMs
    for (;;) {
      await this.settle()
      if (condition()) return
      const next = [...this.#timers].sort((one, other) => one.dueMs - other.dueMs)[0]
      if (next === undefined || next.dueMs > endMs) throw new Error('it did not come to pass')
      this.nowMs = Math.max(this.nowMs, next.dueMs)
      this.#timers.delete(next)
      next.run()
    }
  }

  /** Lets this much time pass. */
  async pass (ms: number): Promise<void> {
    const endMs = this.nowMs + ms
    let isOver = false
    const timer = { dueMs: endMs, run: () => { isOver = true } }
    this.#timers.add(timer)
    await this.until(() => isOver, ms)
  }

  async settle (): Promise<void> {
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise(resolve => setImmediate(resolve))
  }

  #environment (id: number, life: { isOver: boolean }): QuorumParts['environment'] {
    let draws = id * 37
    const whileAlive = (run: () => void) => (): void => { if (!life.isOver) run() }
    return {
      nowMs: () => this.nowMs + (this.aheadMs.get(id) ?? 0),
      monotonicMs: () => this.nowMs - BEGINNING_MS,
      setTimer: (delayMs, run) => {
        const timer = { dueMs: this.nowMs + delayMs, run: whileAlive(run) }
        this.#timers.add(timer)
        return { cancel: () => { this.#timers.delete(timer) } }
      },
      atTurnEnd: run => { setImmediate(whileAlive(run)) },
      random: () => { draws = (draws * 31 + 17) % 101; return draws / 101 },
      log: () => {},
    }
  }

  async #send (
    from: number, to: number, message: { api: keyof typeof apis, request: unknown }
  ): Promise<unknown> {
    const { api, request } = message
    const version = apis[api].versions[1]
    this.sent.push(`${api} ${from}>${to}`)
    const bytes = encode(apis[api].request, version, request as never)
    const target = this.nodes.get(to)
    const isCut = (): boolean => target?.isUp !== true || this.nodes.get(from)?.isUp !== true
    if (target === undefined || isCut()) throw new Error('disconnected')
    const decoded = decode(apis[api].request, version, bytes)
    const response = await target.quorum.handle({ api, request: decoded } as never)
    if (isCut()) throw new Error('disconnected')
    const answer = encode(apis[api].response, version, response as never)
    this.tamper(api, answer)
    return decode(apis[api].response, version, answer)
  }
}

/** What was committed with records, as text. */
export function texts (seen: readonly Committed[]): string[] {
  return seen.flatMap(committed => {
    const records = committed.records.map(String).join(',')
    if (committed.kind === 'snapshot') {
      return [`snapshot ${committed.id.endOffset}-${committed.id.epoch}: ${records}`]
    }
    const { baseOffset, lastOffset, epoch } = committed
    return records === '' ? [] : [`${baseOffset}-${lastOffset}@${epoch}: ${records}`]
  })
}
