/** CreatePartitions on the controller (D11). */
import { code } from '../../../protocol/errors.ts'
import type {
  CreatePartitionsRequest, CreatePartitionsResponse,
} from '../../../protocol/messages/37-create-partitions.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { partitionEntry } from '../metadata/partition.ts'
import type { Topic } from '../metadata/facts.ts'
import { exceedsBatch, nothing, RECORDS_MAX, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { assignedPartitions, placedPartitions } from './new-partitions.ts'
import type { NewPartitions } from './new-partitions.ts'

type View = Pick<ControllerView, 'image' | 'settings' | 'random'>
type Wanted = CreatePartitionsRequest['topics'][number]
type Row = CreatePartitionsResponse['results'][number]

export interface AlterTopicAccess {
  readonly mayAlter?: (name: string) => boolean
  /** D11.5: takes that many partition mutations; false if the strict quota has none left. */
  readonly admit?: (partitions: number) => boolean
}

/** Every name is refused for what it is, which is answered before the controller's queue (D0.8). */
export function extendsNothing (
  { topics }: CreatePartitionsRequest, access: AlterTopicAccess
): boolean {
  return sortOut(topics, access).wanted.length === 0
}

export function createPartitions (
  request: CreatePartitionsRequest, view: View, access: AlterTopicAccess = {}
): ControllerResult<CreatePartitionsResponse> {
  const { refused, wanted } = sortOut(request.topics, access)
  const records: MetadataEntry[] = []
  const rows: Row[] = [...refused]
  for (const topic of wanted) {
    if (exceedsBatch(records)) break
    const outcome = added(topic, view, access)
    if ('problem' in outcome) rows.push({ name: topic.name, ...outcome.problem })
    else {
      records.push(...outcome.records)
      rows.push({ name: topic.name, errorCode: code.NONE, errorMessage: null })
    }
  }
  if (exceedsBatch(records)) {
    const results = request.topics.map(({ name }) => ({ name, ...tooManyRecords }))
    return { records: nothing, reply: { results } }
  }
  return { records: request.validateOnly ? nothing : records, reply: { results: rows } }
}

/** D11.1: duplicates and the forbidden, whose rows come first, and what is left. */
function sortOut (
  topics: readonly Wanted[], { mayAlter }: AlterTopicAccess
): { refused: Row[], wanted: Wanted[] } {
  const byName = new Map<string, Wanted[]>()
  for (const topic of topics) {
    const named = byName.get(topic.name)
    if (named === undefined) byName.set(topic.name, [topic])
    else named.push(topic)
  }
  const refused: Row[] = []
  const wanted: Wanted[] = []
  for (const [name, named] of byName) {
    if (named.length > 1) {
      refused.push({ name, ...failure(code.INVALID_REQUEST, 'Duplicate topic name.') })
    } else if (mayAlter?.(name) === false) {
      refused.push({ name, errorCode: code.TOPIC_AUTHORIZATION_FAILED, errorMessage: null })
    } else wanted.push(...named)
  }
  return { refused, wanted }
}

type Added = { readonly records: MetadataEntry[] } | { readonly problem: Failure }

function added (wanted: Wanted, view: View, { admit }: AlterTopicAccess): Added {
  const { image } = view
  const topic = image.topics.find(wanted.name)
  if (topic === undefined) {
    return { problem: { errorCode: code.UNKNOWN_TOPIC_OR_PARTITION, errorMessage: null } }
  }
  const problem = countProblem(wanted, topic)
  if (problem !== undefined) return { problem }
  const present = topic.partitions.length
  if (admit?.(wanted.count - present) === false) {
    return { problem: failure(code.THROTTLING_QUOTA_EXCEEDED, 'The throttling quota has been exceeded.') }
  }
  const made = newOnes(wanted, topic, view)
  if ('problem' in made) return made
  return {
    records: made.partitions.map((partition, index) =>
      partitionEntry(topic.id, present + index, partition, image.metadataVersion)),
  }
}

/** D11.3-4. */
function countProblem ({ name, count, assignments }: Wanted, topic: Topic): Failure | undefined {
  const present = topic.partitions.length
  if (count === present) {
    return failure(code.INVALID_PARTITIONS, `Topic already has ${present} partition(s).`)
  }
  if (count < present) {
    return failure(code.INVALID_PARTITIONS, `The topic ${name} currently has ${present} ` +
      `partition(s); ${count} would not be an increase.`)
  }
  if (assignments === null || assignments.length === count - present) return undefined
  return failure(code.INVALID_REPLICA_ASSIGNMENT, `Attempted to add ${count - present} additional ` +
    `partition(s), but only ${assignments.length} assignment(s) were specified.`)
}

/**
 * D11.5: with as many replicas as partition 0 has, placed afresh. One more than a request may write
 * is enough to refuse it: two billion would end the process.
 */
function newOnes ({ count, assignments }: Wanted, topic: Topic, view: View): NewPartitions {
  const present = topic.partitions.length
  const replicationFactor = topic.partitions[0]?.replicas.length ?? 0
  if (assignments !== null) {
    const numbered = assignments.map(({ brokerIds }, index) =>
      ({ index: present + index, replicas: brokerIds }))
    return assignedPartitions(numbered, replicationFactor, view.image)
  }
  const placed = placedPartitions(Math.min(count - present, RECORDS_MAX + 1),
    replicationFactor, view)
  if ('partitions' in placed) return placed
  return { problem: failure(code.INVALID_REPLICATION_FACTOR, placed.unplaceable) }
}
