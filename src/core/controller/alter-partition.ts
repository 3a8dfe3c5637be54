/** AlterPartition: a leader asks for another ISR (2.2.3-4, KIP-497, KIP-903). */
import { code } from '../../../protocol/errors.ts'
import type {
  AlterPartitionRequest, AlterPartitionResponse,
} from '../../../protocol/messages/56-alter-partition.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { NO_LEADER_CHANGE, RECOVERED, RECOVERING, changed } from '../metadata/partition.ts'
import type { PartitionRegistration, Topic } from '../metadata/facts.ts'
import { brokerEpochProblem } from './brokers.ts'
import { nothing } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { changePartition } from './partition-change.ts'
import { contextOf, electionOf } from './partition-context.ts'

type View = Pick<ControllerView, 'image' | 'settings'>
type Wanted = AlterPartitionRequest['topics'][number]['partitions'][number]
type Row = AlterPartitionResponse['topics'][number]['partitions'][number]

interface Replica { readonly brokerId: number, readonly brokerEpoch: bigint }

/** Versions 2 and 3: topics by id. */
export function alterPartition (
  request: AlterPartitionRequest, version: number, view: View
): ControllerResult<AlterPartitionResponse> {
  const { brokerId, brokerEpoch } = request
  const problem = brokerEpochProblem(view.image, brokerId, brokerEpoch)
  if (problem !== undefined) {
    return { records: nothing, reply: { errorCode: problem.errorCode, topics: [] } }
  }
  const records: MetadataEntry[] = []
  const topics = request.topics.map(({ topicId, partitions }) => {
    const topic = view.image.topics.withId(topicId)
    return {
      topicId,
      topicName: '',
      partitions: partitions.map(wanted => topic === undefined
        ? failed(wanted, code.UNKNOWN_TOPIC_ID)
        : alterOne(wanted, version, brokerId, topic, view, records)),
    }
  })
  return { records, reply: { topics } }
}

function failed ({ partitionIndex }: Wanted, errorCode: number): Row {
  return { partitionIndex, errorCode, leaderId: 0, leaderEpoch: 0, isr: [], partitionEpoch: 0 }
}

function alterOne (
  wanted: Wanted, version: number, brokerId: number, topic: Topic, view: View,
  records: MetadataEntry[]
): Row {
  const { image } = view
  const index = wanted.partitionIndex
  const partition = topic.partitions[index]
  if (partition === undefined) return failed(wanted, code.UNKNOWN_TOPIC_OR_PARTITION)
  const isr: readonly Replica[] = version >= 3
    ? wanted.newIsrWithEpochs
    // KIP-903: older leaders do not know the epochs; -1 is not compared.
    : wanted.newIsr.map(id => ({ brokerId: id, brokerEpoch: -1n }))
  const errorCode = refusal(wanted, isr, brokerId, partition, image)
  if (errorCode !== undefined) return failed(wanted, errorCode)
  const change = changePartition(contextOf(topic, index, electionOf(topic, view), view),
    { isr: isr.map(it => it.brokerId), leaderRecoveryState: wanted.leaderRecoveryState })
  if (change === undefined) return accepted(index, partition)
  records.push(change.entry)
  const { leader } = change.record
  // R 2.9.2: the ISR completed a reassignment that leaves this leader out. It is written, and yet
  // an error: the asker must wait for the metadata (2.2.5).
  if (leader !== NO_LEADER_CHANGE && leader !== brokerId) {
    return failed(wanted, code.NEW_LEADER_ELECTED)
  }
  return accepted(index, changed(partition, change.record))
}

function accepted (partitionIndex: number, partition: PartitionRegistration): Row {
  const { leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition
  return {
    partitionIndex,
    errorCode: code.NONE,
    leaderId: leader,
    leaderEpoch,
    isr: [...isr],
    leaderRecoveryState,
    partitionEpoch,
  }
}

/** R 2.2.3, in Kafka's order. */
function refusal (
  wanted: Wanted, isr: readonly Replica[], brokerId: number, partition: PartitionRegistration,
  image: MetadataImage
): number | undefined {
  const { leaderEpoch, partitionEpoch, leaderRecoveryState } = wanted
  // It knows more than this node, which then is no longer the active controller.
  if (leaderEpoch > partition.leaderEpoch) return code.NOT_CONTROLLER
  if (partitionEpoch > partition.partitionEpoch) return code.NOT_CONTROLLER
  if (leaderEpoch < partition.leaderEpoch) return code.FENCED_LEADER_EPOCH
  if (brokerId !== partition.leader) return code.INVALID_REQUEST
  if (partitionEpoch < partition.partitionEpoch) return code.INVALID_UPDATE_VERSION
  const ids = isr.map(it => it.brokerId)
  const valid = ids.length > 0 && new Set(ids).size === ids.length &&
    ids.every(id => partition.replicas.includes(id))
  if (!valid || !ids.includes(partition.leader)) return code.INVALID_REQUEST
  if (leaderRecoveryState !== RECOVERED && leaderRecoveryState !== RECOVERING) {
    return code.INVALID_REQUEST
  }
  if (leaderRecoveryState === RECOVERING) {
    // KIP-704: nobody can be in sync with a log that is not in order yet, or fall back to that.
    if (ids.length > 1 || partition.leaderRecoveryState === RECOVERED) return code.INVALID_REQUEST
  }
  return isr.every(it => isEligible(it, image)) ? undefined : code.INELIGIBLE_REPLICA
}

/** KIP-903: the process that fetched must be the one that is registered now. */
function isEligible ({ brokerId, brokerEpoch }: Replica, image: MetadataImage): boolean {
  if (!image.brokers.isActive(brokerId)) return false
  return brokerEpoch === -1n || image.brokers.get(brokerId)?.epoch === brokerEpoch
}
