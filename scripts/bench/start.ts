/**
 * `npm run bench:start [-- --partitions 0,100,1000,10000,20000] [--rounds 5] [--peer ottla]`: how
 * long a broker takes from its process's first moment until it listens, answers Metadata and has
 * acknowledged a record, after `kill -9` with a record in each of so many partitions; 0 is an empty
 * directory. Milliseconds, the best and the median of the rounds: on a busy machine the best of
 * many comes nearest to what the broker needs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { Metadata } from '../../protocol/messages/03-metadata.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import { RawClient } from '../../test/support/raw-client.ts'
import { CannotRun, numberOption, textOption } from '../options.ts'
import { progress } from '../steady.ts'
import { Contender } from './contender.ts'

const TOPIC_PARTITIONS = 1000
const HEAD = ['partitions', 'listens', 'answers Metadata', 'acknowledges', 'CPU until then']
const TIMEOUT_MS = 60_000
/** What goes on in the background after so many changes is done by then. */
const SETTLE_MS = 3000

type Times = readonly [listens: number, answers: number, acknowledges: number, cpu: number]

export async function main (words: readonly string[]): Promise<number> {
  const counts = textOption(words, 'partitions', '0,100,1000,10000,20000').split(',').map(Number)
  const rounds = numberOption(words, 'rounds', 5)
  if (counts.some(count => !Number.isInteger(count) || count < 0)) throw new CannotRun('--partitions: numbers are wanted')
  console.log(row(HEAD))
  for (const count of counts) {
    const contender = await Contender.prepare(textOption(words, 'peer', 'ottla'))
    try {
      const times: Times[] = []
      if (count > 0) await fill(contender, count)
      for (let round = 0; round < rounds; round++) {
        progress(`${count} partitions: start ${round + 1} of ${rounds}`)
        contender.putBack()
        times.push(await start(contender, topicName(0)))
        await contender.kill()
      }
      progress('')
      const columns = HEAD.slice(1).map((_, at) => times.map(each => each[at] ?? 0))
      console.log(row([String(count), ...columns.map(bestAndMedian)]))
    } finally {
      await contender.remove()
    }
  }
  return 0
}

function row (cells: readonly string[]): string { return cells.map(cell => cell.padStart(17)).join('') }

function topicName (number: number): string { return `bench-start-${number}` }

async function fill (contender: Contender, count: number): Promise<void> {
  await contender.boot()
  const client = await RawClient.connect(contender.port)
  for (let made = 0; made < count; made += TOPIC_PARTITIONS) {
    progress(`${made} of ${count} partitions`)
    const name = topicName(made / TOPIC_PARTITIONS)
    await create(client, name, Math.min(TOPIC_PARTITIONS, count - made))
    await produce(client, name, Math.min(TOPIC_PARTITIONS, count - made))
  }
  client.socket.destroy()
  await sleep(SETTLE_MS)
  await contender.kill()
  contender.keepData()
}

async function start (contender: Contender, topic: string): Promise<Times> {
  const beganMs = await contender.boot()
  const sinceMs = (): number => performance.now() - beganMs
  const listens = sinceMs()
  const client = await RawClient.connect(contender.port)
  const { topics } =
    await client.request(Metadata, 4, { topics: [{ name: topic }], allowAutoTopicCreation: false })
  const answers = sinceMs()
  if (topics[0]?.errorCode !== 0) await create(client, topic, 1)
  await produce(client, topic, 1)
  const times: Times = [listens, answers, sinceMs(), contender.usage().cpuSeconds * 1000]
  client.socket.destroy()
  return times
}

async function create (client: RawClient, name: string, numPartitions: number): Promise<void> {
  const { topics } = await client.request(CreateTopics, 5, {
    topics: [{ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] }],
    timeoutMs: TIMEOUT_MS,
  })
  if (topics[0]?.errorCode !== 0) throw new Error(`${name} is not created: ${topics[0]?.errorMessage}`)
}

/** A record to each of the first partitions. */
async function produce (client: RawClient, name: string, partitions: number): Promise<void> {
  const records = writeBatch([{ timestamp: BigInt(Date.now()), key: null, value: Buffer.from('x') }])
  const partitionData =
    Array.from({ length: partitions }, (_, index) => ({ index, records: Buffer.from(records) }))
  const topicData = [{ name, partitionData }]
  const { responses } =
    await client.request(Produce, 9, { acks: -1, timeoutMs: TIMEOUT_MS, topicData })
  const refused = responses[0]?.partitionResponses.find(({ errorCode }) => errorCode !== 0)
  if (refused !== undefined) throw new Error(`a record is refused: ${refused.errorCode}`)
}

function bestAndMedian (values: readonly number[]): string {
  const sorted = values.toSorted((left, right) => left - right)
  return `${sorted[0]?.toFixed(0)} / ${sorted[Math.floor(sorted.length / 2)]?.toFixed(0)}`
}
