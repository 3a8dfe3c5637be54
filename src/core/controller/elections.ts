/**
 * Leaders by request and by the controller's own care: preferred and unclean elections (D16, 2.4).
 */
import { code } from '../../../protocol/errors.ts'
import type {
  ElectLeadersRequest, ElectLeadersResponse,
} from '../../../protocol/messages/43-elect-leaders.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import { NO_LEADER } from '../metadata/partition.ts'
import type { Topic } from '../metadata/facts.ts'
import { mayElectUnclean } from './config-rules.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { changePartition } from './partition-change.ts'
import { contextOf } from './partition-context.ts'

type View = Pick<ControllerView, 'image' | 'settings'>
type Kind = 'preferred' | 'unclean'

const KINDS: readonly Kind[] = ['preferred', 'unclean']

/** Nothing is asked, which is answered before the controller's queue (D0.8). */
export function electsNothing ({ topicPartitions }: ElectLeadersRequest): boolean {
  return topicPartitions?.length === 0
}

export function electLeaders (
  request: ElectLeadersRequest, view: View
): ControllerResult<ElectLeadersResponse> {
  const kind = KINDS[request.electionType]
  // Kafka looks at the type partition by partition.
  if (electsNothing(request)) return { records: nothing, reply: { replicaElectionResults: [] } }
  if (kind === undefined) {
    const text = `Unknown election type ${request.electionType}`
    return wholeRequest(request, failure(code.INVALID_REQUEST, text))
  }
  const records: MetadataEntry[] = []
  const replicaElectionResults = request.topicPartitions === null
    ? electEverywhere(kind, view, records)
    : request.topicPartitions.map(({ topic, partitions }) => ({
      topic,
      partitionResult: partitions.map(partitionId =>
        ({ partitionId, ...electOne(topic, partitionId, kind, view, records) })),
    }))
  if (exceedsBatch(records)) return wholeRequest(request, tooManyRecords)
  return { records, reply: { replicaElectionResults } }
}

function wholeRequest (
  { topicPartitions }: ElectLeadersRequest, problem: Failure
): ControllerResult<ElectLeadersResponse> {
  const replicaElectionResults = (topicPartitions ?? []).map(({ topic, partitions }) => ({
    topic, partitionResult: partitions.map(partitionId => ({ partitionId, ...problem })),
  }))
  return { records: nothing, reply: { errorCode: problem.errorCode, replicaElectionResults } }
}

/** D16.2: all partitions, without those that have the leader they should. */
function electEverywhere (
  kind: Kind, view: View, records: MetadataEntry[]
): ElectLeadersResponse['replicaElectionResults'] {
  return [...view.image.topics].map(({ name, partitions }) => ({
    topic: name,
    partitionResult: partitions
      .map(
        (_, partitionId) => ({ partitionId, ...electOne(name, partitionId, kind, view, records) })
      )
      .filter(({ errorCode }) => errorCode !== code.ELECTION_NOT_NEEDED),
  }))
}

const success: Failure = { errorCode: code.NONE, errorMessage: null }

/** D16.3. */
function electOne (
  topicName: string, index: number, kind: Kind, view: View, records: MetadataEntry[]
): Failure {
  const topic = view.image.topics.find(topicName)
  if (topic === undefined) {
    return failure(code.UNKNOWN_TOPIC_OR_PARTITION, `No such topic as ${topicName}`)
  }
  const partition = topic.partitions[index]
  if (partition === undefined) {
    return failure(code.UNKNOWN_TOPIC_OR_PARTITION, `No such partition as ${topicName}-${index}`)
  }
  const { leader, replicas } = partition
  if (kind === 'preferred' ? leader === replicas[0] : leader !== NO_LEADER) {
    return failure(code.ELECTION_NOT_NEEDED)
  }
  const entry = elect(topic, index, kind, view)
  if (entry === undefined) {
    return failure(kind === 'preferred'
      ? code.PREFERRED_LEADER_NOT_AVAILABLE
      : code.ELIGIBLE_LEADERS_NOT_AVAILABLE)
  }
  records.push(entry)
  return success
}

function elect (topic: Topic, index: number, kind: Kind, view: View): MetadataEntry | undefined {
  return changePartition(contextOf(topic, index, kind, view), {})?.entry
}

/** So many elections in one batch; the rest waits for the next. */
const ELECTIONS_MAX = 1_000

/**
 * auto.leader.rebalance.enable: gives partitions back to their preferred leaders. True: there may
 * be more to do at once.
 */
export function balanceLeaders (view: View): ControllerResult<boolean> {
  return electWhere(view, (topic, index) => {
    const { leader, replicas } = topic.partitions[index]!
    return leader === replicas[0] ? undefined : elect(topic, index, 'preferred', view)
  })
}

/** R 2.4.1: where the topic allows it, any live replica rather than no leader. True: ask again. */
export function electUncleanLeaders (view: View): ControllerResult<boolean> {
  return electWhere(view, (topic, index) => {
    if (topic.partitions[index]!.leader !== NO_LEADER) return undefined
    return mayElectUnclean(topic.name, view) ? elect(topic, index, 'unclean', view) : undefined
  })
}

function electWhere (
  { image }: View, election: (topic: Topic, index: number) => MetadataEntry | undefined
): ControllerResult<boolean> {
  const records: MetadataEntry[] = []
  for (const topic of image.topics) {
    for (const index of topic.partitions.keys()) {
      if (records.length >= ELECTIONS_MAX) return { records, reply: true }
      const entry = election(topic, index)
      if (entry !== undefined) records.push(entry)
    }
  }
  return { records, reply: false }
}
