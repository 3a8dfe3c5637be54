/**
 * A whole broker in memory behind a real socket, whose clock stands still unless the test moves
 * it, and whose insides can be reached for states that no client can bring about.
 */
import type { Test } from 'tap'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { assembleBroker } from '../../src/broker.ts'
import type { AssembledBroker, RunningBroker } from '../../src/broker.ts'
import { loadSettings } from '../../src/config/config.ts'
import type { BrokerOverrides } from '../../src/index.ts'
import { ZERO_UUID } from '../../protocol/uuid.ts'
import { connectionLimits, partsOf } from '../../src/parts.ts'
import { adjustableLog, newId, processEnvironment } from '../../src/process-environment.ts'
import type { Environment } from '../../src/runtime/environment.ts'
import type { Partition } from '../../src/runtime/replica/partition.ts'
import { Admission } from '../../src/server/admission.ts'
import type { AnswerMemory } from '../../src/server/answer-memory.ts'
import { sharedByConnections } from '../../src/server/serving.ts'
import { listen } from '../../src/server/listener.ts'
import type { Listener } from '../../src/server/listener.ts'
import { MemoryDisk } from '../../src/store/disk-memory.ts'
import { openStore } from '../../src/store/store.ts'
import type { Store } from '../../src/store/store.ts'
import { stillHeld } from './held.ts'
import { Inbox } from './inbox.ts'
import { RawClient } from './raw-client.ts'
import './memory-watch.ts'

/** Milliseconds since 1970 when every such broker starts. */
export const START_MS = 1_700_000_000_000

/** What the file system below the memory disk says of itself. */
const SPACE = { totalBytes: 1000n, usableBytes: 400n }

interface Due { atMs: number, run: () => void }

/** The process's own environment with a clock that only the test moves. */
class StandingClock {
  #elapsedMs = 0
  #aheadMs = 0
  readonly #due = new Set<Due>()

  get nowMs (): number { return START_MS + this.#elapsedMs + this.#aheadMs }

  /** Somebody sets the wall clock; no time passes. */
  set (byMs: number): void { this.#aheadMs += byMs }

  environment (log: Environment['log']): Environment {
    return {
      ...processEnvironment(log),
      nowMs: () => this.nowMs,
      monotonicMs: () => this.#elapsedMs,
      setTimer: (delayMs, run) => {
        const due = { atMs: this.#elapsedMs + Math.max(delayMs, 0), run }
        this.#due.add(due)
        return { cancel: () => { this.#due.delete(due) } }
      },
    }
  }

  /** Moves on, firing what falls due in order. */
  advance (ms: number): void {
    const end = this.#elapsedMs + ms
    for (;;) {
      let next: Due | undefined
      for (const due of this.#due) {
        if (due.atMs <= end && (next === undefined || due.atMs < next.atMs)) next = due
      }
      if (next === undefined) break
      this.#due.delete(next)
      this.#elapsedMs = Math.max(this.#elapsedMs, next.atMs)
      next.run()
    }
    this.#elapsedMs = end
  }
}

export interface LogLine { level: string, message: string, fields: object | undefined }

export class RawBroker {
  readonly broker: AssembledBroker
  readonly store: Store
  readonly disk: MemoryDisk
  readonly listener: Listener
  readonly log: Inbox<LogLine>
  readonly clock: StandingClock
  readonly answers: AnswerMemory
  readonly #t: Test

  private constructor (t: Test, parts: {
    running: RunningBroker, store: Store, disk: MemoryDisk, listener: Listener
    log: Inbox<LogLine>, clock: StandingClock, answers: AnswerMemory
  }) {
    this.#t = t
    this.broker = parts.running.broker
    this.store = parts.store
    this.disk = parts.disk
    this.listener = parts.listener
    this.log = parts.log
    this.clock = parts.clock
    this.answers = parts.answers
  }

  static async start (t: Test, overrides: BrokerOverrides = {}): Promise<RawBroker> {
    const settings = loadSettings({
      overrides: Object.entries({ listeners: ['PLAINTEXT://127.0.0.1:0'], ...overrides })
        .map(([name, value]) => `${name}=${Array.isArray(value) ? value.join(',') : String(value)}`),
    })
    const log = new Inbox<LogLine>()
    const clock = new StandingClock()
    const note = adjustableLog((level, message, fields) => { log.push({ level, message, fields }) })
    const environment = clock.environment(note)
    const disk = new MemoryDisk()
    const real = processEnvironment(note)
    const store = await openStore('/ottla', { ...real, nowMs: environment.nowMs, disk: disk.disk() })
    const admission = new Admission()
    const idleMs = settings.number('connections.max.idle.ms')
    const listener = await listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0, admission, idleMs })
    const running = await assembleBroker(partsOf(settings, environment, store, {
      clusterId: newId(),
      logDirectory: { id: newId(), path: '/ottla', space: () => SPACE },
      logLevel: note,
      ownName: 'localhost',
      ports: new Map([['PLAINTEXT', listener.port]]),
      previousBrokerEpoch: -1n,
      onFailed: error => { note('error', 'failed', { error }) },
    }))
    admission.rates = running.broker.quotas.connections
    running.onLiveSettings(({ connections }) => { admission.bounds = connections })
    const shared = sharedByConnections(connectionLimits(settings), environment)
    listener.serve({
      ...shared,
      dispatch: running.dispatch,
      events: {
        refused: (_session, reason) => { note('warn', reason) },
        failed: (_session, error) => { note('error', 'a request failed', { error }) },
        read: () => {},
      },
    })
    t.teardown(async () => {
      await listener.close()
      await running.stop()
      await store.close()
      // Whoever was told that there is nothing more to come has had its turn.
      await new Promise(resolve => { setImmediate(resolve) })
      const held = stillHeld({ store, broker: running.broker, connections: [shared] })
      if (held.length > 0) throw new Error(`the broker has stopped, and holds ${held.join(', ')}`)
    })
    return new RawBroker(t, { running, store, disk, listener, log, clock, answers: shared.answers })
  }

  /**
   * Carries everything into the volume, as the store does by itself a quarter of a second later.
   */
  flush (): Promise<void> {
    const { flusher } = this.store as Store & { flusher: { flush (): Promise<void> } }
    return flusher.flush()
  }

  get port (): number { return this.listener.port }

  async client (): Promise<RawClient> {
    const client = await RawClient.connect(this.port)
    this.#t.teardown(() => { client.end() })
    return client
  }

  /** A new topic; answers its id. */
  async topic (
    name: string, numPartitions = 1, configs: Record<string, string> = {}
  ): Promise<string> {
    const client = await this.client()
    const { topics } = await client.request(CreateTopics, 7, {
      topics: [{
        name,
        numPartitions,
        replicationFactor: 1,
        assignments: [],
        configs: Object.entries(configs).map(([name, value]) => ({ name, value })),
      }],
      timeoutMs: 30_000,
      validateOnly: false,
    })
    client.end()
    const row = topics[0]
    if (row?.errorCode !== 0) throw new Error(`topic ${name}: ${row?.errorMessage}`)
    return row.topicId
  }

  async deleteTopic (name: string): Promise<void> {
    const client = await this.client()
    await client.request(DeleteTopics, 6,
      { topics: [{ name, topicId: ZERO_UUID }], topicNames: [], timeoutMs: 30_000 })
    client.end()
  }

  partition (topic: string, index = 0): Partition {
    const partition = this.broker.replicas.find(topic, index)
    if (partition === undefined) throw new Error(`${topic}-${index} is not here`)
    return partition
  }
}
