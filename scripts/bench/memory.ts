/**
 * `npm run bench:memory [-- --gigabytes 4] [--peer kafka|ottla]`: what large answers cost in
 * memory. Thirty clients catch up on fifty partitions with a consumer's default sizes, then sixty
 * ask for as much and do not read; the peak of each, and how fast memory is back once all have gone
 * and the topic is deleted.
 */
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { CreateTopics } from '../../protocol/messages/19-create-topics.ts'
import { DeleteTopics } from '../../protocol/messages/20-delete-topics.ts'
import { Fetch } from '../../protocol/messages/01-fetch.ts'
import { Produce } from '../../protocol/messages/00-produce.ts'
import { requestFrame } from '../../protocol/frame.ts'
import { writeBatch } from '../../protocol/records/write.ts'
import { RawClient } from '../../test/support/raw-client.ts'
import { numberOption, textOption } from '../options.ts'
import { progress } from '../steady.ts'
import { Contender } from './contender.ts'

const TOPIC = 'bench-memory'
const PARTITIONS = 50
const READERS = 30
const LAZY = 60
/** Of one batch: what a consumer asks of one partition by default holds just one. */
const RECORDS = 100
const VALUE_BYTES = 9_900
const BATCH_BYTES = RECORDS * VALUE_BYTES
const ANSWER_BYTES = 50 * 1024 * 1024
const LOOK_MS = 50
const BACK_SECONDS = 10

/** The most anonymous memory since it was asked last. */
class Peak {
  #mb = 0
  readonly #timer: NodeJS.Timeout

  constructor (contender: Contender) {
    this.#timer =
      setInterval(() => { this.#mb = Math.max(this.#mb, contender.usage().anonymousMb) }, LOOK_MS)
  }

  take (): number {
    const mb = this.#mb
    this.#mb = 0
    return mb
  }

  stop (): void { clearInterval(this.#timer) }
}

export async function main (words: readonly string[]): Promise<number> {
  const batches = Math.ceil(numberOption(words, 'gigabytes', 4) * 1e9 / PARTITIONS / BATCH_BYTES)
  const contender = await Contender.prepare(textOption(words, 'peer', 'ottla'))
  try {
    await contender.boot()
    const peak = new Peak(contender)
    try {
      await measure(contender, peak, batches)
    } finally {
      peak.stop()
    }
  } finally {
    await contender.remove()
  }
  return 0
}

async function measure (contender: Contender, peak: Peak, batches: number): Promise<void> {
  const say = (what: string, mb: number): void => {
    progress('')
    console.log(`${what.padEnd(70)} ${mb.toFixed(0).padStart(6)} MB`)
  }
  const client = await RawClient.connect(contender.port)
  await client.request(CreateTopics, 5, {
    topics: [
      {
        name: TOPIC, numPartitions: PARTITIONS, replicationFactor: 1, assignments: [], configs: [],
      },
    ],
    timeoutMs: 30_000,
  })
  say('before the load', contender.usage().anonymousMb)
  await fill(client, batches)
  peak.take()
  const beganMs = performance.now()
  await Promise.all(
    Array.from({ length: READERS }, (_, reader) => catchUp(contender.port, reader, batches))
  )
  const seconds = ((performance.now() - beganMs) / 1000).toFixed(1)
  say(`peak: ${READERS} clients catch up, in ${seconds} s`, peak.take())
  const lazy = Array.from({ length: LAZY }, () => connect(contender.port, '127.0.0.1'))
  for (const socket of lazy) {
    socket.pause()
    socket.write(Buffer.concat(requestFrame(Fetch, 12, 1, TOPIC, fetchBody(all(), 0n))))
  }
  await sleep(5000)
  say(`peak: ${LAZY} clients ask for 50 MB each and do not read`, peak.take())
  for (const socket of lazy) socket.destroy()
  await client.request(DeleteTopics, 5, { topicNames: [TOPIC], timeoutMs: 30_000 })
  await sleep(BACK_SECONDS * 1000)
  say(`${BACK_SECONDS} s after all have gone and the topic is deleted`, contender.usage().anonymousMb)
  client.socket.destroy()
}

function all (): number[] { return Array.from({ length: PARTITIONS }, (_, index) => index) }

/** As many batches to each partition, a batch to each at once. */
async function fill (client: RawClient, batches: number): Promise<void> {
  const value = Buffer.alloc(VALUE_BYTES, 'x')
  const record = { timestamp: 1_700_000_000_000n, key: null, value }
  const records = writeBatch(Array.from({ length: RECORDS }, () => record))
  for (let done = 0; done < batches; done++) {
    progress(`filling: ${done} of ${batches} batches a partition`)
    for (const index of all()) {
      const topicData = [{ name: TOPIC, partitionData: [{ index, records }] }]
      client.send(Produce, 9, { acks: 1, timeoutMs: 30_000, topicData })
    }
    for (const _ of all()) {
      const { body } = await client.next(Produce, 9)
      const errorCode = body.responses[0]?.partitionResponses[0]?.errorCode
      if (errorCode !== 0) throw new Error(`a batch is refused: ${errorCode}`)
    }
  }
}

function fetchBody (partitions: readonly number[], fetchOffset: bigint) {
  return {
    maxWaitMs: 500,
    minBytes: 1,
    maxBytes: ANSWER_BYTES,
    topics: [{
      topic: TOPIC,
      partitions: partitions.map(
        partition => ({ partition, fetchOffset, partitionMaxBytes: 1024 * 1024 })
      ),
    }],
  }
}

/** A member's share of the partitions, from the beginning to the end. */
async function catchUp (port: number, reader: number, batches: number): Promise<void> {
  const client = await RawClient.connect(port)
  const mine = all().filter(index => index % READERS === reader)
  for (let done = 0; done < batches; done++) {
    if (reader === 0) progress(`catching up: ${done} of ${batches}`)
    await client.request(Fetch, 12, fetchBody(mine, BigInt(done * RECORDS)))
  }
  client.socket.destroy()
}
