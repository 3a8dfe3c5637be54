/**
 * DescribeLogDirs v1-5: the log directory, and the bytes of the replicas in it (D14.1-2, KIP-113).
 *
 * v3: an error for the whole request. v4: bytes of the file system (KIP-827). v5: cordoned
 * (KIP-1066).
 */
import type { KafkaError } from '../../protocol/errors.ts'
import { DescribeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import type { DescribeLogDirsRequest } from '../../protocol/messages/35-describe-log-dirs.ts'
import type { Broker } from './broker.ts'
import { ensureCluster } from './cluster-access.ts'
import { handler } from './handler.ts'

type Needs = Pick<Broker, 'access' | 'logDirectory' | 'metadata' | 'nodeId' | 'replicas'>

export const describeLogDirs =
  handler(DescribeLogDirs, { versions: [0, 5], advertised: [1, 5], failed },
    (request, { session }, needs: Needs) => {
      ensureCluster(needs.access, session, 'describe')
      const { logDirectory: { path, space } } = needs
      return {
        results: [{
          logDir: path, topics: topicsOf(request, needs), ...space(), isCordoned: isCordoned(needs),
        }],
      }
    })

function failed (_request: unknown, { errorCode }: KafkaError) {
  return { errorCode, results: [] }
}

/** KIP-1066: whether the directory takes no new replicas. */
export function isCordoned ({ logDirectory, metadata, nodeId }: Pick<Needs, 'logDirectory' | 'metadata' | 'nodeId'>) {
  return metadata.brokers.get(nodeId)?.cordonedLogDirs?.includes(logDirectory.id) === true
}

/** D14.1: all that are here, or those of the named ones that are. */
function topicsOf ({ topics }: DescribeLogDirsRequest, { replicas }: Needs) {
  const wanted = topics === null
    ? undefined
    : new Set(topics.flatMap(({ topic, partitions }) => partitions.map(index => `${topic}/${index}`)))
  const byName = new Map<string, Array<ReturnType<typeof rowOf>>>()
  for (const { identity: { topic, index }, log } of replicas.all()) {
    if (wanted?.has(`${topic}/${index}`) === false) continue
    const rows = byName.get(topic) ?? []
    byName.set(topic, rows)
    rows.push(rowOf(index, log.byteSize))
  }
  return [...byName].map(([name, partitions]) => ({ name, partitions }))
}

/** D14.2: this is the log itself, which is never behind itself, and no copy on its way. */
function rowOf (partitionIndex: number, bytes: number) {
  return {
    partitionIndex, partitionSize: BigInt(bytes), offsetLag: 0n, isFutureKey: false,
  }
}
