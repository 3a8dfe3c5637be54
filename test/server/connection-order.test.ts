/**
 * One connection and a dispatch that the test answers for: memory of requests, and when one begins.
 */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import t from 'tap'
import type { Test } from 'tap'
import type { Session } from '../../src/apis/session.ts'
import { Admission } from '../../src/server/admission.ts'
import type { Connection } from '../../src/server/connection.ts'
import { RequestFailure } from '../../src/server/dispatch.ts'
import type { Dispatch, Reply } from '../../src/server/dispatch.ts'
import { listen } from '../../src/server/listener.ts'
import type { Listener, ServeContext } from '../../src/server/listener.ts'
import { sharedByConnections } from '../../src/server/serving.ts'

/** The first letter of a request: Produce may overlap, and only of a Kept one something is kept. */
type Kind = 'P' | 'F' | 'K'

const LARGE = 100_000
const ANSWER = Buffer.from('0000000400000000', 'hex')

interface Begun {
  readonly bytes: Buffer
  readonly kind: string
  readonly session: Session
  answer (reply?: Partial<Reply>): void
}

class Bench {
  readonly begun: Begun[] = []
  readonly context: ServeContext
  readonly listener: Listener
  readonly timers: Array<{ delayMs: number, run: () => void }> = []
  #told: () => void = () => {}

  constructor (listener: Listener) {
    this.listener = listener
    const kindOf = (frame: Buffer): string => frame.toString('latin1', 8, 9)
    const dispatch: Dispatch = {
      isPipelined: frame => kindOf(frame) === 'P',
      isFrameFree: frame => kindOf(frame) !== 'K',
      hasShortAnswer: () => true,
      run: (bytes, session) => new Promise(resolve => {
        const answer = (reply: Partial<Reply> = {}): void => {
          resolve({ chunks: [ANSWER], release: [], throttleMs: 0, ...reply })
        }
        this.begun.push({ bytes, kind: kindOf(bytes), session, answer })
        this.#told()
      }),
    }
    const clock = {
      monotonicMs: () => 0,
      setTimer: (delayMs: number, run: () => void) => {
        const timer = { delayMs, run }
        this.timers.push(timer)
        return { cancel: () => { this.timers.splice(this.timers.indexOf(timer), 1) } }
      },
      atTurnEnd: (run: () => void) => { setImmediate(run) },
    }
    const limits = {
      frameBytesMax: 10_000_000, queuedRequestBytesMax: 0, queuedResponseBytesMax: 10_000_000,
    }
    const events = { refused: () => {}, failed: () => {}, read: () => { this.#told() } }
    this.context = { ...sharedByConnections(limits, clock), dispatch, events }
    listener.serve(this.context)
  }

  static async start (t: Test): Promise<Bench> {
    const listener = await listen({ name: 'PLAINTEXT', host: '127.0.0.1', port: 0, admission: new Admission(), idleMs: 0 })
    t.teardown(async () => {
      // Some of what they asked for is never answered.
      for (const connection of listener.connections) connection.destroy()
      await listener.close()
    })
    return new Bench(listener)
  }

  async client (t: Test): Promise<Socket> {
    const socket = connect(this.listener.port, '127.0.0.1').on('error', () => {}).resume()
    t.teardown(() => { socket.destroy() })
    await new Promise<void>(resolve => { socket.once('connect', () => { resolve() }) })
    return socket
  }

  get connection (): Connection { return [...this.listener.connections][0] as Connection }

  async until (done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>(
      resolve => { this.#told = resolve; setImmediate(resolve) }
    )
  }

  /** As many as have begun once everything that was sent has been read. */
  async kinds (sent: number): Promise<string> {
    await this.until(() => this.begun.length >= sent)
    for (let turn = 0; turn < 20; turn++) await new Promise(resolve => { setImmediate(resolve) })
    return this.begun.map(({ kind }) => kind).join('')
  }
}

function request (kind: Kind, size = 20): Buffer {
  const bytes = Buffer.alloc(4 + size, kind)
  bytes.writeInt32BE(size, 0)
  return bytes
}

/** Whoever takes memory from now on writes all over it. */
function useMemory ({ context: { pool } }: Bench): void {
  for (let taken = 0; taken < 4; taken++) pool.take(LARGE).fill(0)
}

t.test('memory of a request is used again, unless somebody may still have some of it', async t => {
  const failure = new RequestFailure('Fetch v12', new Error('a bug'))
  const cases: Array<[what: string, kind: Kind, reply: Partial<Reply>, isKept: boolean]> = [
    ['answered', 'F', {}, false], ['kept by its handler', 'K', {}, true], ['failed', 'F', { failure }, true],
  ]
  for (const [what, kind, reply, isKept] of cases) {
    const bench = await Bench.start(t)
    const client = await bench.client(t)
    client.write(request(kind, LARGE))
    await bench.until(() => bench.begun.length === 1)
    const { bytes, answer } = bench.begun[0] as Begun
    t.equal(bench.context.pool.heldBytes > 0, kind !== 'K', `${what}: lent while it is under way`)
    answer(reply)
    await new Promise(resolve => { client.once('data', resolve) })
    t.equal(bench.context.pool.heldBytes, 0, what)
    useMemory(bench)
    t.equal(bytes.equals(request(kind, LARGE).subarray(4)), isKept, what)
  }
})

t.test('what waits when a connection goes gives its memory back', async t => {
  const bench = await Bench.start(t)
  const client = await bench.client(t)
  for (const size of [20, LARGE, 3 * LARGE]) client.write(request('F', size))
  client.write(request('F', LARGE).subarray(0, LARGE - 1))
  await bench.until(() => bench.context.pool.heldBytes > 5 * LARGE)
  t.equal(bench.begun.length, 1)
  client.resetAndDestroy()
  await bench.until(() => bench.listener.connections.size === 0)
  t.equal(bench.context.pool.heldBytes, 0)
  t.equal(bench.context.memory.bytes, 20, 'what is under way is told when it is answered')
  bench.begun[0]?.answer()
  await bench.until(() => bench.context.memory.bytes === 0)
})

t.test('Produce behind what is no Produce waits, also when a Produce was before', async t => {
  const bench = await Bench.start(t)
  const client = await bench.client(t)
  client.write(Buffer.concat((['P', 'P', 'F', 'P', 'P'] as const).map(kind => request(kind))))
  t.equal(await bench.kinds(2), 'PP')
  bench.begun[0]?.answer()
  t.equal(await bench.kinds(2), 'PP')
  bench.begun[1]?.answer()
  t.equal(await bench.kinds(3), 'PPF')
  bench.begun[2]?.answer()
  t.equal(await bench.kinds(5), 'PPFPP')
})

t.test('KIP-219: no request begins before the longest of the waits is over', async t => {
  const bench = await Bench.start(t)
  const client = await bench.client(t)
  client.write(Buffer.concat((['P', 'P', 'P', 'F'] as const).map(kind => request(kind))))
  t.equal(await bench.kinds(3), 'PPP')
  for (const [at, throttleMs] of [100, 300, 200].entries()) bench.begun[at]?.answer({ throttleMs })
  await bench.until(() => bench.timers.length === 3)
  for (const delayMs of [100, 200]) {
    bench.timers.find(timer => timer.delayMs === delayMs)?.run()
    t.equal(await bench.kinds(3), 'PPP', `after ${delayMs}`)
  }
  bench.timers.find(timer => timer.delayMs === 300)?.run()
  t.equal(await bench.kinds(4), 'PPPF')
})

t.test('who is held is not read, though its answers go out, until it is let go', async t => {
  const bench = await Bench.start(t)
  const client = await bench.client(t)
  client.write(request('F'))
  await bench.until(() => bench.begun.length === 1)
  bench.connection.hold()
  bench.begun[0]?.answer()
  await new Promise(resolve => { client.once('data', resolve) })
  client.write(request('P'))
  const other = await bench.client(t)
  other.write(request('K'))
  t.equal(await bench.kinds(2), 'FK')
  bench.connection.resume()
  t.equal(await bench.kinds(3), 'FKP')
})

t.test('memory that was set aside for an answer is given back with it, or with its failure', async t => {
  const bench = await Bench.start(t)
  const client = await bench.client(t)
  for (const [at, reply] of [{}, { chunks: [] }, { failure: new RequestFailure('Fetch v12', 'a bug') }].entries()) {
    client.write(request('F'))
    await bench.until(() => bench.begun.length === at + 1)
    const { session, answer } = bench.begun[at] as Begun
    t.ok(session.takeAnswerRoom() > 0)
    t.equal(bench.context.answers.bytes, session.takeAnswerRoom(), 'once, however often it is asked for')
    answer(reply)
    await bench.until(() => bench.context.answers.bytes === 0)
  }
})
