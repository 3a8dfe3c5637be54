/**
 * The metadata quorum over a store, with Kafka's defaults: by itself one voter, with `voters` and
 * `transport` of any size. The same code for both.
 */
import { ZERO_UUID } from '../../../protocol/uuid.ts'
import type { Endpoint } from '../../core/quorum/effects.ts'
import { quorumDefaults } from '../../core/quorum/state.ts'
import type { VoterSet } from '../../core/quorum/voters.ts'
import type { Store } from '../../store/contract.ts'
import type { Environment } from '../environment.ts'
import type { QuorumRuntime, QuorumTransport } from './contract.ts'
import { METADATA_LOG, RunningQuorum } from './running.ts'

export type * from './contract.ts'
export { NotLeaderError, UnsupportedVersionError } from './contract.ts'
export { METADATA_LOG } from './running.ts'

export interface QuorumParts {
  readonly store: Pick<Store, 'openLog' | 'table' | 'sync'>
  readonly environment: Omit<Environment, 'newUuid' | 'newId' | 'resolves' | 'md5'>
  readonly nodeId: number
  readonly clusterId: string
  /** The node's `directory.id`. */
  readonly directoryId?: string
  /** Where this node's controller listener can be reached. */
  readonly endpoints?: readonly Endpoint[]
  /** `controller.quorum.voters`; this node alone if left out. */
  readonly voters?: VoterSet
  /** If left out, no other node can be reached. */
  readonly transport?: QuorumTransport
  /** The `controller.quorum.*` settings that differ from Kafka's defaults. */
  readonly timeouts?: Partial<Record<keyof typeof quorumDefaults, number>>
  /** R-S2, 2.10.7: the process must stop. If left out, the error is thrown and not caught. */
  readonly onFailed?: (error: unknown) => void
}

const nobody: QuorumTransport = {
  send: async to => { throw new Error(`node ${to} cannot be reached: this quorum has one voter`) },
}

export function openQuorum (parts: QuorumParts): QuorumRuntime {
  const { store, environment, nodeId, clusterId, transport = nobody } = parts
  const { directoryId = ZERO_UUID, endpoints = [] } = parts
  const own = { id: nodeId, directoryId, endpoints, kraftVersions: [0, 1] as const }
  return new RunningQuorum({
    options: {
      ...quorumDefaults,
      ...parts.timeouts,
      nodeId,
      directoryId,
      clusterId,
      endpoints,
      voters: parts.voters ?? [own],
      random: () => environment.random(),
    },
    log: store.openLog(METADATA_LOG, { reserve: true }),
    table: store.table,
    sync: () => store.sync(),
    clock: environment,
    transport,
    onFailed: parts.onFailed ?? (error => { environment.atTurnEnd(() => { throw error }) }),
    report: (level, message, fields) => { environment.log(level, message, fields) },
  })
}
