/** The records of a topic's partitions as they come, from positions that move on with them. */
import { batchesIn, ensureIntact } from '../../../protocol/records/batches.ts'
import { lastOffset, magicOf } from '../../../protocol/records/header.ts'
import { RecordError } from '../../../protocol/records/error.ts'
import { isControl, recordsOf } from '../../../protocol/records/read.ts'
import type { LogRecord } from '../../../protocol/records/record.ts'
import type { Client } from '../../client/client.ts'
import { fetchDefaults, fetchFrom, leadersOf } from '../../client/fetcher.ts'
import { mayTryAgain } from '../../client/retry.ts'
import { CommandError } from '../error.ts'

export interface ReadRecord {
  readonly partition: number
  readonly record: LogRecord
}

interface Round {
  readonly leader: number
  readonly partitions: ReadonlyArray<{ partition: number, bytes: Buffer }>
  readonly isStale: boolean
}

/** After an error that passes: leaders are asked for anew, but not in a frenzy. */
const STALE_PAUSE_MS = 100

export class RecordReader {
  /** The next offset to read, by partition. */
  readonly positions: Map<number, bigint>
  readonly #client: Client
  readonly #topic: string
  readonly #maxWaitMs: number
  readonly #rounds = new Map<number, Promise<Round>>()
  #wake: () => void = () => {}
  /** Those that their leader has been asked for. */
  readonly #asked = new Set<number>()
  #place: Awaited<ReturnType<typeof leadersOf>> | undefined

  constructor (
    client: Client, topic: string, positions: ReadonlyMap<number, bigint>, maxWaitMs: number
  ) {
    this.#client = client
    this.#topic = topic
    this.positions = new Map(positions)
    this.#maxWaitMs = maxWaitMs
  }

  /** Every partition has been looked at, whatever came of it. */
  get hasLooked (): boolean {
    return [...this.positions.keys()].every(partition => this.#asked.has(partition))
  }

  /** Lets the `next` that is under way return at once. */
  interrupt (): void { this.#wake() }

  /**
   * What one leader has answered, in order by partition; nothing after `maxWaitMs`, or when
   * interrupted.
   */
  async next (): Promise<ReadRecord[]> {
    const place =
      this.#place ??= await leadersOf(this.#client, this.#topic, [...this.positions.keys()])
    for (const [leader, partitions] of place.leaders) {
      if (this.#rounds.has(leader)) continue
      const round = this.#round(leader, partitions)
      round.catch(() => {}) // looked at when its turn comes, if it comes
      this.#rounds.set(leader, round)
    }
    const round = await new Promise<Round | undefined>((resolve, reject) => {
      this.#wake = () => { resolve(undefined) }
      Promise.race(this.#rounds.values()).then(resolve, reject)
    })
    if (round === undefined) return []
    this.#rounds.delete(round.leader)
    for (const partition of place.leaders.get(round.leader) ?? []) this.#asked.add(partition)
    if (round.isStale) {
      this.#place = undefined
      this.#rounds.clear()
      this.#client.forget()
      await new Promise(resolve => { setTimeout(resolve, STALE_PAUSE_MS) })
    }
    // Only what is shown moves a position: what a round answers that is asked anew comes again.
    return round.partitions.flatMap(each => this.#take(each))
  }

  async #round (leader: number, partitions: readonly number[]): Promise<Round> {
    const { topicId } = this.#place as { topicId: string }
    const positions =
      new Map(partitions.map(partition => [partition, this.positions.get(partition) as bigint]))
    try {
      const answer =
        await fetchFrom(this.#client, leader, { name: this.#topic, topicId }, positions,
          { ...fetchDefaults, maxWaitMs: this.#maxWaitMs })
      return { leader, ...answer }
    } catch (error) {
      if (!mayTryAgain(error)) throw error
      return { leader, isStale: true, partitions: [] }
    }
  }

  #take ({ partition, bytes }: { partition: number, bytes: Buffer }): ReadRecord[] {
    const taken: ReadRecord[] = []
    let position = this.positions.get(partition) as bigint
    try {
      for (const batch of batchesIn(bytes)) position = takeFrom(batch, partition, position, taken)
    } catch (error) {
      if (!(error instanceof RecordError)) throw error
      // What stands before it is shown first; the next round begins with it.
      if (taken.length === 0) {
        throw new CommandError(`partition ${partition} of topic ${this.#topic} is damaged at offset ${position} ` +
          `(${error.message}): see its log on the broker, or read on with --from behind it`)
      }
    }
    this.positions.set(partition, position)
    return taken
  }
}

/**
 * Moves the position over what is taken, over control records and over what compaction has left
 * out.
 */
function takeFrom (batch: Buffer, partition: number, from: bigint, taken: ReadRecord[]): bigint {
  let position = from
  ensureIntact(batch)
  if (!isControl(batch)) {
    for (const record of recordsOf(batch)) {
      if (record.offset < position) continue // the batch begins before the position
      taken.push({ partition, record })
      position = record.offset + 1n
    }
  }
  return magicOf(batch) === 2 && lastOffset(batch) >= position ? lastOffset(batch) + 1n : position
}
