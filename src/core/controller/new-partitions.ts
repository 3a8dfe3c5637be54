/** How partitions come into being: placed by the controller or assigned by hand (D10.7, D10.13). */
import { code } from '../../../protocol/errors.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { RECOVERED } from '../metadata/partition.ts'
import type { PartitionRegistration } from '../metadata/facts.ts'
import type { ControllerView } from './decision.ts'
import { failure } from './failure.ts'
import type { Failure } from './failure.ts'
import { defaultDirectory } from './partition-change.ts'
import { isCordoned, place } from './placement.ts'

export type NewPartitions =
  { readonly partitions: readonly PartitionRegistration[] } | { readonly problem: Failure }

/**
 * D10.10: the active replicas are in sync, the first of them leads. Undefined if none is active.
 */
function newPartition (
  replicas: readonly number[], image: MetadataImage
): PartitionRegistration | undefined {
  const isr = replicas.filter(replica => image.brokers.isActive(replica))
  const [leader] = isr
  if (leader === undefined) return undefined
  return {
    replicas,
    directories: replicas.map(replica => defaultDirectory(image, replica)),
    isr,
    removingReplicas: [],
    addingReplicas: [],
    elr: [],
    lastKnownElr: [],
    leader,
    leaderRecoveryState: RECOVERED,
    leaderEpoch: 0,
    partitionEpoch: 0,
  }
}

/** CreateTopics says first what it could not do (D10.8), CreatePartitions only why. */
export function placedPartitions (
  count: number, replicationFactor: number,
  { image, random }: Pick<ControllerView, 'image' | 'random'>
): { readonly partitions: readonly PartitionRegistration[] } | { readonly unplaceable: string } {
  const placement = place(image, count, replicationFactor, random)
  if ('problem' in placement) return { unplaceable: placement.problem }
  const partitions: PartitionRegistration[] = []
  for (const replicas of placement.replicas) {
    const partition = newPartition(replicas, image)
    if (partition === undefined) {
      return { unplaceable: 'All brokers are currently fenced or in controlled shutdown.' }
    }
    partitions.push(partition)
  }
  return { partitions }
}

/** Checked and made in the order given; every later one must have as many replicas as the first. */
export function assignedPartitions (
  assignments: readonly { readonly index: number, readonly replicas: readonly number[] }[],
  replicationFactor: number | undefined, image: MetadataImage
): NewPartitions {
  const partitions: PartitionRegistration[] = []
  let expected = replicationFactor
  for (const { index, replicas } of assignments) {
    const problem = assignmentProblem(replicas, expected, image)
    if (problem !== undefined) return { problem }
    expected = replicas.length
    const partition = newPartition(replicas, image)
    if (partition === undefined) {
      return {
        problem: invalid('All brokers specified in the manual partition assignment for ' +
          `partition ${index} are fenced or in controlled shutdown.`),
      }
    }
    partitions.push(partition)
  }
  return { partitions }
}

/** D10.13. */
export function assignmentProblem (
  replicas: readonly number[], replicationFactor: number | undefined, image: MetadataImage
): Failure | undefined {
  const manual = 'The manual partition assignment includes'
  if (replicas.length === 0) return invalid(`${manual} an empty replica list.`)
  const sorted = [...replicas].sort((a, b) => a - b)
  for (const [position, brokerId] of sorted.entries()) {
    const broker = image.brokers.get(brokerId)
    if (broker === undefined) {
      return invalid(`${manual} broker ${brokerId}, but no such broker is registered.`)
    }
    if (isCordoned(broker)) {
      return invalid(`${manual} broker ${brokerId}, but all its log directories are cordoned.`)
    }
    if (position > 0 && sorted[position - 1] === brokerId) {
      return invalid(`${manual} the broker ${brokerId} more than once.`)
    }
  }
  if (replicationFactor !== undefined && replicas.length !== replicationFactor) {
    return invalid(`${manual} a partition with ${replicas.length} replica(s), but this is not ` +
      `consistent with previous partitions, which have ${replicationFactor} replica(s).`)
  }
  return undefined
}

function invalid (text: string): Failure { return failure(code.INVALID_REPLICA_ASSIGNMENT, text) }
