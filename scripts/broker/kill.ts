/**
 * `npm run kill -- [--rounds 100] [--seed N] [--minutes 10]`: a broker under load is killed with
 * SIGKILL at random moments, also while it starts, and started again on the same directory. Nothing
 * that it has told anybody may be lost, changed or there twice, and it may never need a repair.
 */
import * as fs from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { BrokerProcess } from '../../test/support/broker-process.ts'
import { RawClient } from '../../test/support/raw-client.ts'
import { seeded } from '../../test/store/model.ts'
import { numberOption } from '../options.ts'
import {
  checkCommits, checkTopics, commitOffsets, createTopic, groups, newProducerId, places, read,
  topics, Writer,
} from './kill-clients.ts'
import type { Place, Random } from './kill-clients.ts'
import { Witness } from './kill-witness.ts'

interface Options { readonly rounds: number, readonly seed: number, readonly minutes: number }

/** What a broker that opens its directory after a kill must never have to say. */
const REPAIR = /repair|corrupt|damage|truncat|torn/i

/**
 * R-S2: a sync took longer than ottla.sync.timeout.ms, so the broker gave up; nothing is lost by
 * that.
 */
const GAVE_UP = /did not end within/

/** No round takes nearly that long: whatever it waits for does not come. */
const ROUND_MS_MAX = 120_000
const STARTING_KILLED = 0.2
const STARTING_MS = 600
const WORKING_MS = 500
/** Read again at each start, so that what was read once is seen to be the same. */
const REREAD = 50n

class Killing {
  readonly witness = new Witness()
  readonly directory = fs.mkdtempSync(join(tmpdir(), 'ottla-kill-'))
  kills = 0
  gaveUp = 0
  slowestStartMs = 0
  readonly #positions = new Map<string, bigint>()
  readonly #writers: Writer[] = []
  readonly #random: Random
  #commits = 0n

  constructor (seed: number) { this.#random = seeded(seed) }

  async round (): Promise<void> {
    const broker = BrokerProcess.on(this.directory)
    const watchdog = setTimeout(() => {
      this.witness.problem(`the round does not end: ${broker.everything()}`)
      broker.kill('SIGKILL')
    }, ROUND_MS_MAX)
    try {
      if (this.#random() < STARTING_KILLED) killAfter(broker, this.#random() * STARTING_MS)
      else await this.#life(broker)
    } catch (error) {
      if (!this.#hasGivenUp(broker)) this.witness.problem(`${(error as Error).message}: ${broker.everything()}`)
      broker.kill('SIGKILL')
    }
    const { signal } = await broker.ended
    clearTimeout(watchdog)
    if (this.#hasGivenUp(broker)) {
      this.gaveUp++
      return
    }
    this.kills++
    if (signal !== 'SIGKILL') this.witness.problem(`the broker ended by itself: ${broker.everything()}`)
    this.#listenFor(broker)
  }

  async #life (broker: BrokerProcess): Promise<void> {
    const port = await this.#start(broker)
    await this.#check(port, REREAD)
    await this.#prepare(port)
    killAfter(broker, this.#random() * WORKING_MS)
    await this.#work(port)
  }

  #hasGivenUp (broker: BrokerProcess): boolean {
    return broker.log.items.some(({ msg }) => GAVE_UP.test(msg))
  }

  /** Everything is read from the first record on, and the broker stops in order. */
  async last (): Promise<void> {
    const broker = BrokerProcess.on(this.directory)
    this.#positions.clear()
    await this.#check(await this.#start(broker), 0n)
    broker.kill('SIGTERM')
    const { code } = await broker.ended
    if (code !== 0) this.witness.problem(`SIGTERM ended with ${code}: ${broker.everything()}`)
    this.#listenFor(broker)
  }

  async #start (broker: BrokerProcess): Promise<number> {
    const began = performance.now()
    const port = await broker.listening()
    this.slowestStartMs = Math.max(this.slowestStartMs, Math.round(performance.now() - began))
    return port
  }

  #listenFor (broker: BrokerProcess): void {
    for (const { level, msg } of broker.log.items) {
      if (level === 'error' || REPAIR.test(msg)) this.witness.problem(`the broker said: ${msg}`)
    }
  }

  async #check (port: number, reread: bigint): Promise<void> {
    const client = await RawClient.connect(port)
    await checkTopics(client, this.witness)
    if (this.#writers.length > 0) {
      for (const [name, position] of this.#positions) {
        this.#positions.set(name, position > reread ? position - reread : 0n)
      }
      await read(client, this.#positions, this.witness, 'end')
      await checkCommits(client, this.witness)
    }
    client.end()
  }

  async #prepare (port: number): Promise<void> {
    const client = await RawClient.connect(port)
    if (this.#writers.length === 0) {
      for (const [topic, partitions] of topics) {
        await createTopic(client, topic, partitions, this.witness)
      }
      for (const place of places) {
        this.#writers.push(new Writer(place, undefined, this.witness))
        this.#writers.push(
          new Writer(place, await newProducerId(client, this.witness), this.witness)
        )
      }
      await checkCommits(client, this.witness)
    } else await newProducerId(client, this.witness)
    client.end()
  }

  /** Ends when the broker is gone. */
  async #work (port: number): Promise<void> {
    const client = (run: (client: RawClient) => Promise<void>): Promise<void> =>
      untilGone(port, run)
    await Promise.all([
      ...this.#writers.map(writer => client(each => writer.run(each, this.#random))),
      ...groups.map((groupId, n) => client(each => commitOffsets(
        each, groupId, places[n % places.length] as Place, () => ++this.#commits, this.witness))),
      client(each => read(each, this.#positions, this.witness, 'never')),
      client(async each => {
        if (this.#random() < 0.3) await createTopic(each, `made-${this.kills}`, 1, this.witness)
      }),
    ])
  }
}

function killAfter (broker: BrokerProcess, delayMs: number): void {
  setTimeout(() => { broker.kill('SIGKILL') }, delayMs)
}

/** A client's end with its broker is what all of this is about; any other failure is one. */
async function untilGone (port: number, run: (client: RawClient) => Promise<void>): Promise<void> {
  let client: RawClient | undefined
  try {
    client = await RawClient.connect(port)
    await run(client)
  } catch (error) {
    const isGone = client === undefined ? 'code' in (error as object) : client.isClosed
    if (!isGone) throw error
  }
}

function optionsFrom (words: readonly string[]): Options {
  return {
    rounds: numberOption(words, 'rounds', 100),
    seed: numberOption(words, 'seed', 1),
    minutes: numberOption(words, 'minutes', 10),
  }
}

export async function main (words: readonly string[]): Promise<number> {
  const { rounds, seed, minutes } = optionsFrom(words)
  const killing = new Killing(seed)
  const { witness } = killing
  const endMs = Date.now() + minutes * 60_000
  while (killing.kills < rounds && witness.problems.length === 0 && Date.now() < endMs) {
    await killing.round()
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${killing.kills} of ${rounds} kills, ${witness.acknowledged} records acknowledged `)
    }
  }
  if (witness.problems.length === 0) await killing.last()
  if (process.stdout.isTTY) process.stdout.write('\n')
  for (const problem of witness.problems) console.error(problem)
  const isGood = witness.problems.length === 0 && killing.kills > 0
  if (isGood) fs.rmSync(killing.directory, { recursive: true, force: true })
  else console.error(`seed ${seed}: the data is in ${killing.directory}`)
  console.log(`${killing.kills} of ${rounds} kills, ${witness.acknowledged} records and ${witness.commits} commits ` +
    `acknowledged, ${witness.records} records seen, ${witness.problems.length} problems, ` +
    `slowest start ${killing.slowestStartMs} ms` +
    (killing.gaveUp === 0 ? '' : `, ${killing.gaveUp} starts more that gave up because the disk was slow`))
  return isGood ? 0 : 1
}
