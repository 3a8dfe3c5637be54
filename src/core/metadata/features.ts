/** Feature levels that this controller knows, and the levels of Kafka 4.4 (KIP-584, KIP-1022). */
import { FeatureLevelRecord } from '../../../protocol/stored/metadata-settings.ts'
import type { MetadataEntry } from '../../../protocol/stored/framing.ts'
import type { MetadataDelta } from './delta.ts'
import { fullEntry } from './full-entry.ts'
import { differences } from './replacement.ts'

export const METADATA_VERSION = 'metadata.version'
export const KRAFT_VERSION = 'kraft.version'
export const ELIGIBLE_LEADER_REPLICAS = 'eligible.leader.replicas.version'

/** metadata.version levels by Kafka's names for them, from the lowest that 4.x reads (KIP-778). */
export const metadataVersions: readonly (readonly [level: number, name: string])[] = [
  [7, '3.3-IV3'], [8, '3.4-IV0'], [9, '3.5-IV0'], [10, '3.5-IV1'], [11, '3.5-IV2'],
  [12, '3.6-IV0'], [13, '3.6-IV1'], [14, '3.6-IV2'], [15, '3.7-IV0'], [16, '3.7-IV1'],
  [17, '3.7-IV2'], [18, '3.7-IV3'], [19, '3.7-IV4'], [20, '3.8-IV0'], [21, '3.9-IV0'],
  [22, '4.0-IV0'], [23, '4.0-IV1'], [24, '4.0-IV2'], [25, '4.0-IV3'], [26, '4.1-IV0'],
  [27, '4.1-IV1'], [28, '4.2-IV0'], [29, '4.2-IV1'], [30, '4.3-IV0'], [31, '4.4-IV0'],
  [32, '4.4-IV1'], [33, '4.4-IV2'],
]

/** Crossing one of these downwards would lose what later records say (`didMetadataChange`). */
export const metadataChangedAt: readonly number[] = [7, 8, 11, 13, 14, 15, 17, 23, 30, 32, 33]

export interface SupportedFeature {
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  /**
   * The level that a new cluster starts with; undefined: said elsewhere than in the metadata log.
   */
  readonly bootstrapLevel?: number
  /** Level → another feature that must at least have a level of its own. */
  readonly requires?: {
    readonly fromLevel: number
    readonly feature: string
    readonly level: number
  }
}

/**
 * What a node of this build supports, and what a new cluster finalizes. Kafka 4.4 formats with
 * metadata.version 33, eligible.leader.replicas.version 1, transaction.version 2, group.version 1,
 * share.version 2 and streams.version 1; those whose coordinators are not served here are left out,
 * because clients take a finalized level as a promise. A feature joins this one list when served.
 */
export const supportedFeatures: readonly SupportedFeature[] = [
  { name: METADATA_VERSION, minVersion: 7, maxVersion: 33, bootstrapLevel: 33 },
  // KIP-853: finalized by a control record of the quorum, never by a FeatureLevelRecord.
  { name: KRAFT_VERSION, minVersion: 0, maxVersion: 1 },
  {
    name: ELIGIBLE_LEADER_REPLICAS,
    minVersion: 0,
    maxVersion: 1,
    bootstrapLevel: 1,
    requires: { fromLevel: 1, feature: METADATA_VERSION, level: 23 },
  },
]

/** Finalized feature levels. Level 0 is the same as not finalized. */
export class Features {
  #levels = new Map<string, number>()

  level (name: string): number { return this.#levels.get(name) ?? 0 }
  get all (): ReadonlyMap<string, number> { return this.#levels }
  get elrEnabled (): boolean { return this.level(ELIGIBLE_LEADER_REPLICAS) > 0 }

  replay ({ name, featureLevel }: FeatureLevelRecord, delta: MetadataDelta): void {
    if (featureLevel === 0) this.#levels.delete(name)
    else this.#levels.set(name, featureLevel)
    delta.featuresChanged.add(name)
  }

  /** Becomes what a snapshot says (R 2.10.20). */
  replaceBy (loaded: Features, delta: MetadataDelta): void {
    for (const [name] of differences(this.#levels, loaded.#levels)) delta.featuresChanged.add(name)
    this.#levels = loaded.#levels
  }

  /** metadata.version goes first: it says how the rest is to be read. */
  records (): MetadataEntry[] {
    const names = [...this.#levels.keys()].sort()
    const ordered = [...names.filter(name => name === METADATA_VERSION),
      ...names.filter(name => name !== METADATA_VERSION)]
    return ordered.map(name =>
      fullEntry(FeatureLevelRecord, 0, { name, featureLevel: this.level(name) }))
  }
}
