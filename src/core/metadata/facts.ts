/**
 * What the image knows of each thing, as data. None is changed in place but for a topic's list of
 * partitions.
 */

export interface Endpoint {
  readonly name: string
  readonly host: string
  readonly port: number
  readonly securityProtocol: number
}

export interface VersionRange { readonly minVersion: number, readonly maxVersion: number }

/** Never changed in place. */
export interface BrokerRegistration {
  readonly id: number
  /** R 2.5.2: where its registration begins in the metadata log; fences its earlier processes. */
  readonly epoch: bigint
  readonly incarnationId: string
  readonly endpoints: readonly Endpoint[]
  readonly features: ReadonlyMap<string, VersionRange>
  readonly rack: string | null
  readonly fenced: boolean
  readonly inControlledShutdown: boolean
  readonly logDirs: readonly string[]
  /** KIP-1066: directories that take no new replicas; null until the broker speaks of them. */
  readonly cordonedLogDirs: readonly string[] | null
  readonly isMigratingZkBroker: boolean
}

export interface ControllerRegistration {
  readonly id: number
  readonly incarnationId: string
  readonly zkMigrationReady: boolean
  readonly endpoints: readonly Endpoint[]
  readonly features: ReadonlyMap<string, VersionRange>
}

/** Never changed in place: a change makes a new one, so an old one may be kept to compare with. */
export interface PartitionRegistration {
  readonly replicas: readonly number[]
  /** One id for each replica, in the same order (KIP-858). */
  readonly directories: readonly string[]
  readonly isr: readonly number[]
  readonly removingReplicas: readonly number[]
  readonly addingReplicas: readonly number[]
  /** KIP-966: left the ISR while it was below its minimum, and holds all committed records. */
  readonly elr: readonly number[]
  readonly lastKnownElr: readonly number[]
  readonly leader: number
  readonly leaderRecoveryState: number
  readonly leaderEpoch: number
  readonly partitionEpoch: number
}

export interface Topic {
  readonly name: string
  readonly id: string
  /** By index, without gaps: partitions are only ever added at the end. */
  readonly partitions: readonly PartitionRegistration[]
}

/** Entity type → name; null stands for the default of that type. */
export type QuotaEntity = ReadonlyMap<string, string | null>

export interface EntityQuotas {
  readonly entity: QuotaEntity
  readonly values: ReadonlyMap<string, number>
}
