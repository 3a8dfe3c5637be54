/**
 * Moving partitions to other replicas (D17, 2.9, KIP-455). While one moves, its replicas are the
 * target and those to remove; `partition-change.ts` ends it when the new ones are in sync.
 */
import { code } from '../../../protocol/errors.ts'
import type {
  AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse,
} from '../../../protocol/messages/45-alter-partition-reassignments.ts'
import type {
  ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse,
} from '../../../protocol/messages/46-list-partition-reassignments.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { isReassigning } from '../metadata/partition.ts'
import type { PartitionRegistration, Topic } from '../metadata/facts.ts'
import { exceedsBatch, nothing, tooManyRecords } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { assignmentProblem } from './new-partitions.ts'
import { changePartition } from './partition-change.ts'
import { contextOf, electionOf } from './partition-context.ts'

type View = Pick<ControllerView, 'image' | 'settings'>
type Wanted = AlterPartitionReassignmentsRequest['topics'][number]['partitions'][number]

/** Nothing is asked, which is answered before the controller's queue (D0.8). */
export function reassignsNothing ({ topics }: AlterPartitionReassignmentsRequest): boolean {
  return topics.length === 0
}

export function alterPartitionReassignments (
  request: AlterPartitionReassignmentsRequest, view: View
): ControllerResult<AlterPartitionReassignmentsResponse> {
  const { allowReplicationFactorChange } = request
  // Kafka leaves this message at its empty default.
  if (reassignsNothing(request)) {
    return { records: nothing, reply: { errorMessage: '', allowReplicationFactorChange, responses: [] } }
  }
  const records: MetadataEntry[] = []
  const responses = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(wanted => {
      const outcome = reassign(name, wanted, allowReplicationFactorChange, view)
      if ('entry' in outcome && outcome.entry !== undefined) records.push(outcome.entry)
      const { errorCode, errorMessage } = 'problem' in outcome
        ? outcome.problem
        : { errorCode: code.NONE, errorMessage: null }
      return { partitionIndex: wanted.partitionIndex, errorCode, errorMessage }
    }),
  }))
  if (exceedsBatch(records)) {
    return {
      records: nothing, reply: { ...tooManyRecords, allowReplicationFactorChange, responses: [] },
    }
  }
  return { records, reply: { errorMessage: null, allowReplicationFactorChange, responses } }
}

type Outcome = { readonly entry: MetadataEntry | undefined } | { readonly problem: Failure }

function reassign (name: string, wanted: Wanted, mayChangeFactor: boolean, view: View): Outcome {
  const topic = view.image.topics.find(name)
  if (topic === undefined) {
    return {
      problem: failure(code.UNKNOWN_TOPIC_OR_PARTITION, `Unable to find a topic named ${name}.`),
    }
  }
  const partition = topic.partitions[wanted.partitionIndex]
  if (partition === undefined) {
    return {
      problem: failure(code.UNKNOWN_TOPIC_OR_PARTITION,
        `Unable to find partition ${name}:${wanted.partitionIndex}.`),
    }
  }
  return wanted.replicas === null
    ? cancel(topic, wanted.partitionIndex, partition, view)
    : begin(topic, wanted.partitionIndex, partition, wanted.replicas, mayChangeFactor, view)
}

/** D17.2: back to the replicas there were, without the added ones. */
function cancel (
  topic: Topic, index: number, partition: PartitionRegistration, view: View
): Outcome {
  if (!isReassigning(partition)) {
    return { problem: { errorCode: code.NO_REASSIGNMENT_IN_PROGRESS, errorMessage: null } }
  }
  const original = (replica: number): boolean => !partition.addingReplicas.includes(replica)
  const isr = partition.isr.filter(original)
  const election = electionOf(topic, view)
  if (isr.length === 0 && election !== 'unclean') {
    return {
      problem: failure(code.INVALID_REPLICA_ASSIGNMENT, 'Unable to revert partition assignment for ' +
        `${topic.name}:${index} because it would require an unclean leader election.`),
    }
  }
  const replicas = partition.replicas.filter(original)
  const targets = { isr, replicas, adding: [], removing: [] }
  return { entry: changePartition(contextOf(topic, index, election, view), targets)?.entry }
}

/** D17.3: a new request replaces a running one; a mere re-order is done at once. */
function begin (
  topic: Topic, index: number, partition: PartitionRegistration, target: readonly number[],
  mayChangeFactor: boolean, view: View
): Outcome {
  const problem = assignmentProblem(target, undefined, view.image)
  if (problem !== undefined) return { problem }
  const present = partition.replicas.filter(it => !partition.removingReplicas.includes(it)).length
  if (!mayChangeFactor && present !== target.length) {
    return {
      problem: failure(code.INVALID_REPLICATION_FACTOR,
        `The replication factor is changed from ${present} to ${target.length}`),
    }
  }
  const sorted = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b)
  const removing = sorted(partition.replicas.filter(it => !target.includes(it)))
  const adding = sorted(target.filter(it => !partition.replicas.includes(it)))
  const replicas = [...target, ...removing]
  const targets = { replicas, adding, removing }
  return { entry: changePartition(contextOf(topic, index, 'online', view), targets)?.entry }
}

/** D17.5: unknown and idle partitions are left out without error. */
export function listPartitionReassignments (
  { topics: wanted }: ListPartitionReassignmentsRequest, image: MetadataImage
): ListPartitionReassignmentsResponse {
  const asked = wanted?.map(({ name, partitionIndexes }) =>
    ({ topic: image.topics.find(name), indexes: partitionIndexes })) ??
    [...image.topics].map(topic => ({ topic, indexes: [...topic.partitions.keys()] }))
  const topics = asked.flatMap(({ topic, indexes }) => {
    const partitions = indexes.flatMap(partitionIndex => {
      const partition = topic?.partitions[partitionIndex]
      if (partition === undefined || !isReassigning(partition)) return []
      const { replicas, addingReplicas, removingReplicas } = partition
      return [{ partitionIndex, replicas, addingReplicas, removingReplicas }]
    })
    return topic === undefined || partitions.length === 0 ? [] : [{ name: topic.name, partitions }]
  })
  return { errorMessage: null, topics }
}
