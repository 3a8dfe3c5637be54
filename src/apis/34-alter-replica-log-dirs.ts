/**
 * AlterReplicaLogDirs v1-2: to which log directory replicas shall go (D14.3, KIP-113). There is one
 * directory, so what can be done is done already.
 */
import { code } from '../../protocol/errors.ts'
import type { KafkaError } from '../../protocol/errors.ts'
import { AlterReplicaLogDirs } from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type { AlterReplicaLogDirsRequest } from '../../protocol/messages/34-alter-replica-log-dirs.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'
import { isCordoned } from './35-describe-log-dirs.ts'

type Needs = Pick<Broker, 'access' | 'logDirectory' | 'metadata' | 'nodeId' | 'replicas'>

export const alterReplicaLogDirs =
  handler(AlterReplicaLogDirs, { versions: [0, 2], advertised: [1, 2], failed },
    (request, { session }, needs: Needs) => {
      ensureCluster(needs.access, session, 'alter')
      return results(request, (path, topic, index) => outcome(path, topic, index, needs))
    })

function failed (request: AlterReplicaLogDirsRequest, { errorCode }: KafkaError) {
  return results(request, () => errorCode)
}

/**
 * A partition that is named twice has one row, for the directory named last (D0.10); no partitions,
 * no row (D0.12).
 */
function results (
  { dirs }: AlterReplicaLogDirsRequest,
  errorOf: (path: string, topic: string, index: number) => number
) {
  const topics = new Map<string, Map<number, number>>()
  for (const { path, topics: wanted } of dirs) {
    for (const { name, partitions } of wanted) {
      const rows = topics.get(name) ?? new Map<number, number>()
      for (const index of partitions) rows.set(index, errorOf(path, name, index))
      if (rows.size > 0) topics.set(name, rows)
    }
  }
  return {
    results: [...topics].map(([topicName, rows]) => ({
      topicName,
      partitions: [...rows].map(([partitionIndex, errorCode]) => ({ partitionIndex, errorCode })),
    })),
  }
}

/** KAFKA-4893: a log that moves is called `topic-index.` with 32 digits and `-future`. */
const FILE_NAME_MAX = 255
const MOVING_NAME_EXTRA = 41

function outcome (path: string, topic: string, index: number, needs: Needs): number {
  const { logDirectory, metadata, replicas } = needs
  if (topic.length + String(index).length + MOVING_NAME_EXTRA > FILE_NAME_MAX) {
    return code.INVALID_TOPIC_EXCEPTION
  }
  if (path !== logDirectory.path) return code.LOG_DIR_NOT_FOUND
  if (isCordoned(needs)) return code.INVALID_REPLICA_ASSIGNMENT
  const partition = replicas.find(topic, index)
  if (partition !== undefined) return partition.available ? code.NONE : code.KAFKA_STORAGE_ERROR
  return metadata.topics.partition(topic, index) === undefined
    ? code.UNKNOWN_TOPIC_OR_PARTITION
    : code.REPLICA_NOT_AVAILABLE
}
