/** `ottla offsets`: earliest and latest, by a moment, or of the highest timestamp. */
import { failureOf, throwFailures, UsageError } from './error.ts'
import { findOffsets, mark } from './offset-lookup.ts'
import type { FoundOffset } from './offset-lookup.ts'
import { show } from './output.ts'
import type { Terminal } from './terminal.ts'
import { topicsOf } from './topics.ts'
import { withClient } from './with-client.ts'
import type { SharedOptions } from './with-client.ts'

export interface OffsetsOptions extends SharedOptions {
  /** ms since 1970. */
  readonly at?: number
  readonly maxTimestamp?: boolean
  readonly internal?: boolean
}

const NOTHING = 'no partitions: "ottla topics create" makes a topic'

export async function showOffsets (
  names: readonly string[], options: OffsetsOptions, terminal: Terminal
): Promise<void> {
  if (options.at !== undefined && options.maxTimestamp === true) {
    throw new UsageError('give --at or --max-timestamp, not both')
  }
  const wanted = options.maxTimestamp === true
    ? [mark.maxTimestamp]
    : options.at === undefined ? [mark.earliest, mark.latest] : [BigInt(options.at)]
  const [first = [], second] = await withClient(options, async client => {
    const topics = await topicsOf(client, names, options.internal === true)
    const all = topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partition }) => ({ topic: name, partition })))
    const found: FoundOffset[][] = []
    for (const timestamp of wanted) {
      found.push(all.length === 0 ? [] : await findOffsets(client, all, timestamp))
    }
    return found
  })
  if (second !== undefined) {
    await show(terminal, options, {
      columns: ['topic', 'partition', 'earliest', 'latest'],
      rows: first.map((each, index) => ({
        topic: each.topic,
        partition: each.partition,
        earliest: known(each),
        latest: known(second[index] ?? each),
      })),
      nothing: NOTHING,
    })
  } else {
    await show(terminal, options, {
      columns: ['topic', 'partition', 'offset', 'timestamp'],
      rows: first.map(each => ({
        topic: each.topic,
        partition: each.partition,
        offset: known(each),
        timestamp: each.timestamp < 0n ? null : each.timestamp,
      })),
      nothing: NOTHING,
    })
  }
  throwFailures(first.map(({ topic, partition, errorCode }) =>
    failureOf(`topic ${topic} partition ${partition}`, errorCode)))
}

/** No record is that late, or nothing could be told. */
function known ({ offset }: FoundOffset): bigint | null { return offset < 0n ? null : offset }
