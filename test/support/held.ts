/**
 * What a broker still holds once it has stopped and its store is closed: nothing is as it should
 * be.
 */
import type { AssembledBroker } from '../../src/broker.ts'
import type { ConnectionContext } from '../../src/server/connection.ts'
import type { Store } from '../../src/store/store.ts'

/** What its connections shared. */
export type SharedMemory = Pick<ConnectionContext, 'answers' | 'memory' | 'pool'>

export interface Stopped {
  readonly store: Store
  readonly broker: AssembledBroker
  readonly connections: Iterable<SharedMemory>
}

/** A line for each kind of thing that is held. */
export function stillHeld ({ store, broker, connections }: Stopped): string[] {
  const { readBytes, pendingBytes, openReads } = store.stats()
  const counts: Record<string, number> = {
    'bytes of reads that were not released': readBytes,
    'bytes of batches that no flush has taken': pendingBytes,
    'reads under way': openReads,
  }
  const count = (name: string, some: number): void => { counts[name] = (counts[name] ?? 0) + some }
  for (const { answers, memory, pool } of connections) {
    count('bytes of answers', answers.bytes)
    count('bytes of requests that were never answered', memory.bytes)
    count('bytes of frames that were not given back', pool.heldBytes)
  }
  for (const partition of broker.replicas.all()) count('who wait at a partition', partition.waiterCount)
  return Object.entries(counts).filter(([, some]) => some !== 0).map(([name, some]) => `${some} ${name}`)
}
