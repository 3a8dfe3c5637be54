/** AssignReplicasToDirs: a broker says in which directories its replicas are (KIP-858). */
import { code } from '../../../protocol/errors.ts'
import type {
  AssignReplicasToDirsRequest, AssignReplicasToDirsResponse,
} from '../../../protocol/messages/73-assign-replicas-to-dirs.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { BrokerRegistration, Topic } from '../metadata/facts.ts'
import { hasDirectoryAssignment } from '../metadata/record-versions.ts'
import { loseReplicas } from './broker-departure.ts'
import { brokerEpochProblem } from './brokers.ts'
import { nothing } from './decision.ts'
import type { ControllerResult, ControllerView } from './decision.ts'
import { changePartition } from './partition-change.ts'
import { contextOf } from './partition-context.ts'

type View = Pick<ControllerView, 'image' | 'settings'>

export function assignReplicasToDirs (
  request: AssignReplicasToDirsRequest, view: View
): ControllerResult<AssignReplicasToDirsResponse> {
  const { image } = view
  const refuse = (errorCode: number): ControllerResult<AssignReplicasToDirsResponse> =>
    ({ records: nothing, reply: { errorCode, directories: [] } })
  if (!hasDirectoryAssignment(image.metadataVersion)) return refuse(code.UNSUPPORTED_VERSION)
  const problem = brokerEpochProblem(image, request.brokerId, request.brokerEpoch)
  const broker = image.brokers.get(request.brokerId)
  if (problem !== undefined || broker === undefined) return refuse(code.STALE_BROKER_EPOCH)
  const records: MetadataEntry[] = []
  const lost = new Set<string>()
  const directories = request.directories.map(({ id, topics }) => ({
    id,
    topics: topics.map(({ topicId, partitions }) => ({
      topicId,
      partitions: partitions.map(({ partitionIndex }) => {
        const topic = image.topics.withId(topicId)
        const errorCode = assign(broker, id, topic, partitionIndex, view, records)
        const offline = !image.brokers.hasOnlineDirectory(broker.id, id)
        if (errorCode === code.NONE && offline) lost.add(`${topicId}:${partitionIndex}`)
        return { partitionIndex, errorCode }
      }),
    })),
  }))
  if (lost.size > 0) {
    records.push(...loseReplicas(broker, (topicId, index) => lost.has(`${topicId}:${index}`), view))
  }
  return { records, reply: { directories } }
}

function assign (
  broker: BrokerRegistration, directory: string, topic: Topic | undefined,
  index: number, view: View,
  records: MetadataEntry[]
): number {
  if (topic === undefined) return code.UNKNOWN_TOPIC_ID
  const partition = topic.partitions[index]
  if (partition === undefined) return code.UNKNOWN_TOPIC_OR_PARTITION
  if (!partition.replicas.includes(broker.id)) return code.NOT_LEADER_OR_FOLLOWER
  const change = changePartition(contextOf(topic, index, 'online', view), { directories: new Map([[broker.id, directory]]) })
  if (change !== undefined) records.push(change.entry)
  return code.NONE
}
