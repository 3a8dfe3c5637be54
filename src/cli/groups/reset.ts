/**
 * `ottla groups reset-offsets`: where a group goes on reading. Shown first; done with --execute, as
 * with Kafka's own tool (KIP-122).
 */
import { code, KafkaError } from '../../../protocol/errors.ts'
import { OffsetCommit } from '../../../protocol/messages/08-offset-commit.ts'
import type { Client } from '../../client/client.ts'
import { about, CommandError, failureOf, throwFailures, UsageError } from '../error.ts'
import { selectedPartitions } from './changes.ts'
import { byPartition, committedOffsets, describeGroup } from './requests.ts'
import { byTopic, findOffsets, mark, partitionKey } from '../offset-lookup.ts'
import type { FoundOffset, TopicPartition } from '../offset-lookup.ts'
import { show } from '../output.ts'
import { topicSelection } from '../parse.ts'
import type { Terminal } from '../terminal.ts'
import { say } from '../terminal.ts'
import { withClient } from '../with-client.ts'
import type { SharedOptions } from '../with-client.ts'

export interface ResetOptions extends SharedOptions {
  readonly topic: readonly string[]
  readonly allTopics?: boolean
  readonly toEarliest?: boolean
  readonly toLatest?: boolean
  readonly toCurrent?: boolean
  readonly toOffset?: bigint
  /** ms since 1970. */
  readonly toDatetime?: number
  /** In ms. */
  readonly byDuration?: number
  readonly shiftBy?: bigint
  readonly execute?: boolean
}

interface Move extends TopicPartition {
  readonly currentOffset: bigint | null
  readonly newOffset: bigint
}

const TARGETS = ['toEarliest', 'toLatest', 'toCurrent', 'toOffset', 'toDatetime', 'byDuration', 'shiftBy'] as const

export async function resetOffsets (
  group: string, options: ResetOptions, terminal: Terminal
): Promise<void> {
  if (TARGETS.filter(name => options[name] !== undefined).length !== 1) {
    throw new UsageError('where to? give one of --to-earliest, --to-latest, --to-current, --to-offset, --to-datetime, ' +
      '--by-duration, --shift-by')
  }
  if ((options.topic.length > 0) === (options.allTopics === true)) {
    throw new UsageError('of which topics? give --topic, or --all-topics')
  }
  const selections = options.topic.map(topicSelection)
  const moves = await withClient(options, client => about(`group ${group}`, async () => {
    await ensureInactive(client, group)
    const committed = await committedOffsets(client, group)
    const partitions = options.allTopics === true
      ? committed.map(({ topic, partition }) => ({ topic, partition }))
      : await selectedPartitions(client, selections)
    const current = new Map(committed.map(each => [partitionKey(each), each.offset]))
    const moves = await planned(client, partitions.sort(byPartition), current, options, terminal)
    if (options.execute === true && moves.length > 0) await commit(client, group, moves)
    return moves
  }))
  const executed = options.execute === true
  await show(terminal, options, {
    columns: ['topic', 'partition', 'currentOffset', 'newOffset'],
    rows: moves.map(move => ({ group, ...move, executed })),
    nothing: 'nothing to reset: the group has no offsets there',
  })
  if (!executed && moves.length > 0) say(terminal, 'nothing has changed yet: add --execute to do it')
}

/** A member that reads would overwrite it with its next commit. */
async function ensureInactive (client: Client, group: string): Promise<void> {
  const state = await describeGroup(client, group).then(({ state }) => state, (error: unknown) => {
    if (error instanceof KafkaError && error.errorCode === code.GROUP_ID_NOT_FOUND) return 'Empty'
    throw error
  })
  if (state !== 'Empty') throw new CommandError(`group ${group} is ${state}: stop its members first, then reset it`)
}

async function planned (
  client: Client, partitions: readonly TopicPartition[], current: ReadonlyMap<string, bigint>,
  options: ResetOptions,
  terminal: Terminal
): Promise<Move[]> {
  if (partitions.length === 0) return []
  const earliest = await findOffsets(client, partitions, mark.earliest)
  const latest = await findOffsets(client, partitions, mark.latest)
  throwFailures(earliest.map(({ topic, partition, errorCode }) =>
    failureOf(`topic ${topic} partition ${partition}`, errorCode)))
  const moment = options.toDatetime ??
    (options.byDuration === undefined ? undefined : terminal.nowMs() - options.byDuration)
  const since = moment === undefined
    ? undefined
    : await findOffsets(client, partitions, BigInt(moment))
  return partitions.flatMap((each, index) => {
    const now = current.get(partitionKey(each))
    const bounds = {
      least: (earliest[index] as FoundOffset).offset, most: (latest[index] as FoundOffset).offset,
    }
    const wanted = target(options, now, since?.[index]?.offset, bounds)
    if (wanted === undefined) {
      say(terminal, `${each.topic} ${each.partition} has no offset to start from: it is left out`)
      return []
    }
    const newOffset = wanted < bounds.least
      ? bounds.least
      : wanted > bounds.most ? bounds.most : wanted
    if (newOffset !== wanted) {
      say(terminal, `${each.topic} ${each.partition} has ${bounds.least} to ${bounds.most}: ${newOffset} instead of ${wanted}`)
    }
    return [{ ...each, currentOffset: now ?? null, newOffset }]
  })
}

/**
 * Undefined where the present offset is needed and there is none. `since` is -1 when no record is
 * that late.
 */
export function target (
  options: ResetOptions, current: bigint | undefined, since: bigint | undefined,
  bounds: { least: bigint, most: bigint }
): bigint | undefined {
  if (options.toEarliest === true) return bounds.least
  if (options.toLatest === true) return bounds.most
  if (options.toOffset !== undefined) return options.toOffset
  if (since !== undefined) return since < 0n ? bounds.most : since
  if (current === undefined) return options.toCurrent === true ? bounds.most : undefined
  return current + (options.shiftBy ?? 0n)
}

/** The newest version that goes by names (topic ids: KIP-848). */
const BY_NAME_MAX = 9

/** Nothing was written: the coordinator is elsewhere, or not ready yet. */
const MOVED: ReadonlySet<number> = new Set([
  code.NOT_COORDINATOR, code.COORDINATOR_NOT_AVAILABLE, code.COORDINATOR_LOAD_IN_PROGRESS,
])

async function commit (client: Client, group: string, moves: readonly Move[]): Promise<void> {
  const offsets = new Map(moves.map(move => [partitionKey(move), move.newOffset]))
  const topics = await client.retrying(async () => {
    const { topics } = await client.coordinator(group, OffsetCommit, {
      groupId: group,
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: byTopic(moves).map(({ topic, partitions }) => ({
        name: topic,
        partitions: partitions.map(partition => ({
          partitionIndex: partition,
          committedOffset: offsets.get(partitionKey({ topic, partition })) as bigint,
          committedMetadata: '',
        })),
      })),
    }, { versionMax: BY_NAME_MAX })
    const codes = topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode))
    const moved = codes.find(errorCode => MOVED.has(errorCode))
    if (moved !== undefined) throw new KafkaError(moved)
    return topics
  })
  throwFailures(topics.flatMap(({ name, partitions }) =>
    partitions.map(({ partitionIndex, errorCode }) =>
      failureOf(`group ${group}, topic ${name} partition ${partitionIndex}`, errorCode))))
}
