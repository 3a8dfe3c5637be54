/** KIP-951: where a partition's leader is, told along with the error (D5.32, D6.17). */
import type { Broker } from './broker.ts'
import type { Session } from './session.ts'

interface NodeEndpoint { nodeId: number, host: string, port: number, rack: string | null }

export interface CurrentLeader {
  of (topic: string, index: number): { leaderId: number, leaderEpoch: number }
  /** The nodes of the leaders told so far, if they are alive on this listener. */
  nodeEndpoints (): NodeEndpoint[]
}

export function currentLeader (
  { metadata, endpoints }: Pick<Broker, 'metadata' | 'endpoints'>, session: Session
): CurrentLeader {
  const told = new Set<number>()
  return {
    of (topic, index) {
      const partition = metadata.topics.partition(topic, index)
      if (partition === undefined) return { leaderId: -1, leaderEpoch: -1 }
      told.add(partition.leader)
      return { leaderId: partition.leader, leaderEpoch: partition.leaderEpoch }
    },
    nodeEndpoints () {
      if (told.size === 0) return []
      return endpoints.alive(session).filter(({ nodeId }) => told.has(nodeId))
    },
  }
}
