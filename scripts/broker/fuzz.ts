/**
 * `npm run fuzz:server -- [--count 20000] [--seed 1]`: generated, mutated and random frames over
 * real sockets to an in-memory broker, while a healthy client produces and fetches beside it
 * (correctness 5.5.6). The process lives, no handler fails, every answer that comes is one, the
 * healthy client is served, and in the end the heap is what it was.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { peekRequest } from '../../protocol/frame.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { handlers } from '../../src/apis/index.ts'
import type { Handler } from '../../src/apis/handler.ts'
import { startBroker } from '../../src/index.ts'
import type { OttlaBroker } from '../../src/index.ts'
import { Random } from '../../test/simulation/random.ts'
import { batchOf, fetchOne, produce, recordsIn } from '../../test/support/producing.ts'
import { RawClient, readAnswer } from '../../test/support/raw-client.ts'
import { numberOption } from '../options.ts'
import { MessageMaker, mutated } from '../protocol/fuzz-messages.ts'

export interface ServerFigures {
  frames: number
  answers: number
  closed: number
  healthyRounds: number
  loopDelayMaxMs: number
  heapBeforeMb: number
  heapAfterMb: number
  failures: string[]
}

const HEALTHY = 'healthy'
const NAMES = ['a', 'b', 'c', 'd.e', 'group-1', 'group-2']
const FRAMES_EACH = 12
/** A connection whose answers wait for something is left after so long. */
const PATIENCE_MS = 40
const FAILURES_MAX = 20

/** Numbers that would make a fuzzer wait, or fill memory, by right. */
const NUMBERS = {
  maxWaitMs: [-1, 0, 1, 5],
  timeoutMs: [-1, 0, 1, 100, 30000],
  numPartitions: [-1, 0, 1, 2, -5],
  replicationFactor: [-1, 0, 1, 2, 32767],
  acks: [-1, -1, 0, 1, 2],
  index: [0, 0, 1, -1],
  partition: [0, 0, 1, -1],
  partitionIndex: [0, 0, 1, -1],
  partitionIndexes: [0, 1, -1, 2147483647],
}

export async function fuzzServer (count: number, seed: number): Promise<ServerFigures> {
  const figures: ServerFigures = {
    frames: 0, answers: 0, closed: 0, healthyRounds: 0, loopDelayMaxMs: 0, heapBeforeMb: 0,
    heapAfterMb: 0,
    failures: [],
  }
  const fail = (what: string): void => { figures.failures.push(what) }
  const unforeseen = (error: unknown): void => { fail(`escaped: ${(error as Error)?.stack}`) }
  process.on('uncaughtException', unforeseen).on('unhandledRejection', unforeseen)
  const broker = await startBroker({
    settings: { 'num.partitions': 2, 'group.initial.rebalance.delay.ms': 0 },
    log: (level, message, fields) => {
      if (level === 'error') fail(`${message}: ${(fields as { error?: Error } | undefined)?.error?.stack}`)
    },
  })
  try {
    await run(broker, { count, seed, figures, fail })
  } catch (error) {
    unforeseen(error)
  } finally {
    await broker.stop()
    process.removeListener('uncaughtException', unforeseen).removeListener('unhandledRejection', unforeseen)
  }
  return figures
}

interface Run { count: number, seed: number, figures: ServerFigures, fail: (what: string) => void }

async function run (broker: OttlaBroker, { count, seed, figures, fail }: Run): Promise<void> {
  const random = new Random(seed)
  const healthy = await RawClient.connect(broker.port)
  await createTopic(healthy)
  const words = { names: NAMES, ids: [] as string[], numbers: NUMBERS }
  const maker = new MessageMaker(random, words)
  // What is compiled and kept on first use is no leak: a round before the measuring.
  await attack(broker, random, maker, FRAMES_EACH, figures)
  figures.heapBeforeMb = await settledHeapMb(healthy)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  for (let offset = 0n; figures.frames < count &&
    figures.failures.length < FAILURES_MAX; offset++) {
    if (offset % 50n === 0n) words.ids = (await topicIds(healthy)).slice(0, 8)
    await Promise.all([
      attack(broker, random, maker, FRAMES_EACH, figures),
      attack(broker, random, maker, FRAMES_EACH, figures),
      beHealthy(healthy, offset, fail),
    ])
    figures.healthyRounds++
  }
  delay.disable()
  figures.loopDelayMaxMs = delay.max / 1e6
  figures.heapAfterMb = await settledHeapMb(healthy)
  healthy.end()
}

async function createTopic (client: RawClient): Promise<void> {
  await client.request(CreateTopics, 7, {
    topics: [
      { name: HEALTHY, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] },
    ],
    timeoutMs: 30_000,
    validateOnly: false,
  })
}

async function topicIds (client: RawClient): Promise<string[]> {
  const { topics } = await client.request(Metadata, 12, {
    topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false,
  })
  return topics.filter(({ name }) => name !== HEALTHY).map(({ topicId }) => topicId)
}

/** One record in, the same record out: whatever the others do. */
async function beHealthy (
  client: RawClient, offset: bigint, fail: (what: string) => void
): Promise<void> {
  const row = await produce(client, HEALTHY, batchOf([String(offset)]), { version: 9 })
  if (row.errorCode !== 0) return fail(`a healthy produce was answered ${row.errorCode}`)
  const read =
    recordsIn(await fetchOne(client, HEALTHY, row.baseOffset, { maxWaitMs: 100, minBytes: 1 }))
  if (read[0]?.[1] !== String(offset)) fail(`offset ${row.baseOffset} reads ${read[0]?.[1]}, not ${offset}`)
}

/** One connection, some frames, and whatever comes back for as long as it is worth waiting. */
async function attack (
  broker: OttlaBroker, random: Random, maker: MessageMaker, frames: number, figures: ServerFigures
): Promise<void> {
  const client = await RawClient.connect(broker.port)
  const sent: Buffer[] = []
  // One frame that is none ends a connection: most of them send only what has a chance.
  const isRude = random.chance(0.4)
  for (let index = 0; index < frames && !client.isClosed; index++) {
    const bytes = input(random, maker, index, isRude)
    sent.push(bytes)
    figures.frames++
    send(client, bytes, random)
  }
  const patience = new Promise(resolve => setTimeout(resolve, PATIENCE_MS))
  await Promise.race([client.closed, client.frames.has(frames), patience])
  if (client.isClosed) figures.closed++
  checkAnswers(sent, client, figures)
  if (random.chance(0.3)) client.socket.end()
  client.end()
}

/** With its size before it, which now and then is another. */
function input (
  random: Random, maker: MessageMaker, correlationId: number, isRude: boolean
): Buffer {
  if (isRude && random.chance(0.15)) {
    const bytes = random.bytes(random.int(300))
    if (random.chance(0.7) && bytes.length >= 4) bytes.writeInt32BE(bytes.length - 4, 0)
    return bytes
  }
  const { api, versions: [from, to] } = random.pick(handlers) as Handler
  const frame = maker.frame(api, random.between(from, to), correlationId)
  if (!isRude || random.chance(0.5)) return frame
  const body = mutated(frame.subarray(4), random)
  const size = Buffer.alloc(4)
  size.writeInt32BE(
    random.chance(0.95) ? body.length : random.pick([-1, 0, 7, body.length + 1, 2 ** 31 - 1])
  )
  return Buffer.concat([size, body])
}

function send (client: RawClient, bytes: Buffer, random: Random): void {
  if (client.isClosed) return
  if (random.chance(0.9)) return client.write(bytes)
  const half = random.int(bytes.length + 1)
  client.write(bytes.subarray(0, half))
  client.write(bytes.subarray(half))
}

/** Answers come in the order of the requests, and are what the schema says to the last byte. */
function checkAnswers (sent: readonly Buffer[], client: RawClient, figures: ServerFigures): void {
  const answers = client.frames.items
  figures.answers += answers.length
  let at = 0
  for (const answer of answers) {
    const correlationId = answer.readInt32BE(0)
    let request: ReturnType<typeof peekRequest> | undefined
    while (at < sent.length) {
      const bytes = sent[at++] as Buffer
      if (bytes.length < 12) continue
      const peeked = peekRequest(bytes.subarray(4))
      if (peeked.correlationId !== correlationId) continue
      request = peeked
      break
    }
    // A size that lies moves the frames: what was asked cannot be told then.
    if (request === undefined) return
    const handler = handlers.find(({ api }) => api.key === request?.apiKey)
    if (handler === undefined) continue
    const [from, to] = handler.versions
    if (request.apiVersion < from || request.apiVersion > to) continue
    try {
      readAnswer(handler.api, request.apiVersion, answer)
    } catch (error) {
      figures.failures.push(`${handler.api.name} v${request.apiVersion}: ${(error as Error).message}`)
    }
  }
}

/** The heap when what the attacks left behind on purpose is gone. */
async function settledHeapMb (client: RawClient): Promise<number> {
  const { topics } = await client.request(Metadata, 9, {
    topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false,
  })
  const topicNames = topics.map(({ name }) => name ?? '').filter(name => name !== HEALTHY)
  await client.request(DeleteTopics, 5, { topicNames, timeoutMs: 30_000 })
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 3; times++) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed / 1e6
}

export async function main (words: readonly string[]): Promise<number> {
  const seed = numberOption(words, 'seed', 1)
  const figures = await fuzzServer(numberOption(words, 'count', 20_000), seed)
  for (const failure of figures.failures) console.error(failure)
  console.log(`fuzz-server: seed ${seed}, ${figures.frames} frames, ${figures.answers} answers, ` +
    `${figures.closed} connections closed, ${figures.healthyRounds} healthy rounds, ` +
    `loop delay at most ${figures.loopDelayMaxMs.toFixed(0)} ms, heap ${figures.heapBeforeMb.toFixed(1)} to ` +
    `${figures.heapAfterMb.toFixed(1)} MB, ${figures.failures.length} failures`)
  return figures.failures.length === 0 ? 0 : 1
}
