/**
 * What handlers may name of the broker: each part as far as they use it, so that a test gives them
 * literals, and a cluster another part of the same shape. `src/broker.ts` puts it together.
 */
import type { VersionRange } from '../../protocol/types.ts'
import type { Access } from '../core/access/access.ts'
import type { FetchSessionCache } from '../core/fetch/fetch-session.ts'
import type { MetadataImage } from '../core/metadata/image.ts'
import type { ClientQuotas } from '../core/quota/client-quotas.ts'
import type { ClientInstances } from '../core/telemetry/client-instances.ts'
import type { BrokerSettings } from '../runtime/broker-settings.ts'
import type { Configuration } from '../runtime/configuration.ts'
import type { Controller } from '../runtime/controller/controller.ts'
import type { GroupOperations } from '../runtime/coordinator/group-contract.ts'
import type { Endpoints } from '../runtime/endpoints.ts'
import type { Environment } from '../runtime/environment.ts'
import type { Loggers } from '../runtime/loggers.ts'
import type { Notices } from '../runtime/notices.ts'
import type { ProducerIds } from '../runtime/producer-ids.ts'
import type { QuorumRuntime } from '../runtime/quorum/contract.ts'
import type { ServedReplica } from '../runtime/replica/contract.ts'
import type { LogDirectory } from '../runtime/replica/log-directory.ts'
import type { Replicas } from '../runtime/replica/replicas.ts'
import type { TopicCreation } from '../runtime/topic-creation.ts'

export type { ConnectionBounds, DescribedConfig } from '../runtime/configuration.ts'
export type { OffsetFetchGroup, OffsetFetchGroupResult } from '../runtime/coordinator/group-contract.ts'
export type { OffsetLookup } from '../runtime/replica/contract.ts'
export type { Fetched, FetchTarget } from '../runtime/replica/fetch.ts'

export interface ServedApi { readonly key: number, readonly versions: VersionRange }

export interface SupportedFeature {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
}

/** The replicas that this broker hosts. */
export interface HostedReplicas extends Pick<Replicas, 'fetch'> {
  find (topic: string, index: number): ServedReplica | undefined
  all (): Iterable<ServedReplica>
}

/** Everything that handlers may name; each takes the parts that it uses. */
export interface Broker {
  readonly nodeId: number
  readonly clusterId: string
  /** What ApiVersions lists: derived from the handlers. */
  readonly served: readonly ServedApi[]
  readonly supportedFeatures: readonly SupportedFeature[]
  readonly settings: Pick<BrokerSettings, 'autoCreateTopics' | 'describedPartitionsMax' | 'fetchBytesMax'>
  readonly configuration: Omit<Configuration, 'live' | 'withoutEffect'>
  readonly loggers: Pick<Loggers, 'all' | 'has' | 'isLevel' | 'levels' | 'set'>
  /** Log lines that clients bring about, within bounds. */
  readonly notices: Pick<Notices, 'warn'>
  readonly environment: Pick<Environment, 'atTurnEnd' | 'monotonicMs' | 'newId' | 'random' | 'resolves'>
  readonly access: Access
  readonly metadata: MetadataImage
  readonly replicas: HostedReplicas
  readonly controller: Pick<Controller, 'submit'>
  readonly endpoints: Pick<Endpoints, 'alive' | 'controllerId' | 'registered'>
  readonly groups: GroupOperations
  readonly producerIds: Pick<ProducerIds, 'next'>
  readonly fetchSessions: Pick<FetchSessionCache, 'create' | 'find' | 'remove' | 'touch'>
  readonly topicCreation: Pick<TopicCreation, 'createMissing' | 'ensureInternal'>
  readonly quorum: Pick<QuorumRuntime, 'describe' | 'kraftVersion' | 'leader' | 'raiseKraftVersion' | 'voters'>
  readonly logDirectory: LogDirectory
  readonly quotas: Pick<ClientQuotas, 'connections' | 'fetch' | 'mutation' | 'produce' | 'request'>
  readonly telemetry: Pick<ClientInstances, 'bytesMax' | 'disconnected' | 'failed' | 'push' | 'subscribe'>
}
