/** `ottla consume`: records as they come, from chosen partitions or as a member of a group. */
import type { Client } from '../../client/client.ts'
import { GroupMember, memberDefaults } from '../../client/group-member.ts'
import { about, CommandError, UsageError } from '../error.ts'
import { committedOffsets } from '../groups/requests.ts'
import { formatter, jsonFormatter } from './format.ts'
import type { Formatter } from './format.ts'
import { RecordReader } from './reader.ts'
import type { ReadRecord } from './reader.ts'
import { startOffsets, startPosition } from './start-position.ts'
import type { StartPosition } from './start-position.ts'
import type { Terminal } from '../terminal.ts'
import { say, write } from '../terminal.ts'
import { namedTopics } from '../topics.ts'
import { withClient } from '../with-client.ts'
import type { SharedOptions } from '../with-client.ts'

export interface ConsumeOptions extends SharedOptions {
  readonly from?: string
  readonly partition: readonly string[]
  readonly group?: string
  readonly maxMessages?: number
  /** In ms. */
  readonly timeout?: number
  readonly untilEnd?: boolean
  readonly format: string
}

const MAX_WAIT_MS = 500
const HEARTBEAT_MS = 3000
const COMMIT_MS = 5000

export async function consume (
  topic: string, options: ConsumeOptions, terminal: Terminal
): Promise<void> {
  const start = startPosition(options.from ?? 'end')
  const chosen = options.partition.map(partitionNumber)
  if (options.group !== undefined && chosen.length > 0) {
    throw new UsageError('--group shares the partitions itself: leave out --partition, or --group')
  }
  const format = options.json === true ? jsonFormatter : formatter(options.format)
  const interruption = terminal.interruption()
  await withClient(options, client => about(`topic ${topic}`, async () => {
    const [found] = await namedTopics(client, [topic])
    const all = found?.partitions.map(({ partition }) => partition) ?? []
    const missing = chosen.find(partition => !all.includes(partition))
    if (missing !== undefined) {
      throw new CommandError(`topic ${topic} has partitions 0 to ${all.length - 1}, not ${missing}: name one of these`)
    }
    const task = new Consumption(client, topic, options, format, terminal, interruption)
    if (options.group === undefined) await task.readAlone(chosen.length > 0 ? chosen : all, start)
    else await task.readAsMember(options.group, all.length, start)
    if (terminal.isWatched) say(terminal, `${task.count} records read`)
  }))
}

function partitionNumber (text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--partition ${text}: give a whole number`)
}

class Consumption {
  count = 0
  readonly #client: Client
  readonly #topic: string
  readonly #options: ConsumeOptions
  readonly #format: Formatter
  readonly #terminal: Terminal
  readonly #interruption: AbortSignal
  #lastMs: number
  #reading: RecordReader | undefined
  /** With --until-end: where each partition ended at the beginning. */
  #ends: Map<number, bigint> | undefined

  constructor (
    client: Client, topic: string, options: ConsumeOptions, format: Formatter, terminal: Terminal,
    interruption: AbortSignal
  ) {
    this.#client = client
    this.#topic = topic
    this.#options = options
    this.#format = format
    this.#terminal = terminal
    this.#interruption = interruption
    this.#lastMs = terminal.monotonicMs()
    interruption.addEventListener('abort', () => { this.#reading?.interrupt() }, { once: true })
  }

  async readAlone (partitions: readonly number[], start: StartPosition): Promise<void> {
    const reader = this.#reader(await startOffsets(this.#client, this.#topic, partitions, start))
    this.#announce(start, partitions)
    await this.#rememberEnds(partitions)
    while (!this.#isOver(reader)) await this.#print(await reader.next(), reader)
  }

  async readAsMember (groupId: string, count: number, start: StartPosition): Promise<void> {
    const member = new GroupMember(this.#client, { groupId, topic: this.#topic, ...memberDefaults })
    try {
      for (let isOver = false; !isOver;) {
        const partitions = await member.join(count)
        const committed = await committedOffsets(this.#client, groupId)
        const starts = await startOffsets(this.#client, this.#topic, partitions, start)
        for (const { topic, partition, offset } of committed) {
          if (topic === this.#topic && starts.has(partition)) starts.set(partition, offset)
        }
        this.#announce(start, partitions)
        await this.#rememberEnds(partitions)
        isOver = await this.#readGeneration(member, this.#reader(starts))
      }
    } finally {
      await member.leave()
    }
  }

  /** False when the group rebalances: join again. */
  async #readGeneration (member: GroupMember, reader: RecordReader): Promise<boolean> {
    let heartbeatMs = this.#terminal.monotonicMs()
    let commitMs = heartbeatMs
    for (;;) {
      if (this.#isOver(reader)) {
        await member.commit(reader.positions)
        return true
      }
      await this.#print(await this.#nextOf(reader), reader)
      const nowMs = this.#terminal.monotonicMs()
      if (nowMs - commitMs >= COMMIT_MS) {
        await member.commit(reader.positions)
        commitMs = nowMs
      }
      if (nowMs - heartbeatMs >= HEARTBEAT_MS) {
        heartbeatMs = nowMs
        if (await member.heartbeat()) continue
        await member.commit(reader.positions)
        return false
      }
    }
  }

  /** A member without partitions waits as well, and stays one. */
  async #nextOf (reader: RecordReader): Promise<ReadRecord[]> {
    if (reader.positions.size > 0) return await reader.next()
    await new Promise(resolve => { setTimeout(resolve, this.#waitMs) })
    return []
  }

  get #waitMs (): number { return Math.min(MAX_WAIT_MS, this.#options.timeout ?? MAX_WAIT_MS) }

  #reader (positions: ReadonlyMap<number, bigint>): RecordReader {
    return this.#reading = new RecordReader(this.#client, this.#topic, positions, this.#waitMs)
  }

  /** "Nothing comes" has a reason more often than not: it is said where reading begins. */
  #announce (start: StartPosition, partitions: readonly number[]): void {
    if (!this.#terminal.isWatched) return
    const where = start.at === 'end' ? 'the end; --from beginning shows what is there' : this.#options.from
    say(this.#terminal, `reading ${this.#topic}, partitions ${partitions.join(', ')}, from ${where}; Ctrl-C ends`)
  }

  async #rememberEnds (partitions: readonly number[]): Promise<void> {
    if (this.#options.untilEnd !== true) return
    const ends = await startOffsets(this.#client, this.#topic, partitions, { at: 'end' })
    this.#ends = new Map([...ends, ...this.#ends ?? []])
  }

  #isOver (reader: RecordReader): boolean {
    const { maxMessages, timeout } = this.#options
    if (this.#interruption.aborted) return true
    if (maxMessages !== undefined && this.count >= maxMessages) return true
    // However short the time is, what is there by then is seen, and what is wrong with it.
    if (timeout !== undefined && reader.hasLooked &&
      this.#terminal.monotonicMs() - this.#lastMs >= timeout) return true
    const ends = this.#ends
    return ends !== undefined &&
      [...reader.positions].every(
        ([partition, position]) => position >= (ends.get(partition) ?? 0n)
      )
  }

  async #print (records: readonly ReadRecord[], reader: RecordReader): Promise<void> {
    const room = this.#options.maxMessages === undefined
      ? records.length
      : this.#options.maxMessages - this.count
    const printed: ReadRecord[] = []
    const left: ReadRecord[] = []
    for (const each of records) {
      (printed.length < room && this.#isWanted(each) ? printed : left).push(each)
    }
    if (records.length > 0) this.#lastMs = this.#terminal.monotonicMs()
    giveBack(left, reader)
    this.count += printed.length
    if (printed.length === 0) return
    const bytes = Buffer.concat(printed.map(each => this.#format(this.#topic, each)))
    await write(this.#terminal.output, bytes, this.#interruption)
  }

  /** With --until-end nothing that came after the beginning. */
  #isWanted ({ partition, record }: ReadRecord): boolean {
    return this.#ends === undefined || record.offset < (this.#ends.get(partition) ?? 0n)
  }
}

/** What is not printed is not read: a commit must not pass over it. */
function giveBack (left: readonly ReadRecord[], { positions }: RecordReader): void {
  for (const { partition, record } of [...left].reverse()) positions.set(partition, record.offset)
}
